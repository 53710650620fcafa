"""Peak and average bandwidth by the rule of RFC 8216."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from telecine.media.bandwidth import NOTHING, Rate, measure, together

FOUR = Fraction(4)


def test_a_single_full_segment_is_the_peak():
    assert measure([1000, 4000, 1000], [FOUR] * 3, FOUR) == Rate(8000, 4000)


def test_a_short_last_segment_counts_only_with_its_neighbour():
    assert measure([1000, 1000], [FOUR, Fraction(1)], FOUR) == Rate(3200, 3200)
    assert measure([1000, 1000], [FOUR, Fraction(2)], FOUR).peak == 4000


def test_a_programme_shorter_than_half_a_target_has_its_average_as_peak():
    assert measure([1000], [Fraction(1)], FOUR) == Rate(8000, 8000)


def test_nothing_needs_nothing():
    assert measure([], [], FOUR) == NOTHING


def test_a_variant_needs_the_most_demanding_of_each_part():
    assert together([[Rate(100, 80)], [Rate(10, 9), Rate(12, 5)], []]) == Rate(112, 89)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.fractions(Fraction(1, 2), 6)), min_size=1, max_size=30))
def test_the_peak_is_never_below_the_best_single_full_segment(segments):
    sizes, durations = [size for size, _ in segments], [duration for _, duration in segments]
    rate = measure(sizes, durations, FOUR)
    singles = [size * 8 / length for size, length in segments if FOUR / 2 <= length <= FOUR * 3 / 2]
    assert rate.peak >= max(singles, default=Fraction(0))
