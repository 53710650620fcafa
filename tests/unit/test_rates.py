"""A frame rate is meant exactly, however roughly it is written."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.core.rates import FASTEST, snap


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (23.98, Fraction(24000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (24, Fraction(24)),
        (29.97, Fraction(30000, 1001)),
        (Fraction(2997, 100), Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (60.0, Fraction(60)),
        (25.0001, Fraction(25)),
        (12.5, Fraction(25, 2)),
        (119.88, Fraction(120000, 1001)),
        (14.985, Fraction(2997, 200)),
    ],
)
def test_rates_are_snapped_to_what_is_meant(written, meant):
    assert snap(written) == meant


@given(st.floats(min_value=1, max_value=float(FASTEST)))
def test_snapping_moves_a_rate_by_less_than_a_frame_in_a_minute_and_only_once(rate):
    once = snap(rate)
    assert abs(once - Fraction(rate)) <= Fraction(rate) / 1000
    assert snap(once) == once
