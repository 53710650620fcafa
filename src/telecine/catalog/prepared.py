"""Prepared masters: what of a distribution outlives its job. Copies are made of them, and leaks compared with them."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.columns import Json
from telecine.catalog.distribution_models import PreparedMaster
from telecine.catalog.models import Job
from telecine.catalog.text import storable, within
from telecine.catalog.upsert import insert
from telecine.core.distribution import CopyMode
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import MasterPlan


def keep(s: Session, job: Job, plan_json: Json, name: str) -> None:
    """Write down the master that a job has prepared and verified, in place of what an earlier attempt prepared.

    `plan_json` is its `MasterPlan`, `name` that of its entry in the prepared store. From here on links to its copies
    can be had; only where copies are individual are there no files to make them of.
    """
    values = {
        "site_id": job.site_id,
        "content_id": job.content_id,
        "plan": plan_json,
        "name": name,
        "has_files": plan_json["mode"] == CopyMode.POOL,
        "reg_time": utcnow(),
    }
    statement = insert(s, PreparedMaster).values(job_id=job.id, **values)
    s.execute(statement.on_conflict_do_update(index_elements=["job_id"], set_=values))


def get(s: Session, site_id: str, job_id: int) -> PreparedMaster:
    """What a job of the site has prepared. Raises NOT_FOUND."""
    row = s.get(PreparedMaster, within(job_id))
    if row is None or row.site_id != site_id:
        raise TelecineError(ErrorKind.NOT_FOUND, f"The prepared master of job {job_id}")
    return row


def newest(s: Session, site_id: str, content_id: str) -> PreparedMaster | None:
    """What the newest job of this content has prepared, if any has."""
    own = (PreparedMaster.site_id == site_id) & (PreparedMaster.content_id == content_id)
    latest = select(PreparedMaster).where(own).order_by(PreparedMaster.job_id.desc()).limit(1)
    return s.scalar(latest) if storable(content_id) else None


def of_content(s: Session, site_id: str, content_id: str) -> Sequence[PreparedMaster]:
    """What all jobs of this content have prepared, the newest first: a leak may be of any of them."""
    if not storable(content_id):
        return []
    own = (PreparedMaster.site_id == site_id) & (PreparedMaster.content_id == content_id)
    return s.scalars(select(PreparedMaster).where(own).order_by(PreparedMaster.job_id.desc())).all()


def plan_of(row: PreparedMaster) -> MasterPlan:
    """The plan by which a master was prepared."""
    return MasterPlan.model_validate(row.plan)


def names(s: Session) -> set[str]:
    """The names of all entries of the prepared store that somebody needs, of any site."""
    return set(s.scalars(select(PreparedMaster.name)))


def forgotten(s: Session) -> set[str]:
    """The names of entries whose files nobody needs, of jobs that are over: one under way may be making them anew."""
    over = select(PreparedMaster.name).join(Job, Job.id == PreparedMaster.job_id).where(Job.end_time.is_not(None))
    return set(s.scalars(over.where(PreparedMaster.has_files.is_(False))))


def forget_files(s: Session, job_id: int) -> None:
    """Say that the files that copies are made of are gone. The reference stays, and so does the row."""
    s.execute(update(PreparedMaster).where(PreparedMaster.job_id == job_id).values(has_files=False))
