"""Uploads under way: one for a video at most, held by whichever request took it last.

A row is there before the first byte is stored and goes in the transaction that makes the media the video's, so that
what a killed process left can be found: it lies in `folder_of` the row. An upload that begins takes the place of one
that is under way, for its client may have lost a connection that this side still believes in; the older request learns
of it when it next looks at its row.
"""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from telecine.catalog import job_search, videos
from telecine.catalog.models import SHORT, Job
from telecine.catalog.text import storable
from telecine.catalog.video_models import MediaUpload, Video
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import TERMINAL, JobState

UNKNOWN_SIZE = 0
"""The size of an upload whose client does not say it; one of no bytes is refused."""


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What a client says of what it is going to send; `size` in bytes."""

    size: int
    light: bool
    file_name: str
    file_type: str


@dataclass(frozen=True, slots=True)
class Media:
    """What has come, whole: its key in the storage, bytes, and a strong tag of them."""

    key: str
    size: int
    etag: str


def check(s: Session, site_id: str, team_id: str, video_id: str, *, lock: bool = False) -> Video:
    """The video, where media may be uploaded to it. Raises NOT_FOUND and, where it may not, WRONG_STATE.

    Media that could not be ingested may be replaced; other media stays, because what was made of it refers to it.
    """
    video = videos.get(s, site_id, team_id, video_id, lock=lock)
    if video.parent_id is not None:
        raise _refused("Media cannot be uploaded to a processed video.")
    if video.media_key and not _failed(s, video):
        raise _refused("The video has its media already. Create another video for other media.")
    return video


def begin(
    s: Session, site_id: str, team_id: str, video_id: str, new: NewUpload, expires: datetime, now: datetime
) -> tuple[MediaUpload, MediaUpload | None]:
    """Add an upload, and take away the one that was under way. Raises what `check` raises."""
    check(s, site_id, team_id, video_id, lock=True)
    older = under_way(s, site_id, video_id)
    if older is not None:
        s.delete(older)
        s.flush()
    upload = MediaUpload(
        id=str(uuid.uuid4()),
        site_id=site_id,
        team_id=team_id,
        video_id=video_id,
        size=new.size,
        received=0,
        light=new.light,
        file_name=new.file_name[:SHORT],
        file_type=new.file_type[:SHORT],
        position={"turn": secrets.token_hex(8)},
        expires=expires,
        date_created=now,
    )
    s.add(upload)
    s.flush()
    return upload, older


def get(
    s: Session, site_id: str, team_id: str, video_id: str, upload_id: str, now: datetime, *, lock: bool = False
) -> MediaUpload:
    """An upload under way. Raises NOT_FOUND, also for one whose time is over."""
    found = s.get(MediaUpload, upload_id, with_for_update=lock or None) if storable(upload_id) else None
    if (
        found is None
        or (found.site_id, found.team_id, found.video_id) != (site_id, team_id, video_id)
        or found.expires <= now
    ):
        raise TelecineError(ErrorKind.NOT_FOUND, f"Upload {upload_id[:64]!r}", field="uploadId")
    return found


def under_way(s: Session, site_id: str, video_id: str) -> MediaUpload | None:
    """The upload to a video, if one is under way."""
    own = select(MediaUpload).where(MediaUpload.site_id == site_id, MediaUpload.video_id == video_id)
    return s.scalar(own)


def take(s: Session, upload: MediaUpload) -> str:
    """Let nobody but the caller go on with an upload; the word by which `held` knows him."""
    turn = secrets.token_hex(8)
    upload.position = {**upload.position, "turn": turn}
    s.flush()
    return turn


def held(s: Session, site_id: str, upload_id: str, turn: str) -> MediaUpload:
    """The upload, where it is still the caller's. Raises WRONG_STATE where another request took it or its place."""
    own = select(MediaUpload).where(MediaUpload.site_id == site_id, MediaUpload.id == upload_id)
    upload = s.scalar(own.with_for_update().execution_options(populate_existing=True))
    if upload is None or upload.position["turn"] != turn:
        raise _refused("Another upload to the video has begun, or this one was ended.")
    return upload


def record(s: Session, upload: MediaUpload, received: int, expires: datetime, position: Any = None) -> None:  # noqa: ANN401
    """Note how far an upload is, and where it can be gone on with (`position`, as JSON; None leaves that)."""
    upload.received, upload.expires = received, expires
    if position is not None:
        upload.position = {**position, "turn": upload.position["turn"]}
    s.flush()


def complete(s: Session, upload: MediaUpload, turn: str, media: Media, now: datetime) -> tuple[Job, str]:
    """Make what has come the video's media and let it be ingested: the job, and the key of media that it replaces.

    Raises what `check`, `held` and `videos.start_ingestion` raise.
    """
    # The video first, as whoever begins an upload does: two that lock in different orders could wait for each other.
    video = check(s, upload.site_id, upload.team_id, upload.video_id, lock=True)
    upload = held(s, upload.site_id, upload.id, turn)
    replaced, video.media_key = video.media_key, media.key
    video.media_size, video.media_etag = media.size, media.etag
    video.file_name, video.file_type = upload.file_name, upload.file_type
    video.light, video.upload_time = upload.light, now
    video.pictures = {}
    job = videos.start_ingestion(s, video.site_id, video.team_id, video.id, now=now)
    s.delete(upload)
    s.flush()
    return job, replaced


def forget(s: Session, site_id: str, upload_id: str) -> None:
    """Remove an upload's row; that it is gone already does not matter."""
    found = s.scalar(select(MediaUpload).where(MediaUpload.site_id == site_id, MediaUpload.id == upload_id))
    if found is not None:
        s.delete(found)
        s.flush()


def expired(s: Session, now: datetime, most: int) -> Sequence[MediaUpload]:
    """Some uploads of any site whose time is over, the longest over first: for the worker."""
    over = select(MediaUpload).where(MediaUpload.expires <= now)
    return s.scalars(over.order_by(MediaUpload.expires).limit(most)).all()


def claim_expired(s: Session, site_id: str, upload_id: str, now: datetime) -> bool:
    """Whether an upload's time is over still; if so, nobody goes on with it."""
    own = select(MediaUpload).where(MediaUpload.site_id == site_id, MediaUpload.id == upload_id)
    found = s.scalar(own.with_for_update())
    if found is None or found.expires > now:
        return False
    take(s, found)
    return True


def folder_of(upload: MediaUpload) -> str:
    """The folder, in the video's storage, that holds what comes of an upload, and nothing else."""
    return f"{videos.folder_of(upload.video_id)}/{upload.id}"


def _failed(s: Session, video: Video) -> bool:
    """Whether the video's ingestion has ended without success."""
    if video.ingest_job is None:
        return False
    state = job_search.get(s, video.site_id, video.ingest_job).state
    return state in TERMINAL and state is not JobState.COMPLETE


def _refused(why: str) -> TelecineError:
    return TelecineError(ErrorKind.WRONG_STATE, why)
