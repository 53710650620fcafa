"""The mark's field: secret, different everywhere, the same for ever."""

import hashlib

import numpy as np
import pytest

from telecine.core.watermark.pattern import (
    CELLS_HIGH,
    CELLS_WIDE,
    decoy_key,
    derive_mark_key,
    field_of,
    variant_of_first_take,
)

SECRET = bytes(range(32))
KEY = derive_mark_key(SECRET, "DEMO", "film")


def likeness(one, other):
    return float((one * other).mean())


def test_a_field_has_every_cell_and_no_light_of_its_own():
    field = field_of(KEY, 0)
    assert field.shape == (CELLS_HIGH, CELLS_WIDE)
    assert abs(float(field.mean())) < 1e-6
    assert len(np.unique(field)) == 2


def test_fields_of_positions_titles_sites_and_decoys_have_nothing_in_common():
    fields = [field_of(KEY, position) for position in range(20)]
    fields += [field_of(derive_mark_key(SECRET, *names), 0) for names in (("DEMO", "films"), ("DEMF", "ilm"))]
    fields += [field_of(decoy_key(KEY, number), 0) for number in range(20)]
    assert max(abs(likeness(a, b)) for n, a in enumerate(fields) for b in fields[:n]) < 0.12


def test_published_titles_stay_traceable():
    drawn = np.concatenate([field_of(KEY, position) > 0 for position in (0, 1, 2699)])
    assert (
        hashlib.sha256(np.packbits(drawn).tobytes()).hexdigest()
        == "de70ecdb7cffa74f29aeabaf46a6a65e73d1c457fcd677fe31760551da4321ef"
    )
    coins = "".join(str(variant_of_first_take(KEY, "v0", position)) for position in range(32))
    assert coins == "10000111011111011101110111100101"


def test_which_take_is_which_variant_is_a_fair_coin_of_each_rendition():
    coins = [[variant_of_first_take(KEY, name, position) for position in range(2000)] for name in ("v0", "v1")]
    for one in coins:
        assert abs(sum(one) - 1000) < 120
    assert abs(sum(a == b for a, b in zip(*coins, strict=True)) - 1000) < 120


def test_a_short_secret_is_refused_and_keys_are_never_shown():
    with pytest.raises(ValueError, match="32 bytes"):
        derive_mark_key(b"short", "DEMO", "film")
    assert KEY.field.hex() not in repr(KEY)
    assert str(KEY.field) not in repr(KEY)
