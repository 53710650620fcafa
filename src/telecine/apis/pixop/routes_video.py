"""The videos service: videos, but for asking to have one processed."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Security

from telecine.apis.bodies import JsonRoute
from telecine.apis.envelope import Answer
from telecine.apis.pixop import VIDEOS
from telecine.apis.pixop.access import Authorised, user_scheme
from telecine.apis.pixop.clients import StrictClient
from telecine.apis.pixop.envelope import NOT_PROCESSED, Refusal
from telecine.apis.pixop.pages import page_body
from telecine.apis.pixop.schema_video import (
    DeletedVideos,
    IngestProgress,
    ProcessProgress,
    VideoAnswer,
    VideoBody,
    VideoCreated,
    VideoPage,
    VideoQuery,
)
from telecine.apis.pixop.urls import Addressed
from telecine.apis.pixop.views_video import (
    Standing,
    entry_view,
    ingestion_state,
    processing_state,
    standings,
    video_view,
)
from telecine.apis.services import Wired
from telecine.catalog import video_removals, videos
from telecine.core.errors import ErrorKind
from telecine.core.video_status import VideoStatus

routes = APIRouter(prefix=VIDEOS, tags=["Pixop: video"], route_class=JsonRoute, dependencies=[Security(user_scheme)])

VideoId = Annotated[str, Path(alias="videoId", description="Id of a video.")]
NewVideo = Annotated[VideoBody | None, Body(openapi_examples={"document": {"value": {"name": "Beach"}}})]


@routes.get("/videos", response_model=VideoPage, summary="List videos")
def list_videos(
    services: Wired, caller: Authorised, urls: Addressed, strict: StrictClient, query: Annotated[VideoQuery, Query()]
) -> Answer:
    """The team's videos, newest first. An unknown project or parent has none."""
    filters = {"project_id": query.project_id or None, "parent_id": query.parent_id or None}
    with services.database.read() as s:
        total, rows = videos.page(
            s, caller.site_id, caller.team_id, page_size=query.page_size, page_index=query.page, **filters
        )
    entries = [entry_view(video, urls) for video in rows]
    return Answer(page_body(urls.videos(), query, total, ("videos", entries), strict=strict, **filters))


@routes.put("/video", response_model=VideoCreated, summary="Create a video")
def create_video(services: Wired, caller: Authorised, urls: Addressed, body: NewVideo = None) -> Answer:
    """Add a video, to which media is uploaded next."""
    asked = body or VideoBody()
    with services.database.write() as s:
        video = videos.create(
            s,
            caller.site_id,
            caller.team_id,
            user_id=caller.user_id,
            storage_id=caller.storage_id,
            name=asked.name or "",
            project_id=asked.projectId,
            now=services.now(),
        )
    return Answer(
        {
            "projectId": video.project_id,
            "videoId": video.id,
            "uploadMediaUrl": urls.upload(video.id),
            "uploadLightMediaUrl": urls.upload_light(video.id),
            "processVideoUrl": urls.process(video.id),
        }
    )


@routes.get("/video/{videoId}", response_model=VideoAnswer, summary="Get a video")
def get_video(services: Wired, caller: Authorised, video_id: VideoId) -> Answer:
    """Everything that is known of a video."""
    with services.database.read() as s:
        video = videos.get(s, caller.site_id, caller.team_id, video_id)
        far = standings(s, video, services.now())
    return Answer({"video": video_view(video, far)})


@routes.get("/check-ingest-video-progress/{videoId}", response_model=IngestProgress, summary="Ingestion progress")
def check_ingest(services: Wired, caller: Authorised, strict: StrictClient, video_id: VideoId) -> Answer:
    """How far the ingestion is."""
    with services.database.read() as s:
        video = videos.get(s, caller.site_id, caller.team_id, video_id)
        far = standings(s, video, services.now()).ingestion
    body = {"videoId": video.id, "projectId": video.project_id, "ingestionState": ingestion_state(video, far)}
    return Answer(body | _why("VideoIngestionFailedException", far, strict))


@routes.get("/check-process-video-progress/{videoId}", response_model=ProcessProgress, summary="Processing progress")
def check_process(services: Wired, caller: Authorised, strict: StrictClient, video_id: VideoId) -> Answer:
    """How far the making of a processed video is. An uploaded one is refused, for nobody should wait for it."""
    with services.database.read() as s:
        video = videos.get(s, caller.site_id, caller.team_id, video_id)
        far = standings(s, video, services.now()).processing
    if far is None:
        why = "This is an uploaded video, which nothing processes."
        cure = "Ask about 'processedVideoId' of the answer to process-video."
        raise Refusal(NOT_PROCESSED, ErrorKind.WRONG_STATE, why, cure=cure)
    body = {"videoId": video.id, "projectId": video.project_id, "processingState": processing_state(far)}
    return Answer(body | _why("VideoProcessingFailedException", far, strict))


@routes.delete("/video/{videoId}", response_model=DeletedVideos, summary="Delete a video")
def delete_video(services: Wired, caller: Authorised, video_id: VideoId) -> Answer:
    """Delete a video and everything made of it. Work on them is stopped; a worker removes their files after that."""
    with services.database.write() as s:
        gone = video_removals.delete(s, caller.site_id, caller.team_id, video_id, now=services.now())
    return Answer({"deletedVideos": [{"videoId": one} for one in gone]})


def _why(exception: str, far: Standing, strict: bool) -> dict[str, Any]:
    """Why something failed, for clients that do not refuse to be told."""
    if far.status is not VideoStatus.ERROR or strict:
        return {}
    return {"exception": exception, "errorMessage": far.trouble or "It was stopped."}
