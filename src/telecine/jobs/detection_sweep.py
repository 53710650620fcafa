"""Repairs what no command repairs of detections: those whose workflow is gone, and work folders that nobody needs."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from temporalio.client import Client

from telecine.catalog import detections
from telecine.catalog.clock import utcnow
from telecine.catalog.mark_models import Detection
from telecine.core.detection_codes import ENDED
from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs import temporal
from telecine.jobs.detection_activities import close
from telecine.jobs.messages import DETECTION_WORKFLOW, Ending, Failure, detection_workflow_id
from telecine.jobs.pump import load_detection
from telecine.jobs.services import Services
from telecine.jobs.staging import remove
from telecine.jobs.temporal import Standing

PATIENCE = timedelta(seconds=10)
"""A row changed more recently than this is left alone: its command may be on its way."""
DETECTION_FOLDER = re.compile(r"detection-(\d+)|upload-[0-9a-f]{16}")
"""Folders of detections, and of leaks that were uploaded for one."""

LEAST_HOURS = 1.0
"""For so long an upload is kept whose detection has not taken it yet."""

_log = structlog.get_logger()


async def mend_detections(services: Services, client: Client) -> None:
    """Start or end every unfinished detection whose workflow is not running."""
    rows = await asyncio.to_thread(_unfinished, services)
    alive = await temporal.running(client, DETECTION_WORKFLOW) if rows else set()
    for row in rows:
        if detection_workflow_id(row.id, row.attempt) not in alive and utcnow() - row.update_time > PATIENCE:
            await _mend(services, client, row.id)


async def _mend(services: Services, client: Client, detection_id: int) -> None:
    row, ref = await asyncio.to_thread(load_detection, services, detection_id)
    standing, word = await temporal.standing(client, ref.workflow_id)
    if standing is Standing.RUNNING:
        return
    row, _ = await asyncio.to_thread(load_detection, services, detection_id)  # it may have ended meanwhile
    if row.state in ENDED:
        return
    if standing is Standing.UNKNOWN:
        _log.warning("starting a detection that had no workflow", detection=row.id)
        await temporal.start(client, ref)
        return
    _log.warning("ending a detection whose workflow is gone", detection=row.id)
    ending = Ending("error", Failure(ErrorKind.INTERNAL, f"Its workflow has ended: {word}."))
    await asyncio.to_thread(close, services, row.id, row.attempt, ending)


def sweep_detection_folder(services: Services, folder: Path, now: datetime) -> None:
    """Remove a folder whose detection has ended, or of which none is known, some time after it was last touched."""
    match = DETECTION_FOLDER.fullmatch(folder.name)
    row = _row(services, int(match[1])) if match and match[1] else None
    kept = timedelta(hours=max(LEAST_HOURS, services.settings.keep_work_hours))
    outlived = now - datetime.fromtimestamp(folder.stat().st_mtime, UTC) > kept
    if outlived if row is None else row.state in ENDED:
        remove(folder)


def _row(services: Services, detection_id: int) -> Detection | None:
    with services.database.read() as s:
        try:
            return detections.load(s, detection_id)
        except TelecineError:
            return None


def _unfinished(services: Services) -> list[Detection]:
    with services.database.read() as s:
        return list(detections.unfinished(s))
