"""Which frame is shown when: constant rates are seen as such, variable ones are filled and thinned without drift."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.core.enhance.frame_map import constant_rate, is_constant, shown_at

NTSC = Fraction(30000, 1001)
MS = Fraction(1, 1000)
MPEG = Fraction(1, 90000)


def at(rate: Fraction, count: int, time_base: Fraction = MPEG) -> list[int]:
    return [round(number / rate / time_base) for number in range(count)]


@pytest.mark.parametrize("rate", [NTSC, Fraction(25), Fraction(24000, 1001), Fraction(60)])
@pytest.mark.parametrize("time_base", [MS, MPEG])
def test_rounded_times_of_a_constant_rate_are_constant(rate: Fraction, time_base: Fraction) -> None:
    times = at(rate, 5000, time_base)
    assert is_constant(times, time_base, rate)
    assert constant_rate(times, time_base, rate) == rate
    assert shown_at(times, time_base, rate) == list(range(5000))


def test_a_slightly_wrong_rate_drifts_and_is_not_constant() -> None:
    assert not is_constant(at(NTSC, 5000), MPEG, Fraction(30))


def test_a_missing_frame_is_noticed_and_the_one_before_it_stays() -> None:
    times = at(Fraction(25), 10)
    del times[4]
    assert not is_constant(times, MPEG, Fraction(25))
    assert shown_at(times, MPEG, Fraction(25)) == [0, 1, 2, 3, 3, 4, 5, 6, 7, 8]


def test_a_hurried_frame_gives_way_to_its_successor() -> None:
    times = [0, 40, 80, 85, 120]
    assert shown_at(times, MS, Fraction(25)) == [0, 1, 3, 4]


def test_the_rate_of_most_frames_counts_not_the_average() -> None:
    times = [*range(0, 3330, 33), *range(3400, 10_000, 200)]
    assert constant_rate(times, MS, Fraction(14)) == 30


def test_times_may_begin_anywhere() -> None:
    times = [time + 900_000 for time in at(Fraction(25), 30)]
    assert is_constant(times, MPEG, Fraction(25))
    assert shown_at(times, MPEG, Fraction(25)) == list(range(30))


def test_one_frame_is_a_film_too() -> None:
    assert is_constant([77], MPEG, Fraction(25))
    assert constant_rate([77], MPEG, Fraction(25)) == 25
    assert shown_at([77], MPEG, Fraction(25)) == [0]


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=200),
    st.sampled_from([Fraction(24), Fraction(25), NTSC, Fraction(60)]),
)
def test_no_frame_is_shown_more_than_half_a_tick_early_or_late(steps: list[int], rate: Fraction) -> None:
    times = [sum(steps[:number]) for number in range(len(steps) + 1)]
    shown = shown_at(times, MS, rate)
    assert shown == sorted(shown)
    assert shown[-1] == len(times) - 1
    assert abs(len(shown) - 1 - times[-1] * MS * rate) <= Fraction(1, 2)
    for tick, number in enumerate(shown):
        assert times[number] * MS <= (tick + Fraction(1, 2)) / rate
        later = times[number + 1] if number + 1 < len(times) else None
        assert later is None or later * MS >= (tick + Fraction(1, 2)) / rate
