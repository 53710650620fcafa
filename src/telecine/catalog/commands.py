"""The outbox towards Temporal: what workers must start or stop, claimed under a lease.

A command that was claimed by a pump that died comes back when its lease runs out. Carrying one out twice is
harmless, because a workflow's id names job and attempt.
"""

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from telecine.catalog.mark_models import Detection
from telecine.catalog.models import Command, Job, Site

CommandKind = Literal["start", "stop"]


def add(s: Session, kind: CommandKind, job: Job, now: datetime) -> Command:
    """Write a command for the job's present attempt, in the caller's transaction."""
    command = Command(
        kind=kind,
        job_id=job.id,
        attempt=job.attempt,
        region=job.region,
        priority=job.priority,
        reg_time=now,
        not_before=now,
    )
    s.add(command)
    return command


def add_for_detection(s: Session, kind: CommandKind, detection: Detection, site: Site, now: datetime) -> Command:
    """The same for a detection, which runs where its site's jobs do."""
    command = Command(
        kind=kind,
        job_id=detection.request["job_id"],
        detection_id=detection.id,
        attempt=detection.attempt,
        region=site.region,
        priority=site.priority,
        reg_time=now,
        not_before=now,
    )
    s.add(command)
    return command


def drop(s: Session, job_id: int) -> None:
    """Forget what Temporal was to be told about a job, because a new attempt begins."""
    s.execute(delete(Command).where(Command.job_id == job_id, Command.detection_id.is_(None)))


def claim(s: Session, now: datetime, lease_seconds: float, limit: int) -> list[Command]:
    """Claim up to `limit` commands whose time has come: nobody else gets them for `lease_seconds`."""
    query = select(Command).where(Command.not_before <= now).order_by(Command.not_before, Command.id).limit(limit)
    claimed = sorted(s.scalars(query.with_for_update(skip_locked=True)), key=lambda command: command.id)
    for command in claimed:
        command.not_before = now + timedelta(seconds=lease_seconds)
        command.tries += 1
    s.flush()
    return claimed


def done(s: Session, command_id: int) -> None:
    """Forget a command that was carried out."""
    s.execute(delete(Command).where(Command.id == command_id))


def retry_later(s: Session, command_id: int, when: datetime, why: str) -> None:
    """Make a command claimable again at `when`, with the reason that people will want to know."""
    command = s.get(Command, command_id)
    if command is not None:
        command.not_before = when
        command.trouble = why
