"""How videos are shown: what the rows say, and how far their jobs are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from telecine.apis.pixop.times import shown
from telecine.apis.pixop.urls import Urls
from telecine.apis.pixop.views_findings import metadata_view, quality_view
from telecine.catalog import jobs, uploads
from telecine.catalog.models import Job
from telecine.catalog.video_models import Video
from telecine.core.ingest import Findings
from telecine.core.progress import remaining_seconds
from telecine.core.video_status import VideoStatus, status_of


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one job of a video is. `trouble` says why it failed."""

    status: VideoStatus
    percent: float
    updated: datetime
    eta: int | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class VideoStandings:
    """How far everything about a video is; `processing` is None of an upload."""

    upload: VideoStatus
    ingestion: Standing
    processing: Standing | None


def standings(s: Session, video: Video, now: datetime) -> VideoStandings:
    """How far everything about a video is."""
    if video.media_key:
        upload = VideoStatus.DONE
    else:
        coming = uploads.under_way(s, video.site_id, video.id) is not None
        upload = VideoStatus.IN_PROGRESS if coming else VideoStatus.INITIAL
    processing = _of_job(s, video, video.process_job, now)
    return VideoStandings(upload, _of_job(s, video, video.ingest_job, now) or _of_row(video), processing)


def video_view(video: Video, far: VideoStandings) -> dict[str, Any]:
    """The document's details of a video, and `parentId` of a processed one."""
    findings = Findings.model_validate(video.findings) if video.findings else None
    parent = {"parentId": video.parent_id} if video.parent_id else {}
    return {
        "id": video.id,
        "name": video.name,
        "description": video.description,
        **parent,
        "projectId": video.project_id,
        "userId": video.user_id,
        "teamId": video.team_id,
        "upload": _upload(video, far.upload, findings),
        "ingestion": {
            "ingestionState": ingestion_state(video, far.ingestion),
            "metadata": metadata_view(findings) if findings else None,
            "qualityAssessment": quality_view(findings) if findings else None,
        },
        "processing": _processing(video, far.processing),
        "attributes": video.attributes,
        "dateCreated": shown(video.date_created),
        "timeLastUpdated": shown(video.time_updated),
    }


def entry_view(video: Video, urls: Urls) -> dict[str, Any]:
    """A video in a list."""
    return {
        "_links": {"self": {"href": urls.video(video.id)}},
        "id": video.id,
        "parentId": video.parent_id,
        "projectId": video.project_id,
        "name": video.name,
        "filename": video.file_name or None,
        "dateCreated": shown(video.date_created),
        "timeLastUpdated": shown(video.time_updated),
    }


def ingestion_state(video: Video, far: Standing) -> dict[str, Any]:
    """How far the ingestion is. Metadata is committed when nothing more is added to it."""
    return {
        "updatedAt": shown(far.updated),
        "ingestionStatus": far.status,
        "videoMetadataAvailable": video.findings is not None,
        "videoMetadataCommitted": far.status is VideoStatus.DONE,
        **_progress(far),
    }


def processing_state(far: Standing) -> dict[str, Any]:
    """How far the making of a processed video is."""
    return {"updatedAt": shown(far.updated), "processingStatus": far.status, **_progress(far)}


def _progress(far: Standing) -> dict[str, Any]:
    eta = {} if far.eta is None else {"etaSeconds": far.eta}
    return {"processingProgressPercent": far.percent, **eta}


def _upload(video: Video, status: VideoStatus, findings: Findings | None) -> dict[str, Any]:
    there = bool(video.media_key)
    return {
        "uploadState": {"updatedAt": shown(video.upload_time or video.date_created), "uploadStatus": status},
        "hasFinishedUploading": there,
        "fileName": (video.file_name or None) if there else None,
        "fileSize": video.media_size if there else None,
        "fileType": (video.file_type or None) if there else None,
        "fileContainerName": findings.long_container_name if findings else None,
    }


def _processing(video: Video, far: Standing | None) -> dict[str, Any]:
    """Always an object, for the Java client hands out what is in it without looking."""
    state = None if far is None else processing_state(far)
    return {"processingState": state, "processingParameters": None if far is None else video.parameters}


def _of_job(s: Session, video: Video, job_id: int | None, now: datetime) -> Standing | None:
    """How far a job is, where the video has it."""
    if job_id is None:
        return None
    job = jobs.get(s, video.site_id, job_id)
    percent = jobs.percent_done(s, [job])[job.id]
    status = status_of(job.state)
    return Standing(status, percent, job.update_time, _eta(job, status, percent, now), job.error_message)


def _of_row(video: Video) -> Standing:
    """How far the ingestion of a video without such a job is: one that was processed comes with its metadata."""
    done = video.findings is not None
    status = VideoStatus.DONE if done else VideoStatus.INITIAL
    return Standing(status, 100.0 if done else 0.0, video.time_updated)


def _eta(job: Job, status: VideoStatus, percent: float, now: datetime) -> int | None:
    if status is not VideoStatus.IN_PROGRESS or job.start_time is None:
        return None
    left = remaining_seconds(percent, (now - job.start_time).total_seconds())
    return None if left is None else round(left)
