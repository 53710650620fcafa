"""Makes a coded picture of H.264 or H.265 longer by an SEI message that decoders skip.

Two takes of a picture are never of one size, and their files must be. Filler data would be shorter, but ISO/IEC
14496-15 (5.2.3) forbids it within MP4; a message of user data with a name of ours (user_data_unregistered: H.264
D.1.7, H.265 D.2.7) is allowed everywhere. It stands before the picture's first slice, after every other message,
because a buffering period must be the first (H.264 7.4.1.2.3, H.265 7.4.2.4.4).
"""

from typing import Literal, NamedTuple

PREFIX = 4
"""Bytes before each unit: its length in MP4, a start code in a byte stream."""

_NAME = bytes.fromhex("8f3b6e1a94d74c58b2e7a16f5d29c083")
"""The UUID of our padding. Like the filling it has no zeros, so nothing could pass for a start code."""
_USER_DATA = 5
_FILLING = b"\x5a"
_END = b"\x80"
_LEAST_MESSAGE = 2 + len(_NAME)


class _Syntax(NamedTuple):
    slices: range
    """Types of units that hold parts of the picture."""
    type_shift: int
    type_mask: int
    header: int
    """Bytes of a unit's header."""


_SYNTAX = {"h264": _Syntax(range(1, 6), 0, 31, 1), "h265": _Syntax(range(32), 1, 63, 2)}
type NalCodec = Literal["h264", "h265"]


def least_padding(codec: NalCodec) -> int:
    """The fewest bytes that `pad_units` can add."""
    return PREFIX + _SYNTAX[codec].header + _LEAST_MESSAGE + len(_END)


def pad_units(codec: NalCodec, picture: bytes, more: int) -> bytes:
    """`picture`, units behind lengths of four bytes, made longer by exactly `more` bytes.

    Raises ValueError for less than `least_padding`, and for what is no picture.
    """
    if more < least_padding(codec):
        raise ValueError(f"no SEI message has {more} bytes")
    at = _first_slice(codec, picture)
    header = _header(codec, picture[at + PREFIX :])
    body = header + _messages(more - PREFIX - len(header) - len(_END)) + _END
    return picture[:at] + len(body).to_bytes(PREFIX) + body + picture[at:]


def _first_slice(codec: NalCodec, picture: bytes) -> int:
    """Where the length of the picture's first slice begins."""
    syntax = _SYNTAX[codec]
    at = 0
    while at + PREFIX < len(picture):
        end = at + PREFIX + int.from_bytes(picture[at : at + PREFIX])
        if not at + PREFIX < end <= len(picture):
            break
        if picture[at + PREFIX] >> syntax.type_shift & syntax.type_mask in syntax.slices:
            return at
        at = end
    raise ValueError("it has no slice, or its units are not behind lengths of four bytes")


def _header(codec: NalCodec, picture_unit: bytes) -> bytes:
    """The header of an SEI unit of the same picture; in H.265 it is of the same temporal layer (7.4.2.2)."""
    if codec == "h264":
        return b"\x06"
    return bytes([39 << 1, picture_unit[1] & 7])


def _messages(size: int) -> bytes:
    """Messages of together `size` bytes.

    The length of a message is written in steps of 255, so no single one has 257 bytes, or 513: then there are two.
    """
    steps = (size - 2) // 256
    inside = size - 2 - steps
    if inside // 255 != steps:
        return _messages(_LEAST_MESSAGE) + _messages(size - _LEAST_MESSAGE)
    length = b"\xff" * steps + bytes([inside - 255 * steps])
    return bytes([_USER_DATA]) + length + _NAME + _FILLING * (inside - len(_NAME))
