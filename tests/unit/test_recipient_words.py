"""Copies of recipients: words that follow from secret, content and number, and the fields that carry them."""

import numpy as np
import pytest

from telecine.core.master import Piece, Prepared
from telecine.core.watermark.bias import Family
from telecine.core.watermark.pattern import derive_mark_key, field_of
from telecine.core.watermark.recipients import (
    CHIPS,
    chip_cells,
    coin,
    derive_recipient_keys,
    individual_field,
    take_field,
    takes_of,
    words_of,
)

SECRET = bytes(range(32))
KEYS = derive_recipient_keys(SECRET, "DEMO", "film", Family.UP_TO_4)


def test_the_same_recipient_gets_the_same_copy_again_and_another_gets_another() -> None:
    again = derive_recipient_keys(SECRET, "DEMO", "film", Family.UP_TO_4)
    assert np.array_equal(takes_of(KEYS, 7, 500), takes_of(again, 7, 500))
    assert 100 < np.count_nonzero(takes_of(KEYS, 7, 500) != takes_of(KEYS, 8, 500)) < 400


def test_viewers_of_a_title_and_recipients_of_it_share_no_field() -> None:
    viewers = derive_mark_key(SECRET, "DEMO", "film")
    assert abs(np.corrcoef(field_of(viewers, 3).ravel(), field_of(KEYS.mark, 3).ravel())[0, 1]) < 0.1


def test_a_take_is_the_variant_that_the_coin_says() -> None:
    word, takes = words_of(KEYS, [7], 200)[0], takes_of(KEYS, 7, 200)
    for group in range(200):
        sign = 1 if word[group] == 0 else -1
        assert np.array_equal(take_field(KEYS.mark, group, int(takes[group])), sign * field_of(KEYS.mark, group))
    assert {coin(KEYS.mark, group) for group in range(50)} == {0, 1}


def test_every_cell_belongs_to_one_chip_and_the_next_group_has_other_cells() -> None:
    cells = chip_cells(KEYS.mark, 4)
    assert sorted(cells.ravel()) == list(range(36 * 64))
    assert not np.array_equal(cells, chip_cells(KEYS.mark, 5))


def test_an_individual_field_has_the_sign_of_its_word_in_every_chip() -> None:
    word = words_of(KEYS, [9], 3 * CHIPS)[0]
    field, base = individual_field(KEYS, 9, 2).ravel(), field_of(KEYS.mark, 2).ravel()
    for chip, cells in enumerate(chip_cells(KEYS.mark, 2)):
        sign = 1 - 2 * int(word[2 * CHIPS + chip])
        assert np.array_equal(field[cells], sign * base[cells])


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        derive_recipient_keys(b"short", "DEMO", "film", Family.UNIFORM)


def test_a_copy_is_as_few_pieces_as_its_takes_allow() -> None:
    prepared = Prepared(size=100, suffix=".mp4", content_type="video/mp4", borders=(10, 30, 50, 90))
    assert prepared.pieces([0, 0, 1]) == [Piece(0, 0, 50), Piece(1, 50, 100)]
    assert prepared.pieces([1, 0, 1]) == [Piece(1, 0, 30), Piece(0, 30, 50), Piece(1, 50, 100)]
    with pytest.raises(ValueError, match="3 takes"):
        prepared.pieces([0, 1])
