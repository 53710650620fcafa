"""One attempt of one distribution as a Temporal workflow: prepare the master, then give each recipient his copy of it.

Decisions only, like `workflow`; its histories are replayed after every upgrade too. A recipient whose copy cannot be
made does not keep the others from theirs: the end counts who has none, and a restart makes those alone. Where nobody
gets anything any more, nothing further is begun, because then it is not the recipients.
"""

import asyncio
from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from telecine.jobs.messages import (
        DISTRIBUTION_WORKFLOW,
        DistributionStep,
        Ending,
        GoesOn,
        JobRef,
        Master,
        Step,
        cpu_queue,
        io_queue,
        workflow_queue,
    )
    from telecine.jobs.workflow import (
        CHUNKS_AT_ONCE,
        end,
        ending_of,
        outcome,
        take_step,
        together,
    )

BATCH = 16
"""Recipients whose copies one activity makes: 4095 of them are 256 activities of one history."""
BATCHES_AT_ONCE = 16
"""Batches in the queue at a time: no more than these are tried in vain where the storage is gone."""
ENCODES_AT_ONCE = 2
"""Recipients whose own encodes are under way; each needs twice the master's size in the work folder."""
ACTIVITIES_A_RUN = 4000
"""Activities of recipients' own encodes after which the history begins anew; Temporal ends one of 51,200 events."""


@workflow.defn(name=DISTRIBUTION_WORKFLOW)
class DistributionWorkflow:
    """Makes the copies of one master, then writes down how it ended."""

    def __init__(self) -> None:
        self._copying = False

    @workflow.run
    async def run(self, ref: JobRef) -> str:
        """Returns the final state, or `stale` where the row had moved on to another attempt."""
        ending = await outcome(self._make(ref))
        return await end(ref, ending, published=self._copying)

    async def _make(self, ref: JobRef) -> Ending:
        master = ref.goes_on.master if ref.goes_on else await _prepare(ref)
        self._copying = True
        if master.individual:
            await _encode_copies(ref, master)
        else:
            await _splice_copies(ref)
        ending: Ending = await take_step(DistributionStep.COUNT_COPIES, ref, workflow_queue(ref.region), result=Ending)
        return ending


async def _prepare(ref: JobRef) -> Master:
    """Everything that is done once for all recipients, as far as an earlier attempt has not done it."""
    found: Master = await take_step(DistributionStep.FIND_PREPARED, ref, workflow_queue(ref.region), result=Master)
    if found.prepared:
        return found
    await take_step(Step.STAGE_IN, ref, io_queue(ref.region))
    master: Master = await take_step(DistributionStep.ANALYSE_MASTER, ref, cpu_queue(ref.region), result=Master)
    if not master.individual:
        await _encode(DistributionStep.ENCODE_TAKES, ref, master)
        await take_step(DistributionStep.PREPARE_MASTER, ref, cpu_queue(ref.region))
        await take_step(DistributionStep.VERIFY_PREPARED, ref, cpu_queue(ref.region))
        await take_step(DistributionStep.KEEP_PREPARED, ref, io_queue(ref.region))
    return master


async def _encode(step: DistributionStep, ref: JobRef, master: Master, *recipient: int) -> None:
    """Every chunk of the master beside each other; the first failure ends the others."""
    places = asyncio.Semaphore(CHUNKS_AT_ONCE)

    async def chunk(index: int) -> None:
        async with places:
            await take_step(step, ref, cpu_queue(ref.region), *recipient, index)

    await together([chunk(index) for index in range(master.chunks)])


async def _splice_copies(ref: JobRef) -> None:
    """Copies of all recipients who have none yet, in batches."""
    todo = await _recipients(ref, 0)
    places = asyncio.Semaphore(BATCHES_AT_ONCE)
    in_vain = False

    async def batch(number: int) -> None:
        nonlocal in_vain
        async with places:
            if not in_vain:
                recipients = todo[number * BATCH : (number + 1) * BATCH]
                step = DistributionStep.MAKE_COPIES
                made: int = await take_step(step, ref, io_queue(ref.region), number, recipients, result=int)
                in_vain = made == 0

    await together([batch(number) for number in range(-(-len(todo) // BATCH))])


async def _encode_copies(ref: JobRef, master: Master) -> None:
    """An encode for each recipient who has none yet, a few at once; goes on in another run before this is too long."""
    todo = await _recipients(ref, ref.goes_on.after if ref.goes_on else 0)
    now = todo[: max(1, ACTIVITIES_A_RUN // (master.chunks + 3))]
    encoded = now[0] if now and ref.goes_on is None else 0
    if encoded:
        # What leaks are compared with comes with the first encode, and is kept before anybody has a copy.
        await _encode(DistributionStep.ENCODE_COPY, ref, master, encoded)
        await take_step(DistributionStep.PREPARE_MASTER, ref, cpu_queue(ref.region))
        await take_step(DistributionStep.KEEP_PREPARED, ref, io_queue(ref.region))
    places = asyncio.Semaphore(ENCODES_AT_ONCE)
    made: list[int] = []

    async def copy(recipient: int) -> None:
        async with places:
            if await _encode_copy(ref, master, recipient, encoded=recipient == encoded):
                made.append(recipient)

    await together([copy(recipient) for recipient in now])
    if made and len(now) < len(todo):
        workflow.continue_as_new(replace(ref, goes_on=GoesOn(master, now[-1])))


async def _encode_copy(ref: JobRef, master: Master, recipient: int, *, encoded: bool) -> bool:
    """One recipient's own encode, brought to the output storage; False where his copy cannot be made."""
    try:
        if not encoded:
            await _encode(DistributionStep.ENCODE_COPY, ref, master, recipient)
        await take_step(DistributionStep.ASSEMBLE_COPY, ref, cpu_queue(ref.region), recipient)
        await take_step(DistributionStep.DELIVER_COPY, ref, io_queue(ref.region), recipient)
    except ActivityError as error:
        failure = ending_of(error).failure
        if is_cancelled_exception(error) or failure is None:
            raise
        await take_step(DistributionStep.FAIL_COPY, ref, workflow_queue(ref.region), recipient, failure)
        return False
    return True


async def _recipients(ref: JobRef, after: int) -> list[int]:
    """Who has no copy yet, of those with a higher number than `after`; growing."""
    step = DistributionStep.LIST_COPIES
    found: list[int] = await take_step(step, ref, workflow_queue(ref.region), after, result=list[int])
    return found
