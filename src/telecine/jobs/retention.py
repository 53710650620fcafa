"""Removes what packaged assets published, when their client asks for it or their time is over.

The work folder with its record of published names is gone when a job is complete; what its row says of the outputs
lives on, and each tree has its folder to itself, so the folders are enough. Every step can be done twice: a worker
that is killed here is followed by another one when its lease runs out.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from telecine.catalog import jobs, packaged_assets, storages
from telecine.catalog.models import Job, PackagedAsset
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.layout import THUMBNAILS
from telecine.core.states import TERMINAL, JobState, stoppable
from telecine.jobs.endings import take_back
from telecine.jobs.publishing import prefix_of
from telecine.jobs.recipient_folders import COPIES
from telecine.jobs.services import Services
from telecine.jobs.staging import remove
from telecine.storage.publish import remove_trees

LEASE = 900.0
"""Seconds for which a claimed removal belongs to one worker; a large tree takes minutes."""
BATCH = 5
UNTIL_STOPPED = timedelta(seconds=2)
"""How soon to look again at a job that was asked to stop."""
UNTIL_ANSWERED = timedelta(minutes=1)
"""How soon to try a storage again that refused or did not answer."""

_log = structlog.get_logger()


def sweep_assets(services: Services, now: datetime) -> bool:
    """Carry out the removals that are due; True where there may be more."""
    with services.database.write() as s:
        packaged_assets.set_expiry(s)
        claimed = packaged_assets.due(s, now, LEASE, BATCH)
    for asset in claimed:
        try:
            _carry_out(services, asset, now)
        except TelecineError as error:
            _log.warning("outputs could not be removed", job=asset.job_id, kind=error.kind.value, detail=error.detail)
            _later(services, asset, now + UNTIL_ANSWERED, error.message)
    return len(claimed) == BATCH


def _carry_out(services: Services, asset: PackagedAsset, now: datetime) -> None:
    with services.database.write() as s:
        job = jobs.load(s, asset.job_id)
        if stoppable(job.state):  # begun again, since it was asked to stop
            job = jobs.request_stop(s, asset.site_id, asset.job_id, now=now)
    if job.state not in TERMINAL:
        _later(services, asset, now + UNTIL_STOPPED, "The job is being stopped.")
        return
    told = _remove(services, job)
    if asset.deleting:
        remove(services.workspace(job.id).root)  # nobody will go on with it
    with services.database.write() as s:
        why = "The asset was deleted." if asset.deleting else "Its retention is over."
        jobs.add_event(s, job.id, job.attempt, "info", "publish", f"{why} {told}", now=now)
        packaged_assets.gone(s, asset.site_id, asset.id, now)


def _remove(services: Services, job: Job) -> str:
    """Remove the job's outputs and say, for its log, what that came to. Raises what the storage raises."""
    try:
        removed = take_back(services, job)  # of an attempt that failed or was stopped, as far as there is a record
        if job.state is JobState.COMPLETE:
            store = services.store(job, job.output_storage)
            rivals = _rivals(services, job)
            taken = {folder for one in rivals for folder in _folders(one)}
            removed += remove_trees(store, prefix_of(jobs.spec_of(job)), _folders(job) - taken)
            _wait_for(rivals, _folders(job))
    except TelecineError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return "Its outputs stay: the output storage is no longer registered."
    return f"{removed} published files were removed."


def _rivals(services: Services, job: Job) -> list[Job]:
    """Jobs that have published to the same place since, of whichever site that has the bucket, or are about to.

    One whose storage is no longer registered may have published to the same bucket, and counts.
    """
    with services.database.read() as s:
        bucket, prefix = _bucket(s, job), prefix_of(jobs.spec_of(job))
        found = jobs.successors(s, job, {job.site_id, *storages.publishers(s, bucket)})
        same = [one for one in found if prefix_of(jobs.spec_of(one)) == prefix]
        return [one for one in same if _bucket(s, one) in ("", bucket)]


def _wait_for(rivals: list[Job], folders: set[str]) -> None:
    """Raise IN_USE where a rival is under way: should it fail, what lies in its folders is nobody's but ours."""
    for one in rivals:
        if one.state not in TERMINAL and folders & _folders(one):
            raise TelecineError(ErrorKind.IN_USE, f"Job {one.id} is about to publish to the same place.")


def _bucket(s: Session, job: Job) -> str:
    """The bucket that the job publishes to; empty where its storage is no longer registered."""
    try:
        return storages.get(s, job.site_id, job.output_storage).aws_bucket
    except TelecineError:
        return ""


def _folders(job: Job) -> set[str]:
    """The folders that a job fills, as far as that is known before it is complete."""
    if job.state is JobState.COMPLETE and job.outputs and "folders" in job.outputs:
        return set(job.outputs["folders"])
    spec = jobs.spec_of(job)
    if spec.distribution:
        return {COPIES}
    named = {target.folder for target in spec.targets} or {tree.value for tree in spec.packaging.formats}
    return named | {THUMBNAILS}


def _later(services: Services, asset: PackagedAsset, when: datetime, why: str) -> None:
    with services.database.write() as s:
        packaged_assets.retry_later(s, asset.site_id, asset.id, when, why)
