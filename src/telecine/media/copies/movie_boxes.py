"""The boxes of a whole MP4 or QuickTime file: which there are, what `moov` holds, and a `moov` with other tables.

ISO/IEC 14496-12 and Apple's QuickTime File Format. Everything is taken as bytes from a stranger: whatever does not add
up is a BrokenError, and no number of theirs reserves memory.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from telecine.media.structure import BrokenError, boxes

LARGEST_MOOV = 512 * 2**20
"""Bytes; ten hours of sound and picture, each sample with a size of its own, need a tenth."""
_LARGEST_ASIDE = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Place:
    """A box at the top of a file: its type, and where it begins, where its body does, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


def top_boxes(file: BinaryIO) -> list[Place]:
    """The boxes at the top of a file, first to last. Raises BrokenError where one does not fit."""
    size = os.fstat(file.fileno()).st_size
    found: list[Place] = []
    start = 0
    while start + 8 <= size:
        file.seek(start)
        head = file.read(16)
        length, body = int.from_bytes(head[:4]), start + 8
        if length == 1:
            length, body = int.from_bytes(head[8:16]), start + 16
        elif length == 0:  # to the end of the file
            length = size - start
        if length < body - start or start + length > size:
            raise BrokenError(f"has no whole box at byte {start}")
        found.append(Place(head[4:8], start, body, start + length))
        start += length
    return found


def read_place(file: BinaryIO, place: Place, *, whole: bool = False) -> bytes:
    """The body of a box at the top of a file, or all of it. Raises BrokenError for one that is absurdly large."""
    start = place.start if whole else place.body
    if place.end - start > (LARGEST_MOOV if place.kind == b"moov" else _LARGEST_ASIDE):
        raise BrokenError(f"has a {place.kind.decode('latin-1')} box of {place.end - start} bytes")
    file.seek(start)
    return file.read(place.end - start)


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of `parts`."""
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4) + kind + body


def with_brand(file_type: bytes, brand: bytes) -> bytes:
    """A whole `ftyp` that names `brand` too; as it is where it does already, or is QuickTime's or not there."""
    brands = [file_type[at : at + 4] for at in range(16, len(file_type), 4)]
    if not file_type or file_type[8:12] == b"qt  " or brand in (file_type[8:12], *brands):
        return file_type
    return box(b"ftyp", file_type[8:], brand)


def child(content: bytes, *path: str) -> bytes | None:
    """The body of the first box at `path` below `content`; None where there is none."""
    for kind in path:
        found = next((content[body:end] for name, body, end in boxes(content) if name == kind), None)
        if found is None:
            return None
        content = found
    return content


def needed(content: bytes, *path: str) -> bytes:
    """The body of the first box at `path` below `content`. Raises BrokenError where there is none."""
    found = child(content, *path)
    if found is None:
        raise BrokenError(f"lacks {'/'.join(path)}")
    return found


def changed(content: bytes, path: Sequence[str], change: Callable[[bytes], bytes]) -> bytes:
    """`content` with the body of the first box at `path` changed."""
    parts: list[bytes] = []
    waiting = True
    for name, body, end in boxes(content):
        inside = content[body:end]
        if waiting and name == path[0]:
            waiting = False
            inside = changed(inside, path[1:], change) if len(path) > 1 else change(inside)
        parts.append(box(name.encode("latin-1"), inside))
    return b"".join(parts)


def with_tables(moov: bytes, tables: Iterable[bytes]) -> bytes:
    """The body of a `moov` whose tracks have `tables` as the bodies of their `stbl`, in the order of the tracks."""
    waiting = iter(tables)
    parts: list[bytes] = []
    for name, body, end in boxes(moov):
        inside = moov[body:end]
        if name == "trak":
            table = next(waiting)
            inside = changed(inside, ("mdia", "minf", "stbl"), lambda _, table=table: table)  # type: ignore[misc]
        parts.append(box(name.encode("latin-1"), inside))
    return b"".join(parts)
