"""Videos of a team: what was uploaded, and what processing makes of it.

An upload's ingestion and a processed video's making are jobs of the dialect `pixop`, whose content id is the video's.
Every function that changes something is part of the caller's transaction.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from telecine.catalog import job_search, job_states, projects
from telecine.catalog.clock import utcnow
from telecine.catalog.columns import Json
from telecine.catalog.models import SHORT, Job
from telecine.catalog.text import checked, storable
from telecine.catalog.video_models import Video
from telecine.core.enhance.spec import Enhancement, Ingestion
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import InputFile, JobSpec
from telecine.core.states import stoppable

DIALECT = "pixop"
"""Whose jobs they are."""

UNNAMED = "Untitled video"
"""What a video is called that nobody named: clients want a name of everything that a list shows."""

FOLDER = "pixop"
"""What everything of videos lies below in a storage: `pixop/<video id>/…`."""


def get(s: Session, site_id: str, team_id: str, video_id: str, *, lock: bool = False) -> Video:
    """The team's video, held until the transaction ends where `lock` is set. Raises NOT_FOUND for `videoId`."""
    video = s.get(Video, video_id, with_for_update=lock or None, populate_existing=lock) if storable(video_id) else None
    if video is None or (video.site_id, video.team_id) != (site_id, team_id):
        raise TelecineError(ErrorKind.NOT_FOUND, f"Video {video_id[:64]!r}", field="videoId")
    return video


def create(
    s: Session,
    site_id: str,
    team_id: str,
    *,
    user_id: str,
    storage_id: str,
    name: str = "",
    project_id: str | None = None,
    now: datetime | None = None,
) -> Video:
    """Add a video without media to a project, or to the team's default one. Without a name it gets `UNNAMED`.

    Raises NOT_FOUND for `projectId`, FIELD_INVALID, FIELD_OUT_OF_RANGE (name).
    """
    now = now or utcnow()
    if project_id is None:
        project = projects.default(s, site_id, team_id, user_id, now=now)
    else:
        project = projects.get(s, site_id, team_id, project_id, lock=True)
    video = new_row(site_id, team_id, user_id, project.id, storage_id, name or UNNAMED, now)
    s.add(video)
    s.flush()
    return video


def page(
    s: Session,
    site_id: str,
    team_id: str,
    *,
    project_id: str | None = None,
    parent_id: str | None = None,
    page_size: int = 25,
    page_index: int = 1,
) -> tuple[int, Sequence[Video]]:
    """How many videos the team has, of a project or a parent where one is given, and one page of them, newest first.

    Pages count from 1. What was found out about a video is not loaded. An unknown project or parent has none.
    """
    wanted = [Video.site_id == site_id, Video.team_id == team_id]
    if project_id is not None:
        wanted.append(Video.project_id == project_id)
    if parent_id is not None:
        wanted.append(Video.parent_id == parent_id)
    if not storable(f"{project_id}{parent_id}"):
        return 0, []
    total = s.scalar(select(func.count()).select_from(Video).where(*wanted)) or 0
    newest = select(Video).where(*wanted).order_by(Video.date_created.desc(), Video.id.desc())
    without = [defer(column, raiseload=True) for column in (Video.findings, Video.parameters, Video.attributes)]
    rows = newest.options(*without).limit(page_size).offset((page_index - 1) * page_size)
    return total, s.scalars(rows).all()


def folder_of(video_id: str) -> str:
    """The folder, in the video's storage, of all that is kept of it; without a slash at either end."""
    return f"{FOLDER}/{video_id}"


def start_ingestion(
    s: Session, site_id: str, team_id: str, video_id: str, *, request: Json | None = None, now: datetime | None = None
) -> Job:
    """Let the media that has come be looked at, lightly where the row says so. What was found of earlier media is
    forgotten, and a job that still looks at it is asked to stop.

    Raises NOT_FOUND (video, storage), WRONG_STATE where there is no media, OUT_OF_SERVICE, TRIAL_LIMIT.
    """
    now = now or utcnow()
    video = get(s, site_id, team_id, video_id, lock=True)
    if not video.media_key:
        raise TelecineError(ErrorKind.WRONG_STATE, "The video has no media yet. Upload it first.", field="videoId")
    stop_jobs(s, video, now)
    job = job_states.create(
        s,
        site_id,
        job_states.NewJob(
            spec=_spec(video, video, ingestion=Ingestion(light=video.light)), request=request or {}, dialect=DIALECT
        ),
        now=now,
    )
    video.ingest_job, video.findings, video.time_updated = job.id, None, now
    s.flush()
    return job


def create_processed(
    s: Session,
    site_id: str,
    team_id: str,
    source_id: str,
    *,
    user_id: str,
    name: str,
    spec: Enhancement,
    parameters: Json,
    request: Json | None = None,
    warnings: Sequence[str] = (),
    now: datetime | None = None,
) -> Video:
    """Add a video that a job makes of another one. `parameters` is the document's `processingParameters` as far as
    they are known, `request` the body as it was sent. It belongs to the source's project; its parent is what was
    uploaded, also where the source is a processed video itself.

    Raises NOT_FOUND (video, storage), WRONG_STATE where the source has no media, FIELD_OUT_OF_RANGE (name),
    OUT_OF_SERVICE, TRIAL_LIMIT.
    """
    now = now or utcnow()
    source = _held_source(s, site_id, team_id, source_id)
    made = new_row(source.site_id, team_id, user_id, source.project_id, source.storage_id, name, now)
    made.parent_id, made.parameters = source.parent_id or source.id, parameters
    s.add(made)
    s.flush()
    job = job_states.create(
        s,
        site_id,
        job_states.NewJob(
            spec=_spec(made, source, enhancement=spec), request=request or {}, dialect=DIALECT, warnings=warnings
        ),
        now=now,
    )
    made.process_job = job.id
    s.flush()
    return made


def stop_jobs(s: Session, video: Video, now: datetime) -> list[int]:
    """Ask what works on a video to stop; the ids of all its jobs, also of those that have ended."""
    ids = [job_id for job_id in (video.ingest_job, video.process_job) if job_id is not None]
    for job_id in ids:
        if stoppable(job_search.get(s, video.site_id, job_id).state):
            job_states.request_stop(s, video.site_id, job_id, now=now)
    return ids


def _held_source(s: Session, site_id: str, team_id: str, source_id: str) -> Video:
    """The video to make another one of, held; what was uploaded is held first, as it is where it is deleted."""
    parent_id = get(s, site_id, team_id, source_id).parent_id
    if parent_id is not None:
        get(s, site_id, team_id, parent_id, lock=True)
    source = get(s, site_id, team_id, source_id, lock=True)
    if not source.media_key:
        raise TelecineError(ErrorKind.WRONG_STATE, "The video has no media yet. Upload it first.", field="videoId")
    return source


def new_row(
    site_id: str, team_id: str, user_id: str, project_id: str | None, storage_id: str, name: str, now: datetime
) -> Video:
    """A video without media, not added yet. Raises FIELD_INVALID, FIELD_OUT_OF_RANGE (name)."""
    return Video(
        id=str(uuid.uuid4()),
        site_id=site_id,
        team_id=team_id,
        user_id=user_id,
        project_id=project_id,
        storage_id=storage_id,
        name=checked(name, "name", SHORT),
        attributes={},
        pictures={},
        file_name="",
        media_key="",
        light=False,
        date_created=now,
        time_updated=now,
    )


def _spec(
    video: Video, source: Video, *, ingestion: Ingestion | None = None, enhancement: Enhancement | None = None
) -> JobSpec:
    """The job for `video` that reads the media of `source`."""
    return JobSpec(
        name=video.name,
        content_id=video.id,
        input_storage=source.storage_id,
        files=(InputFile(path=source.media_key, video=True),),
        output_storage=video.storage_id,
        output_path=folder_of(video.id),
        ingestion=ingestion,
        enhancement=enhancement,
    )
