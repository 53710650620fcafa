"""WMPaceInfo: how encoders, packagers, origins and edges of different makers tell each other a segment's position.

After ETSI TS 104 002 V1.1.1 (DASH-IF Forensic A/B Watermarking), clauses 5.5.2, 5.6.2 to 5.6.5 and 5.7. An edge finds a
segment's position here, looks up the bit at that position in the viewer's token, and fetches the variant of that bit.

Towards edges everything is neutral: a variant is never named, and what matters to packagers alone is left out.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cbor2

VERSION = 1
UNMARKED = -1
"""Position of a segment that is the same for all viewers."""
FARTHEST = 0x7FFE
"""The last position that fits into the payload of 40 bits; sidecars have no end."""
PAYLOAD_BYTES = 5
NEUTRAL_PAYLOAD = b"\xff" * PAYLOAD_BYTES
"""What a packager writes over a payload in the media before anybody outside may fetch it."""
SEI_UUID = bytes.fromhex("bec4f824170d47cfa826ce008083e355")
CONTENT_TYPE = "application/cbor"

_VERSION, _SEGMENTS, _FILE_SIZE, _START, _REGEX, _POSITION, _FIRST, _LAST = range(1, 9)
_POSITIONS = 0x8000
_SPECIAL = re.compile(r"[][(){}.*+?^$|\\]")

type _Map = dict[int, Any]


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """What an encoder says of a piece of media: its variant (0 to 255; for debugging) and `position` (see `UNMARKED`).

    `first` and `last`: whether it is the first or last of the pieces with that position. Raises ValueError for a
    variant or position that does not fit.
    """

    variant: int
    position: int
    first: bool = True
    last: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.variant <= 255:
            raise ValueError("variant must be 0 to 255")
        if not UNMARKED <= self.position <= FARTHEST:
            raise ValueError(f"position must be {UNMARKED} to {FARTHEST}")

    def payload(self) -> bytes:
        """The 40 bits that travel in media. `UNMARKED` is written in two's complement.

        Two bits that are always set keep start codes from appearing in it.
        """
        position = self.position % _POSITIONS
        flags = 0x80 | self.first << 6 | self.last << 5
        return bytes([VERSION, self.variant]) + (_POSITIONS | position).to_bytes(2) + bytes([flags])

    @classmethod
    def read(cls, payload: bytes) -> "PaceInfo | None":
        """What a payload says; None where it was made neutral. Raises ValueError for anything else."""
        if payload == NEUTRAL_PAYLOAD:
            return None
        if len(payload) != PAYLOAD_BYTES or payload[0] != VERSION or not payload[2] & payload[4] & 0x80:
            raise ValueError("that is no WMPaceInfo of version 1")
        position = int.from_bytes(payload[2:4]) % _POSITIONS
        return cls(
            payload[1],
            UNMARKED if position > FARTHEST else position,
            first=bool(payload[4] & 0x40),
            last=bool(payload[4] & 0x20),
        )

    def box(self) -> bytes:
        """The box `wmpi` of ISO media, which stands between `styp` and `moof`."""
        body = self.payload()
        length = 8 + len(body)
        return length.to_bytes(4) + b"wmpi" + body

    def sei(self) -> bytes:
        """The content of an SEI message `user_data_unregistered` in the first picture of a segment."""
        return SEI_UUID + self.payload()

    @classmethod
    def read_sei(cls, message: bytes) -> "PaceInfo | None":
        """What such a message says; None where it is another's or was made neutral. Raises ValueError."""
        return cls.read(message[16:]) if message.startswith(SEI_UUID) else None

    def ingest_header(self) -> str:
        """The value of the header `WMPaceInfoIngest` with which a segment is pushed to an origin."""
        said = {
            "version": VERSION,
            "variant": self.variant,
            "position": self.position,
            "firstpart": self.first,
            "lastpart": self.last,
        }
        return json.dumps(said, separators=(",", ":"))

    @classmethod
    def read_ingest_header(cls, value: str) -> "PaceInfo":
        """What such a header says. Raises ValueError."""
        said = json.loads(value)  # its error is a ValueError
        if not isinstance(said, dict) or said.get("version") != VERSION:
            raise ValueError("that is no WMPaceInfo of version 1")
        first, last = said.get("firstpart", True), said.get("lastpart", True)
        if type(first) is not bool or type(last) is not bool:
            raise ValueError("firstpart and lastpart are true or false")
        return cls(_number(said.get("variant")), _number(said.get("position")), first=first, last=last)


@dataclass(frozen=True, slots=True)
class Discrete:
    """One segment that is a file of its own. `pattern` is a POSIX extended regular expression of its name, or empty.

    `first` and `last` as in `PaceInfo`; None leaves them out.
    """

    position: int
    pattern: str = ""
    first: bool | None = None
    last: bool | None = None


@dataclass(frozen=True, slots=True)
class ByteRange:
    """One segment that begins at byte `start` of a file, and ends where the next one begins."""

    start: int
    position: int


def discrete_sidecar(segments: Sequence[Discrete]) -> bytes:
    """A sidecar of segments that are files of their own, as deterministic CBOR. Raises ValueError for a position below
    -1, or where there is no segment.
    """
    return _sidecar({}, [_discrete(segment) for segment in segments])


def read_discrete_sidecar(content: bytes) -> tuple[Discrete, ...]:
    """The segments of such a sidecar. Raises ValueError for what is none."""
    read = []
    for entry in _entries(_map(content)):
        pattern, first, last = entry.get(_REGEX, ""), entry.get(_FIRST), entry.get(_LAST)
        if type(pattern) is not str or any(flag is not None and type(flag) is not bool for flag in (first, last)):
            raise ValueError("a segment's field is of the wrong kind")
        read.append(Discrete(_position(entry), pattern, first, last))
    return tuple(read)


def byterange_sidecar(ranges: Sequence[ByteRange], file_size: int) -> bytes:
    """A sidecar of segments in one file of `file_size` bytes, which begins with an init segment at `UNMARKED`.

    Raises ValueError where the ranges do not begin with that, do not ascend, or go beyond the file.
    """
    _check_ranges(ranges, file_size)
    return _sidecar({_FILE_SIZE: file_size}, [{_START: one.start, _POSITION: one.position} for one in ranges])


def read_byterange_sidecar(content: bytes) -> tuple[tuple[ByteRange, ...], int]:
    """The segments of such a sidecar and the file's size. Raises ValueError for what is none."""
    said = _map(content)
    size = _number(said.get(_FILE_SIZE))
    ranges = tuple(ByteRange(_number(entry.get(_START)), _position(entry)) for entry in _entries(said))
    _check_ranges(ranges, size)
    return ranges, size


def neutral_sidecar(content: bytes) -> bytes:
    """A sidecar of either kind as an edge may see it: without patterns, and without what packagers join pieces by.

    Raises ValueError for what is no sidecar.
    """
    said = _map(content)
    kept = [{key: value for key, value in one.items() if key in (_START, _POSITION)} for one in _entries(said)]
    return _sidecar({key: value for key, value in said.items() if key == _FILE_SIZE}, kept)


def egress_sidecar(position: int) -> bytes:
    """What an origin answers to an edge that asks for the WMPaceInfo of one segment."""
    return discrete_sidecar([Discrete(position)])


def egress_header(position: int) -> str:
    """The same as the value of the header `WMPaceInfoEgress`, beside a segment that an edge fetches."""
    return urlsafe_b64encode(egress_sidecar(position)).decode().rstrip("=")


def read_egress_header(value: str) -> int:
    """The position that such a header says, padded or not. Raises ValueError."""
    try:
        content = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (Base64Error, UnicodeEncodeError) as error:
        raise ValueError("that is no base64url") from error
    segments = read_discrete_sidecar(content)
    if len(segments) != 1:
        raise ValueError("that is not the WMPaceInfo of one segment")
    return segments[0].position


def rendition_sidecar(names: Iterable[str]) -> bytes:
    """The sidecar of a rendition whose segments have these file names, in the order of their positions."""
    return discrete_sidecar([Discrete(position, name_pattern(name)) for position, name in enumerate(names)])


def name_pattern(name: str) -> str:
    """A POSIX extended regular expression of paths that end in exactly this file name."""
    return f"(^|/){_SPECIAL.sub(lambda found: '\\' + found[0], name)}$"


def _discrete(segment: Discrete) -> _Map:
    said: _Map = {_POSITION: segment.position}
    if segment.pattern:
        said[_REGEX] = segment.pattern
    if segment.first is not None:
        said[_FIRST] = segment.first
    if segment.last is not None:
        said[_LAST] = segment.last
    return said


def _sidecar(said: Mapping[int, object], segments: list[_Map]) -> bytes:
    if not segments or any(_position(segment) < UNMARKED for segment in segments):
        raise ValueError("a sidecar has segments, and their positions are -1 or more")
    return cbor2.dumps({_VERSION: VERSION, _SEGMENTS: segments, **said}, canonical=True)


def _map(content: bytes) -> _Map:
    """The map that a sidecar is; nothing but the one deterministic form of it is taken."""
    try:
        said = cbor2.loads(content)
        same = cbor2.dumps(said, canonical=True) == content
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("that is no CBOR") from error
    if not same or not isinstance(said, dict) or type(said.get(_VERSION)) is not int or said[_VERSION] != VERSION:
        raise ValueError("that is no sidecar of version 1 in deterministic CBOR")
    return said


def _entries(said: _Map) -> list[_Map]:
    segments = said.get(_SEGMENTS)
    if not isinstance(segments, list) or not segments or any(not isinstance(one, dict) for one in segments):
        raise ValueError("the sidecar has no segments")
    return segments


def _position(entry: _Map) -> int:
    position = _number(entry.get(_POSITION))
    if position < UNMARKED:
        raise ValueError("a position is -1 or more")
    return position


def _number(value: object) -> int:
    if type(value) is not int:
        raise ValueError("a number is missing, or is none")
    return value


def _check_ranges(ranges: Sequence[ByteRange], file_size: int) -> None:
    starts = [one.start for one in ranges]
    if not ranges or ranges[0] != ByteRange(0, UNMARKED):
        raise ValueError("the first range is the init segment's, at position -1")
    if any(before >= after for before, after in pairwise(starts)) or starts[-1] >= file_size:
        raise ValueError("ranges begin one after the other, within the file")
