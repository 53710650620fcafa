"""A number for each sample that is the same in MP4, in MPEG-TS and in packed audio, so that trees can be compared."""

import zlib
from collections.abc import Callable, Iterable, Iterator

_ADTS_HEADER = 7


def digester(codec: str, extradata: bytes) -> Callable[[bytes], int]:
    """A function from a sample to a CRC-32 that is the same in MP4, in MPEG-TS and in packed audio.

    For H.264 and H.265 only slices count: MPEG-TS repeats parameter sets and adds delimiters.
    """
    if codec in ("h264", "hevc"):
        high_efficiency = codec == "hevc"
        if extradata[:1] == b"\x01":
            width = (extradata[21 if high_efficiency else 4] & 3) + 1
            return lambda data: _crc_of_slices(_prefixed_units(data, width), high_efficiency)
        return lambda data: _crc_of_slices(_marked_units(data), high_efficiency)
    if codec == "aac" and not extradata:
        return lambda data: zlib.crc32(memoryview(data)[_ADTS_HEADER if data[1] & 1 else _ADTS_HEADER + 2 :])
    return zlib.crc32


def _crc_of_slices(units: Iterable[memoryview], high_efficiency: bool) -> int:
    crc = 0
    for unit in units:
        if not unit:
            continue
        is_slice = unit[0] >> 1 & 63 < 32 if high_efficiency else 1 <= unit[0] & 31 <= 5
        if is_slice:
            crc = zlib.crc32(unit, crc)
    return crc


def _prefixed_units(data: bytes, width: int) -> Iterator[memoryview]:
    """NAL units behind lengths of `width` bytes, as in MP4."""
    view = memoryview(data)
    at = 0
    while at + width <= len(view):
        length = int.from_bytes(view[at : at + width])
        yield view[at + width : at + width + length]
        at += width + length


def _marked_units(data: bytes) -> Iterator[memoryview]:
    """NAL units behind start codes, as in MPEG-TS, without the zeros that belong to the next start code."""
    view = memoryview(data)
    begin = data.find(b"\0\0\1")
    while begin >= 0:
        begin += 3
        following = data.find(b"\0\0\1", begin)
        end = following if following >= 0 else len(data)
        while end > begin and data[end - 1] == 0:
            end -= 1
        yield view[begin:end]
        begin = following
