"""Media service: uploads in one request, as multipart forms of any size."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response, Security
from fastapi.routing import APIRoute

from telecine.apis.envelope import Answer
from telecine.apis.multipart import FilePart, FormReader, boundary_of
from telecine.apis.pixop import MEDIA
from telecine.apis.pixop.access import Authorised, Caller, user_scheme
from telecine.apis.pixop.intake import BODY, Body, Intake, body_of
from telecine.apis.pixop.schema_media import Uploaded, VideoInPath
from telecine.apis.pixop.urls import Addressed, Urls
from telecine.apis.services import Services, Wired
from telecine.catalog import uploads
from telecine.catalog.uploads import UNKNOWN_SIZE, NewUpload
from telecine.catalog.video_models import Video
from telecine.core.errors import ErrorKind, TelecineError

DRAINED = 64 * 2**20
"""Bytes of a refused body that are read all the same."""
DRAIN_SECONDS = 10.0
_FRAMING = 1 * 2**20
"""Bytes by which a form may be longer than its file."""


class UploadRoute(APIRoute):
    """A route that reads its body itself.

    Many clients send all of a body before they look for an answer, and lose it where the connection is closed on
    them. So the rest of a refused body is read for a while. One who waits for `100 Continue` is not asked for it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler before such a reader."""
        usual = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await usual(request)
            except TelecineError:
                await _drain(request)
                raise

        return handler


async def _drain(request: Request) -> None:
    read = request.scope.get(BODY)
    if read is Body.ENDED or (read is None and request.headers.get("expect", "").lower() == "100-continue"):
        return
    size = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while size < DRAINED:
                message = await request.receive()
                size += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


routes = APIRouter(prefix=MEDIA, tags=["Pixop: media"], route_class=UploadRoute, dependencies=[Security(user_scheme)])

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@routes.post("/upload/{videoId}", response_model=Uploaded, summary="Upload a video's media", openapi_extra=_FORM)
async def upload(
    request: Request, services: Wired, caller: Authorised, urls: Addressed, video_id: VideoInPath
) -> Answer:
    """The first file of a form, whatever the part is called, becomes the video's media, and is ingested."""
    return await _upload(request, services, caller, urls, video_id, light=False)


@routes.post(
    "/upload/light/{videoId}",
    response_model=Uploaded,
    summary="Upload a video's media for light ingestion",
    openapi_extra=_FORM,
)
async def upload_light(
    request: Request, services: Wired, caller: Authorised, urls: Addressed, video_id: VideoInPath
) -> Answer:
    """The same, but only the media's metadata is looked at."""
    return await _upload(request, services, caller, urls, video_id, light=True)


async def _upload(
    request: Request, services: Services, caller: Caller, urls: Urls, video_id: str, *, light: bool
) -> Answer:
    reader = FormReader(boundary_of(request.headers.get("content-type", "")))
    size = _declared(request, services)
    video = await asyncio.to_thread(_may_upload, services, caller, video_id)
    intake: Intake | None = None
    try:
        async for chunk in body_of(request):
            for piece in reader.feed(chunk):
                if intake is None:
                    new = _new(reader.file, size, light)
                    intake = await asyncio.to_thread(Intake.begin, services, caller, video_id, new)
                await intake.put(piece)
        reader.close()
        if intake is None:
            raise TelecineError(ErrorKind.FIELD_INVALID, "it is empty.", field="file")
        await intake.flush()
        await asyncio.to_thread(intake.finish)
    except Exception:
        if intake is not None:
            await asyncio.to_thread(intake.abort)
        raise
    return Answer(uploaded(urls, video))


def uploaded(urls: Urls, video: Video) -> dict[str, Any]:
    """The document's answer to an upload."""
    return {
        "projectId": video.project_id,
        "videoId": video.id,
        "checkIngestProgressUrl": urls.ingest_progress(video.id),
        "processVideoUrl": urls.process(video.id),
    }


def _may_upload(services: Services, caller: Caller, video_id: str) -> Video:
    with services.database.read() as s:
        return uploads.check(s, caller.site_id, caller.team_id, video_id)


def _declared(request: Request, services: Services) -> int:
    """The length of the body, where the client says it. Raises BODY_TOO_LARGE."""
    declared = request.headers.get("content-length", "")
    size = int(declared[:20]) if declared.isdigit() else UNKNOWN_SIZE
    limit = services.settings.limits.input_bytes
    if size > limit + _FRAMING:
        raise TelecineError(ErrorKind.BODY_TOO_LARGE, f"at most {limit} bytes of media.")
    return size


def _new(file: FilePart | None, size: int, light: bool) -> NewUpload:
    assert file is not None  # whoever gives out its bytes knows it
    return NewUpload(size, light, file.name, file.media_type)
