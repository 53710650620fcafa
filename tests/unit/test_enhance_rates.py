"""Frames repeated, mixed and woven: which frames, by how much, and nothing that drifts or depends on chunks."""

from fractions import Fraction

import numpy as np
import pytest
from tests.media.moving_pictures import assert_in_time, in_chunks, late, picture, psnr, stage, stream, whole, woven

from telecine.core.enhance.picture import Span
from telecine.media.enhance.rates import Forward, blend, repeat
from telecine.media.enhance.weave import weave

NTSC = Fraction(30000, 1001)
SMALL = (16, 8)


def flat(value, form):
    """A frame all of one value."""
    kind = np.uint8 if form.bits == 8 else np.uint16
    return tuple(np.full(size, value, kind) for size in form.plane_sizes)


def values(engine, before, after, first, end, value=lambda number: number % 250, **settings):
    """The first sample of each wanted frame, where frame `number` of the source is all `value(number)`."""
    made = stage({"repeat": "repeat", "blend": "time-blend"}[engine.__name__], before, after, **settings)
    wanted = Span(first, end)
    given = made.given(wanted)
    frames = (flat(value(number), before) for number in range(given.first, given.end))
    return [int(frame[0][0, 0]) for frame in engine(made, frames, given, wanted)]


def test_repeats_the_nearest_frame_and_leaves_out_the_others():
    film, television = picture(24, Fraction(24), SMALL), picture(60, Fraction(60), SMALL)
    assert values(repeat, film, television, 0, 11) == [0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]
    assert values(repeat, television, film, 0, 6) == [0, 2, 5, 7, 10, 12]


def test_of_two_equally_near_frames_the_earlier_is_shown():
    slow, fast = picture(4, Fraction(25), SMALL), picture(8, Fraction(50), SMALL)
    assert values(repeat, slow, fast, 0, 8) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_does_not_drift_in_ten_hours():
    """Were 30000/1001 taken for 29.97, the last frame would be one second of 60 off."""
    hours = 10 * 3600
    before, after = picture(int(NTSC * hours) + 9, NTSC, SMALL), picture(60 * hours, Fraction(60), SMALL)
    number = 60 * hours - 1
    exact = number * NTSC / 60
    assert values(repeat, before, after, number, number + 1) == [round(exact) % 250]


def test_blends_by_nearness_in_time():
    before, after = picture(9, Fraction(25), SMALL), picture(18, Fraction(100), SMALL)
    assert values(blend, before, after, 0, 6, lambda number: 100 * (number % 2)) == [0, 25, 50, 75, 100, 75]


def test_blends_samples_of_16_bits_to_their_last_step():
    before, after = picture(3, Fraction(25), SMALL, bits=16), picture(6, Fraction(50), SMALL, bits=16)
    assert values(blend, before, after, 0, 3, lambda number: (65535, 65534, 0)[number]) == [65535, 65535, 65534]
    assert values(blend, before, after, 0, 2, lambda _: 65535) == [65535, 65535]


def test_holds_the_last_frame_to_the_end():
    before, after = picture(2, Fraction(25), SMALL), picture(4, Fraction(50), SMALL)
    assert values(blend, before, after, 0, 4, lambda number: 100 * number) == [0, 50, 100, 100]


@pytest.mark.parametrize("engine", ["repeat", "time-blend"])
@pytest.mark.parametrize("rate", [Fraction(24), NTSC, Fraction(60)])
def test_chunks_are_what_the_whole_would_be(engine, rate):
    before = picture(12, Fraction(25), (32, 16))
    made = stage(engine, before, picture(int(12 * rate / 25), rate, (32, 16)))
    data = stream(before)
    assert in_chunks(made, data, 4, 9) == whole(made, data)


def test_frames_that_do_not_come_are_missed():
    before, after = picture(9, Fraction(25), SMALL), picture(9, Fraction(25), SMALL)
    made = stage("repeat", before, after)
    with pytest.raises(EOFError, match="frame 2 did not come"):
        list(repeat(made, iter([flat(0, before)] * 2), Span(0, 9), Span(0, 9)))


def test_a_frame_that_is_gone_is_not_made_up():
    source = Forward(iter([flat(number, picture(9, size=SMALL)) for number in range(9)]), Span(3, 12))
    assert source.at(7)[0][0, 0] == 4
    assert source.at(6)[0][0, 0] == 3
    for number in (5, 2):
        with pytest.raises(LookupError):
            source.at(number)


@pytest.mark.parametrize("order", ["top_first", "bottom_first"])
@pytest.mark.parametrize("bits", [8, 10])
def test_weaves_the_fields_of_two_moments(order, bits):
    before = picture(12, Fraction(50), (32, 16), bits=bits)
    after = picture(6, Fraction(25), (32, 16), bits=bits, fields=order)
    made = stage("weave", before, after, prefilter="none")
    assert whole(made, stream(before)) == woven(after)


@pytest.mark.parametrize("prefilter", ["none", "sharp", "soft"])
def test_woven_chunks_are_what_the_whole_would_be(prefilter):
    before = picture(11, Fraction(50), (32, 16))
    made = stage("weave", before, picture(6, Fraction(25), (32, 16), fields="top_first"), prefilter=prefilter)
    assert in_chunks(made, stream(before), 1, 4) == whole(made, stream(before))


def test_both_fields_of_a_frame_are_its_own_where_the_rate_stays():
    before = picture(3, Fraction(25), (32, 16))
    made = stage("weave", before, before.model_copy(update={"fields": "top_first"}), prefilter="none")
    assert whole(made, stream(before)) == stream(before)


def test_a_line_flickers_less_the_softer_the_prefilter_and_ground_stays_as_bright():
    before = picture(2, Fraction(50), SMALL)
    after = picture(1, Fraction(25), SMALL, fields="top_first")

    def contrast(prefilter):
        frame = flat(100, before)
        frame[0][4] = 200
        made = stage("weave", before, after, prefilter=prefilter)
        woven_frame = next(weave(made, iter([frame, frame]), Span(0, 2), Span(0, 1)))
        rows = woven_frame[0][:, 0].astype(int)
        assert rows[0] == rows[1] == rows[7] == 100
        return int(rows[0::2].sum() - rows[1::2].sum())

    assert contrast("none") == 100
    assert contrast("none") > contrast("sharp") > contrast("soft") == 0


def test_overshoot_of_the_prefilter_stays_in_range():
    before = picture(2, Fraction(50), SMALL)
    frame = flat(255, before)
    frame[0][::2] = 0
    frame[0][4] = 255
    made = stage("weave", before, picture(1, Fraction(25), SMALL, fields="bottom_first"))
    rows = next(weave(made, iter([frame, frame]), Span(0, 2), Span(0, 1)))[0][:, 0].astype(int)
    assert rows[4] >= 200
    assert rows[2] <= 130


@pytest.mark.parametrize(
    ("fields", "prefilter", "complaint"),
    [("progressive", "none", "no fields to weave"), ("top_first", "blur", "none, sharp, soft, not 'blur'")],
)
def test_what_cannot_be_woven_is_refused(fields, prefilter, complaint):
    before = picture(2, Fraction(50), SMALL)
    made = stage("weave", before, picture(1, Fraction(25), SMALL, fields=fields), prefilter=prefilter)
    with pytest.raises(ValueError, match=complaint):
        whole(made, stream(before))


def test_blends_show_the_moment_they_stand_for():
    before, after = picture(8, Fraction(25)), picture(16, Fraction(50))
    result = whole(stage("time-blend", before, after), stream(before))
    assert_in_time(after, result[: 15 * after.frame_bytes] + late(after, 0)[-after.frame_bytes :], (-0.75, 0.75))
    assert min(psnr(after, result, late(after, 0))[0:15:2]) == 99
