"""One step of a detection while an activity carries it out: the heartbeat, fence and progress that `active_step` is
for jobs.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import FailureError

from telecine.catalog import detections
from telecine.catalog.clock import utcnow
from telecine.catalog.mark_models import Detection
from telecine.core.detection_codes import ENDED
from telecine.core.errors import Cancelled, TelecineError
from telecine.core.progress import Tick
from telecine.jobs import failures
from telecine.jobs.active_step import LOOK, REPORT, SILENCE_AFTER_STALL, Pulse, cancelled
from telecine.jobs.messages import DetectionRef, DetectionStep
from telecine.jobs.services import Services
from telecine.media.context import Context
from telecine.media.workspace import Workspace

SHARES = {DetectionStep.FETCH_LEAK: (0.0, 10.0), DetectionStep.NAME_LEAKER: (10.0, 99.0)}
"""Which part of the whole, in percent, each step is."""

_log = structlog.get_logger()


class ActiveDetection:
    """One step under way. `row` is the detection as it was at the beginning."""

    def __init__(self, services: Services, ref: DetectionRef, step: DetectionStep, pulse: Pulse) -> None:
        self.services = services
        self.ref = ref
        self.pulse = pulse
        self.workspace: Workspace = services.detection_workspace(ref.detection_id)
        self._share = SHARES.get(step, (99.0, 99.0))
        self._lock = Lock()
        self._written = 0.0
        self.row: Detection = self.check()

    @property
    def context(self) -> Context:
        """What media work needs; progress goes to the detection."""
        limits = self.services.settings.limits
        return Context(self.services.tools, limits, self.report, poll=self.pulse.check)

    def check(self) -> Detection:
        """The row as it is now. Raises a final failure where it has ended, or this attempt is over."""
        self.pulse.alive()
        with self.services.database.read() as s:
            row = detections.load(s, self.ref.detection_id)
        if row.attempt != self.ref.attempt or row.state in ENDED:
            raise failures.stale()
        return row

    def report(self, tick: Tick) -> None:
        """Take in progress, from any thread; it reaches the database about once a second. Raises `Cancelled`."""
        self.pulse.alive()
        with self._lock:
            now = time.monotonic()
            if now - self._written < REPORT:
                return
            self._written = now
        first, last = self._share
        percent = round(first + (last - first) * tick.fraction, 1)
        try:
            with self.services.database.write() as s:
                detections.report_progress(s, self.ref.detection_id, self.ref.attempt, percent, utcnow())
        except SQLAlchemyError as error:
            _log.warning("progress was not written", detection=self.ref.detection_id, error=type(error).__name__)


@contextmanager
def active_detection(services: Services, ref: DetectionRef, step: DetectionStep) -> Iterator[ActiveDetection]:
    """Carry out one step: beat while it runs, and turn whatever it raises into Temporal's terms."""
    with Pulse(services.settings.limits.stall_seconds + SILENCE_AFTER_STALL) as pulse:
        try:
            yield ActiveDetection(services, ref, step, pulse)
        except FailureError:
            raise
        except Cancelled:
            raise cancelled() from None
        except Exception as error:
            raise _failure(ref, step, error) from None


@contextmanager
def cpu_slot(step: ActiveDetection) -> Iterator[None]:
    """Wait for one of the worker's slots, which detections share with encodes."""
    while not step.services.cpu_gate.acquire(timeout=LOOK):
        step.pulse.alive()
    try:
        yield
    finally:
        step.services.cpu_gate.release()


def _failure(ref: DetectionRef, step: DetectionStep, raised: Exception) -> FailureError:
    tries = activity.info().attempt
    if isinstance(raised, TelecineError):
        error = raised
    else:
        error = failures.unexpected(raised, step.value)
        _log.error("a step failed unexpectedly", detection=ref.detection_id, step=step.value, exc_info=raised)
    final = failures.final(error, tries)
    known = {"detection": ref.detection_id, "step": step.value, "kind": error.kind.value}
    _log.warning("a step failed", **known, tries=tries, final=final)
    return failures.to_temporal(error, final=final)
