"""Deleting videos: the rows go at once, with those of all that was made of them; their files go later, by a worker.

Until its jobs have ended, files may still come into a video's folder: a worker removes them after that.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session

from telecine.catalog import uploads, videos
from telecine.catalog.clock import utcnow
from telecine.catalog.video_models import MediaRemoval, Video


def delete(s: Session, site_id: str, team_id: str, video_id: str, *, now: datetime | None = None) -> list[str]:
    """Delete a video and everything that was made of it; the ids, its own first. What works on them is asked to stop.

    Raises NOT_FOUND.
    """
    now = now or utcnow()
    video = videos.get(s, site_id, team_id, video_id, lock=True)
    children = select(Video).where(Video.site_id == site_id, Video.parent_id == video.id)
    held = children.order_by(Video.date_created, Video.id).with_for_update()
    made = s.scalars(held.execution_options(populate_existing=True)).all()
    for one in (*made, video):  # children first: they refer to it
        _forget(s, one, now)
        s.flush()
    return [one.id for one in (video, *made)]


def due(s: Session, now: datetime, lease_seconds: float, limit: int) -> Sequence[MediaRemoval]:
    """Claim up to `limit` removals whose time has come: nobody else gets them for `lease_seconds`."""
    query = select(MediaRemoval).where(MediaRemoval.not_before <= now).order_by(MediaRemoval.not_before)
    claimed = s.scalars(query.limit(limit).with_for_update(skip_locked=True)).all()
    for row in claimed:
        row.not_before = now + timedelta(seconds=lease_seconds)
    s.flush()
    return claimed


def done(s: Session, site_id: str, removal_id: int) -> None:
    """Forget a removal that was carried out."""
    own = (MediaRemoval.id == removal_id) & (MediaRemoval.site_id == site_id)
    s.execute(sql_delete(MediaRemoval).where(own))


def retry_later(s: Session, site_id: str, removal_id: int, when: datetime, why: str) -> None:
    """Make a removal claimable again at `when`, with the reason that people will want to know."""
    row = s.get(MediaRemoval, removal_id, with_for_update=True)
    if row is not None and row.site_id == site_id:
        row.not_before, row.trouble = when, why
        s.flush()


def _forget(s: Session, video: Video, now: datetime) -> None:
    upload = uploads.under_way(s, video.site_id, video.id)
    s.add(
        MediaRemoval(
            site_id=video.site_id,
            video_id=video.id,
            storage_id=video.storage_id,
            job_ids=videos.stop_jobs(s, video, now),
            keys=sorted({key for key in (video.media_key, *video.pictures.values()) if key}),
            position=upload.position.get("store") if upload else None,
            not_before=now,
        )
    )
    if upload is not None:
        uploads.forget(s, video.site_id, upload.id)
    s.delete(video)
