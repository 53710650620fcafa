"""Media service: downloads of what was uploaded and what was made of it, and of the pictures that show it."""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter, Request, Response, Security

from telecine.apis.envelope import failure
from telecine.apis.partial import Content, disposition_of, respond
from telecine.apis.pixop import MEDIA
from telecine.apis.pixop.access import Authorised, Caller, user_scheme
from telecine.apis.pixop.envelope import NOT_PROCESSED, RANGE, Refusal
from telecine.apis.pixop.media_store import store_of
from telecine.apis.pixop.schema import Failure
from telecine.apis.pixop.schema_media import VideoInPath
from telecine.apis.services import Services, Wired
from telecine.catalog import job_search, videos
from telecine.catalog.video_models import Video
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import TERMINAL
from telecine.storage.content_types import content_type

routes = APIRouter(prefix=f"{MEDIA}/download", tags=["Pixop: media"], dependencies=[Security(user_scheme)])

Shown = Literal["small", "large"]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"video/*": {}, "image/*": {}, "application/*": {}}},
    206: {"description": "The ranges of it that were asked for."},
    304: {"description": "The client has it already."},
    416: {"description": "It has no such bytes.", "model": Failure},
}


@routes.get("/original/{videoId}", response_class=Response, responses=_FILE, summary="Download the uploaded media")
@routes.head("/original/{videoId}", include_in_schema=False)
def download_original(request: Request, services: Wired, caller: Authorised, video_id: VideoInPath) -> Response:
    """What was uploaded, whole or in parts; of a processed video, what it was made of in the first place."""
    video = _video(services, caller, video_id)
    if video.parent_id is not None:
        video = _video(services, caller, video.parent_id)
    if not video.media_key:
        raise TelecineError(ErrorKind.NOT_FOUND, "The media of the video", field="media")
    return _media(request, services, video)


@routes.get("/processed/{videoId}", response_class=Response, responses=_FILE, summary="Download the processed media")
@routes.head("/processed/{videoId}", include_in_schema=False)
def download_processed(request: Request, services: Wired, caller: Authorised, video_id: VideoInPath) -> Response:
    """What processing made, whole or in parts."""
    video = _video(services, caller, video_id)
    if video.parent_id is None:
        why = "The processed media of a video that was uploaded"
        raise Refusal(NOT_PROCESSED, ErrorKind.NOT_FOUND, why, cure="Use the id that process-video answered.")
    if not video.media_key:
        raise _unprocessed(services, video)
    return _media(request, services, video)


@routes.get(
    "/screenshot/{size}/{videoId}", response_class=Response, responses=_FILE, summary="Get a picture of a video"
)
@routes.head("/screenshot/{size}/{videoId}", include_in_schema=False)
@routes.get("/screenshot/{size}//{videoId}", include_in_schema=False)
@routes.head("/screenshot/{size}//{videoId}", include_in_schema=False)
def download_screenshot(
    request: Request, services: Wired, caller: Authorised, size: Shown, video_id: VideoInPath
) -> Response:
    """A picture of the video. Clients send two slashes before the id, or one."""
    return _picture(request, services, _video(services, caller, video_id), size)


@routes.get("/web/{videoId}", response_class=Response, responses=_FILE, summary="Get the browser's copy of a video")
@routes.head("/web/{videoId}", include_in_schema=False)
def download_web(request: Request, services: Wired, caller: Authorised, video_id: VideoInPath) -> Response:
    """Ours: the video as a browser can play it."""
    return _picture(request, services, _video(services, caller, video_id), "web")


@routes.get("/comparison/{videoId}", response_class=Response, responses=_FILE, summary="Compare a processed video")
@routes.head("/comparison/{videoId}", include_in_schema=False)
def download_comparison(request: Request, services: Wired, caller: Authorised, video_id: VideoInPath) -> Response:
    """Ours: a processed video beside what it was made of."""
    return _picture(request, services, _video(services, caller, video_id), "comparison")


def _video(services: Services, caller: Caller, video_id: str) -> Video:
    with services.database.read() as s:
        return videos.get(s, caller.site_id, caller.team_id, video_id)


def _unprocessed(services: Services, video: Video) -> Refusal:
    """Why a processed video has no media: it is not done yet, or its processing has ended without."""
    with services.database.read() as s:
        job = job_search.get(s, video.site_id, video.process_job) if video.process_job is not None else None
    if job is not None and job.state not in TERMINAL:
        why, cure = "The video is still being processed.", "Check its progress first."
        return Refusal(NOT_PROCESSED, ErrorKind.WRONG_STATE, why, cure=cure)
    why, cure = "Media of the video, whose processing has failed or was stopped,", "Process the original again."
    return Refusal(NOT_PROCESSED, ErrorKind.NOT_FOUND, why, cure=cure)


def _media(request: Request, services: Services, video: Video) -> Response:
    store, key = store_of(services, video, patient=False), video.media_key
    name = video.file_name or key.rpartition("/")[2]
    content = Content(
        size=video.media_size or 0,
        etag=video.media_etag,
        media_type=content_type(name),
        disposition=disposition_of(name),
        read=lambda start, end: store.stream(key, start, end),
    )
    return respond(request, content, _refusal(request, content.size))


def _picture(request: Request, services: Services, video: Video, which: str) -> Response:
    """What is shown of a video, as far as it is made."""
    key = str(video.pictures.get(which, ""))
    store = store_of(services, video, patient=False)
    info = store.head(key) if key else None
    if info is None:
        what = {"web": "web preview", "comparison": "comparison"}.get(which, f"{which} screenshot")
        raise TelecineError(ErrorKind.NOT_FOUND, f"The {what} of the video", field="picture")
    content = Content(
        size=info.size,
        etag=info.etag,
        media_type=content_type(key),
        disposition=disposition_of(key.rpartition("/")[2], "inline"),
        read=lambda start, end: store.stream(key, start, end),
    )
    return respond(request, content, _refusal(request, info.size))


def _refusal(request: Request, size: int) -> Callable[[], Response]:
    error = Refusal(RANGE, ErrorKind.FIELD_OUT_OF_RANGE, f"the file has {size} bytes.", field="Range", status=416)
    return lambda: failure(request, error)
