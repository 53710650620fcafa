"""Carries what the database wants to Temporal and to the customers' targets. Every worker runs one; several are safe.

Commands and deliveries are claimed under a lease, so a pump that dies in between costs a delay and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from telecine.catalog import commands, detections, jobs, sites
from telecine.catalog.clock import utcnow
from telecine.catalog.mark_models import Detection
from telecine.catalog.models import Command, Job
from telecine.core.detection_codes import ENDED
from telecine.core.states import TERMINAL, JobState
from telecine.jobs import temporal
from telecine.jobs.detection_activities import close
from telecine.jobs.endings import conclude, take_back
from telecine.jobs.messages import DetectionRef, Ending, JobRef, detection_workflow_id, workflow_id
from telecine.jobs.services import Services
from telecine.notify.pump import deliver_due

COMMANDS_EVERY = 0.4
"""Seconds between two looks into the command table; what a job waits before it starts is half of this on average."""
LEASE = 30.0
"""Seconds for which a claimed command belongs to one pump."""
BATCH = 50
RETRY = 3.0
"""Seconds until a command that failed is tried again."""

_log = structlog.get_logger()


class Pump:
    """The outbox towards Temporal."""

    def __init__(self, services: Services, client: Client) -> None:
        self._services = services
        self._client = client

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.gather(
            every(COMMANDS_EVERY, self.carry_out_commands, "commands"),
            every(COMMANDS_EVERY, self._deliver, "deliveries"),
        )

    async def carry_out_commands(self) -> bool:
        """Claim a batch of commands and carry it out in order; True where there may be more."""
        claimed = await asyncio.to_thread(self._claim)
        for command in claimed:
            try:
                await self._carry_out(command)
            except RPCError as error:
                why = f"Temporal: {error.message}"
                await asyncio.to_thread(self._later, command, why)
            except Exception as error:
                _log.exception(
                    "a command failed", kind=command.kind, job=command.job_id, detection=command.detection_id
                )
                await asyncio.to_thread(self._later, command, type(error).__name__)
            else:
                await asyncio.to_thread(self._done, command)
        return len(claimed) == BATCH

    async def _carry_out(self, command: Command) -> None:
        if command.detection_id is not None:
            await self._carry_out_for_detection(command, command.detection_id)
        elif command.kind == "start":
            await self._start(command)
        else:
            await self._stop(command)

    async def _carry_out_for_detection(self, command: Command, detection_id: int) -> None:
        """A detection is cancelled in its row at once; what is left to stop is the work."""
        if command.kind == "start":
            row, ref = await asyncio.to_thread(load_detection, self._services, detection_id)
            if row.attempt == command.attempt and row.state not in ENDED:
                await temporal.start(self._client, ref)
        elif not await temporal.cancel(self._client, detection_workflow_id(detection_id, command.attempt)):
            await asyncio.to_thread(close, self._services, detection_id, command.attempt, Ending(JobState.STOPPED))

    async def _start(self, command: Command) -> None:
        job = await asyncio.to_thread(load, self._services, command.job_id)
        if job.attempt == command.attempt and job.state not in TERMINAL:
            await temporal.start(self._client, ref_of(job))

    async def _stop(self, command: Command) -> None:
        """Cancel the workflow. Where none is running, nothing else will write the job's end: do it here."""
        if not await temporal.cancel(self._client, workflow_id(command.job_id, command.attempt)):
            await asyncio.to_thread(end, self._services, command.job_id, command.attempt, Ending(JobState.STOPPED))

    async def _deliver(self) -> bool:
        """Deliver the messages that are due; True where there may be more."""
        services = self._services
        return bool(await asyncio.to_thread(deliver_due, services.database, services.sealer, services.delivery))

    def _claim(self) -> list[Command]:
        with self._services.database.write() as s:
            return commands.claim(s, utcnow(), LEASE, BATCH)

    def _done(self, command: Command) -> None:
        with self._services.database.write() as s:
            commands.done(s, command.id)

    def _later(self, command: Command, why: str) -> None:
        with self._services.database.write() as s:
            commands.retry_later(s, command.id, utcnow() + timedelta(seconds=RETRY), why)


async def every(seconds: float, work: Callable[[], Awaitable[bool]], name: str) -> None:
    """Do `work` again and again, at once while it says that there is more; its failures are logged and outlived."""
    while True:
        more = False
        try:
            more = await work()
        except Exception as error:
            _log.warning("the pump stumbled", work=name, error=type(error).__name__, detail=str(error)[:500])
        if not more:
            await asyncio.sleep(seconds)


def ref_of(job: Job) -> JobRef:
    """The job's present attempt, as the workflow is told of it."""
    spec = jobs.spec_of(job)
    kind = "ingestion" if spec.ingestion else "enhancement" if spec.enhancement else ""
    return JobRef(job.id, job.attempt, job.region, job.priority, job.site_id, spec.distribution is not None, kind=kind)


def load_detection(services: Services, detection_id: int) -> tuple[Detection, DetectionRef]:
    """A detection's row, and its present attempt as the workflow is told of it. Raises NOT_FOUND."""
    with services.database.read() as s:
        row = detections.load(s, detection_id)
        site = sites.get(s, row.site_id)
    return row, DetectionRef(row.id, row.attempt, site.region, site.priority, row.site_id)


def load(services: Services, job_id: int) -> Job:
    """The job's row. Raises NOT_FOUND."""
    with services.database.read() as s:
        return jobs.load(s, job_id)


def end(services: Services, job_id: int, attempt: int, ending: Ending) -> str:
    """End an attempt whose workflow is not there to do it. Raises what the output storage raises."""
    job = load(services, job_id)
    if job.attempt == attempt and job.state not in TERMINAL:
        take_back(services, job)
    return conclude(services, job_id, attempt, ending)
