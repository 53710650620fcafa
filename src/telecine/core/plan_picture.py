"""The picture's part of the plan: how to read it, and what each rendition of it becomes."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Crf, InputFile, RateControl, VideoRendition
from telecine.core.media_info import MediaInfo, VideoTrack
from telecine.core.plan import Colour, Deinterlace, PictureSource, VideoOutput
from telecine.core.rates import FASTEST, NTSC, snap

SEEKABLE = frozenset({"mov", "mp4", "matroska", "webm"})
"""Demuxers with an index of their own. Others (MPEG-TS, MXF, …) guess, so their files are read from the start."""

COMMON_RATES = (
    *(NTSC[0], Fraction(24), Fraction(25), NTSC[1], Fraction(30)),
    *(NTSC[2], Fraction(48), Fraction(50), NTSC[3], Fraction(60)),
)
"""What a variable rate may become, ascending."""

CRF_TOP = 51
"""The encoders' scale ends here; requests may go to 63."""

CRF_BOTTOM = {"h264": 1, "h265": 0}
"""At 0, x264 is lossless, in a profile that players do not have."""

_FULL_HD_ERA = 720
"""Lines from which an unsigned picture is taken for BT.709; smaller ones are of the BT.601 age, as players assume."""

KNOWN_PRIMARIES = frozenset(
    {"bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431", "smpte432"}
)
KNOWN_TRANSFERS = frozenset(
    {"bt709", "gamma22", "gamma28", "smpte170m", "smpte240m", "linear", "iec61966-2-1", "bt2020-10", "bt2020-12"}
    | {"smpte2084", "arib-std-b67"}
)
KNOWN_MATRICES = frozenset({"bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"})
"""The signalling that scalers and encoders can carry; anything else is completed by convention."""


def picture_source(position: int, media: MediaInfo, wanted: Sequence[VideoRendition]) -> PictureSource:
    """How to read the picture of input file `position` for the renditions `wanted`.

    Raises TRACK_MISSING where the file has no picture.
    """
    track = picture_track(position, media)
    rate = source_rate(track)
    interlaced = track.field_order != "progressive"
    doubled = any(output_rate(rendition, rate) >= rate * Fraction(9, 5) for rendition in wanted)
    return PictureSource(
        file=position,
        demuxer=media.demuxer,
        stream=track.index,
        start=track.start,
        frame_rate=rate,
        deinterlace=_deinterlace(track),
        field_rate=interlaced and doubled and track.field_order != "unknown",
        rotation=track.rotation,
        colour=source_colour(track),
        tone_map=track.hdr and any(rendition.codec == "h264" for rendition in wanted),
        seekable=media.demuxer.split(",")[0] in SEEKABLE,
    )


def picture_track(position: int, media: MediaInfo) -> VideoTrack:
    """The video track of input file `position`; raises TRACK_MISSING where there is none."""
    if media.video is None:
        raise TelecineError(
            ErrorKind.TRACK_MISSING, "the file has no video track.", field=f"input.files[{position}].file_type"
        )
    return media.video


def video_output(
    number: int, rendition: VideoRendition, track: VideoTrack, file: InputFile, warn: list[str]
) -> VideoOutput:
    """What rendition `number` of the ladder becomes, with a warning in `warn` for whatever differs from the request."""
    width, height = fit(track.display_aspect, rendition.width, rendition.height)
    _warn_of_size(rendition, width, height, track, warn)
    rate = output_rate(rendition, source_rate(track))
    fields = 1 if track.field_order == "progressive" else 2
    if rate > source_rate(track) * fields * Fraction(101, 100):
        warn.append(
            f"{rendition.track_id}: {float(rate):.3f} fps is more than the source's {float(source_rate(track)):.3f}; "
            f"frames of '{file.path}' are repeated."
        )
    to_sdr = track.hdr and rendition.codec == "h264"
    deep = rendition.codec == "h265" and (track.bit_depth > 8 or track.hdr)
    return VideoOutput(
        name=f"v{number}",
        track_id=rendition.track_id,
        codec=rendition.codec,
        width=width,
        height=height,
        frame_rate=rate,
        rate=_rate_control(rendition, warn),
        pixel_format="yuv420p10le" if deep else "yuv420p",
        tone_map=to_sdr,
        colour=_output_colour(track, to_sdr),
    )


def fit(aspect: Fraction, width: int, height: int) -> tuple[int, int]:
    """The largest even size of display aspect `aspect` (width over height, square pixels) inside `width` x `height`.

    A side that misses the request by no more than the rounding to even numbers is the request's.
    """
    wide = aspect >= Fraction(width, height)
    fitted = (width, _even(width / aspect)) if wide else (_even(height * aspect), height)
    return _near(fitted[0], width), _near(fitted[1], height)


def source_rate(track: VideoTrack) -> Fraction:
    """The constant rate, frames per second, at which the source is read.

    A variable rate becomes the next common rate that is not below its average: a frame too many is a repeated frame,
    a frame too few is lost motion. A rate above the fastest that we make is divided by a whole number.
    """
    rate = snap(track.frame_rate)
    if track.variable_rate:
        rate = next((common for common in COMMON_RATES if common >= rate * Fraction(99, 100)), rate)
    return rate / ceil(rate / FASTEST)


def output_rate(rendition: VideoRendition, source: Fraction) -> Fraction:
    """Frames per second of a rendition: as asked, else as the source has them."""
    return snap(rendition.frame_rate) if rendition.frame_rate else source


def picture_duration(track: VideoTrack) -> Fraction:
    """The picture's duration in seconds, a whole number of frames at the source's rate, at least one.

    The count of frames is exact where the rate is constant; stored durations are often rounded. Where the two
    disagree by more than a frame (fields counted as frames, a rate that is not quite the standard one), time wins.
    """
    rate = source_rate(track)
    by_time = Fraction(max(1, round(track.duration * rate)))
    frames = track.frames or 0
    trusted = frames > 0 and not track.variable_rate and abs(frames - by_time) <= 1
    return (frames if trusted else by_time) / rate


def source_colour(track: VideoTrack) -> Colour:
    """What the source's numbers mean. Where it does not say, the convention by which players would read it.

    Without that, a 1080-line source and its 360-line rendition, both unsigned, show different colours.
    """
    if track.hdr:
        primaries, transfer, matrix = "bt2020", track.color_transfer, "bt2020nc"
    elif _displayed_lines(track) >= _FULL_HD_ERA:
        primaries, transfer, matrix = "bt709", "bt709", "bt709"
    elif track.height == 576 or track.frame_rate in (25, 50):
        primaries, transfer, matrix = "bt470bg", "smpte170m", "bt470bg"
    else:
        primaries, transfer, matrix = "smpte170m", "smpte170m", "smpte170m"
    # A matrix alone says enough about the other two, which are missing far more often.
    if track.color_space == "bt709" and not track.hdr:
        primaries, transfer = "bt709", "bt709"
    return Colour(
        primaries=track.color_primaries if track.color_primaries in KNOWN_PRIMARIES else primaries,
        transfer=track.color_transfer if track.color_transfer in KNOWN_TRANSFERS else transfer,
        matrix=track.color_space if track.color_space in KNOWN_MATRICES else matrix,
        range="pc" if track.color_range == "pc" or track.pixel_format.startswith("yuvj") else "tv",
        mastering_display=track.mastering_display,
        content_light=track.content_light,
    )


def _output_colour(track: VideoTrack, to_sdr: bool) -> Colour:
    """Colour of a rendition: limited range always; BT.709 after tone mapping; otherwise as the source."""
    if to_sdr:
        return Colour(primaries="bt709", transfer="bt709", matrix="bt709", range="tv")
    colour = source_colour(track).model_copy(update={"range": "tv"})
    return colour if track.hdr else colour.model_copy(update={"mastering_display": "", "content_light": ""})


def _deinterlace(track: VideoTrack) -> Deinterlace:
    """Where the file does not say, each frame's own flag decides."""
    if track.field_order == "progressive":
        return "no"
    return "auto" if track.field_order == "unknown" else track.field_order


def _rate_control(rendition: VideoRendition, warn: list[str]) -> RateControl:
    rate = rendition.rate
    if not isinstance(rate, Crf):
        return rate
    crf = min(max(rate.crf, CRF_BOTTOM[rendition.codec]), CRF_TOP)
    if crf != rate.crf:
        warn.append(f"{rendition.track_id}: crf {rate.crf:g} is not possible for {rendition.codec}; {crf:g} is used.")
    return rate.model_copy(update={"crf": float(crf)})


def _warn_of_size(rendition: VideoRendition, width: int, height: int, track: VideoTrack, warn: list[str]) -> None:
    asked = f"{rendition.width}x{rendition.height}"
    if (width, height) != (rendition.width, rendition.height):
        warn.append(
            f"{rendition.track_id}: the picture is {width}x{height}, not {asked}, to keep the source's aspect ratio."
        )
    lines = _displayed_lines(track)
    if height > lines and width > lines * track.display_aspect:
        warn.append(
            f"{rendition.track_id}: {width}x{height} enlarges the source "
            f"({round(lines * track.display_aspect)}x{lines}); that costs bits and adds no detail."
        )


def _displayed_lines(track: VideoTrack) -> int:
    """Height as shown, after rotation."""
    return round(track.width * track.sample_aspect) if track.rotation in (90, 270) else track.height


def _even(length: Fraction) -> int:
    return max(2, 2 * round(length / 2))


def _near(length: int, asked: int) -> int:
    return asked if abs(length - asked) <= 2 else length
