"""The connection to Temporal, and the three things that are ever asked of it: start, cancel, look."""

import asyncio
from enum import StrEnum

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import Priority, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from telecine.jobs.messages import JOB_WORKFLOWS, DetectionRef, JobRef, workflow_queue
from telecine.settings import Settings

RETRY_SECONDS = 1.0

_log = structlog.get_logger()


class Standing(StrEnum):
    """Where a workflow stands, as far as the sweeper must know."""

    UNKNOWN = "unknown"
    RUNNING = "running"
    ENDED = "ended"


async def connect(settings: Settings, identity: str) -> Client:
    """A client of the server that the settings name. Waits for as long as the server is down; cancel to give up."""
    told = False
    while True:
        try:
            return await Client.connect(settings.temporal, namespace=settings.temporal_namespace, identity=identity)
        except RuntimeError as error:
            if not told:
                _log.warning("Temporal does not answer yet", address=settings.temporal, error=str(error))
                told = True
            await asyncio.sleep(RETRY_SECONDS)


async def start(client: Client, ref: JobRef | DetectionRef) -> bool:
    """Start the attempt's workflow; False where that has happened before. Raises RPCError."""
    named = f"Job {ref.job_id}" if isinstance(ref, JobRef) else f"Detection {ref.detection_id}"
    try:
        await client.start_workflow(
            ref.workflow,
            ref,
            id=ref.workflow_id,
            task_queue=workflow_queue(ref.region),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            priority=Priority(priority_key=ref.priority, fairness_key=ref.site),
            static_summary=f"{named} of site {ref.site}, attempt {ref.attempt}",
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def cancel(client: Client, workflow_id: str) -> bool:
    """Ask a workflow to stop; False where none of that id is running. Raises RPCError.

    The server accepts a request for a workflow that has ended, so its word alone says nothing.
    """
    found, _ = await standing(client, workflow_id)
    if found is not Standing.RUNNING:
        return False
    try:
        await client.get_workflow_handle(workflow_id).cancel()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def standing(client: Client, workflow_id: str) -> tuple[Standing, str]:
    """Where the workflow stands, and Temporal's word for its end. Raises RPCError."""
    try:
        description = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Standing.UNKNOWN, ""
        raise
    if description.status is WorkflowExecutionStatus.RUNNING:
        return Standing.RUNNING, ""
    return Standing.ENDED, description.status.name.lower() if description.status else ""


async def running(client: Client, *workflows: str) -> set[str]:
    """Ids of all running workflows of these types, as the server's index knows them: a second or so behind.

    Without a type, all that carry out jobs. Raises RPCError.
    """
    types = ", ".join(f'"{name}"' for name in workflows or JOB_WORKFLOWS)
    query = f'WorkflowType IN ({types}) AND ExecutionStatus = "Running"'
    return {found.id async for found in client.list_workflows(query, page_size=1000)}
