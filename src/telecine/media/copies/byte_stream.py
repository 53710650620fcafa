"""Pictures of H.264 as MXF has them: start codes in place of lengths, parameter sets before every key picture.

H.264 annex B; ISO/IEC 14496-15, 5.3.3.1 (`avcC`). All start codes have four bytes, so that a picture keeps its length.
"""

_START = b"\0\0\0\1"


def parameter_sets(setup: bytes) -> bytes:
    """The parameter sets in an `avcC` box (whole, of an encode of ours), behind start codes."""
    body = setup[8:]
    sets: list[bytes] = []
    at = 5
    for mask in (31, 255):  # sequence parameter sets, then those of pictures
        count, at = body[at] & mask, at + 1
        for _ in range(count):
            end = at + 2 + int.from_bytes(body[at : at + 2])
            sets.append(_START + body[at + 2 : end])
            at = end
    return b"".join(sets)


def with_start_codes(picture: bytes) -> bytes:
    """`picture`, units behind lengths of four bytes, with start codes in their place."""
    stream = bytearray(picture)
    at = 0
    while at < len(picture):
        length = int.from_bytes(picture[at : at + 4])
        stream[at : at + 4] = _START
        at += 4 + length
    return bytes(stream)
