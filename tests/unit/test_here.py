"""What one-shot runs share: work that needs no slot goes on beside work that waits for one, and all end together."""

from functools import partial
from threading import Event

import pytest

from telecine.core.errors import Cancelled
from telecine.core.limits import MediaLimits, Policy
from telecine.core.progress import Phase
from telecine.jobs.here import Engines, Steps
from telecine.media.tools import Tools

PATIENCE = 30.0


@pytest.fixture
def steps(tmp_path):
    tools = Tools(tmp_path, tmp_path, tmp_path)
    return Steps(Engines(tools, MediaLimits(), Policy(), lambda *_: None, lambda _: None, slots=1))


def test_what_needs_no_slot_runs_while_the_only_slot_is_taken(steps):
    came, met = Event(), []
    steps.beside_each_other([lambda: met.append(came.wait(PATIENCE))], [came.set])
    assert met == [True]


def test_slots_are_for_one_part_at_a_time(steps):
    under_way, most = [], []

    def part(number):
        under_way.append(number)
        most.append(len(under_way))
        under_way.remove(number)

    steps.beside_each_other([partial(part, number) for number in range(20)])
    assert most == [1] * 20


@pytest.mark.parametrize("fails_in_a_slot", [True, False])
def test_a_failure_on_either_side_ends_the_other(steps, fails_in_a_slot):
    context = steps.context(Phase.ENCODE)
    begun, ended = Event(), []

    def fail():
        begun.wait(PATIENCE)
        raise ValueError("broken")

    def go_on():
        begun.set()
        assert steps.stop.wait(PATIENCE), "nobody stopped it"
        try:
            context.poll()
        except Cancelled:
            ended.append(True)
            raise

    parts, others = ([fail], [go_on]) if fails_in_a_slot else ([go_on], [fail])
    with pytest.raises(ValueError, match="broken"):
        steps.beside_each_other(parts, others)
    assert ended == [True]
