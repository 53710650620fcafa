"""The elements of an MXF file and where they lie, and which of them hold pictures.

SMPTE ST 336 (keys, lengths, values), ST 377-1 and ST 379-2 (keys of the generic container's elements).
"""

import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from telecine.media.structure import BrokenError

_KEY = 16
_ELEMENT = bytes.fromhex("060e2b34010201010d010301")
"""How keys of essence elements begin."""
_PICTURES = frozenset({0x05, 0x15})
"""Their item types for pictures: content package and generic container."""


class Klv(NamedTuple):
    """An element: its key, where it begins, where its value does, and where it ends."""

    key: bytes
    start: int
    value: int
    end: int

    @property
    def picture(self) -> bool:
        """Whether it holds a picture, or a part of the picture's track."""
        return self.essence and self.key[len(_ELEMENT)] in _PICTURES

    @property
    def essence(self) -> bool:
        """Whether it holds a picture, sound or data."""
        return self.key.startswith(_ELEMENT)


def elements(file: BinaryIO) -> Iterator[Klv]:
    """The elements of a file that has no run-in. Raises BrokenError where one does not fit."""
    size = os.fstat(file.fileno()).st_size
    start = 0
    while start < size:
        file.seek(start)
        head = file.read(_KEY + 9)
        length, value = _length(head, start)
        if value + length > size:
            raise BrokenError(f"ends within the element at byte {start}")
        yield Klv(head[:_KEY], start, value, value + length)
        start = value + length


def _length(head: bytes, start: int) -> tuple[int, int]:
    """Length of an element's value, and where that begins."""
    if len(head) <= _KEY or head[:4] != _ELEMENT[:4]:
        raise BrokenError(f"has no element at byte {start}")
    first = head[_KEY]
    if first < 0x80:
        return first, start + _KEY + 1
    width = first & 0x7F
    if width > 8 or len(head) < _KEY + 1 + width:
        raise BrokenError(f"has an element without a length at byte {start}")
    return int.from_bytes(head[_KEY + 1 : _KEY + 1 + width]), start + _KEY + 1 + width
