"""Which bytes of the two prepared files are some bytes of a copy. A copy that nobody stores is read by this."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from telecine.core.master import Piece


def between(pieces: Sequence[Piece], start: int, end: int) -> Iterator[Piece]:
    """The pieces of a copy from byte `start` to `end` (not included), in order, the first and the last one cut to fit.

    `pieces` are those of the whole copy; what lies outside of it is left out.
    """
    for position in range(bisect_right(pieces, start, key=lambda piece: piece.end), len(pieces)):
        piece = pieces[position]
        if max(piece.start, start) >= end:
            return
        yield Piece(piece.take, max(piece.start, start), min(piece.end, end))
