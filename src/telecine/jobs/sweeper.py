"""Repairs what no command repairs: jobs whose workflow is gone, work folders, records and outputs that nobody needs.

It compares the unfinished rows with the running workflows, whatever made them differ: a Temporal database that was
lost, a workflow that somebody terminated, a bug. It depends on nothing but the rows and Temporal's own word.
"""

import asyncio
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from temporalio.client import Client

from telecine.catalog import idempotency, jobs, logins
from telecine.catalog.clock import utcnow
from telecine.catalog.models import Job
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import TERMINAL, JobState
from telecine.jobs import temporal
from telecine.jobs.detection_sweep import DETECTION_FOLDER, mend_detections, sweep_detection_folder
from telecine.jobs.messages import Ending, Failure, workflow_id
from telecine.jobs.pump import end, every, load, ref_of
from telecine.jobs.reference_sweep import sweep_references
from telecine.jobs.retention import sweep_assets
from telecine.jobs.services import Services
from telecine.jobs.temporal import Standing
from telecine.jobs.upload_sweep import sweep_uploads
from telecine.jobs.video_removal import sweep_videos

JOBS_EVERY = 30.0
FOLDERS_EVERY = 600.0
RECORDS_EVERY = 3600.0
ASSETS_EVERY = 5.0
UPLOADS_EVERY = 60.0
PATIENCE = timedelta(seconds=10)
"""A row changed more recently than this is left alone: its command may be on its way."""

_FOLDER = re.compile(r"job-(\d+)")
_log = structlog.get_logger()


class Sweeper:
    """Looks over all unfinished jobs and all work folders, at the worker's start and from time to time."""

    def __init__(self, services: Services, client: Client) -> None:
        self._services = services
        self._client = client

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.gather(
            every(JOBS_EVERY, self.mend_jobs, "unfinished jobs"),
            every(JOBS_EVERY, self._mend_detections, "unfinished detections"),
            every(FOLDERS_EVERY, self._sweep_folders, "work folders"),
            every(RECORDS_EVERY, self._sweep_records, "old records"),
            every(ASSETS_EVERY, self._sweep_assets, "packaged assets"),
            every(UPLOADS_EVERY, self._sweep_uploads, "uploads"),
            every(ASSETS_EVERY, self._sweep_videos, "deleted videos"),
        )

    async def mend_jobs(self) -> bool:
        """Start or end every unfinished job whose workflow is not running."""
        rows = await asyncio.to_thread(self._unfinished)
        alive = await temporal.running(self._client) if rows else set()
        for job in rows:
            if workflow_id(job.id, job.attempt) not in alive and utcnow() - job.update_time > PATIENCE:
                await self._mend(job)
        return False

    async def _mend_detections(self) -> bool:
        await mend_detections(self._services, self._client)
        return False

    async def _mend(self, job: Job) -> None:
        standing, word = await temporal.standing(self._client, workflow_id(job.id, job.attempt))
        if standing is Standing.RUNNING:
            return
        job = await asyncio.to_thread(load, self._services, job.id)  # it may have ended meanwhile
        if job.state in TERMINAL:
            return
        if job.state is JobState.STOP_REQUESTED:
            ending = Ending(JobState.STOPPED)
        elif standing is Standing.UNKNOWN:
            _log.warning("starting a job that had no workflow", job=job.id, attempt=job.attempt)
            await temporal.start(self._client, ref_of(job))
            return
        else:
            ending = Ending(JobState.ERROR, Failure(ErrorKind.INTERNAL, f"Its workflow has ended: {word}."))
        _log.warning("ending a job whose workflow is gone", job=job.id, attempt=job.attempt, state=ending.state)
        await asyncio.to_thread(end, self._services, job.id, job.attempt, ending)

    def _unfinished(self) -> list[Job]:
        with self._services.database.read() as s:
            return list(jobs.unfinished(s))

    async def _sweep_folders(self) -> bool:
        await asyncio.to_thread(sweep_folders, self._services, utcnow())
        await asyncio.to_thread(sweep_references, self._services, utcnow())
        return False

    async def _sweep_records(self) -> bool:
        await asyncio.to_thread(sweep_records, self._services, utcnow())
        return False

    async def _sweep_assets(self) -> bool:
        return await asyncio.to_thread(sweep_assets, self._services, utcnow())

    async def _sweep_videos(self) -> bool:
        return await asyncio.to_thread(sweep_videos, self._services, utcnow())

    async def _sweep_uploads(self) -> bool:
        return await asyncio.to_thread(sweep_uploads, self._services, utcnow())


def sweep_records(services: Services, now: datetime) -> None:
    """Forget idempotency keys and failed logins that no longer count."""
    with services.database.write() as s:
        idempotency.forget_old(s, now)
        logins.forget_old(s, now)


def sweep_folders(services: Services, now: datetime) -> list[int]:
    """Remove the work folders of jobs that are complete, and of others that ended `keep_work_hours` ago.

    Returns the ids of those jobs.
    """
    if not services.settings.work.is_dir():
        return []
    swept: list[int] = []
    for folder in sorted(services.settings.work.iterdir()):
        match = _FOLDER.fullmatch(folder.name)
        if match and _remove_unneeded(services, folder, int(match[1]), now):
            swept.append(int(match[1]))
        if DETECTION_FOLDER.fullmatch(folder.name):
            sweep_detection_folder(services, folder, now)
    return swept


def _remove_unneeded(services: Services, folder: Path, job_id: int, now: datetime) -> bool:
    """Move the folder aside in the transaction that looks at the row: a restart comes before that or after it."""
    aside = folder.with_name(f".{folder.name}.swept")
    with services.database.write() as s:
        try:
            job = jobs.load(s, job_id)
        except TelecineError:
            job = None
        if not _outlived(services, job, folder, now):
            return False
        if aside.exists():  # left by a sweeper that was killed here
            shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)
    return True


def _outlived(services: Services, job: Job | None, folder: Path, now: datetime) -> bool:
    """An unknown job's folder gets its time too: this worker may have been given the wrong database."""
    kept = timedelta(hours=services.settings.keep_work_hours)
    if job is None:
        return now - datetime.fromtimestamp(folder.stat().st_mtime, UTC) > kept
    if job.state is JobState.COMPLETE:
        return True
    return job.end_time is not None and now - job.end_time > kept
