"""Is one published file whole in itself? Looked at byte by byte as the container's rules say, without decoding.

A demuxer reads on over small damage; these rules do not, and they can say which file is at fault. Each function
returns what is wrong with the file's content, as a sentence that follows its name, or None.
"""

import re
import struct
from collections.abc import Iterator
from itertools import repeat
from pathlib import PurePosixPath

TS_PACKET = 188
_SYNC = 0x47
_PADDING = 0x1FFF
_TIMESTAMP_OWNER = b"com.apple.streaming.transportStreamTimestamp\0"
_AC3_RATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_SAMPLE_SIZES, _SAMPLE_DURATIONS, _SAMPLE_FLAGS, _SAMPLE_OFFSETS = 0x200, 0x100, 0x400, 0x800
_FIRST_FLAGS, _DATA_OFFSET = 0x4, 0x1
_DEFAULT_SIZE = 0x10
_CONTAINERS = frozenset({"moov", "trak", "mdia", "minf", "stbl", "mvex", "moof", "traf"})
_INIT_BOXES = frozenset(
    {"ftyp", "moov", "mvhd", "trak", "tkhd", "mdia", "mdhd", "hdlr", "minf", "dinf"}
    | {"stbl", "stsd", "stts", "stsc", "stsz", "stco", "mvex", "trex"}
)
_MEDIA_HEADERS = frozenset({"vmhd", "smhd", "nmhd", "sthd"})
_FRAGMENT_BOXES = frozenset({"mfhd", "traf", "tfhd", "tfdt", "trun"})
_VTT_TIMES = re.compile(r"^\d{2,}:\d{2}:\d{2}\.\d{3} --> \d{2,}:\d{2}:\d{2}\.\d{3}( .*)?$")


class BrokenError(ValueError):
    """What is wrong with a file's content."""


def fault_in(path: str, content: bytes, *, is_init: bool = False) -> str | None:
    """What is wrong with an init segment or media segment, judged by its extension."""
    if not content:
        return "is empty"
    extension = PurePosixPath(path).suffix
    try:
        if extension == ".ts":
            _check_transport_stream(content)
        elif extension in (".aac", ".ac3", ".ec3"):
            packed_frames(content)
        elif extension in (".vtt", ".webvtt"):
            _check_vtt(content)
        elif is_init:
            _check_init(content)
        else:
            _check_fragment(content)
    except BrokenError as error:
        return str(error)
    return None


def boxes(content: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """Type, first byte of the body and end of each box. Raises BrokenError where one does not fit."""
    end = len(content) if end is None else end
    while start < end:
        if end - start < 8:
            raise BrokenError(f"has {end - start} bytes too many after its last box")
        size = int.from_bytes(content[start : start + 4])
        name = content[start + 4 : start + 8]
        body = start + 8
        if size == 1:
            size, body = int.from_bytes(content[body : body + 8]), body + 8
        if size < body - start or not name.isascii():
            raise BrokenError(f"has no box at byte {start}")
        if start + size > end:
            raise BrokenError(f"ends within its {name.decode()} box: {start + size - end} bytes are missing")
        yield name.decode(), body, start + size
        start += size


def packed_timestamp(content: bytes) -> int | None:
    """The 90 kHz time of a packed audio segment's first sample, from its ID3 tag; None where it has none."""
    position = content.find(_TIMESTAMP_OWNER, 0, 4096)
    if not content.startswith(b"ID3") or position < 0:
        return None
    begin = position + len(_TIMESTAMP_OWNER)
    return int.from_bytes(content[begin : begin + 8]) & (2**33 - 1)


def packed_frames(content: bytes) -> list[tuple[int, int]]:
    """Begin and end of every AAC (ADTS), AC-3 or E-AC-3 frame after the ID3 tag. Raises BrokenError."""
    position = begin = id3_length(content)
    setup = _setup(content[begin : begin + 8])
    frames: list[tuple[int, int]] = []
    while position < len(content):
        length = frame_length(content[position : position + 8])
        if length <= 0 or _setup(content[position : position + 8]) != setup:
            raise BrokenError(f"has no audio frame of its track at byte {position}")
        if position + length > len(content):
            raise BrokenError(f"ends within an audio frame: {position + length - len(content)} bytes are missing")
        frames.append((position, position + length))
        position += length
    if not frames:
        raise BrokenError("holds no audio frame")
    return frames


def id3_length(content: bytes) -> int:
    """Bytes of the ID3 tag that `content` begins with; 0 where it does not."""
    if not content.startswith(b"ID3"):
        return 0
    a, b, c, d = content[6:10].ljust(4, b"\0")
    return 10 + (a << 21 | b << 14 | c << 7 | d)


def _setup(head: bytes) -> tuple[int, ...]:
    """What every frame of one track has in common: codec, sampling rate and, for AAC, profile and channels."""
    if head[:1] == b"\xff" and len(head) >= 4:
        return head[1], head[2] & 0xFD, head[3] & 0xC0
    return (head[4] >> 6 if len(head) > 5 and head[5] >> 3 <= 10 else -1,)


def frame_length(head: bytes) -> int:
    """Bytes of the audio frame that begins with `head`; 0 where none begins."""
    if len(head) < 7:
        return 0
    if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if head[0] == 0x0B and head[1] == 0x77:
        if head[5] >> 3 > 10:  # bitstream id: E-AC-3
            return (((head[2] & 7) << 8 | head[3]) + 1) * 2
        return _ac3_length(head[4] >> 6, head[4] & 63)
    return 0


def _ac3_length(rate: int, code: int) -> int:
    if rate == 3 or code >= 2 * len(_AC3_RATES):
        return 0
    kilobits = _AC3_RATES[code // 2]
    if rate == 0:
        return kilobits * 4
    return kilobits * 6 if rate == 2 else 2 * (kilobits * 320 // 147 + code % 2)


def _check_transport_stream(content: bytes) -> None:
    rest = len(content) % TS_PACKET
    if rest:
        raise BrokenError(f"is cut off: its last transport packet has {rest} of {TS_PACKET} bytes")
    wrong = next((number for number, sync in enumerate(content[::TS_PACKET]) if sync != _SYNC), None)
    if wrong is not None:
        raise BrokenError(f"has no transport packet at byte {wrong * TS_PACKET}")
    counters: dict[int, int] = {}
    heads = zip(content[1::TS_PACKET], content[2::TS_PACKET], content[3::TS_PACKET], strict=True)
    for number, (high, low, control) in enumerate(heads):
        pid, counter = (high & 31) << 8 | low, control & 15
        if high & 0x80 or control & 0xC0 or not control & 0x30:
            raise BrokenError(f"has a damaged transport packet at byte {number * TS_PACKET}")
        if not control & 0x10 or pid == _PADDING:
            continue
        if (counters.get(pid, counter - 1) + 1) & 15 != counter:
            raise BrokenError(f"lacks transport packets before byte {number * TS_PACKET}")
        counters[pid] = counter


def _check_init(content: bytes) -> None:
    names = set(_names(content, 0, len(content)))
    if content[4:8] != b"ftyp" or not names >= _INIT_BOXES or not names & _MEDIA_HEADERS:
        missing = sorted(_INIT_BOXES - names) or ["media header"]
        raise BrokenError(f"is no init segment: it lacks {', '.join(missing)}")


def _names(content: bytes, start: int, end: int) -> Iterator[str]:
    """Names of all boxes, those inside others too."""
    for name, body, stop in boxes(content, start, end):
        yield name
        if name in _CONTAINERS:
            yield from _names(content, body, stop)


def _check_fragment(content: bytes) -> None:
    """Every moof is followed by an mdat of exactly the bytes of its samples."""
    expected: int | None = None
    found = False
    for name, body, end in boxes(content):
        if name == "moof":
            missing = sorted(_FRAGMENT_BOXES - set(_names(content, body, end)))
            if missing:
                raise BrokenError(f"lacks {', '.join(missing)} in its moof")
            trafs = (spot for spot in boxes(content, body, end) if spot[0] == "traf")
            expected = sum(size for _, at, until in trafs for size in track_sizes(content, at, until))
        elif name == "mdat":
            if expected is None:
                raise BrokenError("has an mdat without moof")
            if end - body != expected:
                raise BrokenError(f"has {end - body} bytes of samples where its moof announces {expected}")
            expected, found = None, True
    if not found:
        raise BrokenError("holds no samples")


def track_sizes(content: bytes, start: int, end: int) -> Iterator[int]:
    """Sizes of all samples that the inside of a traf announces."""
    default = 0
    for name, at, until in boxes(content, start, end):
        if name == "tfhd":
            default = _default_size(content, at, default)
        elif name == "trun":
            yield from _trun_sizes(content, at, until, default)


def _default_size(content: bytes, at: int, otherwise: int) -> int:
    flags = int.from_bytes(content[at + 1 : at + 4])
    if not flags & _DEFAULT_SIZE:
        return otherwise
    before = 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2) + 4 * bool(flags & 8)
    return int.from_bytes(content[at + before : at + before + 4])


def _trun_sizes(content: bytes, at: int, end: int, default: int) -> Iterator[int]:
    flags, count = int.from_bytes(content[at + 1 : at + 4]), int.from_bytes(content[at + 4 : at + 8])
    rows = at + 8 + 4 * bool(flags & _DATA_OFFSET) + 4 * bool(flags & _FIRST_FLAGS)
    fields = [flag for flag in (_SAMPLE_DURATIONS, _SAMPLE_SIZES, _SAMPLE_FLAGS, _SAMPLE_OFFSETS) if flags & flag]
    if rows + 4 * len(fields) * count != end:
        raise BrokenError("has a trun that does not hold the samples that it counts")
    if _SAMPLE_SIZES not in fields:
        yield from repeat(default, count)
        return
    values = struct.unpack(f">{len(fields) * count}I", content[rows:end])
    yield from values[fields.index(_SAMPLE_SIZES) :: len(fields)]


def _check_vtt(content: bytes) -> None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BrokenError("is not UTF-8") from None
    lines = text.splitlines()
    if not lines or not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise BrokenError("does not begin with WEBVTT")
    wrong = next((line for line in lines[1:] if "-->" in line and not _VTT_TIMES.match(line)), None)
    if wrong is not None:
        raise BrokenError(f"has cue times that cannot be read: '{wrong[:60]}'")
