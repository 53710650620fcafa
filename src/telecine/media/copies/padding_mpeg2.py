"""Makes a coded picture of MPEG-2 longer by zero bytes, which may stand before any start code.

ISO/IEC 13818-2, 5.2.3 (next_start_code): decoders skip `zero_byte` until the next start code begins.
"""

LEAST = 1
"""The fewest bytes that can be added."""


def pad_mpeg2(picture: bytes, more: int) -> bytes:
    """`picture` with exactly `more` zero bytes after its last slice."""
    return picture + bytes(more)
