"""Parts of a step beside each other: all are done, the first failure ends the others, and it is the one told."""

from threading import Barrier, Event, get_ident

import pytest

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.side_by_side import side_by_side, stoppable
from telecine.media.tools import find_tools

PATIENCE = 10.0
"""Seconds after which a part that should have been ended fails its test."""


@pytest.fixture
def context():
    return Context(find_tools(), MediaLimits())


def until_stopped(context, ended):
    """Work that has no end of its own."""
    pause = Event()
    for _ in range(round(PATIENCE / 0.01)):
        pause.wait(0.01)
        try:
            context.poll()
        except Cancelled:
            ended.append("stopped")
            raise
    ended.append("never")


def test_all_parts_are_done_and_two_of_them_at_a_time():
    together, done = Barrier(2, timeout=PATIENCE), []

    def part():
        together.wait()  # neither goes on alone
        done.append(get_ident())

    side_by_side([part, part, part, part], 2, Event())
    assert len(done) == 4
    assert len(set(done)) == 2


def test_the_first_failure_ends_the_others_and_is_the_one_that_is_told(context):
    stop, ended, both = Event(), [], Barrier(2, timeout=PATIENCE)

    def failing():
        both.wait()
        raise TelecineError(ErrorKind.PACKAGE_FAILED, "this one")

    def working():
        both.wait()
        until_stopped(stoppable(context, stop), ended)

    with pytest.raises(TelecineError, match="this one"):
        side_by_side([working, failing, lambda: ended.append("begun")], 2, stop)
    assert ended == ["stopped"]


def test_a_stop_that_somebody_asks_for_ends_all(context):
    stop, ended, both = Event(), [], Barrier(2, timeout=PATIENCE)

    def asked():
        raise Cancelled

    watched = stoppable(Context(context.tools, context.limits, poll=asked), stop)

    def working():
        both.wait()
        until_stopped(watched, ended)

    with pytest.raises(Cancelled):
        side_by_side([working, working], 2, stop)
    assert ended == ["stopped", "stopped"]


def test_a_stopped_context_takes_no_report_either(context):
    stop, ticks = Event(), []
    watched = stoppable(Context(context.tools, context.limits, report=ticks.append), stop)
    watched.report(Tick(1, 2))
    stop.set()
    with pytest.raises(Cancelled):
        watched.report(Tick(2, 2))
    assert ticks == [Tick(1, 2)]
