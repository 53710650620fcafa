"""Which programmes are marked, and which are refused before anything is encoded."""

from fractions import Fraction

import pytest
from tests import plans

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import MarkCost, Marking, MarkLayout, PaceInfoFiles
from telecine.core.plan_marking import mark_plan, marked_preset

HD = (plans.video("v0", size=(1280, 720)), plans.video("v1", size=(640, 360)))


def refused(wanted, video, seconds):
    with pytest.raises(TelecineError) as caught:
        mark_plan(wanted, video, Fraction(seconds))
    return caught.value


def test_a_job_without_marks_has_none():
    assert mark_plan(None, (), Fraction(1)) is None


def test_the_plan_says_how_and_where():
    wanted = Marking(layout=MarkLayout.PREFIXED, strength=0.7, pace_info=PaceInfoFiles.SEGMENTS)
    found = mark_plan(wanted, HD, Fraction(300))
    assert (found.layout, found.strength, found.pace_info) == (MarkLayout.PREFIXED, 0.7, PaceInfoFiles.SEGMENTS)


def test_a_programme_must_last_as_long_as_the_site_says():
    error = refused(Marking(), HD, Fraction(29999, 100))
    assert error.kind is ErrorKind.MARK_TOO_SHORT
    assert "it lasts 299.99 s; at least 300 s are needed" in error.message
    assert mark_plan(Marking(shortest_seconds=0.04), HD, Fraction(1, 25))
    assert refused(Marking(shortest_seconds=720), HD, 719).kind is ErrorKind.MARK_TOO_SHORT


def test_one_rendition_that_is_too_narrow_refuses_the_job():
    error = refused(Marking(), (*HD, plans.video("v2", size=(638, 360))), 600)
    assert error.kind is ErrorKind.MARK_TOO_NARROW
    assert "track-v2 becomes 638x360; at least 640 pixels" in error.message
    assert mark_plan(Marking(narrowest=320), (plans.video("v2", size=(320, 180)),), Fraction(600))


def test_sound_alone_cannot_be_marked():
    assert refused(Marking(), (), 600).kind is ErrorKind.TRACK_MISSING


@pytest.mark.parametrize(
    ("house", "cost", "found"),
    [
        ("medium", MarkCost.FULL, "medium"),
        ("medium", MarkCost.BALANCED, "faster"),
        ("medium", MarkCost.LEAN, "veryfast"),
        ("veryslow", MarkCost.BALANCED, "slow"),
        ("faster", MarkCost.BALANCED, "veryfast"),
        ("veryfast", MarkCost.LEAN, "veryfast"),
        ("ultrafast", MarkCost.LEAN, "ultrafast"),
        ("placebo", MarkCost.LEAN, "placebo"),
    ],
)
def test_the_second_variant_is_paid_for_by_a_faster_preset(house, cost, found):
    assert marked_preset("h264", house, mark_plan(Marking(cost=cost), HD, Fraction(600))) == found


@pytest.mark.parametrize(
    ("house", "cost", "found"),
    [
        ("fast", MarkCost.FULL, "fast"),
        ("fast", MarkCost.BALANCED, "faster"),
        ("fast", MarkCost.LEAN, "veryfast"),
        ("slow", MarkCost.LEAN, "fast"),
        ("veryfast", MarkCost.LEAN, "veryfast"),
    ],
)
def test_where_the_second_variant_reuses_the_first_one_less_has_to_be_paid(house, cost, found):
    assert marked_preset("h265", house, mark_plan(Marking(cost=cost), HD, Fraction(600))) == found


def test_a_job_without_marks_keeps_the_houses_preset():
    assert marked_preset("h264", "slow", None) == marked_preset("h265", "slow", None) == "slow"
