"""What a request leaves open, taken from the source: container, codec, profile, pixel format.

What the source has is kept where it can be made and what is asked for allows it; else the nearest that can, which is
said in `notes`. What is asked for is never changed here: it is refused where it cannot be.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from telecine.core.enhance.options import Chroma, Codec, Container, DnxProfile, ProresProfile, Scan
from telecine.core.enhance.refusals import BITS, CHROMA, CODEC, invalid, listed
from telecine.core.enhance.source import chroma_of, depth_of, picture_of
from telecine.core.enhance.spec import Enhancement
from telecine.core.enhance.targets import (
    CODECS,
    FOUR,
    PROMISED,
    REPLACED,
    USUAL_CODEC,
    USUAL_CONTAINER,
    Format,
    formats,
)
from telecine.core.media_info import MediaInfo, VideoTrack


class Encoding(NamedTuple):
    """What will be encoded, completely."""

    container: Container
    codec: Codec
    prores: ProresProfile | None
    dnx: DnxProfile | None
    format: Format


def infer_encoding(asked: Enhancement, media: MediaInfo, notes: list[str]) -> Encoding:
    """The container, codec, profile and pixel format of `asked` for the source `media`.

    Raises FIELD_INVALID where what is asked for contradicts itself, TRACK_MISSING where there is no picture.
    """
    track = picture_of(media)
    container, codec = _container_and_codec(asked, media.demuxer, track, notes)
    prores = _prores(asked, track) if codec == Codec.PRORES else None
    dnx = _dnx(asked, track, notes) if codec == Codec.DNXHD else None
    return Encoding(container, codec, prores, dnx, _format(asked, track, codec, prores, dnx, notes))


_CONTAINERS = {"mov": Container.MOV, "mxf": Container.MXF, "mpegts": Container.MTS}
_CODECS = {
    "h264": Codec.H264,
    "hevc": Codec.HEVC,
    "prores": Codec.PRORES,
    "dnxhd": Codec.DNXHD,
    "mpeg2video": Codec.MPEG2,
    "ffv1": Codec.FFV1,
}


def _container_and_codec(
    asked: Enhancement, demuxer: str, track: VideoTrack, notes: list[str]
) -> tuple[Container, Codec]:
    if asked.container and asked.codec:
        _refuse_pair(asked.container, asked.codec)
        return asked.container, asked.codec
    had = _codec_of(track, demuxer)
    if asked.codec:
        return _container_for(asked.codec, demuxer, notes), asked.codec
    if asked.container:
        return asked.container, _codec_for(asked.container, had, track, notes)
    container = _container_of(demuxer, had)
    if container is None:
        codec = had or Codec.H264
        container = USUAL_CONTAINER[codec]
        notes.append(f"the source's container ({demuxer.split(',')[0]}) cannot be made; {container} is made instead.")
    return container, _codec_for(container, had, track, notes)


def _refuse_pair(container: Container, codec: Codec) -> None:
    if codec in CODECS[container]:
        return
    others = [other for other in Container if codec in CODECS[other]]
    raise invalid(
        CODEC, f"{container} cannot hold {codec}, but {listed(CODECS[container])}; {codec} goes into {listed(others)}."
    )


def _container_of(demuxer: str, codec: Codec | None) -> Container | None:
    """The source's own container. MP4 and QuickTime are one to a demuxer: what MP4 takes is taken for MP4."""
    found = _CONTAINERS.get(demuxer.split(",")[0])
    if found == Container.MOV and codec in CODECS[Container.MP4]:
        return Container.MP4
    return found


def _codec_of(track: VideoTrack, demuxer: str) -> Codec | None:
    """The source's own codec. MPEG-2 in 4:2:2 in MXF, of a size that XDCAM HD422 has, is that."""
    found = _CODECS.get(track.codec)
    hd422 = (track.width, track.height) in ((1920, 1080), (1280, 720)) and chroma_of(track.pixel_format) == Chroma.C422
    return Codec.XDCAM if found == Codec.MPEG2 and demuxer == "mxf" and hd422 else found


def _container_for(codec: Codec, demuxer: str, notes: list[str]) -> Container:
    own = _CONTAINERS.get(demuxer.split(",")[0])
    if own == Container.MOV and codec in CODECS[Container.MP4]:
        return Container.MP4
    if own and codec in CODECS[own]:
        return own
    container = USUAL_CONTAINER[codec]
    notes.append(f"the source's container ({demuxer.split(',')[0]}) cannot hold {codec}; {container} is made instead.")
    return container


def _codec_for(container: Container, had: Codec | None, track: VideoTrack, notes: list[str]) -> Codec:
    if had in CODECS[container]:
        return had
    codec = USUAL_CODEC[container]
    notes.append(f"{container} is not made with the source's codec, {track.codec}; {codec} is made instead.")
    return codec


_PRORES_PROFILES = {
    "proxy": ProresProfile.PROXY,
    "lt": ProresProfile.LT,
    "standard": ProresProfile.STANDARD,
    "hq": ProresProfile.HQ,
    "4444": ProresProfile.FOUR,
    "xq": ProresProfile.FOUR_XQ,
    "4444xq": ProresProfile.FOUR_XQ,
}


def _prores(asked: Enhancement, track: VideoTrack) -> ProresProfile:
    """As asked; else the source's own; else the standard one, or 4444 where the chroma is to be full."""
    if asked.prores:
        return asked.prores
    full = (asked.chroma or chroma_of(track.pixel_format)) == Chroma.C444
    own = _PRORES_PROFILES.get(track.profile.lower()) if track.codec == "prores" else None
    if own and (own in FOUR) == full:
        return own
    return ProresProfile.FOUR if full else ProresProfile.STANDARD


def _dnx(asked: Enhancement, track: VideoTrack, notes: list[str]) -> DnxProfile:
    """As asked, as far as there is an encoder; else the DNxHR (DNxHD where fields are asked for) of that format."""
    profile = asked.dnx or _usual_dnx(asked, track)
    made = REPLACED.get(profile, profile)
    promised, can = PROMISED.get(profile), formats(Codec.DNXHD, None, made)[0]
    if made != profile:
        notes.append(f"{profile} cannot be encoded here; {made} ({can}) is made instead.")
    elif promised and asked.bits != can.bits and (asked.dnx or asked.bits):
        notes.append(f"{profile} is encoded in {can}, not in {promised}.")
    return made


def _usual_dnx(asked: Enhancement, track: VideoTrack) -> DnxProfile:
    chroma, bits = asked.chroma or chroma_of(track.pixel_format), asked.bits or depth_of(track)
    if chroma == Chroma.C444:
        return DnxProfile.DNXHR_444
    if asked.scan in (Scan.TOP_FIRST, Scan.BOTTOM_FIRST):
        return DnxProfile.DNXHD_HQX if bits > 8 else DnxProfile.DNXHD_SQ
    return DnxProfile.DNXHR_HQX if bits > 8 else DnxProfile.DNXHR_SQ


def _format(
    asked: Enhancement,
    track: VideoTrack,
    codec: Codec,
    prores: ProresProfile | None,
    dnx: DnxProfile | None,
    notes: list[str],
) -> Format:
    own = Format(chroma_of(track.pixel_format), depth_of(track))
    can = formats(codec, prores, dnx)
    what = " ".join(filter(None, (codec, prores, dnx)))
    wanted = Format(asked.chroma or own.chroma, _bits(asked, own))
    left = _of_chroma(asked.chroma, can, what)
    left = _of_bits(asked, PROMISED.get(asked.dnx or dnx) if dnx else None, left, what)
    made = nearest(wanted, left)
    if made != wanted and not (asked.chroma and asked.bits):
        notes.append(f"{what} has no {wanted}; {made} is made instead.")
    return made


def _bits(asked: Enhancement, own: Format) -> int:
    return asked.bits or own.bits


def _of_chroma(chroma: Chroma | None, can: Sequence[Format], what: str) -> list[Format]:
    left = [format for format in can if chroma in (None, format.chroma)]
    if not left:
        raise invalid(CHROMA, f"{what} has no {chroma}, but {listed(_distinct(f.chroma for f in can))}.")
    return left


def _of_bits(asked: Enhancement, promised: Format | None, can: Sequence[Format], what: str) -> list[Format]:
    """Bits that the document has `promised` of a profile are taken for those that it really has."""
    if asked.bits is None or (promised and promised.bits == asked.bits):
        return list(can)
    left = [format for format in can if format.bits == asked.bits]
    if not left:
        with_chroma = f" with {asked.chroma}" if asked.chroma else ""
        depths = listed(_distinct(format.bits for format in can))
        raise invalid(BITS, f"{what}{with_chroma} has no {asked.bits} bits for a sample, but {depths}.")
    return left


def nearest(wanted: Format, can: Sequence[Format]) -> Format:
    """What of `can` comes nearest to `wanted`: it loses least, first of chroma, then of depth, and adds least."""
    return min(can, key=lambda made: _distance(wanted, made))


def _distance(wanted: Format, made: Format) -> tuple[int, int, int, int]:
    lost, added = 0, 0
    for had, has in zip(wanted.chroma.spacing, made.chroma.spacing, strict=True):
        lost += max(0, has - had)
        added += max(0, had - has)
    return (lost, max(0, wanted.bits - made.bits), added, max(0, made.bits - wanted.bits))


def _distinct[T](values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
