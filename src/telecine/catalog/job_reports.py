"""What workers write about a job besides its state: findings, results, warnings, log lines, progress.

There is no site here: the id came from our own queue. Findings are fenced like states: what a worker of an earlier
attempt reports, or one whose job has ended meanwhile, is refused.
"""

from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, defer

from telecine.catalog.clock import utcnow
from telecine.catalog.columns import Json
from telecine.catalog.job_search import get
from telecine.catalog.models import Job, JobEvent, JobWork
from telecine.catalog.text import within
from telecine.catalog.upsert import insert
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import JobSpec
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState

Level = Literal["debug", "info", "warning", "error"]

_LARGE = (Job.spec, Job.request, Job.media, Job.outputs)


def load(s: Session, job_id: int, *, lock: bool = False) -> Job:
    """The job with all its columns, held until the transaction ends where `lock` is set. Raises NOT_FOUND."""
    job = s.get(Job, job_id, with_for_update=lock or None, populate_existing=lock)
    if job is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Job {job_id}")
    return job


def spec_of(job: Job) -> JobSpec:
    """What the job asks of the engine."""
    return JobSpec.model_validate(job.spec)


def set_media(s: Session, job_id: int, attempt: int, media: Json) -> bool:
    """Keep the probe's report; False where the attempt is over."""
    return _set(s, job_id, attempt, media=media)


def set_outputs(s: Session, job_id: int, attempt: int, outputs: Json) -> bool:
    """Keep what was published; False where the attempt is over."""
    return _set(s, job_id, attempt, outputs=outputs)


def add_warnings(s: Session, job_id: int, attempt: int, warnings: Iterable[str]) -> bool:
    """Add warnings that the job does not have yet; False where the attempt is over."""
    current = (Job.id == job_id) & (Job.attempt == attempt) & Job.end_time.is_(None)
    job = s.scalar(select(Job).where(current).with_for_update().execution_options(populate_existing=True))
    if job is None:
        return False
    job.warnings = list(dict.fromkeys((*job.warnings, *warnings)))
    s.flush()
    return True


def add_event(
    s: Session,
    job_id: int,
    attempt: int,
    level: Level,
    phase: str,
    message: str,
    data: Json | None = None,
    *,
    now: datetime | None = None,
) -> None:
    """Add a line to the job's log, of whatever attempt."""
    s.add(
        JobEvent(
            job_id=job_id,
            attempt=attempt,
            time=now or utcnow(),
            level=level,
            phase=phase,
            message=message.replace("\0", ""),
            data=data or {},
        )
    )
    s.flush()


def events(s: Session, site_id: str, job_id: int, after: int = 0, *, limit: int = 1000) -> Sequence[JobEvent]:
    """Up to `limit` lines of the job's log whose id is above `after`, oldest first. Raises NOT_FOUND."""
    get(s, site_id, job_id)
    later = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.id > within(after))
    return s.scalars(later.order_by(JobEvent.id).limit(limit)).all()


def report_work(
    s: Session, job_id: int, attempt: int, phase: Phase, unit: int, tick: Tick, *, now: datetime | None = None
) -> None:
    """Keep how far unit `unit` (from 0) of `phase` is, in place of what was known."""
    values = {"done": tick.done, "total": tick.total, "speed": tick.speed, "update_time": now or utcnow()}
    statement = insert(s, JobWork).values(job_id=job_id, attempt=attempt, phase=phase, unit=unit, **values)
    keys = ["job_id", "attempt", "phase", "unit"]
    s.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))


def work(s: Session, job_id: int) -> Sequence[JobWork]:
    """How far every known unit of the present attempt is."""
    present = select(JobWork).join(Job, (Job.id == JobWork.job_id) & (Job.attempt == JobWork.attempt))
    return s.scalars(present.where(Job.id == job_id).order_by(JobWork.phase, JobWork.unit)).all()


def unfinished(s: Session) -> Sequence[Job]:
    """Every job that has not ended, oldest first, without its large columns: for the sweeper."""
    without = [defer(column, raiseload=True) for column in _LARGE]
    return s.scalars(select(Job).where(Job.end_time.is_(None)).order_by(Job.id).options(*without)).all()


def successors(s: Session, job: Job, site_ids: Set[str]) -> Sequence[Job]:
    """Other jobs of these sites for the same content that have not ended, or became complete after `job` ended."""
    after: ColumnElement[bool] = Job.end_time.is_(None)
    if job.end_time is not None:
        after |= (Job.state == JobState.COMPLETE) & (Job.end_time > job.end_time)
    same = Job.site_id.in_(site_ids) & (Job.content_id == job.content_id) & (Job.id != job.id)
    return s.scalars(select(Job).where(same, after)).all()


def count_by_state(s: Session) -> dict[JobState, int]:
    """How many jobs of all sites together are in each state: for the operator's metrics."""
    return dict(s.execute(select(Job.state, func.count()).group_by(Job.state)).all())


def _set(s: Session, job_id: int, attempt: int, **values: Json) -> bool:
    current = (Job.id == job_id) & (Job.attempt == attempt) & Job.end_time.is_(None)
    changed = s.execute(update(Job).where(current).values(**values).returning(Job.id)).first()
    return changed is not None
