"""Where chunks begin, how timecode moves, what a file says of itself, and which frames are compared."""

import re
from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.enhancing import picture, plan_of, target

from telecine.core.enhance.options import Codec, Container
from telecine.core.enhance.picture import Fields
from telecine.core.enhance.plan import EnhancePlan, Source, Stage
from telecine.media.enhance.assemble import GENERATIVE, chunk_list, comment
from telecine.media.enhance.labels import label
from telecine.media.enhance.stills import fitted
from telecine.media.enhance.timecode import moved_timecode
from telecine.media.enhance.windows import PAIRS, view_rate, windows

NTSC = Fraction(30000, 1001)
RATES = [Fraction(24000, 1001), Fraction(25), NTSC, Fraction(50), Fraction(60000, 1001), Fraction(12345, 1000)]


def _plan(rate: Fraction, frames: int, chunk: int) -> EnhancePlan:
    return plan_of(target(Container.MOV, Codec.FFV1, picture(rate=rate, frames=frames)), chunk=chunk)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(RATES), st.integers(1, 400), st.integers(2, 900))
def test_chunks_begin_on_their_exact_tick_however_many_there_are(rate: Fraction, chunk: int, chunks: int) -> None:
    """The demuxer adds up microseconds, then rounds to the track's clock."""
    plan = _plan(rate, chunk * chunks - 1, chunk)
    lasts = [int(found) for found in re.findall(r"duration (\d+)us", chunk_list(plan))]
    begins = [0, *accumulate(lasts)]
    for planned, begin in zip(plan.chunks, begins, strict=False):
        assert abs(Fraction(begin, 1_000_000) - planned.first / rate) <= Fraction(1, 1_000_000)


@pytest.mark.parametrize(
    ("begin", "frames", "rate", "moved"),
    [
        ("01:00:00:00", 26, Fraction(25), "01:00:01:01"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:01:00;02", 0, NTSC, "00:01:00;02"),
        ("00:00:00;00", 17982, NTSC, "00:10:00;00"),
        ("00:00:59;59", 1, Fraction(60000, 1001), "00:01:00;04"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
        ("00:00:00;00", 1, Fraction(25), None),
        ("00:00:00:25", 1, Fraction(25), None),
        ("later", 1, Fraction(25), None),
        ("", 0, Fraction(25), None),
    ],
)
def test_timecode_moves_by_frames(begin: str, frames: int, rate: Fraction, moved: str | None) -> None:
    assert moved_timecode(begin, frames, rate) == moved


@settings(deadline=None)
@given(st.integers(0, 2_589_407), st.integers(0, 5000))
def test_dropped_numbers_are_left_out_and_nothing_else(first: int, frames: int) -> None:
    begin = moved_timecode("00:00:00;00", first, NTSC)
    assert begin
    one, two = moved_timecode(begin, frames, NTSC), moved_timecode("00:00:00;00", first + frames, NTSC)
    assert one == two
    hours, minutes, seconds, number = map(int, re.split("[:;]", begin))
    assert number < 30
    assert hours < 24
    assert not (seconds == 0 and number < 2 and minutes % 10)


def test_a_file_names_its_engines_and_says_when_detail_was_invented() -> None:
    shown = picture()
    stage = Stage(
        option="scaler",
        value="generative",
        engine="srvgg",
        version="1.2",
        host="python",
        entry="srvgg:srvgg",
        before=shown,
        after=shown,
    )
    plan = plan_of(target(Container.MOV, Codec.FFV1, shown), stages=(stage,), generative=True)
    assert comment(plan) == f"Enhanced by Telecine: scaler generative by srvgg 1.2. {GENERATIVE}"
    assert GENERATIVE not in comment(plan.model_copy(update={"generative": False}))


def _pair(source: Fraction, made: Fraction, fields: Fields, made_fields: Fields, seconds: int = 20) -> EnhancePlan:
    given = picture(rate=source, frames=int(source * seconds), fields=fields)
    shown = picture(rate=made, frames=int(made * seconds), fields=made_fields)
    return plan_of(
        target(Container.MOV, Codec.FFV1, shown),
        chunk=int(made * 3),
        source=Source(demuxer="mov", stream=0, picture=given),
    )


@pytest.mark.parametrize(
    ("source", "made", "fields", "made_fields", "steps"),
    [
        (25, 25, "progressive", "progressive", (1, 1)),
        (25, 50, "progressive", "progressive", (1, 2)),
        (25, 50, "top_first", "progressive", (1, 1)),
        (25, 25, "top_first", "progressive", (2, 1)),
        (25, 25, "top_first", "bottom_first", (1, 1)),
        (50, 25, "progressive", "top_first", (1, 1)),
        (24, 30, "progressive", "progressive", (4, 5)),
        (25, 24, "progressive", "progressive", (1, 1)),
        (60, 24, "progressive", "progressive", (5, 2)),
    ],
)
def test_compared_frames_show_the_same_moment(
    source: int, made: int, fields: Fields, made_fields: Fields, steps: tuple[int, int]
) -> None:
    plan = _pair(Fraction(source), Fraction(made), fields, made_fields)
    found = windows(plan)
    assert 1 < len(found) <= 6
    for window in found:
        chunk = window.chunk
        begin = (chunk.first + window.target.first) / plan.target.picture.rate
        apart = abs(window.source.first / plan.source.picture.rate - begin)
        assert 0 <= window.target.first < window.target.end <= chunk.wanted.frames
        assert window.source.end <= plan.source.picture.frames
        if window.pairs == 1:
            assert apart < Fraction(1, 100)
            continue
        assert (window.steps, window.pairs, apart) == (steps, PAIRS, 0)
        for picture_, span, step in (
            (plan.source.picture, window.source, window.steps[0]),
            (plan.target.picture, window.target, window.steps[1]),
        ):
            views = span.frames * view_rate(picture_) / picture_.rate
            assert views >= (window.lead + window.pairs - 1) * step + 1


def test_a_target_of_one_frame_is_compared_too() -> None:
    shown = picture(frames=1)
    assert [window.pairs for window in windows(plan_of(target(Container.MOV, Codec.FFV1, shown)))] == [1]


def test_a_still_has_square_pixels_and_an_upright_picture_within_its_box() -> None:
    wide = picture(720, 576, sample_aspect=Fraction(64, 45))
    assert fitted(wide, (1280, 720)) == (1024, 576)
    assert fitted(wide, (320, 180)) == (320, 180)
    assert fitted(wide, (320, 180), 90) == (102, 180)


def test_a_label_is_a_picture_of_even_size() -> None:
    kind, width, height, rest = label("SOURCE", 3).split(b" ", 3)
    assert kind == b"P5"
    assert (int(width) % 2, int(height) % 2) == (0, 0)
    assert len(rest.partition(b"\n")[2]) == int(width) * int(height)
    with pytest.raises(KeyError):
        label("?", 1)
