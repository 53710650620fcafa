"""One attempt of one enhancement as a Temporal workflow: plan it, make its chunks beside each other, join, verify,
deliver.

Decisions only, like `workflow`; its histories are replayed after every upgrade too.
"""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from telecine.jobs.messages import (
        ENHANCE_WORKFLOW,
        Ending,
        EnhanceStep,
        JobRef,
        Step,
        cpu_queue,
        io_queue,
    )
    from telecine.jobs.workflow import CHUNKS_AT_ONCE, end, outcome, take_step, together


@workflow.defn(name=ENHANCE_WORKFLOW)
class EnhanceWorkflow:
    """Makes a better video of one, then writes down how it ended."""

    def __init__(self) -> None:
        self._delivering = False

    @workflow.run
    async def run(self, ref: JobRef) -> str:
        """Returns the final state, or `stale` where the row had moved on to another attempt."""
        ending = await outcome(self._make(ref))
        return await end(ref, ending, published=self._delivering)

    async def _make(self, ref: JobRef) -> Ending:
        await take_step(Step.STAGE_IN, ref, io_queue(ref.region))
        chunks: int = await take_step(EnhanceStep.PLAN, ref, cpu_queue(ref.region), result=int)
        await _enhance(ref, chunks)
        await take_step(EnhanceStep.ASSEMBLE, ref, cpu_queue(ref.region))
        await take_step(EnhanceStep.VERIFY, ref, cpu_queue(ref.region))
        self._delivering = True
        await take_step(EnhanceStep.DELIVER, ref, io_queue(ref.region))
        return Ending("complete")


async def _enhance(ref: JobRef, chunks: int) -> None:
    """Every chunk beside each other; the first failure ends the others."""
    places = asyncio.Semaphore(CHUNKS_AT_ONCE)

    async def chunk(index: int) -> None:
        async with places:
            await take_step(EnhanceStep.ENHANCE_CHUNK, ref, cpu_queue(ref.region), index)

    await together([chunk(index) for index in range(chunks)])
