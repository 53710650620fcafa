"""One step of one attempt: who may go on, what reaches the row, how a failure or a stop ends it."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import ActivityEnvironment
from tests.jobs import SITE, new_job, services_in

from telecine.catalog import jobs
from telecine.catalog.clock import utcnow
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState
from telecine.jobs import active_step as room
from telecine.jobs.active_step import ActiveStep, active_step, cpu_slot
from telecine.jobs.messages import STALE, STOPPED, WORKER_STOPPED, JobRef
from telecine.jobs.services import Services

PATIENCE = 30


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return services_in(tmp_path)


@pytest.fixture
def ref(services: Services) -> JobRef:
    return JobRef(new_job(services), 1, "RG011", 3, SITE)


def run(services: Services, ref: JobRef, work: Callable[[ActiveStep], None], environment=None, **options) -> None:
    def step() -> None:
        with active_step(services, ref, Phase.ENCODE, JobState.TRANSCODING, **options) as active:
            work(active)

    (environment or ActivityEnvironment()).run(step)


def nothing(_: ActiveStep) -> None: ...


def until_cancelled(step: ActiveStep) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        step.context.poll()
        time.sleep(0.01)


def failing(error: Exception) -> Callable[[ActiveStep], None]:
    def fail(_: ActiveStep) -> None:
        raise error

    return fail


def row(services: Services, ref: JobRef):
    with services.database.read() as s:
        return jobs.load(s, ref.job_id)


def test_the_first_step_moves_the_job_on_and_the_next_of_the_same_kind_finds_it_there(services, ref):
    run(services, ref, nothing)
    assert row(services, ref).state is JobState.TRANSCODING
    run(services, ref, nothing, unit=1)
    assert row(services, ref).state is JobState.TRANSCODING


def test_a_step_of_an_attempt_that_is_over_does_nothing(services, ref):
    with services.database.write() as s:
        jobs.advance(s, ref.job_id, 1, JobState.STOPPED, now=utcnow())
    with pytest.raises(ApplicationError) as raised:
        run(services, ref, failing(AssertionError("it went on")))
    assert (raised.value.type, raised.value.non_retryable) == (STALE, True)
    with services.database.write() as s:
        jobs.restart(s, SITE, ref.job_id)
    with pytest.raises(ApplicationError) as raised:
        run(services, ref, failing(AssertionError("it went on")))
    assert raised.value.type == STALE
    assert row(services, ref).state is JobState.QUEUED


def test_a_step_that_finds_a_stop_request_does_not_begin(services, ref):
    with services.database.write() as s:
        jobs.request_stop(s, SITE, ref.job_id)
    with pytest.raises(ApplicationError) as raised:
        run(services, ref, failing(AssertionError("it went on")))
    assert (raised.value.type, raised.value.non_retryable) == (STOPPED, True)


def test_progress_reaches_the_row_and_ends_exactly_full(services, ref):
    def work(step: ActiveStep) -> None:
        step.report(Tick(1, 4, 2.0))
        step.report(Tick(3, 4, 2.0))  # too soon after the first to be written
        with services.database.read() as s:
            [unit] = jobs.work(s, ref.job_id)
        assert (unit.done, unit.total, unit.speed) == (1, 4, 2.0)
        step.finish()

    run(services, ref, work, unit=7)
    with services.database.read() as s:
        [unit] = jobs.work(s, ref.job_id)
    assert (unit.phase, unit.unit, unit.done, unit.total) == (Phase.ENCODE, 7, 4, 4)


def test_heartbeats_come_although_the_work_says_nothing(services, ref, monkeypatch):
    monkeypatch.setattr(room, "BEAT", 0.01)
    monkeypatch.setattr(room, "LOOK", 0.01)
    beaten = threading.Event()
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *_: beaten.set()
    run(services, ref, lambda step: beaten.wait(PATIENCE) or pytest.fail("no heartbeat"), environment)


def test_work_that_gives_no_sign_of_life_for_too_long_is_given_up(services, ref, monkeypatch):
    monkeypatch.setattr(room, "BEAT", 0.01)
    monkeypatch.setattr(room, "LOOK", 0.01)
    monkeypatch.setattr(room, "SILENCE_AFTER_STALL", -services.settings.limits.stall_seconds - 1)
    beats: list[int] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *_: beats.append(1)
    run(services, ref, lambda step: time.sleep(0.1), environment)
    assert beats == []


def test_a_cancelled_step_ends_as_cancelled(services, ref):
    environment = ActivityEnvironment()

    def work(step: ActiveStep) -> None:
        environment.cancel()
        until_cancelled(step)

    with pytest.raises(CancelledError):
        run(services, ref, work, environment)


def test_a_step_of_a_worker_that_goes_is_tried_elsewhere(services, ref):
    environment = ActivityEnvironment()

    def work(step: ActiveStep) -> None:
        environment.worker_shutdown()
        until_cancelled(step)

    with pytest.raises(ApplicationError) as raised:
        run(services, ref, work, environment)
    assert (raised.value.type, raised.value.non_retryable) == (WORKER_STOPPED, False)


def test_a_step_that_waits_for_a_slot_can_be_cancelled(services, ref):
    environment = ActivityEnvironment()
    for _ in range(services.cpu_slots):
        services.cpu_gate.acquire()

    def work(step: ActiveStep) -> None:
        environment.cancel()
        with cpu_slot(step):
            pytest.fail("there was no slot")

    with pytest.raises(CancelledError):
        run(services, ref, work, environment)


def test_a_failure_is_told_in_the_jobs_log_with_what_comes_next(services, ref):
    with pytest.raises(ApplicationError) as raised:
        run(services, ref, failing(TelecineError(ErrorKind.STALLED, "ffmpeg was silent.")))
    assert not raised.value.non_retryable
    with services.database.read() as s:
        last = jobs.events(s, SITE, ref.job_id)[-1]
    assert last.level == "warning"
    assert "ffmpeg was silent." in last.message
    assert last.message.endswith("It will be tried again.")
    assert last.data["worker"] == services.identity


def test_an_unforeseen_exception_keeps_its_text_to_our_own_log(services, ref):
    with pytest.raises(ApplicationError) as raised:
        run(services, ref, failing(RuntimeError("password=hunter2")))
    assert "hunter2" not in str(raised.value)
    with services.database.read() as s:
        assert not [event for event in jobs.events(s, SITE, ref.job_id) if "hunter2" in event.message]


def test_an_ending_is_never_given_up(services, ref):
    error = TelecineError(ErrorKind.VERIFY_FAILED, "x")
    with pytest.raises(ApplicationError) as raised:
        run(services, ref, failing(error), give_up=False)
    assert not raised.value.non_retryable


def test_a_step_that_another_attempt_overtakes_as_it_begins_does_nothing(services, ref, monkeypatch):
    advance, moved = jobs.advance, []

    def overtaken(s, job_id, attempt, state, *, now):
        if not moved:
            moved.append(state)
            jobs.load(s, job_id).attempt += 1
            s.flush()
        return advance(s, job_id, attempt, state, now=now)

    monkeypatch.setattr(jobs, "advance", overtaken)
    worked = []
    with pytest.raises(ApplicationError) as raised:
        run(services, ref, worked.append)
    assert raised.value.type == STALE
    assert moved == [JobState.TRANSCODING]
    assert worked == []
