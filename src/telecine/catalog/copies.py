"""The copies of a distribution, one row for each recipient of a job, and who has ever had one of a content.

What workers write is fenced by the job's attempt: a late one changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.distribution_models import CopyTask, Recipient
from telecine.catalog.job_search import get
from telecine.catalog.models import Job
from telecine.catalog.text import within
from telecine.core.dwm_codes import CLI_CODES, NO_ERROR, CopyState
from telecine.core.errors import ErrorKind, TelecineError

DIALECT = "dwm"
"""By what the catalog knows the jobs that distribute."""


def add(s: Session, job_id: int, recipients: Sequence[int], now: datetime) -> None:
    """Write a copy to be made for each of these recipients."""
    s.add_all(CopyTask(job_id=job_id, recipient_id=one, reg_time=now, update_time=now) for one in recipients)
    s.flush()


def tasks_of(s: Session, job_id: int) -> Sequence[CopyTask]:
    """Every copy of a job, in the order in which recipients were named."""
    return s.scalars(select(CopyTask).where(CopyTask.job_id == job_id).order_by(CopyTask.id)).all()


def recipients_of(s: Session, site_id: str, job_id: int) -> list[tuple[CopyTask, Recipient]]:
    """Every copy of a job of the site with its recipient, in the same order. Raises NOT_FOUND."""
    get(s, site_id, job_id)
    both = select(CopyTask, Recipient).join(Recipient, Recipient.id == CopyTask.recipient_id)
    return [(task, one) for task, one in s.execute(both.where(CopyTask.job_id == job_id).order_by(CopyTask.id))]


def one_of(s: Session, site_id: str, job_id: int, recipient: int) -> tuple[CopyTask, Recipient]:
    """The copy of one recipient in a job of the site. Raises NOT_FOUND for the job, or where he has none in it."""
    get(s, site_id, job_id)
    both = select(CopyTask, Recipient).join(Recipient, Recipient.id == CopyTask.recipient_id)
    mine = (CopyTask.job_id == within(job_id)) & (CopyTask.recipient_id == within(recipient))
    row = s.execute(both.where(mine)).first()
    if row is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Recipient {recipient} of job {job_id}")
    return row[0], row[1]


def count_by_state(s: Session, job_id: int) -> dict[CopyState, int]:
    """How many copies of a job are in each state."""
    counted = select(CopyTask.state, func.count()).where(CopyTask.job_id == job_id).group_by(CopyTask.state)
    return dict(s.execute(counted).all())


def todo(s: Session, job_id: int, attempt: int) -> list[int]:
    """The recipients whose copies are not complete, in the order of `tasks_of`; none where the attempt is over."""
    current = select(CopyTask.recipient_id).join(Job, Job.id == CopyTask.job_id)
    current = current.where(Job.id == job_id, Job.attempt == attempt, Job.end_time.is_(None))
    return list(s.scalars(current.where(CopyTask.state != CopyState.COMPLETE).order_by(CopyTask.id)))


def begin(s: Session, job_id: int, attempt: int, recipient: int, *, now: datetime | None = None) -> bool:
    """Let a copy be under way; False where it is complete already or the attempt is over."""
    values = {"state": CopyState.PROGRESSING, "error_code": NO_ERROR, "error_message": ""}
    return _set(s, job_id, attempt, recipient, now, unless_complete=True, **values)


def complete(
    s: Session, job_id: int, attempt: int, recipient: int, key: str, size: int, *, now: datetime | None = None
) -> bool:
    """Say that a copy of `size` bytes is in the output storage under `key`; False where the attempt is over.

    Saying it again changes nothing but the time.
    """
    values = {"state": CopyState.COMPLETE, "error_code": NO_ERROR, "error_message": ""}
    return _set(s, job_id, attempt, recipient, now, unless_complete=False, **values, object_key=key, size=size)


def fail(
    s: Session, job_id: int, attempt: int, recipient: int, error: TelecineError, *, now: datetime | None = None
) -> bool:
    """Say why a copy could not be made; False where it is complete already or the attempt is over."""
    values = {"state": CopyState.FAILED, "error_code": CLI_CODES[error.kind], "error_message": error.message}
    return _set(s, job_id, attempt, recipient, now, unless_complete=True, **values)


def make_ready(s: Session, job_id: int, now: datetime) -> None:
    """Let everything of a job that is not complete be made anew, because a new attempt begins."""
    values = {"state": CopyState.READY, "error_code": NO_ERROR, "error_message": "", "update_time": now}
    open_ones = (CopyTask.job_id == job_id) & (CopyTask.state != CopyState.COMPLETE)
    s.execute(update(CopyTask).where(open_ones).values(**values))


def recipients_of_content(s: Session, site_id: str, content_id: str) -> list[tuple[int, str]]:
    """Number and name of everybody for whom a copy of this content was ever asked for, by number."""
    everybody = select(Recipient.id, Recipient.name).where(Recipient.id.in_(_numbers(site_id, content_id)))
    return [(number, name) for number, name in s.execute(everybody.order_by(Recipient.id))]


def numbers_of_content(s: Session, site_id: str, content_id: str) -> set[int]:
    """The numbers of the same."""
    return set(s.scalars(_numbers(site_id, content_id)))


def _numbers(site_id: str, content_id: str) -> Select[Any]:
    of_content = (Job.site_id == site_id) & (Job.dialect == DIALECT) & (Job.content_id == content_id)
    return select(CopyTask.recipient_id).join(Job, Job.id == CopyTask.job_id).where(of_content)


def _set(
    s: Session,
    job_id: int,
    attempt: int,
    recipient: int,
    now: datetime | None,
    *,
    unless_complete: bool,
    **values: object,
) -> bool:
    current = (Job.id == job_id) & (Job.attempt == attempt) & Job.end_time.is_(None)
    # Held, so that no restart begins in between; copies of one job do not wait for each other.
    if s.scalar(select(Job.id).where(current).with_for_update(read=True)) is None:
        return False
    mine = (CopyTask.job_id == job_id) & (CopyTask.recipient_id == recipient)
    if unless_complete:
        mine &= CopyTask.state != CopyState.COMPLETE
    changed = update(CopyTask).where(mine).values(**values, update_time=now or utcnow()).returning(CopyTask.id)
    return s.execute(changed).first() is not None
