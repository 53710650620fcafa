"""Media service: uploads that go on after a broken connection, by the tus protocol 1.0.0. Ours; the document has none.

Core protocol and the extensions creation, creation-with-upload, expiration, checksum and termination, as at
https://tus.io/protocols/resumable-upload. When the last byte has come, the upload is the video's media, as after an
upload in one request, and its own address is gone.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from fastapi import APIRouter, Depends, Request, Response, Security

from telecine.apis.envelope import failure
from telecine.apis.pixop import MEDIA
from telecine.apis.pixop.access import Authorised, Caller, user_scheme
from telecine.apis.pixop.envelope import Refusal
from telecine.apis.pixop.intake import Intake, Interrupted, body_of
from telecine.apis.pixop.media_store import UNNAMED, store_of
from telecine.apis.pixop.routes_media_upload import UploadRoute
from telecine.apis.pixop.schema import Failure
from telecine.apis.pixop.schema_media import UploadInPath, VideoInPath
from telecine.apis.pixop.tus_headers import (
    ALGORITHMS,
    PIECE,
    VERSION,
    Checksum,
    checksum_of,
    metadata_of,
    number_of,
    shown_metadata,
)
from telecine.apis.pixop.urls import Addressed
from telecine.apis.services import Services, Wired
from telecine.catalog import uploads, videos
from telecine.catalog.uploads import NewUpload
from telecine.catalog.video_models import MediaUpload
from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.discard import discard

EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"


class TusRoute(UploadRoute):
    """A route of the protocol, whose every answer names its version."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler, and the version on what it answers."""
        usual = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                answer = await usual(request)
            except TelecineError as error:
                answer = failure(request, error)
                answer.headers["Tus-Version"] = VERSION
            answer.headers["Tus-Resumable"] = VERSION
            return answer

        return handler


def _versioned(request: Request, caller: Authorised) -> None:  # noqa: ARG001 - who calls is found out first
    """Raises FIELD_INVALID, with the protocol's status, for a request of another version."""
    if request.headers.get("tus-resumable") != VERSION:
        why = f"send 'Tus-Resumable: {VERSION}'."
        raise Refusal("TusVersionException", ErrorKind.FIELD_INVALID, why, field="Tus-Resumable", status=412)


_STATUSES: dict[int | str, dict[str, Any]] = {
    410: {"description": "What had come of the upload is gone.", "model": Failure},
    412: {"description": "The request is not of this version of the protocol.", "model": Failure},
    415: {"description": "The body is not a piece of an upload.", "model": Failure},
    460: {"description": "The piece does not have its checksum.", "model": Failure},
}

routes = APIRouter(
    prefix=f"{MEDIA}/tus",
    tags=["Pixop: media"],
    route_class=TusRoute,
    dependencies=[Security(user_scheme), Depends(_versioned)],
    responses=_STATUSES,
)
open_routes = APIRouter(prefix=f"{MEDIA}/tus")


@open_routes.options("/{videoId}", status_code=204, include_in_schema=False)
@open_routes.options("/{videoId}/{uploadId}", status_code=204, include_in_schema=False)
def describe(services: Wired) -> Response:
    """Versions, extensions, checksums and the largest upload. It takes no token."""
    headers = {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(services.settings.limits.input_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@routes.post("/{videoId}", status_code=201, response_class=Response, summary="Begin a resumable upload")
async def create(
    request: Request, services: Wired, caller: Authorised, urls: Addressed, video_id: VideoInPath
) -> Response:
    """`Upload-Length` is needed; of `Upload-Metadata`, `filename`, `filetype` and `light` are understood."""
    new = _new(request, services)
    lasting = _lasting(services)
    intake = await asyncio.to_thread(Intake.begin, services, caller, video_id, new, lasting)
    headers = {"Location": f"{urls.base}/media/v1/tus/{video_id}/{intake.upload.id}"}
    await asyncio.to_thread(intake.pause)
    if request.headers.get("content-type", "") == PIECE:
        headers |= await _receive(request, services, caller, video_id, intake.upload.id, 0)
    else:
        headers |= await asyncio.to_thread(_expiry, services, caller, video_id, intake.upload.id)
    return Response(status_code=201, headers=headers)


@routes.head("/{videoId}/{uploadId}", summary="How far a resumable upload is")
def look(services: Wired, caller: Authorised, video_id: VideoInPath, upload_id: UploadInPath) -> Response:
    """`Upload-Offset` says where to go on."""
    with services.database.read() as s:
        upload = uploads.get(s, caller.site_id, caller.team_id, video_id, upload_id, services.now())
    headers = _progress(upload) | {"Upload-Length": str(upload.size), "Cache-Control": "no-store"}
    headers["Upload-Metadata"] = shown_metadata({"filename": upload.file_name, "filetype": upload.file_type})
    return Response(status_code=200, headers=headers)


@routes.patch("/{videoId}/{uploadId}", status_code=204, response_class=Response, summary="Send a piece of an upload")
async def patch(
    request: Request, services: Wired, caller: Authorised, video_id: VideoInPath, upload_id: UploadInPath
) -> Response:
    """The bytes from `Upload-Offset` on. With the last of them the video has its media, and is ingested."""
    if request.headers.get("content-type", "") != PIECE:
        why = f"a piece is {PIECE}."
        raise Refusal("UnsupportedMediaTypeException", ErrorKind.FIELD_INVALID, why, field="Content-Type", status=415)
    offset = number_of(request, "Upload-Offset")
    return Response(status_code=204, headers=await _receive(request, services, caller, video_id, upload_id, offset))


@routes.delete("/{videoId}/{uploadId}", status_code=204, response_class=Response, summary="End a resumable upload")
def terminate(services: Wired, caller: Authorised, video_id: VideoInPath, upload_id: UploadInPath) -> Response:
    """Nothing of it is left."""
    with services.database.write() as s:
        upload = uploads.get(s, caller.site_id, caller.team_id, video_id, upload_id, services.now(), lock=True)
        uploads.take(s, upload)
        video = videos.get(s, caller.site_id, caller.team_id, video_id)
    store = store_of(services, video, patient=False)
    discard(store, uploads.folder_of(upload), upload.position.get("store"))
    with services.database.write() as s:
        uploads.forget(s, caller.site_id, upload_id)
    return Response(status_code=204)


@routes.post("/{videoId}/{uploadId}", response_class=Response, include_in_schema=False)
async def overridden(
    request: Request, services: Wired, caller: Authorised, video_id: VideoInPath, upload_id: UploadInPath
) -> Response:
    """For clients that can send no other method: `X-HTTP-Method-Override` names it."""
    match request.headers.get("x-http-method-override", "").upper():
        case "PATCH":
            return await patch(request, services, caller, video_id, upload_id)
        case "DELETE":
            return await asyncio.to_thread(terminate, services, caller, video_id, upload_id)
        case "HEAD":
            return await asyncio.to_thread(look, services, caller, video_id, upload_id)
        case _:
            raise TelecineError(ErrorKind.METHOD_NOT_ALLOWED, "Send PATCH, HEAD or DELETE.")


async def _receive(
    request: Request, services: Services, caller: Caller, video_id: str, upload_id: str, offset: int
) -> dict[str, str]:
    """Take the request's body as the piece from `offset` on; how far the upload then is."""
    checksum = checksum_of(request)
    intake = await asyncio.to_thread(_resume, services, caller, video_id, upload_id, offset)
    if checksum is not None:
        intake.checked_by(checksum.check)
    try:
        await _fill(request, intake, checksum)
        if intake.size == intake.upload.size:
            await asyncio.to_thread(intake.finish)
            return {"Upload-Offset": str(intake.upload.size)}
    except Exception:
        await asyncio.to_thread(intake.close)  # what was noted last can be gone on with
        raise
    await asyncio.to_thread(intake.pause)
    return await asyncio.to_thread(_expiry, services, caller, video_id, upload_id)


async def _fill(request: Request, intake: Intake, checksum: Checksum | None) -> None:
    """Take in all of the body. What has come when a client is gone is kept, unless it was to be checked."""
    try:
        async for chunk in body_of(request):
            if intake.size + len(chunk) > intake.upload.size:
                raise TelecineError(ErrorKind.BODY_TOO_LARGE, "more bytes than 'Upload-Length' has promised.")
            await intake.put(chunk)
    except Interrupted:
        if checksum is None:
            await intake.flush()
            await asyncio.to_thread(intake.pause)
        raise
    await intake.flush()
    if checksum is not None and checksum.check.digest() != checksum.expected:
        why = "the piece was damaged on its way, and is forgotten."
        raise Refusal("ChecksumMismatchException", ErrorKind.FIELD_INVALID, why, field="Upload-Checksum", status=460)


def _resume(services: Services, caller: Caller, video_id: str, upload_id: str, offset: int) -> Intake:
    """Take the upload for this request. Raises NOT_FOUND, and CONFLICT where it is not at `offset`."""
    lasting, now = _lasting(services), services.now()
    with services.database.write() as s:
        upload = uploads.get(s, caller.site_id, caller.team_id, video_id, upload_id, now, lock=True)
        if upload.received != offset:
            why = f"The upload is at byte {upload.received}."
            raise TelecineError(ErrorKind.CONFLICT, why, field="Upload-Offset")
        uploads.take(s, upload)
        uploads.record(s, upload, upload.received, now + lasting)
        video = videos.get(s, caller.site_id, caller.team_id, video_id)
    return Intake.resume(services, upload, store_of(services, video, patient=True), lasting)


def _expiry(services: Services, caller: Caller, video_id: str, upload_id: str) -> dict[str, str]:
    with services.database.read() as s:
        return _progress(uploads.get(s, caller.site_id, caller.team_id, video_id, upload_id, services.now()))


def _progress(upload: MediaUpload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.received),
        "Upload-Expires": format_datetime(upload.expires, usegmt=True),
    }


def _new(request: Request, services: Services) -> NewUpload:
    """What the headers of a creation say. Raises FIELD_MISSING, FIELD_INVALID, BODY_TOO_LARGE."""
    if "upload-defer-length" in request.headers:
        raise TelecineError(ErrorKind.FIELD_INVALID, "say the length at once.", field="Upload-Defer-Length")
    size, limit = number_of(request, "Upload-Length"), services.settings.limits.input_bytes
    if size == 0:
        raise TelecineError(ErrorKind.FIELD_INVALID, "an empty file is no media.", field="Upload-Length")
    if size > limit:
        raise TelecineError(ErrorKind.BODY_TOO_LARGE, f"at most {limit} bytes of media.")
    said = metadata_of(request)
    light = said.get("light", "false").lower() not in ("false", "0", "no")
    name = said.get("filename") or said.get("name") or UNNAMED
    kind = said.get("filetype") or said.get("type") or "application/octet-stream"
    return NewUpload(size, light, name, kind)


def _lasting(services: Services) -> timedelta:
    return timedelta(hours=services.settings.upload_hours)
