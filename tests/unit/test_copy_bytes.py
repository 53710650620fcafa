"""Any part of a copy, as pieces of the two files it is made of."""

import pytest

from telecine.core.copy_bytes import between
from telecine.core.master import Piece

PIECES = [Piece(0, 0, 10), Piece(1, 10, 15), Piece(0, 15, 40), Piece(1, 40, 41)]
WHOLE = [(piece.take, at) for piece in PIECES for at in range(piece.start, piece.end)]


@pytest.mark.parametrize("start", range(43))
def test_every_part_is_those_bytes_of_the_right_take(start):
    for end in range(43):
        pieces = list(between(PIECES, start, end))
        assert [(piece.take, at) for piece in pieces for at in range(piece.start, piece.end)] == WHOLE[start:end]
        assert all(piece.start < piece.end for piece in pieces)


def test_a_part_within_one_piece_touches_no_other():
    assert list(between(PIECES, 16, 20)) == [Piece(0, 16, 20)]
    assert list(between(PIECES, 0, 41)) == PIECES
    assert list(between([], 0, 5)) == []
