"""Removes uploads whose time is over: resumable ones that nobody went on with, and what killed servers left."""

from datetime import datetime

import structlog

from telecine.catalog import storages, uploads
from telecine.catalog.video_models import MediaUpload, Video
from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs.services import Services
from telecine.storage.discard import discard
from telecine.storage.store import Store

BATCH = 20

_log = structlog.get_logger()


def sweep_uploads(services: Services, now: datetime) -> bool:
    """Remove some uploads whose time is over, with all that has come of them; True where there may be more."""
    with services.database.read() as s:
        over = uploads.expired(s, now, BATCH)
    removed = [upload.id for upload in over if _removed(services, upload, now)]
    return len(removed) == BATCH


def _removed(services: Services, upload: MediaUpload, now: datetime) -> bool:
    """Remove one upload, unless somebody has gone on with it since, or its storage does not answer."""
    with services.database.write() as s:
        if not uploads.claim_expired(s, upload.site_id, upload.id, now):
            return False
    try:
        store = _store(services, upload)
        if store is not None:
            discard(store, uploads.folder_of(upload), upload.position.get("store"))
    except TelecineError as error:
        _log.warning("an upload could not be removed", upload=upload.id, kind=error.kind, detail=error.detail)
        return False
    with services.database.write() as s:
        uploads.forget(s, upload.site_id, upload.id)
    _log.info("an upload whose time is over was removed", upload=upload.id, video=upload.video_id)
    return True


def _store(services: Services, upload: MediaUpload) -> Store | None:
    """Where it lies; None where video or storage are gone: with a video all of its files go."""
    try:
        with services.database.read() as s:
            video = s.get(Video, upload.video_id)
            row = storages.get(s, upload.site_id, video.storage_id) if video else None
    except TelecineError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None
    if row is None:
        return None
    return services.stores.open(row.aws_bucket, row.region, row.access_key_id, storages.secret(services.sealer, row))
