"""Frames that pass through untouched stay in sync, and leave no gap at which a player would stumble."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.media.audio_slots import FRAME_LENGTHS, fill_slots, frame_length

LENGTH = 1024


def steady(count: int, start: int = 0, step: float = LENGTH) -> list[int]:
    return [start + round(number * step) for number in range(count)]


@pytest.mark.parametrize(
    ("times", "total", "slots"),
    [
        (steady(4), 4096, [0, 1, 2, 3]),
        (steady(4, -1024), 3072, [1, 2, 3]),  # the encoder's priming is left out
        (steady(4, -400), 4096, [0, 1, 2, 3]),
        (steady(4, -600), 3072, [1, 2, 3]),
        (steady(2, 3000), 6144, [None, None, None, 0, 1, None]),
        (steady(9), 4000, [0, 1, 2, 3]),
        ([0, 1024, 5120, 6144], 7168, [0, 1, None, None, None, 2, 3]),
        ([0, 1024, 1030, 2048], 3072, [0, 1, 2]),  # one frame too many: the last ones give way
        ([], 2048, [None, None]),
        (steady(3, -99999), 2048, [None, None]),
        (steady(3, 99999), 2048, [None, None]),
    ],
)
def test_each_frame_gets_the_slot_nearest_to_its_time(times, total, slots):
    assert list(fill_slots(times, LENGTH, total)) == slots


@given(
    start=st.integers(-5000, 5000),
    jitter=st.lists(st.integers(-250, 250), min_size=1, max_size=200),
)
def test_jitter_below_a_quarter_of_a_frame_neither_drops_nor_inserts_anything(start, jitter):
    times = [start + LENGTH * number + wobble for number, wobble in enumerate(jitter)]
    slots = list(fill_slots(times, LENGTH, start + LENGTH * (len(times) + 2)))
    frames = [slot for slot in slots if slot is not None]
    assert not frames or frames == list(range(frames[0], frames[-1] + 1))
    begun = slots.index(frames[0]) if frames else 0
    assert slots[begun : begun + len(frames)] == frames


@given(
    start=st.integers(-20_000, 20_000),
    drift=st.floats(min_value=0.97, max_value=1.03),
    count=st.integers(1, 500),
    total=st.integers(1, 600_000),
)
def test_every_frame_plays_within_a_frame_of_its_time_even_when_clocks_drift(start, drift, count, total):
    times = steady(count, start, LENGTH * drift)
    slots = list(fill_slots(times, LENGTH, total))
    assert len(slots) == -(-total // LENGTH)
    placed = [(slot, number) for slot, number in enumerate(slots) if number is not None]
    assert all(abs(slot * LENGTH - times[number]) <= LENGTH for slot, number in placed)
    numbers = [number for _, number in placed]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("length", FRAME_LENGTHS)
@pytest.mark.parametrize("clock", [90_000, 1_000, 48_000])
def test_the_frame_length_is_told_from_coarse_times(length, clock):
    times = [round(round(Fraction(number * length * clock, 48_000)) * Fraction(48_000, clock)) for number in range(200)]
    assert frame_length(times) == length


def test_a_single_frame_is_taken_for_the_usual_length():
    assert frame_length([0]) == 1024
