"""Translates a request to process a video into an `Enhancement`."""

from fractions import Fraction
from typing import Literal, cast

from telecine.apis.findings import Findings
from telecine.apis.pixop.schema_process import FRAME_RATES, FrameRate, ProcessRequest, Range, Resolution, Scanning
from telecine.apis.wire import unknown_fields
from telecine.core.enhance.options import Codec, Container, DnxProfile, ProresProfile, Scan
from telecine.core.enhance.presets import with_preset
from telecine.core.enhance.spec import Clip, Enhancement, Size
from telecine.core.rates import snap

_LONGEST_PLACE = 120
_DEPTHS = (8, 10, 12, 14, 16)

_MOV = (".mov", ".qt")
"""Names of QuickTime files, which a probe cannot tell from MP4."""


def translate(request: ProcessRequest, file_name: str, demuxer: str) -> Enhancement:
    """What `request` asks for, of a source that was uploaded as `file_name` and is read by `demuxer`.

    Raises every fault that can be seen without looking at the source further, each with the field's place.
    """
    found = Findings()
    for place in unknown_fields(request):
        found.invalid(place[:_LONGEST_PLACE], "there is no such field; leave it out, or correct its name.")
    file = request.mediaContainerCodec
    pixels = request.chromaSubsampling
    prores, dnx = _profiles(request)
    values = {
        "container": file.container if file else None,
        "codec": file.codec if file else None,
        "prores": prores,
        "dnx": dnx,
        "scan": _scan(request.scanning, found) if request.scanning else None,
        "chroma": pixels.yuv if pixels else None,
        "bits": _bits(pixels.bits if pixels else None, found),
        "bitrate": round(request.bitrate.mbps * 1_000_000) if request.bitrate and request.bitrate.mbps else None,
        "deinterlacer": request.deinterlacer,
        "denoiser": request.denoiser,
        "stabilizer": request.stabilizer,
        "scaler": request.scaler,
        "clarity": request.clarityBoost,
        "size": _size(request.resolution),
        "converter": request.frameRateConverter,
        "rate": _rate(request.frameRate, found),
        "post": request.postProcessor,
        "clip": _clip(request.range, found),
        "tier": request.tier,
    }
    found.settle()
    own = {name: value for name, value in values.items() if value is not None}
    asked = with_preset(request.preset, own) if request.preset else Enhancement.model_validate(own)
    return asked if asked.container else asked.model_copy(update={"container": _own_container(file_name, demuxer)})


def _own_container(file_name: str, demuxer: str) -> Container | None:
    """QuickTime, which takes every codec, where the source is that by its name; otherwise it is to be inferred."""
    return Container.MOV if file_name.lower().endswith(_MOV) and demuxer.startswith("mov") else None


def _profiles(request: ProcessRequest) -> tuple[ProresProfile | None, DnxProfile | None]:
    """The profiles. Where both are given, as in the document's example, the codec chooses; one must be the codec's."""
    prores, dnx = request.appleProresProfile, request.dnxhdHrProfile
    codec = request.mediaContainerCodec.codec if request.mediaContainerCodec else None
    if prores is None or dnx is None:
        return prores, dnx
    return prores if codec == Codec.PRORES else None, dnx if codec == Codec.DNXHD else None


def _scan(scanning: Scanning, found: Findings) -> Scan:
    if scanning.tag:
        return scanning.tag
    kind, order = scanning.scanningType, scanning.interlacedFieldOrder
    if kind == "interlaced":
        if order is None:
            found.missing("scanning.interlacedFieldOrder", "Interlaced pictures are top_field or bottom_field first.")
        return Scan.BOTTOM_FIRST if order == "bottom_field" else Scan.TOP_FIRST
    if order:
        if kind is None:
            found.missing("scanning.scanningType", "An order of fields needs 'interlaced' here.")
        else:
            found.invalid("scanning.interlacedFieldOrder", "progressive pictures have no fields; leave it out.")
    return Scan.PROGRESSIVE if kind else Scan.AUTO


def _bits(bits: int | None, found: Findings) -> Literal[8, 10, 12, 14, 16] | None:
    if bits is not None and bits not in _DEPTHS:
        found.invalid("chromaSubsampling.bits", "it takes 8, 10, 12, 14 or 16.")
    return cast(Literal[8, 10, 12, 14, 16] | None, bits)


def _size(resolution: Resolution | None) -> Size | None:
    """What a size may not say, `core.enhance.rules` refuses."""
    if resolution is None:
        return None
    return Size(tag=resolution.tag, width=resolution.width, height=resolution.height, aspect=resolution.aspectRatioTag)


def _rate(rate: FrameRate | None, found: Findings) -> Fraction | None:
    """Frames per second, exactly: 29.97 is 30000/1001."""
    if rate is None:
        return None
    if rate.tag:
        return Fraction(FRAME_RATES[rate.tag])
    if rate.fps is None:
        found.missing("frameRate", "It needs a tag, or fps.")
        return None
    return snap(rate.fps)


def _clip(part: Range | None, found: Findings) -> Clip | None:
    if part is None or part == Range():
        return None
    start, end = part.startPositionMilliseconds or 0, part.endPositionMilliseconds
    if end is not None and end <= start:
        found.out_of_range("range.endPositionMilliseconds", f"it must be after the start, {start}.")
        return None
    return Clip(start=start, end=end)
