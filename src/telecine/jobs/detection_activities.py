"""The activities of a detection: fetch the leak, name who leaked, close the case. Each can be done twice."""

from collections.abc import Callable
from typing import Any

import structlog
from temporalio import activity

from telecine.catalog import detections
from telecine.catalog.clock import utcnow
from telecine.catalog.detections import Told
from telecine.catalog.mark_models import Detection, MarkSession
from telecine.catalog.session_tokens import token_of
from telecine.core.detection_codes import ENDED, DetectionState, Subject
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.report import Footage, Outcome
from telecine.jobs import failures, leak_staging
from telecine.jobs.detection_naming import name_leaker
from telecine.jobs.detection_step import ActiveDetection, active_detection, cpu_slot
from telecine.jobs.messages import STALE, DetectionRef, DetectionStep, Ending
from telecine.jobs.services import Services
from telecine.jobs.staging import remove
from telecine.notify.targets import Allowed

_log = structlog.get_logger()

type ReadLeak = Callable[[ActiveDetection], Footage]
"""How a leak that lies in the work folder is read."""


class DetectionActivities:
    """Every effect that `DetectionWorkflow` asks for. One object serves all threads of a worker."""

    def __init__(self, services: Services, read: ReadLeak) -> None:
        self._services = services
        self._read = read

    @property
    def transfers(self) -> list[Callable[..., Any]]:
        """Activities of the io queue."""
        return [self.fetch_leak]

    @property
    def searches(self) -> list[Callable[..., Any]]:
        """Activities of the cpu queue."""
        return [self.name_leaker]

    @property
    def endings(self) -> list[Callable[..., Any]]:
        """Short activities that must never wait behind long ones."""
        return [self.close_detection]

    @activity.defn(name=DetectionStep.FETCH_LEAK, no_thread_cancel_exception=True)
    def fetch_leak(self, ref: DetectionRef) -> None:
        """Bring the leak into the work folder."""
        with active_detection(self._services, ref, DetectionStep.FETCH_LEAK) as step:
            with self._services.database.write() as s:
                begun = detections.begin(s, ref.detection_id, ref.attempt, utcnow())
            if not begun:
                raise failures.stale()
            self._fetch(step)

    @activity.defn(name=DetectionStep.NAME_LEAKER, no_thread_cancel_exception=True)
    def name_leaker(self, ref: DetectionRef) -> None:
        """Read the leak and compare it with all who have a copy; the row learns what came of it."""
        with active_detection(self._services, ref, DetectionStep.NAME_LEAKER) as step, cpu_slot(step):
            step.check()
            named = name_leaker(self._services, step.row, self._read(step), step.pulse.alive)
            result = named.result | {"leak": leak_staging.fingerprint(leak_staging.leak_of(step.workspace))}
            with self._services.database.write() as s:
                if not detections.keep_result(s, ref.detection_id, ref.attempt, result, named.png):
                    raise failures.stale()

    @activity.defn(name=DetectionStep.CLOSE_DETECTION, no_thread_cancel_exception=True)
    def close_detection(self, ref: DetectionRef, ending: Ending) -> str:
        """Remove the leak and write the end into the row; returns the state that the detection now has."""
        return close(self._services, ref.detection_id, ref.attempt, ending)

    def _fetch(self, step: ActiveDetection) -> None:
        services = self._services
        source = detections.source_of(services.sealer, step.row)
        if source.url:
            allowed = Allowed.of(services.settings.private_targets)
            leak_staging.fetch_from_address(source.url, allowed, step.workspace, step.context)
        elif source.upload:
            leak_staging.take_upload(leak_staging.uploaded(services.settings.work, source.upload), step.workspace)
        else:
            store = services.store(step.row, source.storage_id)
            leak_staging.fetch_from_store(source, store, step.workspace, step.context)


def close(services: Services, detection_id: int, attempt: int, ending: Ending) -> str:
    """End an attempt: the leak is removed and the row told. Returns the detection's state, or `stale`.

    Also for the sweeper, where the workflow is no more. Where somebody cancelled it, it has ended in its row already.
    """
    with services.database.read() as s:
        row = detections.load(s, detection_id)
    if row.attempt != attempt:
        return STALE
    remove(services.detection_workspace(detection_id).root)
    if row.state in ENDED:
        return row.state
    state, error = _end_of(row, ending)
    told = _told(services, row) if state is DetectionState.COMPLETE else ()
    with services.database.write() as s:
        detections.finish(s, detection_id, attempt, state, now=utcnow(), told=told, error=error)
        return detections.load(s, detection_id).state


def _end_of(row: Detection, ending: Ending) -> tuple[DetectionState, TelecineError | None]:
    """The state in which a detection ends, and why, where it is an error."""
    if ending.state == "complete" and row.result is not None:
        named = row.result["outcome"] == Outcome.NAMED
        return (DetectionState.COMPLETE if named else DetectionState.FAILED), None
    if ending.failure is not None:
        return DetectionState.ERROR, failures.from_failure(ending.failure)
    return DetectionState.ERROR, TelecineError(ErrorKind.INTERNAL, "The detection ended without a result.")


def _told(services: Services, row: Detection) -> list[Told]:
    """Whom messages name: each one once, the strongest first."""
    accused = (row.result or {})["accused"]
    if row.subject == Subject.RECIPIENTS:
        return [Told(one["recipient"]) for one in accused]
    with services.database.read() as s:
        known = detections.named(s, row.site_id, [one["session"] for one in accused])
    return [Told(one["forensic_mark"], _token(services, known.get(one["session"]))) for one in accused]


def _token(services: Services, session: MarkSession | None) -> str:
    """The session's token, if it is known. One that cannot be read must not keep anybody from being told."""
    try:
        return token_of(services.sealer, session) if session else ""
    except TelecineError as error:
        _log.warning("a session's token could not be read", detail=error.detail)
        return ""
