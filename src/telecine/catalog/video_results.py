"""What workers write into the rows of videos: what was found out about an upload, and what was made of one.

A job's content id is its video's. Everything is fenced twice: by the attempt, as job reports are, and by the row, which
must still name the job. So nothing is written for a video that was deleted or whose media was replaced meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Update, select, update
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.columns import Json
from telecine.catalog.models import Job
from telecine.catalog.video_models import Video


@dataclass(frozen=True, slots=True)
class Made:
    """A processed video, as it lies in its storage. `size` is bytes, `etag` a strong tag without quotes."""

    key: str
    size: int
    etag: str
    file_name: str
    file_type: str


def of_job(s: Session, job: Job) -> Video | None:
    """The video that a job works for; None where it is gone, or works with another job now."""
    return s.scalar(select(Video).where(_own(job)))


def findings_of_media(s: Session, site_id: str, storage_id: str, key: str) -> Json | None:
    """What ingestion has found out about the media at `key`, if anything."""
    there = (Video.site_id == site_id) & (Video.storage_id == storage_id) & (Video.media_key == key)
    found = select(Video.findings).where(there, Video.findings.is_not(None)).order_by(Video.time_updated.desc())
    return s.scalars(found.limit(1)).first()


def set_findings(s: Session, job: Job, findings: Json, *, now: datetime | None = None) -> bool:
    """Keep what was found out so far; False where the video or the attempt is over."""
    return _write(s, job, update(Video).values(findings=findings), now)


def set_pictures(s: Session, job: Job, keys: dict[str, str], *, now: datetime | None = None) -> bool:
    """Keep where in the storage the pictures of a video are, by name; False where the video or the attempt is over."""
    return _write(s, job, update(Video).values(pictures=keys), now)


def set_parameters(s: Session, job: Job, parameters: Json, *, now: datetime | None = None) -> bool:
    """Keep what is being made, once it is planned; False where the video or the attempt is over."""
    return _write(s, job, update(Video).values(parameters=parameters), now)


def set_media(s: Session, job: Job, made: Made, *, now: datetime | None = None) -> bool:
    """Say that a processed video is there; False where the video or the attempt is over."""
    now = now or utcnow()
    values = {
        "media_key": made.key,
        "media_size": made.size,
        "media_etag": made.etag,
        "file_name": made.file_name,
        "file_type": made.file_type,
        "upload_time": now,
    }
    return _write(s, job, update(Video).values(values), now)


def withdraw(s: Session, job: Job) -> bool:
    """Forget the media and pictures of a processed video whose making failed after all."""
    gone: dict[str, object] = {
        "media_key": "",
        "media_size": None,
        "media_etag": "",
        "pictures": {},
        "upload_time": None,
    }
    return _write(s, job, update(Video).values(gone), None)


def _write(s: Session, job: Job, statement: Update, now: datetime | None) -> bool:
    current = (Job.id == job.id) & (Job.attempt == job.attempt) & Job.end_time.is_(None)
    own = _own(job) & select(Job.id).where(current).exists()
    changed = s.execute(statement.values(time_updated=now or utcnow()).where(own).returning(Video.id)).first()
    return changed is not None


def _own(job: Job) -> ColumnElement[bool]:
    works_for = (Video.ingest_job == job.id) | (Video.process_job == job.id)
    return (Video.site_id == job.site_id) & (Video.id == job.content_id) & works_for
