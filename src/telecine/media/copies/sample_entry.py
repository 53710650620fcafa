"""A picture's sample entry in an MP4 or QuickTime file, and the same entry for another encode of the picture.

ISO/IEC 14496-12, 12.1.3 and 14496-15; QuickTime's "Video Sample Description". What the entry says of the picture's
shape, colour and light stays as the master says it; what decoders are set up with is that of the encode.
"""

from telecine.media.copies.movie_boxes import box
from telecine.media.structure import BrokenError

_FIXED = 86
"""Bytes of the entry before its boxes."""
_CONFIGURATIONS = (b"avcC", b"hvcC")
_OF_THE_OLD_ENCODE = frozenset({*_CONFIGURATIONS, b"btrt", b"lhvC", b"svcC", b"mvcC"})
"""Setups of decoders, and the bitrate."""
DOLBY_VISION = frozenset({b"dvcC", b"dvvC", b"dvwC"})


def parts_of(entry: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The boxes of a picture's sample entry, type and body, and what follows them: QuickTime ends a list with zeros."""
    parts: list[tuple[bytes, bytes]] = []
    at = _FIXED
    while at + 8 <= len(entry) and (size := int.from_bytes(entry[at : at + 4])):
        if size < 8 or at + size > len(entry):
            raise BrokenError(f"has no whole box at byte {at} of its picture's description")
        parts.append((entry[at + 4 : at + 8], entry[at + 8 : at + size]))
        at += size
    return parts, entry[at:]


def configuration(entry: bytes) -> bytes:
    """The box with which a decoder of H.264 or H.265 is set up, whole; empty where the entry has none."""
    return next((box(kind, body) for kind, body in parts_of(entry)[0] if kind in _CONFIGURATIONS), b"")


def with_configuration(entry: bytes, setup: bytes) -> bytes:
    """`entry` for an encode that decoders are set up for by `setup`; as it is where that is empty."""
    if not setup:
        return entry
    parts, rest = parts_of(entry)
    kept = [box(kind, body) for kind, body in parts if kind not in _OF_THE_OLD_ENCODE]
    return box(entry[4:8], entry[8:_FIXED], setup, *kept, rest)


def size_of(entry: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    return int.from_bytes(entry[32:34]), int.from_bytes(entry[34:36])
