"""One step of one attempt while an activity carries it out: its heartbeat, its fence, its reports, its failures.

The heartbeat comes from a thread of its own, because work that copies a large file or waits for a slot is alive
although it has nothing to report. It ends when the work has given no sign of life for far too long, so that a step
that hangs goes to another worker. It also brings the news that somebody cancelled the step.
"""

import contextvars
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import CancelledError, FailureError

from telecine.catalog import jobs
from telecine.catalog.clock import utcnow
from telecine.catalog.job_reports import Level
from telecine.catalog.models import Job
from telecine.core.errors import Cancelled, TelecineError
from telecine.core.job import JobSpec
from telecine.core.progress import Phase, Tick
from telecine.core.states import TERMINAL, JobState, may_follow
from telecine.jobs import failures
from telecine.jobs.messages import JobRef
from telecine.jobs.services import Services
from telecine.media.context import Context
from telecine.media.workspace import Workspace

BEAT = 1.0
"""Seconds between two heartbeats."""
LOOK = 0.2
"""Seconds between two looks at whether the step was cancelled."""
REPORT = 1.0
"""Seconds between two progress reports of one step to the database."""
SILENCE_AFTER_STALL = 60.0
"""Seconds after which work is given up that the sandbox's own watchdog should have ended."""

_log = structlog.get_logger()


class Pulse:
    """Beats for the running activity until the block ends, and knows whether it was cancelled.

    `silence` is after how many seconds without `alive()` the beating stops.
    """

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self._heard = time.monotonic()
        self._cancelled = Event()
        self._end = Event()
        context = contextvars.copy_context()
        self._thread = Thread(target=context.run, args=(self._beat,), name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def alive(self) -> None:
        """Say that the work moves on. Raises `Cancelled` where somebody wants it to end."""
        self._heard = time.monotonic()
        self.check()

    def check(self) -> None:
        """Raise `Cancelled` where somebody wants the work to end."""
        if self._cancelled.is_set():
            raise Cancelled

    def _beat(self) -> None:
        next_beat = 0.0
        while not self._end.wait(LOOK):
            if activity.is_cancelled() or activity.is_worker_shutdown():
                self._cancelled.set()
            now = time.monotonic()
            if now >= next_beat and now - self._heard < self._silence:
                next_beat = now + BEAT
                with suppress(TimeoutError, RuntimeError):  # a busy or closing event loop; the next beat tries again
                    activity.heartbeat()


class ActiveStep:
    """One step under way. `job` is the row as it was at the beginning."""

    def __init__(self, services: Services, ref: JobRef, phase: Phase, unit: int, pulse: Pulse) -> None:
        self.services = services
        self.ref = ref
        self.phase = phase
        self.pulse = pulse
        with services.database.read() as s:
            self.job: Job = jobs.load(s, ref.job_id)
        self.workspace: Workspace = services.workspace(ref.job_id)
        self._unit = unit
        self._lock = Lock()
        self._written = 0.0
        self._latest: Tick | None = None

    @property
    def spec(self) -> JobSpec:
        """What the job asks for."""
        return jobs.spec_of(self.job)

    @property
    def context(self) -> Context:
        """What media work needs besides its plan; progress and log go to this step's job."""
        return Context(
            self.services.tools,
            self.services.settings.limits,
            self.report,
            lambda line: self.tell(line, level="debug"),
            self.pulse.check,
            self.services.cpu_slots,
        )

    def enter(self, state: JobState) -> None:
        """Move the job to `state`, or accept that it is there or beyond.

        Raises a final failure where the attempt is over or somebody asked to stop.
        """
        self.check()
        if may_follow(self.job.state, state):
            with self.services.database.write() as s:
                moved = jobs.advance(s, self.ref.job_id, self.ref.attempt, state, now=utcnow())
            if not moved:
                self.check()  # somebody was quicker: a stop, or another attempt

    def check(self) -> None:
        """Look at the row again and raise a final failure where this step has no business going on."""
        self.pulse.alive()
        with self.services.database.read() as s:
            self.job = jobs.load(s, self.ref.job_id)
        if self.job.attempt != self.ref.attempt or self.job.state in TERMINAL:
            raise failures.stale()
        if self.job.state is JobState.STOP_REQUESTED:
            raise failures.stop_found()

    def report(self, tick: Tick) -> None:
        """Take in progress, from any thread; it reaches the database about once a second. Raises `Cancelled`."""
        self.pulse.alive()
        with self._lock:
            self._latest = tick
            now = time.monotonic()
            if now - self._written < REPORT:
                return
            self._written = now
        self._write(tick)

    def finish(self) -> None:
        """Write the unit down as done: exactly full, whatever the last report said."""
        total = self._latest.total if self._latest else 1.0
        speed = self._latest.speed if self._latest else None
        self._write(Tick(total, total, speed))

    def tell(self, message: str, *, level: Level = "info", data: dict[str, object] | None = None) -> None:
        """Add a line to the job's log, with this worker's name."""
        about = {"worker": self.services.identity} | (data or {})
        with self.services.database.write() as s:
            jobs.add_event(s, self.ref.job_id, self.ref.attempt, level, self.phase.value, message, about)

    def _write(self, tick: Tick) -> None:
        """Progress is worth a try, never a failure: the work itself does not depend on it."""
        try:
            with self.services.database.write() as s:
                jobs.report_work(s, self.ref.job_id, self.ref.attempt, self.phase, self._unit, tick)
        except SQLAlchemyError as error:
            _log.warning("progress was not written", job=self.ref.job_id, error=type(error).__name__)


@contextmanager
def active_step(
    services: Services,
    ref: JobRef,
    phase: Phase,
    state: JobState | None = None,
    *,
    unit: int = 0,
    give_up: bool = True,
) -> Iterator[ActiveStep]:
    """Carry out one step: beat while it runs, enter `state`, and turn whatever it raises into Temporal's terms.

    Without `give_up` the number of tries is the workflow's affair alone.
    """
    silence = services.settings.limits.stall_seconds + SILENCE_AFTER_STALL
    with Pulse(silence) as pulse:
        try:
            step = ActiveStep(services, ref, phase, unit, pulse)
            if state is not None:
                step.enter(state)
            yield step
        except FailureError:
            raise
        except Cancelled:
            raise cancelled() from None
        except Exception as error:
            raise _failure(services, ref, phase, error, give_up) from None


@contextmanager
def cpu_slot(step: ActiveStep) -> Iterator[None]:
    """Wait for one of the worker's encodes to end, where all slots are taken by other regions' work."""
    gate = step.services.cpu_gate
    while not gate.acquire(timeout=LOOK):
        step.pulse.alive()
    try:
        yield
    finally:
        gate.release()


def cancelled() -> FailureError:
    """How an activity ends that was told to: as cancelled where the workflow asked, else to be tried elsewhere."""
    if activity.is_worker_shutdown():
        return failures.worker_stopping()
    return CancelledError("Cancelled")


def _failure(services: Services, ref: JobRef, phase: Phase, raised: Exception, give_up: bool) -> FailureError:
    """`raised` in Temporal's terms, after the job's log has been told of it."""
    tries = activity.info().attempt
    if isinstance(raised, TelecineError):
        error = raised
    else:
        error = failures.unexpected(raised, phase.value)
        _log.error("a step failed unexpectedly", job=ref.job_id, step=phase.value, exc_info=raised)
    final = give_up and failures.final(error, tries)
    fate = "" if final else " It will be tried again."
    _log.warning("a step failed", job=ref.job_id, step=phase.value, kind=error.kind.value, tries=tries, final=final)
    with suppress(SQLAlchemyError, TelecineError), services.database.write() as s:
        about = {"worker": services.identity, "kind": error.kind.value, "tries": tries}
        jobs.add_event(s, ref.job_id, ref.attempt, "warning", phase.value, f"{error}{fate}", about)
    return failures.to_temporal(error, final=final)
