"""One attempt of one ingestion as a Temporal workflow: look at the upload, examine its pictures, keep what was found.

Decisions only, like `workflow`; its histories are replayed after every upgrade too. Nothing is published until all of
it has been found, so a failed or stopped attempt leaves at most what its metadata said.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from telecine.jobs.messages import (
        INGEST_WORKFLOW,
        Ending,
        IngestStep,
        JobRef,
        Step,
        cpu_queue,
        io_queue,
    )
    from telecine.jobs.workflow import end, outcome, take_step


@workflow.defn(name=INGEST_WORKFLOW)
class IngestWorkflow:
    """Finds out about one upload, then writes down how that ended."""

    def __init__(self) -> None:
        self._keeping = False

    @workflow.run
    async def run(self, ref: JobRef) -> str:
        """Returns the final state, or `stale` where the row had moved on to another attempt."""
        ending = await outcome(self._make(ref))
        return await end(ref, ending, published=self._keeping)

    async def _make(self, ref: JobRef) -> Ending:
        await take_step(Step.STAGE_IN, ref, io_queue(ref.region))
        light: bool = await take_step(IngestStep.LOOK, ref, cpu_queue(ref.region), result=bool)
        if not light:
            await take_step(IngestStep.EXAMINE, ref, cpu_queue(ref.region))
        self._keeping = True
        await take_step(IngestStep.KEEP_FINDINGS, ref, io_queue(ref.region))
        return Ending("complete")
