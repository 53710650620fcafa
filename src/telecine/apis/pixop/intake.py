"""Takes in what a client uploads: into the team's storage while it comes, and into the catalog when it is whole.

A megabyte at most waits in memory, and a part of a multipart upload where the storage is S3. Disk, storage and
database are used in threads; the event loop only hands pieces on.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Protocol, Self

import structlog
from fastapi import Request

from telecine.apis.pixop.access import Caller
from telecine.apis.pixop.envelope import Refusal
from telecine.apis.pixop.media_store import file_name, media_type, store_of, suffix_of
from telecine.apis.services import Services
from telecine.catalog import uploads, videos
from telecine.catalog.models import Job
from telecine.catalog.uploads import Media, NewUpload
from telecine.catalog.video_models import MediaUpload
from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.discard import discard
from telecine.storage.store import Store, Writing

GATHERED = 2**20
"""Bytes that are stored at once."""
IDLE_SECONDS = 120.0
"""A client that is silent for so long is taken to be gone."""
LOOK_SECONDS = 5.0
"""How often an upload looks whether it is still its row's, and says that it lives."""
SAVE_SECONDS = 30.0
"""How often a resumable upload notes how far it is, while a piece of it comes."""
UNHEARD = timedelta(hours=1)
"""For so long an upload in one request counts as under way without having looked."""

UPLOAD_GONE = "UploadNotFoundException"

BODY = "telecine.body"
"""Where the scope of a request keeps how far its body was read, a `Body`; nothing where it was not asked for."""

_log = structlog.get_logger()


class Body(Enum):
    """How far the body of a request was read."""

    BEGUN = auto()
    ENDED = auto()


class Hash(Protocol):
    """What `hashlib` makes."""

    def update(self, data: bytes | bytearray, /) -> None:
        """Take more."""

    def digest(self) -> bytes:
        """What has been taken, in short."""


class Interrupted(Refusal):
    """The client is gone, or silent, before its body was whole. Nobody may read the answer."""

    def __init__(self) -> None:
        why = "the upload ended before it was whole."
        super().__init__("UploadInterruptedException", ErrorKind.FIELD_INVALID, why, field="body")


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """The request's body as it comes. Raises Interrupted."""
    more = True
    while more:
        request.scope[BODY] = Body.BEGUN
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                message = await request.receive()
        except TimeoutError as error:
            raise Interrupted from error
        more = message.get("more_body", False)
        if not more:
            request.scope[BODY] = Body.ENDED
        if message["type"] != "http.request":
            raise Interrupted
        if chunk := message.get("body", b""):
            yield chunk


class Intake:
    """One request's hold of an upload. Without `expires` it is a whole upload, else a part of a resumable one.

    The tag of the media is SHA-256 of its bytes. A resumable upload's goes on from the tag of what came before each
    noted position, so that nothing need be read again: there it depends on how the bytes came in pieces, too.
    """

    def __init__(
        self, services: Services, store: Store, upload: MediaUpload, writing: Writing, lasting: timedelta | None = None
    ) -> None:
        self.upload = upload
        self._services = services
        self._store = store
        self._writing = writing
        self._lasting = lasting
        self._turn: str = upload.position["turn"]
        self._tag = hashlib.sha256(bytes.fromhex(upload.position.get("tag", "")))
        self._check: Hash | None = None
        self._gathered = bytearray()
        self._looked = self._saved = time.monotonic()

    @classmethod
    def begin(
        cls, services: Services, caller: Caller, video_id: str, new: NewUpload, lasting: timedelta | None = None
    ) -> Self:
        """Begin an upload, in the place of one that may be under way. Raises what `uploads.begin` and stores raise."""
        new = NewUpload(new.size, new.light, file_name(new.file_name), media_type(new.file_type))
        now = services.now()
        with services.database.write() as s:
            expires = now + (lasting or UNHEARD)
            upload, older = uploads.begin(s, caller.site_id, caller.team_id, video_id, new, expires, now)
            video = videos.get(s, caller.site_id, caller.team_id, video_id)
        key = f"{uploads.folder_of(upload)}/original{suffix_of(new.file_name)}"
        try:
            store = store_of(services, video, patient=True)
            if older is not None:
                _remove(store, older)
            writing = store.begin(key, new.file_type, new.size or services.settings.limits.input_bytes)
        except BaseException:
            _forget(services, upload)
            raise
        return cls(services, store, upload, writing, lasting)

    @classmethod
    def resume(cls, services: Services, upload: MediaUpload, store: Store, lasting: timedelta) -> Self:
        """Go on with an upload that this request has taken. Raises NOT_FOUND where what had come is gone."""
        try:
            writing = store.resume(upload.position["store"])
        except TelecineError as error:
            if error.kind is not ErrorKind.OBJECT_MISSING:
                raise
            _forget(services, upload)
            why = "What had come of the upload"
            raise Refusal(
                "UploadNotFoundException", ErrorKind.NOT_FOUND, why, status=410, cure="Begin anew."
            ) from error
        return cls(services, store, upload, writing, lasting)

    @property
    def size(self) -> int:
        """Bytes that have come, those included that wait to be stored."""
        return self._writing.size + len(self._gathered)

    def checked_by(self, check: Hash) -> None:
        """Give all that comes to `check`, too, and note no position until `pause` or `finish`."""
        self._check = check

    async def put(self, data: bytes | memoryview) -> None:
        """Take more. Raises BODY_TOO_LARGE beyond the limit of this server, WRONG_STATE, and what stores raise."""
        limit = self._services.settings.limits.input_bytes
        if self.size + len(data) > limit:
            raise TelecineError(ErrorKind.BODY_TOO_LARGE, f"at most {limit} bytes of media.")
        self._gathered += data
        if len(self._gathered) >= GATHERED:
            await self.flush()

    async def flush(self) -> None:
        """Store what waits."""
        piece, self._gathered = self._gathered, bytearray()
        if piece:
            await asyncio.to_thread(self._keep, piece)

    def finish(self) -> Job:
        """Make what has come the video's media, and let it be ingested. Raises WRONG_STATE, and what stores raise.

        Everything must have been flushed.
        """
        info = self._writing.finish()
        media = Media(info.key, info.size, self._tag.hexdigest())
        try:
            with self._services.database.write() as s:
                job, replaced = uploads.complete(s, self.upload, self._turn, media, self._services.now())
        except BaseException:
            with suppress(TelecineError):
                self._store.delete([info.key])
            raise
        if replaced:
            with suppress(TelecineError):
                self._store.delete([replaced])
        return job

    def pause(self) -> int:
        """Note where it can be gone on with, and let go of it; the bytes that have come. All must have been flushed."""
        self._save()
        self._writing.close()
        return self._writing.size

    def close(self) -> None:
        """Let go of it as it was noted last."""
        self._writing.close()

    def abort(self) -> None:
        """Leave nothing of it."""
        try:
            self._writing.abort()
        except TelecineError as error:
            _log.warning("an upload could not be removed", upload=self.upload.id, detail=error.detail)
            return  # its row stays, so that it is tried again when its time is over
        _forget(self._services, self.upload)

    def _keep(self, piece: bytearray) -> None:
        self._writing.write(memoryview(piece))
        self._tag.update(piece)
        if self._check is not None:
            self._check.update(piece)
        now = time.monotonic()
        if self._lasting is not None and self._check is None and now - self._saved >= SAVE_SECONDS:
            self._save()
        elif now - self._looked >= LOOK_SECONDS:
            self._record(None)

    def _save(self) -> None:
        """Make what has come durable and note where to go on. The tag begins anew, from what it was."""
        tag = self._tag.digest()
        self._record({"store": self._writing.position(), "tag": tag.hex()})
        self._tag = hashlib.sha256(tag)
        self._saved = self._looked

    def _record(self, position: dict[str, Any] | None) -> None:
        """Say that it lives, and with a position, or where it is whole or nothing, how far it is."""
        with self._services.database.write() as s:
            upload = uploads.held(s, self.upload.site_id, self.upload.id, self._turn)
            known = position is not None or self._lasting is None
            received = self._writing.size if known else upload.received
            uploads.record(s, upload, received, self._until(), position)
        self._looked = time.monotonic()

    def _until(self) -> datetime:
        return self._services.now() + (self._lasting or UNHEARD)


def _forget(services: Services, upload: MediaUpload) -> None:
    with services.database.write() as s:
        uploads.forget(s, upload.site_id, upload.id)


def _remove(store: Store, older: MediaUpload) -> None:
    """Remove what an upload left whose place was taken; what cannot be removed goes with its video."""
    try:
        discard(store, uploads.folder_of(older), older.position.get("store"))
    except TelecineError as error:
        _log.info("an older upload was not removed", upload=older.id, detail=error.detail)
