"""Threads for each encoder: enough for its share of the work, and never more than it would take alone."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.test_encode_args import output

from telecine.cores import usable_cores
from telecine.media.context import Context
from telecine.media.encoder_threads import encoder_threads
from telecine.media.tools import Tools

LADDER = [output(f"v{height}", width, height) for width, height in ((1280, 720), (960, 540), (640, 360), (426, 240))]


@pytest.mark.parametrize(("cores", "threads"), [(1, [1, 1, 1, 1]), (2, [3, 1, 1, 1]), (16, [21, 12, 5, 2])])
def test_a_ladder_shares_the_cores_by_the_pixels_of_its_renditions(cores, threads):
    assert encoder_threads(LADDER, cores) == threads


def test_one_rendition_alone_has_what_x264_takes_by_itself():
    assert encoder_threads(LADDER[:1], 2) == [3]
    assert encoder_threads(LADDER[:1], 8) == [12]


def test_frames_count_as_pixels_do():
    fast = output("fast", 1280, 720, frame_rate=Fraction(50))
    assert encoder_threads([fast, LADDER[0]], 4) == [6, 3]


@given(st.lists(st.sampled_from(LADDER), min_size=1, max_size=12), st.integers(1, 128))
def test_everybody_has_a_thread_and_nobody_more_than_alone(outputs, cores):
    found = encoder_threads(outputs, cores)
    assert len(found) == len(outputs)
    assert all(1 <= threads <= max(1, round(1.5 * cores)) for threads in found)
    assert sum(found) <= 2.5 * cores + len(outputs)


@pytest.mark.parametrize(
    ("slots", "parts", "cores"), [(1, 40, 16), (8, 40, 2), (8, 3, 5), (8, 1, 16), (32, 40, 1), (0, 0, 16)]
)
def test_work_that_has_the_machine_to_itself_has_all_of_it(tmp_path, slots, parts, cores):
    context = Context(Tools(tmp_path, tmp_path, tmp_path), None, at_once=slots, cores=16)  # type: ignore[arg-type]
    assert context.cores_each(parts) == cores


def test_cores_are_those_of_this_process():
    assert usable_cores() >= 1
    assert Context(None, None).cores == usable_cores()  # type: ignore[arg-type]
