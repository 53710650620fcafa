"""The life of a job: how it begins, how it moves from state to state, how it is asked to stop, how it begins again.

These functions are the only ones that write a job's state. Each change is one transaction with its consequences:
the line in the log, the command to Temporal, the messages to whoever asked to be told.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from telecine.catalog import callbacks, commands, sites
from telecine.catalog.clock import utcnow
from telecine.catalog.columns import Json
from telecine.catalog.models import SHORT, Delivery, Job, JobEvent, JobWork, Notification, Site, Storage
from telecine.catalog.text import checked, checked_json, within
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, JobSpec
from telecine.core.notification import job_payload
from telecine.core.states import TERMINAL, JobState, JobWord, may_follow, restartable, stoppable, word


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as a dialect hands it in. `request` is the body as it was sent, given back in details.

    Without `region` or `priority` (1 to 5) the site's own apply. Name, content id, storages, formats and codecs by
    which a job is found are taken from `spec`.
    """

    spec: JobSpec
    request: Json
    dialect: str = "tnp"
    region: str = ""
    priority: int | None = None
    user_data: Any = field(default_factory=dict)
    drm: bool = False
    forensic_watermark: bool = False
    noti_id: int | None = None
    warnings: Sequence[str] = ()


def create(s: Session, site_id: str, new: NewJob, *, now: datetime | None = None) -> Job:
    """Add a job in the queue with its start command, its `queued` messages, and its place in the site's trial.

    Raises OUT_OF_SERVICE, TRIAL_LIMIT, and NOT_FOUND for a storage or notification that the site does not have.
    """
    now = now or utcnow()
    site = _serving(s, site_id)
    _lock_storages(s, site_id, {new.spec.input_storage, new.spec.output_storage})
    _check_notification(s, site_id, new.noti_id)
    _count_trial(s, site)
    job = _row(site, new, now)
    s.add(job)
    s.flush()
    commands.add(s, "start", job, now)
    _record(s, job, "Job was queued.", now)
    _tell(s, job, now)
    s.flush()
    return job


def advance(
    s: Session,
    job_id: int,
    attempt: int,
    state: JobState,
    *,
    now: datetime,
    error: TelecineError | None = None,
    error_code: str = "",
) -> bool:
    """Move a job to `state`; False, and nothing changes, where the attempt is over or the step is not allowed.

    `error` and the dialect's own `error_code` say why, for the state ERROR.
    """
    job = _locked(s, Job.id == job_id)
    if job is None or job.attempt != attempt or not may_follow(job.state, state):
        return False
    if state is JobState.ERROR:
        error = error or TelecineError(ErrorKind.INTERNAL)
        job.error_kind, job.error_code = error.kind.value, error_code
        job.error_message, job.error_cure = error.message, error.cure
    _enter(s, job, state, now)
    return True


def request_stop(s: Session, site_id: str, job_id: int, *, now: datetime | None = None) -> Job:
    """Ask a job to stop; a worker does it within seconds. Raises NOT_FOUND, and WRONG_STATE where it has ended."""
    now = now or utcnow()
    job = _own(s, site_id, job_id)
    if not stoppable(job.state):
        raise TelecineError(ErrorKind.WRONG_STATE, f"Job {job.id} is {_plain(job.state)} and cannot be stopped.")
    _enter(s, job, JobState.STOP_REQUESTED, now)
    commands.add(s, "stop", job, now)
    s.flush()
    return job


def restart(s: Session, site_id: str, job_id: int, *, now: datetime | None = None) -> Job:
    """Begin a new attempt of a job that failed or was stopped. Its log stays.

    Raises WRONG_STATE for any other state, NOT_FOUND for the job or where a storage of it was deleted,
    OUT_OF_SERVICE.
    """
    now = now or utcnow()
    _serving(s, site_id)
    job = _own(s, site_id, job_id)
    if not restartable(job.state):
        raise TelecineError(ErrorKind.WRONG_STATE, f"Job {job.id} is {_plain(job.state)} and cannot be restarted.")
    _lock_storages(s, site_id, {job.input_storage, job.output_storage})
    s.execute(delete(JobWork).where(JobWork.job_id == job.id))
    commands.drop(s, job.id)
    job.attempt += 1
    job.state = JobState.QUEUED
    job.start_time = job.end_time = job.outputs = None
    job.error_kind = job.error_code = job.error_message = job.error_cure = ""
    job.update_time = now
    s.flush()
    commands.add(s, "start", job, now)
    _record(s, job, f"Job was queued again, attempt {job.attempt}.", now)
    _tell(s, job, now)
    s.flush()
    return job


def replace(s: Session, site_id: str, job_id: int, new: NewJob, *, now: datetime | None = None) -> Job:
    """Let a job that waits in the queue be another one, as a new attempt: a worker that takes the old one finds that
    it is over. Raises NOT_FOUND, for the job or a storage; WRONG_STATE where it has begun; OUT_OF_SERVICE.
    """
    now = now or utcnow()
    site = _serving(s, site_id)
    job = _own(s, site_id, job_id)
    if job.state is not JobState.QUEUED:
        raise TelecineError(ErrorKind.WRONG_STATE, f"Job {job.id} is {_plain(job.state)} and cannot be changed.")
    _lock_storages(s, site_id, {new.spec.input_storage, new.spec.output_storage})
    fresh = _row(site, new, now)
    for column in _ASKED_FOR:
        setattr(job, column, getattr(fresh, column))
    commands.drop(s, job.id)
    job.attempt += 1
    job.update_time = now
    s.flush()
    commands.add(s, "start", job, now)
    _record(s, job, f"Job was changed in the queue, attempt {job.attempt}.", now)
    s.flush()
    return job


_ASKED_FOR = (
    *("name", "name_key", "content_id", "region", "priority", "drm", "forensic_watermark", "dash", "hls", "cmaf"),
    *("codecs", "input_storage", "output_storage", "warnings", "spec", "request"),
)
"""Columns that follow from what is asked for."""


def _enter(s: Session, job: Job, state: JobState, now: datetime) -> None:
    """Change the state of a locked job, with everything that goes with it."""
    before = job.state
    job.state = state
    job.update_time = now
    if job.start_time is None and state not in (JobState.STOP_REQUESTED, JobState.STOPPED):
        job.start_time = now
    if state in TERMINAL:
        job.end_time = now
    failed = state is JobState.ERROR
    _record(s, job, job.error_message if failed else f"Job is {_plain(state)}.", now, "error" if failed else "info")
    # A stop request is told of when it is fulfilled: a job stopped in the queue has made no progress to tell of.
    if word(state) is not word(before) and state is not JobState.STOP_REQUESTED:
        _tell(s, job, now)
    s.flush()


def _tell(s: Session, job: Job, now: datetime) -> None:
    """Write the message of the job's present word, where its notification wants that word, and the result callback."""
    callbacks.tell(s, job, now)
    now_word: JobWord = word(job.state)
    # Held, so that it is not deleted in between, leaving a message that nobody can send.
    notification = s.get(Notification, job.noti_id, with_for_update={"read": True}) if job.noti_id else None
    if notification is None or not notification.alarm_status.get(now_word.value, False):
        return
    s.add(
        Delivery(
            message_id=uuid.uuid4().hex,
            site_id=job.site_id,
            noti_id=notification.id,
            job_id=job.id,
            attempt=job.attempt,
            word=now_word.value,
            payload=job_payload(job, now_word),
            next_try=now,
            reg_time=now,
            update_time=now,
        )
    )


def _record(s: Session, job: Job, message: str, now: datetime, level: str = "info") -> None:
    s.add(
        JobEvent(
            job_id=job.id,
            attempt=job.attempt,
            time=now,
            level=level,
            phase="state",
            message=message,
            data={"state": job.state.value},
        )
    )


def _row(site: Site, new: NewJob, now: datetime) -> Job:
    spec = new.spec
    formats = {target.format for target in spec.targets} or set(spec.packaging.formats)
    return Job(
        site_id=site.site_id,
        attempt=1,
        state=JobState.QUEUED,
        dialect=new.dialect,
        name=checked(spec.name, "job_name", SHORT),
        name_key=spec.name.lower(),
        content_id=checked(spec.content_id, "content_id", SHORT),
        region=new.region or site.region,
        priority=new.priority or site.priority,
        drm=new.drm or spec.protected,
        forensic_watermark=new.forensic_watermark or spec.marking is not None,
        dash=Format.DASH in formats,
        hls=Format.HLS in formats,
        cmaf=Format.CMAF in formats,
        codecs=",".join(sorted({rendition.codec for rendition in spec.video})),
        input_storage=spec.input_storage,
        output_storage=spec.output_storage,
        noti_id=new.noti_id,
        reg_time=now,
        update_time=now,
        warnings=list(new.warnings),
        user_data={} if new.user_data is None else checked_json(new.user_data, "user_data"),
        spec=spec.model_dump(mode="json"),
        request=checked_json(new.request, "request"),
    )


def _serving(s: Session, site_id: str) -> Site:
    site = sites.get(s, site_id)
    if not site.in_service:
        raise TelecineError(ErrorKind.OUT_OF_SERVICE)
    return site


def _lock_storages(s: Session, site_id: str, ids: set[str]) -> None:
    """Hold the storages until the job is written, so that none is deleted in between."""
    own = select(Storage.storage_id).where(Storage.site_id == site_id, Storage.storage_id.in_(ids))
    held = set(s.scalars(own.order_by(Storage.storage_id).with_for_update(read=True)))
    for missing in sorted(ids - held):
        raise TelecineError(ErrorKind.NOT_FOUND, f"Storage {missing!r}")


def _check_notification(s: Session, site_id: str, noti_id: int | None) -> None:
    if noti_id is None:
        return
    found = select(Notification.id).where(Notification.id == within(noti_id), Notification.site_id == site_id)
    if s.scalar(found) is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Notification {noti_id}")


def _count_trial(s: Session, site: Site) -> None:
    """Take one of the trial's jobs, where the site is on trial; two requests at once cannot take the same one."""
    if site.trial_limit is None:
        return
    room = (Site.site_id == site.site_id) & (Site.trial_used < Site.trial_limit)
    taken = s.execute(
        update(Site).where(room).values(trial_used=Site.trial_used + 1).returning(Site.trial_used),
        execution_options={"synchronize_session": False},
    ).first()
    if taken is None:
        raise TelecineError(ErrorKind.TRIAL_LIMIT, f"{site.trial_limit} jobs.")
    s.expire(site, ["trial_used"])


def _own(s: Session, site_id: str, job_id: int) -> Job:
    job = _locked(s, (Job.id == within(job_id)) & (Job.site_id == site_id))
    if job is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Job {job_id}")
    return job


def _locked(s: Session, which: Any) -> Job | None:  # noqa: ANN401 - a condition of SQLAlchemy's
    """The job as it is now, held until the transaction ends."""
    return s.scalar(select(Job).where(which).with_for_update().execution_options(populate_existing=True))


def _plain(state: JobState) -> str:
    return state.value.replace("_", " ")
