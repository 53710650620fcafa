"""Segments of all renditions begin at the same instants, whatever their frame rates, and chunks lose no frame."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.grid import LONGEST_GOP, cut_chunks, make_grid

RATES = [Fraction(n) for n in (10, 12, 15, 24, 25, 30, 48, 50, 60)] + [
    Fraction(n * 1000, 1001) for n in (24, 30, 48, 60)
]


@pytest.mark.parametrize(
    ("rates", "gop", "frames"),
    [
        ([Fraction(25)], Fraction(2), 50),
        ([Fraction(24000, 1001)], Fraction(2002, 1000), 48),
        ([Fraction(30000, 1001)], Fraction(2002, 1000), 60),
        ([Fraction(60000, 1001)], Fraction(2002, 1000), 120),
        ([Fraction(25, 2)], Fraction(2), 25),
    ],
)
def test_a_two_second_gop_is_a_whole_number_of_frames_of_the_exact_rate(rates, gop, frames):
    grid = make_grid(rates, 2.0, 2)
    assert abs(grid.gop - gop) < Fraction(1, 1000)
    assert grid.gop_frames(rates[0]) == frames
    assert grid.segment_frames(rates[0]) == 2 * frames


def test_renditions_at_half_and_full_rate_share_their_keyframes():
    grid = make_grid([Fraction(60000, 1001), Fraction(30000, 1001)], 2.0, 2)
    assert grid.gop_frames(Fraction(60000, 1001)) == 2 * grid.gop_frames(Fraction(30000, 1001))


def test_rates_that_meet_too_seldom_are_refused_and_named():
    with pytest.raises(TelecineError) as refused:
        make_grid([Fraction(25), Fraction(24000, 1001)], 2.0, 2)
    assert refused.value.kind is ErrorKind.GRID_IMPOSSIBLE
    assert "23.976, 25.000 fps meet only every 40.04 s" in refused.value.message


@pytest.mark.parametrize(
    ("seconds", "ends"),
    [
        (3, [3]),
        (64, [64]),
        (89, [89]),
        (123, [60, 123]),
        (124, [60, 124]),
        (170, [56, 112, 170]),
        (260, [64, 128, 192, 260]),
    ],
)
def test_chunks_are_about_as_long_as_wanted_and_as_each_other(seconds: int, ends: list[int]):
    grid = make_grid([Fraction(25)], 2.0, 2)
    assert [chunk.end for chunk in cut_chunks(grid, Fraction(seconds), 60)] == ends


@settings(deadline=None)  # the machine may be busy
@given(
    rates=st.lists(st.sampled_from(RATES), min_size=1, max_size=4),
    gop_seconds=st.floats(min_value=0.1, max_value=10),
    gops=st.integers(1, 10),
    frames=st.integers(1, 400_000),
    chunk_seconds=st.floats(min_value=0.1, max_value=600),
)
def test_chunks_cover_every_frame_of_every_rendition_once(rates, gop_seconds, gops, frames, chunk_seconds):
    try:
        grid = make_grid(rates, gop_seconds, gops)
    except TelecineError:
        assume(False)
    assert grid.gop <= LONGEST_GOP
    duration = frames / rates[0]
    chunks = cut_chunks(grid, duration, chunk_seconds)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert chunks[0].start == 0
    assert chunks[-1].end == duration
    for rate in rates:
        next_frame = 0
        for chunk in chunks:
            assert chunk.first_frame(rate) == next_frame
            assert next_frame % grid.segment_frames(rate) == 0
            assert chunk.frames(rate) > 0
            next_frame += chunk.frames(rate)
        assert next_frame - 1 < duration * rate <= next_frame
    assert sum(chunk.frames(rates[0]) for chunk in chunks) == frames
    for left, right in pairwise(chunks):
        assert left.end == right.start
    if len(chunks) > 1:
        assert chunks[-1].end - chunks[-1].start >= grid.segment
