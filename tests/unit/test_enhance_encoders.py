"""The command that encodes a chunk: what it says of the frames, how they are brought to the target's form, refusals."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.enhancing import picture, plan_of, target

from telecine.core.enhance.dnx_rates import nominal_megabits
from telecine.core.enhance.options import Chroma, Codec, Container, DnxProfile, ProresProfile
from telecine.core.enhance.plan import Target
from telecine.core.plan import Colour
from telecine.media.enhance.encoder_options import encoder_options
from telecine.media.enhance.encoders import conversion, encoder_command

MOV = Container.MOV
NTSC = Fraction(30000, 1001)
SECOND = Fraction(1)


def _after(arguments: list[str], option: str) -> str:
    return arguments[arguments.index(option) + 1]


def test_the_frames_on_stdin_are_described_and_exactly_the_chunks_are_taken() -> None:
    plan = plan_of(target(MOV, Codec.FFV1, picture(bits=10, rate=NTSC, frames=20)), chunk=12)
    command = encoder_command(plan, plan.chunks[1], "x.mov", Path("/bin/ffmpeg"))
    before = command[: command.index("pipe:0")]
    assert _after(before, "-pixel_format") == "yuv420p10le"
    assert _after(before, "-video_size") == "320x180"
    assert _after(before, "-framerate") == "30000/1001"
    assert _after(command, "-frames:v") == "8"
    assert _after(command, "-video_track_timescale") == "30000"
    assert command[-1] == "x.mov"


def test_frames_of_another_size_than_the_targets_are_a_mistake_of_the_plan() -> None:
    plan = plan_of(target(MOV, Codec.FFV1, picture()), given=picture(640, 360))
    with pytest.raises(ValueError, match="another size"):
        encoder_command(plan, plan.chunks[0], "x.mov", Path("/bin/ffmpeg"))


def test_frames_that_are_right_already_are_only_described() -> None:
    shown = picture(fields="bottom_first", sample_aspect=Fraction(16, 11))
    filters = conversion(shown, shown)
    assert filters == [
        "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
        "setsar=16/11",
        "setfield=bff",
    ]


@pytest.mark.parametrize(
    ("given", "made", "wanted"),
    [
        (picture(bits=10), picture(), "dither=ordered"),
        (picture(), picture(bits=10), "dither=none"),
        (picture(chroma=Chroma.C444), picture(chroma=Chroma.C420), "zscale="),
        # zimg would mix both fields, and takes no odd sizes
        (picture(chroma=Chroma.C422, fields="top_first"), picture(fields="top_first"), "scale=interl=1"),
        (picture(bits=10, fields="top_first"), picture(fields="top_first"), "zscale="),
        (picture(321, 180, Chroma.C444), picture(321, 180), "scale=interl=0"),
        (picture(colour=Colour(range="pc")), picture(), "rangein=pc:range=tv"),
    ],
)
def test_frames_are_brought_to_the_targets_form(given: Any, made: Any, wanted: str) -> None:
    filters = conversion(given, made)
    assert wanted in filters[3]
    assert filters[-1] == f"format={made.pixel_format}"


def test_what_chunks_must_share_to_be_joined_does_not_depend_on_the_chunk() -> None:
    plan = plan_of(target(MOV, Codec.H264, picture(frames=24), bitrate=1_000_000, gop=12), chunk=12)
    one, other = (encoder_command(plan, chunk, "x.mov", Path("/bin/ffmpeg")) for chunk in plan.chunks)
    assert one == other
    parameters = _after(one, "-x264-params")
    assert {"stitchable=1", "open-gop=0", "keyint=12"} <= set(parameters.split(":"))


def test_hdr_is_told_by_x265() -> None:
    light = Colour(range="tv", mastering_display="G(1,2)B(3,4)R(5,6)WP(7,8)L(9,1)", content_light="1000,400")
    options = encoder_options(target(MOV, Codec.HEVC, picture(bits=10, colour=light), bitrate=10**6, gop=25), SECOND)
    parameters = _after(options, "-x265-params")
    assert "master-display=G(1,2)B(3,4)R(5,6)WP(7,8)L(9,1)" in parameters
    assert "max-cll=1000,400" in parameters
    assert _after(options, "-tag:v") == "hvc1"


def test_long_chunks_give_x265_more_freedom_than_short_ones() -> None:
    def peak(chunk: int) -> str:
        plan = plan_of(target(MOV, Codec.HEVC, picture(frames=2500), bitrate=1_000_000, gop=25), chunk=chunk)
        # The last one is short, and must be told the same as all.
        return _after(encoder_command(plan, plan.chunks[-1], "x.mov", Path("/bin/ffmpeg")), "-maxrate")

    assert (peak(250), peak(2475)) == ("1000000", "1500000")


@pytest.mark.parametrize(("codec", "option"), [(Codec.H264, "-x264-params"), (Codec.HEVC, "-x265-params")])
def test_encoders_of_the_largest_pictures_are_kept_from_taking_all_memory(codec: Codec, option: str) -> None:
    large, usual = (
        _after(encoder_options(target(MOV, codec, picture(*size), bitrate=10**7, gop=25), SECOND), option)
        for size in ((7680, 4320), (3840, 2160))
    )
    assert "rc-lookahead=10" in large
    assert "rc-lookahead" not in usual


def test_mpeg2_keeps_to_its_level() -> None:
    small = encoder_options(target(MOV, Codec.MPEG2, picture(720, 576), bitrate=14_000_000, gop=12), SECOND)
    assert (_after(small, "-maxrate"), _after(small, "-bufsize")) == ("15000000", "1835008")
    large = encoder_options(
        target(MOV, Codec.MPEG2, picture(1920, 1080, Chroma.C422), bitrate=100_000_000, gop=12), SECOND
    )
    assert (_after(large, "-maxrate"), _after(large, "-bufsize")) == ("150000000", "47185920")


def test_xdcam_has_a_constant_rate_and_its_tag() -> None:
    made = target(MOV, Codec.XDCAM, picture(1920, 1080, Chroma.C422, rate=NTSC, fields="top_first"), gop=15)
    options = encoder_options(made, SECOND)
    assert {_after(options, name) for name in ("-b:v", "-minrate", "-maxrate")} == {"50000000"}
    assert _after(options, "-tag:v") == "xd5b"
    assert _after(options, "-g") == "15"


@pytest.mark.parametrize(
    ("profile", "size", "rate", "interlaced", "megabits"),
    [
        (DnxProfile.DNXHD_LB, (1920, 1080), Fraction(24000, 1001), False, 36),
        (DnxProfile.DNXHD_SQ, (1920, 1080), Fraction(25), True, 120),
        (DnxProfile.DNXHD_HQ, (1280, 720), Fraction(60000, 1001), False, 220),
        (DnxProfile.DNXHD_HQX, (1920, 1080), Fraction(50), False, 365),
        (DnxProfile.DNXHD_LB, (1280, 720), Fraction(25), False, None),
        (DnxProfile.DNXHD_LB, (1920, 1080), Fraction(25), True, None),
        (DnxProfile.DNXHD_SQ, (1920, 1080), Fraction(50), True, None),
        (DnxProfile.DNXHD_SQ, (1920, 1080), Fraction(25000, 1001), False, None),
        (DnxProfile.DNXHD_SQ, (720, 576), Fraction(25), False, None),
        (DnxProfile.DNXHR_SQ, (1920, 1080), Fraction(25), False, None),
    ],
)
def test_dnxhd_knows_few_sizes_and_rates(
    profile: DnxProfile, size: tuple[int, int], rate: Fraction, interlaced: bool, megabits: int | None
) -> None:
    assert nominal_megabits(profile, *size, rate, interlaced=interlaced) == megabits


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (target(MOV, Codec.H264, picture(bits=12), bitrate=10**6), "12 bits"),
        (target(MOV, Codec.H264, picture(chroma=Chroma.C440), bitrate=10**6), "4:4:0"),
        (target(MOV, Codec.H264, picture()), "needs a bitrate"),
        (target(MOV, Codec.HEVC, picture(bits=14), bitrate=10**6), "14 bits"),
        (target(MOV, Codec.MPEG2, picture(bits=10), bitrate=10**6), "10 bits"),
        (target(MOV, Codec.MPEG2, picture(3840, 2160), bitrate=10**6), "no level"),
        (target(MOV, Codec.XDCAM, picture(1920, 1080), gop=12), "4:2:0"),
        (target(MOV, Codec.XDCAM, picture(1920, 1080, Chroma.C422), gop=25), "GOPs of up to 15"),
        (target(MOV, Codec.XDCAM, picture(1440, 1080, Chroma.C422), gop=12), "no 1440x1080"),
        (target(MOV, Codec.XDCAM, picture(1920, 1080, Chroma.C422, rate=Fraction(50)), gop=12), "at 50"),
        (target(MOV, Codec.PRORES, picture(chroma=Chroma.C422, bits=10)), "has a profile"),
        (target(MOV, Codec.PRORES, picture(bits=10), profile=ProresProfile.HQ), "4:2:0"),
        (target(MOV, Codec.PRORES, picture(chroma=Chroma.C444, bits=12), profile=ProresProfile.FOUR), "12 bits"),
        (target(MOV, Codec.DNXHD, picture(chroma=Chroma.C422)), "have a profile"),
        (target(MOV, Codec.DNXHD, picture(chroma=Chroma.C422), profile=DnxProfile.DNXHD_SQ), "no class"),
        (
            target(MOV, Codec.DNXHD, picture(chroma=Chroma.C422, fields="top_first"), profile=DnxProfile.DNXHR_SQ),
            "progressive only",
        ),
    ],
)
def test_what_no_encoder_makes_is_a_mistake_of_the_plan(made: Target, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        encoder_options(made, SECOND)
