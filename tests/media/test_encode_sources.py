"""Pictures of every kind come out the right way up, in the right shape, colour and order."""

from fractions import Fraction
from pathlib import Path

import pytest
from tests import clips
from tests.clips import FAST_H264, make, picture
from tests.media.transcoding import (
    brightness,
    corners,
    describe,
    first_frame,
    keyframes,
    numbered,
    numbers,
    rung,
    transcode,
)

SHORT_CHUNKS = {"gop_seconds": 0.5, "gops_per_segment": 2, "chunk_seconds": 1}


def size(path: Path) -> tuple[int, int]:
    about = describe(path)
    return int(about["width"]), int(about["height"])


def quarter(degrees: int) -> Path:
    """A picture that is bright in its top left quarter only, to be turned clockwise by `degrees`."""
    bright = "geq=lum='16+219*lt(X,W/2)*lt(Y,H/2)':cb=128:cr=128"
    upright = make(".mp4", "-f", "lavfi", "-i", f"nullsrc=s=320x180:r=25:d=1,{bright}", *FAST_H264)
    return make(".mp4", "-display_rotation", str(-degrees), "-i", upright, "-c", "copy", inputs=(upright,))


@pytest.mark.parametrize(
    ("degrees", "made_size", "bright_corner"),
    [(0, (320, 180), 0), (90, (180, 320), 1), (180, (320, 180), 3), (270, (180, 320), 2)],
)
def test_a_turned_picture_is_upright_without_any_mark_of_rotation(tmp_path, degrees, made_size, bright_corner):
    made = transcode(tmp_path, quarter(degrees), rung(*made_size))
    assert size(made.video()) == made_size
    assert corners(made.video()) == [corner == bright_corner for corner in range(4)]
    assert "rotation" not in describe(made.video())
    assert "isplay" not in first_frame(made.video())


def test_an_upright_film_is_fitted_into_a_wide_frame(tmp_path):
    made = transcode(tmp_path, quarter(90), rung(320, 180))
    assert size(made.video()) == (102, 180)
    assert made.plan.warnings == ("h264-180: the picture is 102x180, not 320x180, to keep the source's aspect ratio.",)


def test_wide_pixels_become_square(tmp_path):
    source = make(".mp4", *picture(1, size="240x180"), "-vf", "setsar=4/3", *FAST_H264)
    made = transcode(tmp_path, source, rung(320, 180), rung(160, 90))
    assert [size(made.video(number)) for number in range(2)] == [(320, 180), (160, 90)]
    assert describe(made.video())["sample_aspect_ratio"] == "1:1"
    assert made.plan.warnings == ()


@pytest.mark.parametrize(
    ("odd", "made_size"), [("321x179", (320, 180)), ("179x321", (100, 180)), ("351x241", (262, 180))]
)
def test_odd_sizes_become_even(tmp_path, odd, made_size):
    source = make(".mkv", *picture(1, size=odd), "-c:v", "ffv1", "-pix_fmt", "yuv444p")
    assert size(transcode(tmp_path, source, rung()).video()) == made_size


def test_ten_bits_stay_in_h265_and_become_eight_in_h264(tmp_path):
    made = transcode(tmp_path, clips.ten_bit(), rung(codec="h265"), rung(160, 90), rung(160, 90, codec="h265"))
    formats = [describe(made.video(number))["pix_fmt"] for number in range(3)]
    assert formats == ["yuv420p10le", "yuv420p", "yuv420p10le"]
    assert describe(made.video(0))["profile"] == "Main 10"


COLOUR = ("color_range", "color_space", "color_transfer", "color_primaries")


def test_hdr10_is_kept_in_h265_and_tone_mapped_in_h264(tmp_path):
    made = transcode(tmp_path, clips.hdr10(), rung(codec="h265"), rung(), rung(160, 90), **SHORT_CHUNKS)
    kept, mapped = describe(made.video(0)), describe(made.video(1))
    assert [kept[key] for key in COLOUR] == ["tv", "bt2020nc", "smpte2084", "bt2020"]
    assert [mapped[key] for key in COLOUR] == ["tv", "bt709", "bt709", "bt709"]
    assert (kept["pix_fmt"], mapped["pix_fmt"]) == ("yuv420p10le", "yuv420p")
    said = first_frame(made.video(0))
    assert "red_x=34000/50000" in said
    assert "max_luminance=10000000/10000" in said
    assert "max_content=1000" in said
    assert "max_average=400" in said
    for number in (1, 2):
        assert "Mastering" not in first_frame(made.video(number))
        assert "light level" not in first_frame(made.video(number))


def test_tone_mapping_gives_back_the_brightness_that_hdr_was_made_from(tmp_path):
    """Grey of 50 nits, in PQ, is about half way up in a standard picture."""
    colour = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    grey = f"color=c=black:s=320x180:r=25:d=1,format=yuv420p10le,geq=lum={64 + int(0.44 * 876)}:cb=512:cr=512,{colour}"
    source = make(".mkv", "-f", "lavfi", "-i", grey, "-c:v", "ffv1")
    luma = brightness(transcode(tmp_path, source, rung()).video())[0][1]
    assert 90 < luma < 190


def test_hlg_is_kept_and_tone_mapped_too(tmp_path):
    colour = "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv"
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=error"]
    source = make(".mp4", *picture(1), "-vf", colour, *encoder)
    made = transcode(tmp_path, source, rung(codec="h265"), rung())
    assert describe(made.video(0))["color_transfer"] == "arib-std-b67"
    assert describe(made.video(1))["color_transfer"] == "bt709"


@pytest.mark.parametrize(
    ("pixels", "options"),
    [("rgb24", ["-c:v", "png"]), ("yuvj420p", ["-c:v", "mjpeg", "-q:v", "2"]), ("yuv422p10le", ["-c:v", "prores_ks"])],
)
def test_other_kinds_of_pixels_keep_their_colours(tmp_path, pixels, options):
    """Red stays red: neither range nor matrix may be mistaken on the way."""
    source = make(".mov", "-f", "lavfi", "-i", "color=c=0xC02040:s=320x180:r=25:d=1", "-pix_fmt", pixels, *options)
    made = transcode(tmp_path, source, rung())
    about = describe(made.video())
    assert (about["pix_fmt"], about["color_range"]) == ("yuv420p", "tv")
    red, green, blue = shown_colour(made.video())
    assert abs(red - 0xC0) < 6
    assert abs(green - 0x20) < 6
    assert abs(blue - 0x40) < 6


def shown_colour(path: Path) -> tuple[int, ...]:
    """Red, green and blue of the first picture's middle, as a player shows it."""
    import av

    with av.open(path) as container:
        frame = next(container.decode(video=0))
        plane = frame.reformat(format="rgb24").planes[0]
        start = plane.line_size * (frame.height // 2) + 3 * (frame.width // 2)
        return tuple(bytes(plane)[start : start + 3])


# interlaced


def woven(top_first: bool) -> Path:
    """50 numbered pictures a second, woven to 25 frames: each field carries a number of its own."""
    order = "tff" if top_first else "bff"
    flags = ["-flags", "+ildct+ilme", "-x264-params", f"{order}=1", "-qp", "10"]
    return make(".mp4", *numbered(3, "50"), "-vf", f"interlace=scan={order}:lowpass=off", *FAST_H264, *flags)


@pytest.mark.parametrize("top_first", [True, False])
def test_fields_become_frames_in_their_order_where_twice_the_rate_is_asked(tmp_path, top_first):
    made = transcode(tmp_path, woven(top_first), rung(frame_rate=Fraction(50)), rung(160, 90), **SHORT_CHUNKS)
    assert len(made.plan.chunks) == 3
    assert numbers(made.video(0)) == list(range(150))
    assert numbers(made.video(1)) == list(range(0, 150, 2))
    assert describe(made.video(0))["field_order"] in ("progressive", "unknown")


def test_interlaced_pictures_keep_their_rate_and_lose_their_combs(tmp_path):
    made = transcode(tmp_path, woven(True), rung())
    assert numbers(made.video()) == list(range(0, 150, 2))
    assert made.plan.video[0].frame_rate == 25


def test_colours_are_signalled_where_the_source_says_nothing(tmp_path):
    made = transcode(tmp_path, clips.clip(1), rung(), rung(codec="h265"))
    for number in range(2):
        assert [describe(made.video(number))[key] for key in COLOUR] == ["tv", "bt470bg", "smpte170m", "bt470bg"]


def test_a_picture_that_starts_late_in_its_file_starts_the_programme(tmp_path):
    source = make(".mkv", "-itsoffset", "1.5", *numbered(4), *clips.tone(5), *FAST_H264, "-g", "33", "-c:a", "aac")
    made = transcode(tmp_path, source, rung(), **SHORT_CHUNKS)
    assert made.plan.picture is not None
    assert made.plan.picture.start > 1
    assert numbers(made.video()) == list(range(100))
    assert keyframes(made.video())[0] == 0
