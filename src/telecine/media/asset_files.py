"""Segments of an asset → one plain file for each rendition, so that what follows sees files like any other input's.

Segments are put one after the other behind their init segment, bytes untouched. Each is looked at first, by rules of
ours: it must be of the rendition's own kind and whole, so that nothing in disguise gets behind a harmless beginning.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

from telecine.core.asset_cuts import refused
from telecine.media.manifests import Piece, Track
from telecine.media.sniff import sniff
from telecine.media.structure import TS_PACKET, BrokenError, id3_length, packed_frames, packed_timestamp
from telecine.media.workspace import Workspace, finish

TICKS = 90_000
"""MPEG's clock, ticks per second."""
WRAP = Fraction(2**33, TICKS)
"""Seconds after which MPEG's clock begins again at zero."""

_FRAGMENT_BEGINS = frozenset(
    {b"styp", b"moof", b"sidx", b"ssix", b"emsg", b"prft", b"ftyp", b"free", b"skip", b"uuid", b"mdat"}
)
_ENDLESS = 0
_LONG = 1
_LARGEST_HEADER = 64 * 2**20
_ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_HOLE = Fraction(1, 10)
"""Seconds that packed audio may be off the time of its tags."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """One rendition as a file. `clock` is its media clock's time, in seconds, at the file's own zero."""

    path: Path
    clock: Fraction = Fraction(0)
    wraps: bool = False
    """Whether that clock begins again at zero every 26.5 hours, as MPEG's does."""


def assemble(root: Path, track: Track, workspace: Workspace, number: int, watch: Callable[[int], None]) -> Assembled:
    """Make input file `number` of a track whose pieces lie below `root`, unless it is there.

    `watch` is told bytes copied, and may raise to end the work. Raises ASSET_REFUSED, naming the segment at fault.
    """
    target = workspace.input_file(number)
    pieces = [*([track.init] if track.init else []), *(segment.piece for segment in track.segments)]
    beginning = _beginning(root, pieces[0])
    packed = _is_packed(beginning)
    if not target.exists():
        if len(pieces) == 1 and pieces[0].length is None and not packed:
            copy_whole(root / pieces[0].path, workspace, number)
        else:
            temporary = workspace.temporary(target)
            with temporary.open("wb") as joined:
                for piece in pieces:
                    _append(root, piece, joined, beginning, packed=packed, watch=watch)
            finish(temporary, target)
    if packed:
        return Assembled(target, _packed_clock(root, pieces), wraps=True)
    return Assembled(target, wraps=sniff(target) == "mpegts")


@dataclass(frozen=True, slots=True)
class Header:
    """What an MP4 file's header says: whether the samples lie in fragments, and whether some track is encrypted."""

    fragmented: bool = False
    encrypted: bool = False


def header_of(path: Path) -> Header:
    """The header of an MP4 file; of anything else, or of a broken one, an empty one, for others to judge."""
    with path.open("rb") as opened, suppress(BrokenError):
        for name, begin, end in _boxes(opened, 0, path.stat().st_size):
            if name == b"moov" and end - begin <= _LARGEST_HEADER:
                opened.seek(begin)
                header = opened.read(end - begin)
                encrypted = b"sinf" in header and (b"encv" in header or b"enca" in header)
                return Header(fragmented=b"mvex" in header, encrypted=encrypted)
    return Header()


def _append(
    root: Path, piece: Piece, joined: IO[bytes], beginning: bytes, *, packed: bool, watch: Callable[[int], None]
) -> None:
    """Add a piece to the file that is being made, after a look at it."""
    with (root / piece.path).open("rb") as opened:
        length = piece.length if piece.length is not None else os.fstat(opened.fileno()).st_size - piece.offset
        try:
            if packed:
                opened.seek(piece.offset)
                content = opened.read(length)
                packed_frames(content)
                joined.write(content[id3_length(content) :])
                watch(length)
                return
            _check(opened, piece, length, beginning)
        except BrokenError as error:
            raise refused(f"the segment '{piece.path}' {error}.") from None
        opened.seek(piece.offset)
        left = length
        while left:
            data = opened.read(min(left, 2**20))
            if not data:
                raise refused(f"the segment '{piece.path}' ends {left} bytes too early.")
            joined.write(data)
            left -= len(data)
            watch(len(data))


def _check(opened: IO[bytes], piece: Piece, length: int, beginning: bytes) -> None:
    """Raise BrokenError where a piece is not of the kind of the track's first one, or is not whole."""
    if not length:
        raise BrokenError("is empty")
    opened.seek(piece.offset)
    head = opened.read(8)
    if beginning[:1] == b"\x47":
        if head[:1] != b"\x47":
            raise BrokenError("is not MPEG-TS as the others are")
        if length % TS_PACKET:
            raise BrokenError("is cut off within a transport packet")
    elif beginning[4:8] in _FRAGMENT_BEGINS:
        if head[4:8] not in _FRAGMENT_BEGINS | {b"moov"}:
            raise BrokenError("is not fragmented MP4 as the others are")
        for _ in _boxes(opened, piece.offset, piece.offset + length):
            pass
    else:
        raise BrokenError("is neither MPEG-TS, MP4 nor packed audio")


def _boxes(opened: IO[bytes], begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, first byte and end of each box between two places of a file. Raises BrokenError where one does not fit."""
    while begin < end:
        opened.seek(begin)
        head = opened.read(16)
        size = int.from_bytes(head[:4])
        if size == _LONG:
            size = int.from_bytes(head[8:16])
        elif size == _ENDLESS:
            size = end - begin
        if len(head) < 8 or size < 8 or begin + size > end:
            raise BrokenError(f"is cut off or damaged within a box at byte {begin}")
        yield head[4:8], begin, begin + size
        begin += size


def _beginning(root: Path, piece: Piece) -> bytes:
    with (root / piece.path).open("rb") as opened:
        opened.seek(piece.offset)
        return opened.read(4096)


def _is_packed(beginning: bytes) -> bool:
    """Whether it is audio frames without a container, behind an ID3 tag or not."""
    sound = beginning[id3_length(beginning) :]
    return sound[:2] == b"\x0b\x77" or (sound[:1] == b"\xff" and len(sound) > 1 and sound[1] & 0xF6 == 0xF0)


def _packed_clock(root: Path, pieces: Sequence[Piece]) -> Fraction:
    """Time of the first frame by its segment's tag, in seconds, after a look whether all tags agree with it."""
    first: int | None = None
    passed = Fraction(0)
    for piece in pieces:
        content = (root / piece.path).read_bytes()[piece.offset :][: piece.length]
        tag = packed_timestamp(content)
        frames = packed_frames(content)
        if tag is not None:
            first = tag if first is None else first
            off = (Fraction(tag - first, TICKS) - passed + WRAP / 2) % WRAP - WRAP / 2
            if abs(off) > _HOLE:
                raise refused(f"the segment '{piece.path}' begins {float(off):+.3f} s off the end of the one before.")
        passed += sum(_frame_seconds(content[begin : begin + 8]) for begin, _ in frames)
    if first is None:
        raise refused(f"the packed audio '{pieces[0].path}' does not say when it begins (no timestamp in an ID3 tag).")
    return Fraction(first, TICKS)


def _frame_seconds(head: bytes) -> Fraction:
    """How long one frame of AAC, AC-3 or E-AC-3 lasts; a dependent one adds channels and no time."""
    if head[0] == 0xFF:
        rate = head[2] >> 2 & 15
        return Fraction(1024, _ADTS_RATES[rate] if rate < len(_ADTS_RATES) else 48000)
    extended = head[5] >> 3 > 10
    if extended and head[2] >> 6 == 1:
        return Fraction(0)
    rate = (48000, 44100, 32000, 24000)[head[4] >> 6]
    blocks = (1, 2, 3, 6)[head[4] >> 4 & 3] if extended and head[4] >> 6 != 3 else 6
    return Fraction(256 * blocks, rate)


def copy_whole(source: Path, workspace: Workspace, number: int) -> Path:
    """Make input file `number` of a file that is a rendition by itself."""
    target = workspace.input_file(number)
    if not target.exists():
        temporary = workspace.temporary(target)
        temporary.unlink(missing_ok=True)
        try:
            os.link(source, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(source, temporary)
        finish(temporary, target)
    return target
