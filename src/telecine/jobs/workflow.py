"""One attempt of one job as a Temporal workflow: the order of the steps, what runs beside what, what happens when
a step fails or somebody says stop. Decisions only: every effect is an activity, known here by its name.

Histories of running jobs are replayed through this code after every upgrade. A change of the order of commands
needs `workflow.patched`; `tests/unit/test_workflow_replay.py` replays recorded histories.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from enum import StrEnum
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    TimeoutError,
    is_cancelled_exception,
)
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from telecine.jobs.messages import (
        STALE,
        STOPPED,
        WORKFLOW,
        Ending,
        Failure,
        JobRef,
        Planned,
        Step,
        cpu_queue,
        io_queue,
        workflow_queue,
    )

HEARTBEAT = timedelta(seconds=10)
"""A worker silent this long is dead, and its step goes to another. Living ones beat every second."""

LONGEST_STEP = timedelta(days=7)
"""Only a net: the watchdogs of the media sandbox end what hangs long before."""

TRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=60),
    maximum_attempts=12,
)
"""Covers about seven minutes of an unreachable storage. Failures that another try cannot mend say so themselves."""

WITHDRAWAL_TRIES = RetryPolicy(maximum_attempts=5)
WITHOUT_END = RetryPolicy(maximum_interval=timedelta(seconds=30))
"""For the last step: it writes to our own database only, and a job must not end without its row being told."""

CHUNKS_AT_ONCE = 200
"""Chunks in the queue at a time; Temporal allows 2,000 pending activities per workflow."""


@workflow.defn(name=WORKFLOW)
class JobWorkflow:
    """Makes one job, then writes down how it ended."""

    def __init__(self) -> None:
        self._publishing = False

    @workflow.run
    async def run(self, ref: JobRef) -> str:
        """Returns the final state, or `stale` where the row had moved on to another attempt."""
        ending = await outcome(self._make(ref))
        return await end(ref, ending, published=self._publishing)

    async def _make(self, ref: JobRef) -> Ending:
        await take_step(Step.STAGE_IN, ref, io_queue(ref.region))
        planned: Planned = await take_step(Step.ANALYSE, ref, cpu_queue(ref.region), result=Planned)
        if not planned.imported:
            await _encode(ref, planned)
        for step in (Step.IMPORT_TRACKS if planned.imported else Step.JOIN, Step.PACKAGE, Step.VERIFY):
            await take_step(step, ref, cpu_queue(ref.region))
        self._publishing = True
        await take_step(Step.PUBLISH, ref, io_queue(ref.region))
        return Ending("complete")


async def outcome(work: Coroutine[Any, Any, Ending]) -> Ending:
    """Do the work of an attempt and say how that went. Whatever was running has ended when this returns."""
    try:
        return await work
    except asyncio.CancelledError:
        return Ending(STOPPED)
    except ActivityError as error:
        return Ending(STOPPED) if is_cancelled_exception(error) else ending_of(error)


async def end(ref: JobRef, ending: Ending, *, published: bool) -> str:
    """End an attempt, taking back what it has `published` in vain, and return the job's state; `stale` does nothing."""
    if ending.state == STALE:
        return STALE
    return await undisturbed(_end(ref, ending, published and ending.state != "complete"))


async def _end(ref: JobRef, ending: Ending, in_vain: bool) -> str:
    if in_vain:
        await withdraw(ref)
    return await conclude(ref, ending)


async def conclude(ref: JobRef, ending: Ending) -> str:
    """Write down how the attempt ended; returns the job's state."""
    state: str = await workflow.execute_activity(
        Step.CONCLUDE,
        args=[ref, ending],
        result_type=str,
        task_queue=workflow_queue(ref.region),
        start_to_close_timeout=timedelta(minutes=10),
        heartbeat_timeout=HEARTBEAT,
        retry_policy=WITHOUT_END,
    )
    return state


async def withdraw(ref: JobRef) -> None:
    """Take back what must not stay, as far as the storage lets us: the job's end must not depend on it."""
    try:
        await workflow.execute_activity(
            Step.WITHDRAW,
            ref,
            task_queue=workflow_queue(ref.region),
            start_to_close_timeout=timedelta(hours=1),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=WITHDRAWAL_TRIES,
        )
    except ActivityError:
        workflow.logger.warning("published files could not be taken back")


async def take_step(step: StrEnum, ref: JobRef, queue: str, *more: object, result: type | None = None) -> Any:  # noqa: ANN401
    """Carry out an activity of the job's, tried again and again, and return what it returns."""
    return await workflow.execute_activity(
        step,
        args=[ref, *more],
        result_type=result,
        task_queue=queue,
        start_to_close_timeout=LONGEST_STEP,
        heartbeat_timeout=HEARTBEAT,
        retry_policy=TRIES,
        # A step counts as ended when it really has: nothing is swept or taken back under its hands.
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )


async def _encode(ref: JobRef, planned: Planned) -> None:
    """The audio and every chunk beside each other; the first failure ends the others."""
    queue = cpu_queue(ref.region)
    places = asyncio.Semaphore(CHUNKS_AT_ONCE)

    async def chunk(index: int) -> None:
        async with places:
            await take_step(Step.ENCODE_CHUNK, ref, queue, index)

    work: list[Coroutine[Any, Any, None]] = [take_step(Step.ENCODE_AUDIO, ref, queue)] if planned.audio else []
    await together([*work, *(chunk(index) for index in range(planned.chunks))])


async def together(work: list[Coroutine[Any, Any, None]]) -> None:
    """Run all of `work`; on the first failure, or when cancelled, cancel the rest, wait for its end, and raise."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def undisturbed(work: Coroutine[Any, Any, str]) -> str:
    """Finish `work` although the workflow is cancelled meanwhile: an ending that has begun is not turned back."""
    task = asyncio.create_task(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.done():
                raise


def ending_of(error: ActivityError) -> Ending:
    """What the failure of an activity means for the job."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        if cause.type in (STALE, STOPPED):
            return Ending(cause.type)
        if cause.details:
            kind, detail, field = cause.details
            return Ending("error", Failure(kind, detail, field))
    step = error.activity_type.replace("_", " ")
    if isinstance(cause, TimeoutError):
        return Ending("error", Failure("stalled", f"no worker could finish the step '{step}'."))
    return Ending("error", Failure("internal", f"The step '{step}' failed."))
