"""What may be asked for: every dependency between the fields of a request, and what each codec can carry.

`check_request` needs the request alone; the others judge what has been inferred from the source. Together they refuse
before any work what an encoder or a container would refuse after all of it. Each refusal names the field in the
document's spelling, says what is wrong, and what would do.
"""

from fractions import Fraction

from telecine.core.enhance.dnx_rates import nominal_megabits
from telecine.core.enhance.infer import Encoding
from telecine.core.enhance.options import Codec, Container, Converter, DnxProfile, Scaler
from telecine.core.enhance.picture import Picture
from telecine.core.enhance.refusals import (
    BITRATE,
    BITS,
    CHROMA,
    CLARITY,
    CODEC,
    DNX,
    END,
    PRORES,
    RATE,
    RESOLUTION,
    SCALER,
    SCANNING,
    START,
    invalid,
    listed,
    missing,
    out_of_range,
)
from telecine.core.enhance.resolution import HD, Frame, check_size
from telecine.core.enhance.spec import Clip, Enhancement
from telecine.core.enhance.targets import (
    CODECS,
    DNXHR_LEAST,
    INTRA,
    MPEG2_BITRATES,
    MPEG2_MOST,
    MPEG2_RATES,
    MXF_RATES,
    PERMITTED,
    XDCAM_BITRATE,
    XDCAM_RATES,
    Raster,
)
from telecine.core.media_info import VideoTrack

_SLOWEST, _FASTEST = Fraction(1, 1000), Fraction(999)


def check_request(asked: Enhancement) -> None:
    """Refuse what contradicts itself whatever the source is.

    Raises FIELD_INVALID, FIELD_MISSING or FIELD_OUT_OF_RANGE.
    """
    _check_codec(asked)
    _check_pixels(asked)
    _check_bitrate(asked)
    if asked.size:
        check_size(asked.size)
    if asked.clarity is not None and asked.scaler != Scaler.PABSR1:
        raise invalid(CLARITY, "it is a setting of the scaler pabsr1; send it with that one, or leave it out.")
    _check_rate(asked)
    if asked.clip and asked.clip.end is not None and asked.clip.end <= asked.clip.start:
        raise out_of_range(END, f"it must be after the start, {asked.clip.start}.")


def check_clip(clip: Clip | None, seconds: Fraction, frame: Fraction) -> None:
    """Refuse a range outside the video, which lasts `seconds`. The end may be up to a `frame` (seconds) late.

    Raises FIELD_OUT_OF_RANGE.
    """
    if clip is None:
        return
    most = int(seconds * 1000)
    if clip.start >= seconds * 1000:
        raise out_of_range(START, f"it must be before the end of the video, {most}.")
    if clip.end is not None and clip.end > (seconds + frame) * 1000 + 1:
        raise out_of_range(END, f"the video has {most} milliseconds.")


def check_scaler(asked: Enhancement, frame: Frame) -> None:
    """Refuse a picture that the scaler is not meant for. Raises FIELD_OUT_OF_RANGE."""
    longer, shorter = max(frame[:2]), min(frame[:2])
    if asked.scaler == Scaler.DVRES and (longer > HD[0] or shorter > HD[1]):
        raise out_of_range(
            RESOLUTION, f"dvres makes up to {HD[0]}x{HD[1]}, not {frame.width}x{frame.height}; take pabsr1 for more."
        )


def can_interlace(encoding: Encoding, frame: Frame) -> bool:
    """Whether the codec can carry fields in this size: DNxHR never, XDCAM and DNxHD with 1080 lines only."""
    if encoding.codec == Codec.DNXHD and encoding.dnx in _DNXHR:
        return False
    return encoding.codec not in (Codec.XDCAM, Codec.DNXHD) or frame.height == HD[1]


def check_interlacing(encoding: Encoding, frame: Frame) -> None:
    """Refuse fields where the codec has none. Raises FIELD_INVALID."""
    if not can_interlace(encoding, frame):
        what = encoding.dnx or encoding.codec
        raise invalid(SCANNING, f"{what} has no interlaced {frame.width}x{frame.height}; ask for progressive.")


def check_target(encoding: Encoding, picture: Picture) -> None:
    """Refuse a size or a rate that the codec or the container has not. Raises FIELD_INVALID."""
    if encoding.codec == Codec.XDCAM:
        _check_xdcam(picture)
    if encoding.codec == Codec.MPEG2:
        _check_mpeg2(picture)
    if encoding.dnx in _DNXHR:
        _check_dnxhr(encoding, picture)
    elif encoding.dnx:
        _check_dnxhd(encoding.dnx, picture)
    if encoding.container == Container.MXF and picture.rate not in MXF_RATES:
        raise _no_rate("mxf", picture, MXF_RATES)


_DNXHR = frozenset(profile for profile in DnxProfile if profile.startswith("dnxhr"))


def _check_codec(asked: Enhancement) -> None:
    if asked.container and asked.codec and asked.codec not in CODECS[asked.container]:
        others = [other for other in Container if asked.codec in CODECS[other]]
        raise invalid(
            CODEC,
            f"{asked.container} cannot hold {asked.codec}, but {listed(CODECS[asked.container])}; "
            f"{asked.codec} goes into {listed(others)}.",
        )
    if asked.prores and asked.codec != Codec.PRORES:
        raise invalid(PRORES, f"it is a profile of prores{_not(asked.codec)}; ask for that codec, or leave it out.")
    if asked.dnx and asked.codec != Codec.DNXHD:
        raise invalid(DNX, f"it is a profile of dnxhd{_not(asked.codec)}; ask for that codec, or leave it out.")


def _not(codec: Codec | None) -> str:
    return f", not of {codec}" if codec else ""


def _check_pixels(asked: Enhancement) -> None:
    if asked.chroma and asked.bits and asked.bits not in PERMITTED[asked.chroma]:
        raise invalid(BITS, f"{asked.chroma} has {listed(PERMITTED[asked.chroma])} bits, not {asked.bits}.")
    if asked.bits and not asked.chroma and not any(asked.bits in depths for depths in PERMITTED.values()):
        raise invalid(CHROMA, f"no subsampling has {asked.bits} bits.")


def _check_bitrate(asked: Enhancement) -> None:
    if asked.bitrate is None or asked.codec is None:
        return
    if asked.codec in INTRA:
        decided = "it loses nothing, so that its" if asked.codec == Codec.FFV1 else "its profile decides the"
        raise invalid(BITRATE, f"{asked.codec} takes none: {decided} bitrate follows; leave it out.")
    if asked.codec == Codec.XDCAM and asked.bitrate != XDCAM_BITRATE:
        raise invalid(BITRATE, f"XDCAM HD422 has {XDCAM_BITRATE // 1_000_000}; send that, or leave it out.")


def _check_rate(asked: Enhancement) -> None:
    if asked.rate is not None and not _SLOWEST <= asked.rate <= _FASTEST:
        raise out_of_range(f"{RATE}.fps", "it must be 0.001 to 999 frames per second.")
    if asked.rate is None and asked.converter not in (None, Converter.FPS):
        raise missing(RATE, f"{asked.converter} needs a rate to convert to.")


def _check_xdcam(picture: Picture) -> None:
    raster = Raster(picture.width, picture.height, picture.fields != "progressive")
    if raster not in XDCAM_RATES:
        sizes = listed(dict.fromkeys(f"{known.width}x{known.height}" for known in XDCAM_RATES))
        raise invalid(
            RESOLUTION,
            f"XDCAM HD422 is {sizes}, not {picture.width}x{picture.height}; give that width and height without a tag.",
        )
    if picture.rate not in XDCAM_RATES[raster]:
        raise _no_rate(f"XDCAM HD422 of {_raster(picture)}", picture, XDCAM_RATES[raster])


def _check_mpeg2(picture: Picture) -> None:
    if picture.width > MPEG2_MOST[0] or picture.height > MPEG2_MOST[1]:
        raise invalid(
            RESOLUTION,
            f"mpeg2 has up to {MPEG2_MOST[0]}x{MPEG2_MOST[1]}, not {picture.width}x{picture.height}; "
            "ask for less, or for h264 or hevc.",
        )
    if picture.rate not in MPEG2_RATES:
        raise _no_rate("mpeg2", picture, MPEG2_RATES)


def _check_dnxhr(encoding: Encoding, picture: Picture) -> None:
    if picture.width < DNXHR_LEAST[0] or picture.height < DNXHR_LEAST[1]:
        raise invalid(
            RESOLUTION,
            f"{encoding.dnx} has at least {DNXHR_LEAST[0]}x{DNXHR_LEAST[1]}, not {picture.width}x{picture.height}.",
        )


def _check_dnxhd(profile: DnxProfile, picture: Picture) -> None:
    interlaced = picture.fields != "progressive"
    if nominal_megabits(profile, picture.width, picture.height, picture.rate, interlaced=interlaced) is None:
        raise invalid(
            DNX,
            f"{profile} has fixed sizes and rates, and {_raster(picture)} at {_fps(picture.rate)} is none of them; "
            "take a profile of DNxHR, which has any, or 1920x1080 or 1280x720 at a usual rate.",
        )


def _no_rate(what: str, picture: Picture, rates: tuple[Fraction, ...]) -> Exception:
    return invalid(RATE, f"{what} has {listed(map(_fps, rates))} frames per second, not {_fps(picture.rate)}.")


def _raster(picture: Picture) -> str:
    return f"{picture.width}x{picture.height}{'p' if picture.fields == 'progressive' else 'i'}"


def _fps(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def check_inferred(asked: Enhancement, encoding: Encoding) -> None:
    """Refuse a bitrate that the codec, which may be inferred, has not. Raises FIELD_INVALID, FIELD_OUT_OF_RANGE."""
    _check_bitrate(asked.model_copy(update={"codec": encoding.codec}))
    most = MPEG2_BITRATES.get(encoding.format.chroma) if encoding.codec == Codec.MPEG2 else None
    if most and asked.bitrate and asked.bitrate > most:
        raise out_of_range(
            BITRATE, f"mpeg2 in {encoding.format.chroma} has up to {most // 1_000_000}; ask for less, or for h264."
        )


def check_enlarging(asked: Enhancement, track: VideoTrack, frame: Frame) -> str:
    """A warning where detail is hoped for that no scaler can restore; empty otherwise."""
    most = max(Fraction(frame.width, track.width), Fraction(frame.height, track.height))
    if most <= _HONEST or asked.scaler in (None, Scaler.SCALE):
        return ""
    return f"{SCALER}: the picture is made {float(most):.1f} times as large; beyond 4 times no detail is restored."


_HONEST = 4
