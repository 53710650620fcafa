"""A worker process: serves the queues of its regions, pumps commands and deliveries, sweeps.

Run as `telecine worker` or `python -m telecine.jobs.worker`. It may start before Temporal does and outlives its
absence. SIGTERM ends it within seconds: running steps are given back and go on elsewhere.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker

from telecine.jobs import temporal
from telecine.jobs.activities import JobActivities
from telecine.jobs.detection_activities import DetectionActivities
from telecine.jobs.detection_workflow import DetectionWorkflow
from telecine.jobs.distribution_activities import DistributionActivities
from telecine.jobs.distribution_workflow import DistributionWorkflow
from telecine.jobs.enhance_activities import EnhanceActivities
from telecine.jobs.enhance_workflow import EnhanceWorkflow
from telecine.jobs.ingest_activities import IngestActivities
from telecine.jobs.ingest_workflow import IngestWorkflow
from telecine.jobs.leak_reading import read_copy
from telecine.jobs.messages import cpu_queue, io_queue, workflow_queue
from telecine.jobs.pump import Pump
from telecine.jobs.services import Services
from telecine.jobs.sweeper import Sweeper
from telecine.jobs.workflow import JobWorkflow
from telecine.settings import Settings

ENDINGS_AT_ONCE = 10
GRACE = 12.0
"""Seconds that a stopping worker waits for its steps to let go."""

_log = structlog.get_logger()


def run_worker(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; returns the exit status. Raises what makes working impossible."""
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    services = await asyncio.to_thread(Services.of, settings)
    client = await _unless(stop, temporal.connect(settings, services.identity))
    if client is None:
        return 0
    _log.info("worker started", identity=services.identity, regions=settings.regions, cpu_slots=services.cpu_slots)
    with _executor(services) as executor:
        workers = _workers(client, services, executor)
        background = [Pump(services, client).run(), Sweeper(services, client).run()]
        try:
            await _serve(workers, background, stop)
        except TimeoutError:
            _log.error("steps did not let go in time; leaving them", seconds=GRACE)
            os._exit(1)  # threads cannot be ended; media processes die with us
    services.database.close()
    _log.info("worker stopped", identity=services.identity)
    return 0


async def _serve(workers: Sequence[Worker], background: Sequence[Any], stop: asyncio.Event) -> None:
    """Run everything until `stop`, or until a part fails, which is raised. Raises TimeoutError."""
    running = [asyncio.create_task(worker.run()) for worker in workers]
    helpers = [asyncio.create_task(work) for work in background]
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*running, *helpers, stopping], return_when=asyncio.FIRST_COMPLETED)
    for task in (*helpers, stopping):
        task.cancel()
    async with asyncio.timeout(GRACE):
        await asyncio.gather(*(worker.shutdown() for worker in workers))
        await asyncio.gather(*running, *helpers, return_exceptions=True)
    for task in done - {stopping}:
        task.result()


def _workers(client: Client, services: Services, executor: ThreadPoolExecutor) -> list[Worker]:
    """Three for each region: decisions and endings, encodes, transfers."""
    activities, distributions = JobActivities(services), DistributionActivities(services)
    detections = DetectionActivities(services, read_copy)
    ingestions, enhancements = IngestActivities(services), EnhanceActivities(services)

    def worker(queue: str, most: int, work: list[Callable[..., Any]], *workflows: type) -> Worker:
        return Worker(
            client,
            task_queue=queue,
            workflows=workflows,
            activities=work,
            activity_executor=executor,
            max_concurrent_activities=most,
            activity_task_poller_behavior=PollerBehaviorSimpleMaximum(min(2, most)),
            workflow_task_poller_behavior=PollerBehaviorSimpleMaximum(2),
            identity=services.identity,
            # The news of a cancellation comes back with a heartbeat, so a heartbeat must not wait long.
            max_heartbeat_throttle_interval=timedelta(seconds=1),
            # Without it, a step could be handed over with the decision that asks for it, past the queue's order.
            disable_eager_activity_execution=True,
        )

    made: list[Worker] = []
    endings = [*activities.endings, *distributions.endings, *detections.endings]
    encodes = [*activities.encodes, *distributions.encodes, *detections.searches]
    encodes += [*ingestions.encodes, *enhancements.encodes]
    transfers = [*activities.transfers, *distributions.transfers, *detections.transfers]
    transfers += [*ingestions.transfers, *enhancements.transfers]
    workflows = JobWorkflow, DistributionWorkflow, DetectionWorkflow, IngestWorkflow, EnhanceWorkflow
    for region in services.settings.regions:
        made.append(worker(workflow_queue(region), ENDINGS_AT_ONCE, endings, *workflows))
        made.append(worker(cpu_queue(region), services.cpu_slots, encodes))
        made.append(worker(io_queue(region), services.settings.io_slots, transfers))
    return made


def _executor(services: Services) -> ThreadPoolExecutor:
    """A thread for every activity that the queues may hand out at once."""
    each = ENDINGS_AT_ONCE + services.cpu_slots + services.settings.io_slots
    return ThreadPoolExecutor(each * len(services.settings.regions), "activity")


async def _unless(stop: asyncio.Event, work: Any) -> Any:  # noqa: ANN401 - whatever the work returns
    """The result of `work`, or None where `stop` came first."""
    task, stopping = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if task.done():
        return task.result()
    task.cancel()
    return None


if __name__ == "__main__":
    raise SystemExit(run_worker(Settings()))
