"""The life of a distribution: a job like any other, with a copy to be made for each of its recipients.

Each call is one transaction: a job without its copies, or copies without their job, are never there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from telecine.catalog import copies, job_search, job_states
from telecine.catalog.clock import utcnow
from telecine.catalog.columns import Json
from telecine.catalog.copies import DIALECT as DIALECT
from telecine.catalog.models import Job
from telecine.catalog.turns import one_at_a_time
from telecine.core.distribution import MOST_INDIVIDUAL, MOST_RECIPIENTS, CopyMode
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import JobSpec


@dataclass(frozen=True, slots=True)
class NewDistribution:
    """A distribution to make. `recipients` are numbers of the site's own, each once; `request` is the body as sent."""

    spec: JobSpec
    recipients: Sequence[int]
    request: Json
    region: str = ""
    priority: int | None = None
    noti_id: int | None = None
    warnings: Sequence[str] = ()


def create(s: Session, site_id: str, new: NewDistribution, *, now: datetime | None = None) -> Job:
    """Add a job in the queue with a copy to be made for each recipient.

    Raises FIELD_OUT_OF_RANGE for nobody, for more individual copies than a job makes, and where all jobs of the content
    together would have more than 4095 recipients; and what `job_states.create` raises.
    """
    now = now or utcnow()
    _check_count(s, site_id, new)
    job = job_states.create(
        s,
        site_id,
        job_states.NewJob(
            spec=new.spec,
            request=new.request,
            dialect=DIALECT,
            region=new.region,
            priority=new.priority,
            forensic_watermark=True,
            noti_id=new.noti_id,
            warnings=new.warnings,
        ),
        now=now,
    )
    copies.add(s, job.id, new.recipients, now)
    return job


def get(s: Session, site_id: str, job_id: int) -> Job:
    """The site's distribution. Raises NOT_FOUND, for jobs of other APIs too."""
    job = job_search.get(s, site_id, job_id)
    if job.dialect != DIALECT:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Job {job_id}")
    return job


def request_stop(s: Session, site_id: str, job_id: int, *, now: datetime | None = None) -> Job:
    """Ask a distribution to stop; a worker does it within seconds. Raises NOT_FOUND, WRONG_STATE where it has ended."""
    return job_states.request_stop(s, site_id, get(s, site_id, job_id).id, now=now)


def restart(s: Session, site_id: str, job_id: int, *, now: datetime | None = None) -> Job:
    """Begin a new attempt of a distribution that failed or was stopped. Copies that are complete stay so.

    Raises what `job_states.restart` raises.
    """
    now = now or utcnow()
    job = job_states.restart(s, site_id, get(s, site_id, job_id).id, now=now)
    copies.make_ready(s, job.id, now)
    return job


def _check_count(s: Session, site_id: str, new: NewDistribution) -> None:
    """Two requests for one content at once are counted one after the other."""
    if not new.recipients:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, "there is nobody to make a copy for.", field="recipients")
    own = new.spec.distribution
    if own and own.mode is CopyMode.INDIVIDUAL and len(new.recipients) > MOST_INDIVIDUAL:
        detail = f"a job makes at most {MOST_INDIVIDUAL} individual copies; pooled ones cost no encode each."
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, detail, field="recipients")
    one_at_a_time(s, site_id, "recipients of", new.spec.content_id)
    before = copies.numbers_of_content(s, site_id, new.spec.content_id)
    total = len(before | set(new.recipients))
    if total > MOST_RECIPIENTS:
        detail = f"a content has at most {MOST_RECIPIENTS} recipients over all its jobs; this would make {total}."
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, detail, field="recipients")
