"""Removes the files of videos that were deleted, once nobody writes to their folders any more.

Every step can be done twice: a worker that is killed here is followed by another one when its lease runs out.
"""

from datetime import datetime, timedelta

import structlog

from telecine.catalog import jobs, storages, video_removals, videos
from telecine.catalog.video_models import MediaRemoval
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import TERMINAL, stoppable
from telecine.jobs.services import Services
from telecine.jobs.staging import remove
from telecine.storage.discard import discard
from telecine.storage.store import Store

LEASE = 900.0
"""Seconds for which a claimed removal belongs to one worker."""
BATCH = 20
UNTIL_STOPPED = timedelta(seconds=2)
"""How soon to look again at a job that was asked to stop."""
UNTIL_ANSWERED = timedelta(minutes=1)
"""How soon to try a storage again that refused or did not answer."""

_log = structlog.get_logger()


def sweep_videos(services: Services, now: datetime) -> bool:
    """Carry out the removals that are due; True where there may be more."""
    with services.database.write() as s:
        claimed = video_removals.due(s, now, LEASE, BATCH)
    for removal in claimed:
        try:
            _carry_out(services, removal, now)
        except TelecineError as error:
            _log.warning("media could not be removed", video=removal.video_id, kind=error.kind, detail=error.detail)
            _later(services, removal, now + UNTIL_ANSWERED, error.message)
    return len(claimed) == BATCH


def _carry_out(services: Services, removal: MediaRemoval, now: datetime) -> None:
    if not _all_ended(services, removal, now):
        _later(services, removal, now + UNTIL_STOPPED, "A job is being stopped.")
        return
    store = _store(services, removal)
    if store is not None:
        discard(store, videos.folder_of(removal.video_id), removal.position)
        store.delete(removal.keys)
    for job_id in removal.job_ids:
        remove(services.workspace(job_id).root)  # nobody will go on with it
    with services.database.write() as s:
        video_removals.done(s, removal.site_id, removal.id)


def _all_ended(services: Services, removal: MediaRemoval, now: datetime) -> bool:
    """Whether nothing works on the video any more. What was begun again since is asked to stop."""
    with services.database.write() as s:
        found = [jobs.load(s, job_id) for job_id in removal.job_ids]
        for job in found:
            if stoppable(job.state):
                jobs.request_stop(s, removal.site_id, job.id, now=now)
        return all(job.state in TERMINAL for job in found)


def _store(services: Services, removal: MediaRemoval) -> Store | None:
    """Where the files are; None where the storage is no longer registered: then they stay."""
    try:
        with services.database.read() as s:
            row = storages.get(s, removal.site_id, removal.storage_id)
    except TelecineError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None
    return services.stores.open(row.aws_bucket, row.region, row.access_key_id, storages.secret(services.sealer, row))


def _later(services: Services, removal: MediaRemoval, when: datetime, why: str) -> None:
    with services.database.write() as s:
        video_removals.retry_later(s, removal.site_id, removal.id, when, why)
