"""One attempt of one detection as a Temporal workflow: fetch the leak, name who leaked, write down how it ended.

Decisions only, like `workflow`; its histories are replayed after every upgrade too.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from telecine.jobs.messages import (
        DETECTION_WORKFLOW,
        STALE,
        DetectionRef,
        DetectionStep,
        Ending,
        cpu_queue,
        io_queue,
        workflow_queue,
    )
    from telecine.jobs.workflow import HEARTBEAT, LONGEST_STEP, TRIES, WITHOUT_END, outcome, undisturbed


@workflow.defn(name=DETECTION_WORKFLOW)
class DetectionWorkflow:
    """Carries out one detection."""

    @workflow.run
    async def run(self, ref: DetectionRef) -> str:
        """Returns the final state, or `stale` where the row had moved on."""
        return await undisturbed(_close(ref, await outcome(_carry_out(ref))))


async def _carry_out(ref: DetectionRef) -> Ending:
    await _step(DetectionStep.FETCH_LEAK, ref, io_queue(ref.region), TRIES)
    await _step(DetectionStep.NAME_LEAKER, ref, cpu_queue(ref.region), TRIES)
    return Ending("complete")


async def _close(ref: DetectionRef, ending: Ending) -> str:
    """Also where the attempt is stale: somebody has to remove the leak from the work folder."""
    state: str = await workflow.execute_activity(
        DetectionStep.CLOSE_DETECTION,
        args=[ref, ending],
        result_type=str,
        task_queue=workflow_queue(ref.region),
        start_to_close_timeout=timedelta(minutes=10),
        heartbeat_timeout=HEARTBEAT,
        retry_policy=WITHOUT_END,
    )
    return STALE if ending.state == STALE else state


async def _step(step: DetectionStep, ref: DetectionRef, queue: str, tries: RetryPolicy) -> None:
    await workflow.execute_activity(
        step,
        args=[ref],
        task_queue=queue,
        start_to_close_timeout=LONGEST_STEP,
        heartbeat_timeout=HEARTBEAT,
        retry_policy=tries,
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )
