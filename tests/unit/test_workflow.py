"""The order of a job's steps, and what becomes of a job when a step fails or somebody says stop.

The workflow runs on the real embedded server; the activities are stand-ins that write down that they were called.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker
from tests.servers import temporal_server

from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs import failures, temporal
from telecine.jobs.messages import (
    STALE,
    Ending,
    Failure,
    JobRef,
    Planned,
    Step,
    cpu_queue,
    io_queue,
    workflow_queue,
)
from telecine.jobs.workflow import JobWorkflow
from telecine.settings import Settings

QUICK = {"max_heartbeat_throttle_interval": timedelta(milliseconds=100)}

type Hook = Callable[[], Awaitable[None]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with temporal_server(tmp_path_factory.mktemp("temporal")) as settings:
        yield settings


class StandIns:
    """Activities that only write down that they were called, and do what a test hooks into them."""

    def __init__(self, planned: Planned = Planned(chunks=3, audio=True)) -> None:
        self.planned = planned
        self.calls: list[str] = []
        self.ended: list[str] = []
        self.hooks: dict[str, Hook] = {}
        self.ending: Ending | None = None

    async def _called(self, name: str) -> None:
        self.calls.append(name)
        if hook := self.hooks.get(name):
            await hook()
        self.ended.append(name)

    def activities(self) -> dict[str, Callable[..., Any]]:
        made: dict[str, Callable[..., Any]] = {}
        steps = (Step.STAGE_IN, Step.IMPORT_TRACKS, Step.ENCODE_AUDIO, Step.JOIN, Step.PACKAGE, Step.VERIFY)
        for step in (*steps, Step.PUBLISH):
            made[step] = self._plain(step)
        made[Step.WITHDRAW] = self._plain(Step.WITHDRAW)

        @activity.defn(name=Step.ANALYSE)
        async def analyse(ref: JobRef) -> Planned:
            await self._called(Step.ANALYSE)
            return self.planned

        @activity.defn(name=Step.ENCODE_CHUNK)
        async def encode_chunk(ref: JobRef, index: int) -> None:
            await self._called(f"chunk {index}")

        @activity.defn(name=Step.CONCLUDE)
        async def conclude(ref: JobRef, ending: Ending) -> str:
            self.ending = ending
            await self._called(Step.CONCLUDE)
            return ending.state

        return made | {Step.ANALYSE: analyse, Step.ENCODE_CHUNK: encode_chunk, Step.CONCLUDE: conclude}

    def _plain(self, step: Step) -> Callable[..., Any]:
        @activity.defn(name=step)
        async def plain(ref: JobRef) -> None:
            await self._called(step)

        return plain


class Stage:
    """A job on its way, with the stand-ins it runs on."""

    def __init__(self, client: Client, ref: JobRef, handle: WorkflowHandle[Any, Any]) -> None:
        self.client = client
        self.ref = ref
        self.handle = handle

    async def result(self) -> str:
        return str(await asyncio.wait_for(self.handle.result(), 60))


@asynccontextmanager
async def job(server: Settings, made_by: StandIns, **worker_options: Any) -> AsyncIterator[Stage]:
    """Start a job in a region of its own, so that tests cannot take each other's tasks."""
    client = await temporal.connect(server, "test")
    ref = JobRef(1, 1, f"R{uuid4().hex[:8]}", 3, "DEMO")
    activities = made_by.activities()
    made = (Step.IMPORT_TRACKS, Step.ENCODE_CHUNK, Step.ENCODE_AUDIO, Step.JOIN)
    encodes = (Step.ANALYSE, *made, Step.PACKAGE, Step.VERIFY)
    groups = {
        workflow_queue(ref.region): (Step.WITHDRAW, Step.CONCLUDE),
        cpu_queue(ref.region): encodes,
        io_queue(ref.region): (Step.STAGE_IN, Step.PUBLISH),
    }
    handle = await client.start_workflow(
        JobWorkflow.run, ref, id=f"{ref.workflow_id}-{ref.region}", task_queue=workflow_queue(ref.region)
    )
    workers = [
        Worker(
            client,
            task_queue=queue,
            workflows=[JobWorkflow] if queue == workflow_queue(ref.region) else [],
            activities=[activities[step] for step in steps],
            **worker_options,
        )
        for queue, steps in groups.items()
    ]
    async with workers[0], workers[1], workers[2]:
        yield Stage(client, ref, handle)


def failing(error: Exception) -> Hook:
    async def fail() -> None:
        raise error

    return fail


async def beating() -> None:
    """Work until cancelled, as a real step does."""
    while True:
        activity.heartbeat()
        await asyncio.sleep(0.1)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


def test_steps_run_in_order_with_the_chunks_and_the_audio_beside_each_other(server: Settings) -> None:
    made_by = StandIns()
    everyone = asyncio.Barrier(4)
    for name in ("chunk 0", "chunk 1", "chunk 2", Step.ENCODE_AUDIO):
        made_by.hooks[name] = everyone.wait

    async def scenario() -> str:
        async with job(server, made_by) as stage:
            return await stage.result()

    assert asyncio.run(scenario()) == "complete"
    assert made_by.calls[:2] == ["stage_in", "analyse"]
    assert sorted(made_by.calls[2:6]) == ["chunk 0", "chunk 1", "chunk 2", "encode_audio"]
    assert made_by.calls[6:] == ["join", "package", "verify", "publish", "conclude"]
    assert made_by.ending == Ending("complete")


def test_an_asset_that_is_encoded_already_is_imported_and_nothing_is_encoded(server: Settings) -> None:
    made_by = StandIns(Planned(chunks=0, audio=False, imported=True))

    async def scenario() -> str:
        async with job(server, made_by) as stage:
            return await stage.result()

    assert asyncio.run(scenario()) == "complete"
    assert made_by.calls == ["stage_in", "analyse", "import_tracks", "package", "verify", "publish", "conclude"]


def test_more_chunks_than_fit_into_the_queue_at_once_are_all_encoded(server: Settings, monkeypatch: Any) -> None:
    made_by = StandIns(Planned(chunks=250, audio=False))

    async def scenario() -> str:
        async with job(server, made_by) as stage:
            return await stage.result()

    assert asyncio.run(scenario()) == "complete"
    assert made_by.calls.count("encode_audio") == 0
    assert len({call for call in made_by.calls if call.startswith("chunk")}) == 250


def test_an_error_of_the_input_is_final_and_reaches_the_row_with_its_parts(server: Settings) -> None:
    made_by = StandIns()
    error = TelecineError(ErrorKind.TRACK_MISSING, "track 7", field="input.files[0]")
    made_by.hooks[Step.ANALYSE] = failing(failures.to_temporal(error, final=failures.final(error, 1)))

    async def scenario() -> str:
        async with job(server, made_by) as stage:
            return await stage.result()

    assert asyncio.run(scenario()) == "error"
    assert made_by.calls == ["stage_in", "analyse", "conclude"]
    assert made_by.ending is not None
    assert made_by.ending.failure == Failure("track_missing", "track 7", "input.files[0]")
    told = failures.from_failure(made_by.ending.failure)
    assert (told.message, told.cure) == (error.message, error.cure)


def test_a_storage_that_does_not_answer_is_tried_again(server: Settings) -> None:
    made_by = StandIns()

    async def unreachable_once() -> None:
        if activity.info().attempt == 1:
            error = TelecineError(ErrorKind.STORAGE_UNREACHABLE, "timeout")
            raise failures.to_temporal(error, final=failures.final(error, 1))

    made_by.hooks[Step.STAGE_IN] = unreachable_once

    async def scenario() -> str:
        async with job(server, made_by) as stage:
            return await stage.result()

    assert asyncio.run(scenario()) == "complete"
    assert made_by.calls.count("stage_in") == 2


def test_a_failed_chunk_ends_the_others_before_the_job_ends(server: Settings) -> None:
    made_by = StandIns()
    running = asyncio.Event()
    gone: list[str] = []

    async def long() -> None:
        running.set()
        try:
            await beating()
        finally:
            gone.append("chunk 0")

    async def fail() -> None:
        await running.wait()
        error = TelecineError(ErrorKind.INPUT_UNREADABLE, "broken frame")
        raise failures.to_temporal(error, final=True)

    made_by.hooks |= {"chunk 0": long, "chunk 1": fail}

    async def scenario() -> str:
        async with job(server, made_by, **QUICK) as stage:
            return await stage.result()

    assert asyncio.run(scenario()) == "error"
    assert gone == ["chunk 0"]
    assert made_by.calls[-1] == "conclude"
    assert "join" not in made_by.calls


def test_stop_ends_the_running_steps_and_takes_nothing_back_that_was_not_published(server: Settings) -> None:
    made_by = StandIns()
    made_by.hooks["chunk 1"] = beating

    async def scenario() -> str:
        async with job(server, made_by, **QUICK) as stage:
            await until(lambda: "chunk 1" in made_by.calls)
            await stage.handle.cancel()
            return await stage.result()

    assert asyncio.run(scenario()) == "stopped"
    assert "chunk 1" not in made_by.ended
    assert made_by.calls[-1] == "conclude"
    assert "withdraw" not in made_by.calls


def test_stop_before_any_worker_saw_the_job(server: Settings) -> None:
    made_by = StandIns()

    async def scenario() -> str:
        client = await temporal.connect(server, "test")
        ref = JobRef(2, 1, f"R{uuid4().hex[:8]}", 3, "DEMO")
        assert await temporal.start(client, ref)
        assert not await temporal.start(client, ref)
        assert await temporal.cancel(client, ref.workflow_id)
        activities = made_by.activities()
        async with Worker(
            client,
            task_queue=workflow_queue(ref.region),
            workflows=[JobWorkflow],
            activities=[activities[Step.WITHDRAW], activities[Step.CONCLUDE]],
        ):
            result: str = await client.get_workflow_handle(ref.workflow_id).result()
        assert await temporal.standing(client, ref.workflow_id) == (temporal.Standing.ENDED, "completed")
        assert not await temporal.cancel(client, ref.workflow_id)
        return result

    assert asyncio.run(scenario()) == "stopped"
    assert made_by.calls == ["conclude"]


def test_stop_while_publishing_takes_back_what_was_published(server: Settings) -> None:
    made_by = StandIns()
    made_by.hooks[Step.PUBLISH] = beating

    async def scenario() -> str:
        async with job(server, made_by, **QUICK) as stage:
            await until(lambda: "publish" in made_by.calls)
            await stage.handle.cancel()
            return await stage.result()

    assert asyncio.run(scenario()) == "stopped"
    assert made_by.calls[-2:] == ["withdraw", "conclude"]


def test_stop_that_comes_when_all_is_published_finds_the_job_complete(server: Settings) -> None:
    made_by = StandIns()

    async def scenario() -> str:
        async with job(server, made_by, **QUICK) as stage:

            async def publish_on() -> None:
                await stage.handle.cancel()

            made_by.hooks[Step.CONCLUDE] = publish_on
            return await stage.result()

    assert asyncio.run(scenario()) == "complete"
    assert made_by.ending == Ending("complete")


def test_a_withdrawal_that_fails_does_not_keep_the_job_from_ending(server: Settings, monkeypatch: Any) -> None:
    made_by = StandIns()
    error = TelecineError(ErrorKind.PUBLISH_FAILED, "no")
    made_by.hooks[Step.PUBLISH] = failing(failures.to_temporal(error, final=True))
    made_by.hooks[Step.WITHDRAW] = failing(failures.to_temporal(error, final=True))

    async def scenario() -> str:
        async with job(server, made_by) as stage:
            return await stage.result()

    assert asyncio.run(scenario()) == "error"
    assert made_by.calls[-2:] == ["withdraw", "conclude"]


@pytest.mark.parametrize(
    ("failure", "result", "concluded"),
    [(failures.stale(), STALE, False), (failures.stop_found(), "stopped", True)],
    ids=["the attempt is over", "a stop request is in the row"],
)
def test_a_step_that_finds_the_row_moved_on(
    server: Settings, failure: ApplicationError, result: str, concluded: bool
) -> None:
    made_by = StandIns()
    made_by.hooks[Step.STAGE_IN] = failing(failure)

    async def scenario() -> str:
        async with job(server, made_by) as stage:
            return await stage.result()

    assert asyncio.run(scenario()) == result
    assert ("conclude" in made_by.calls) is concluded


def order_of_chunks(server: Settings, early: JobRef, late: JobRef) -> list[str]:
    """Which job each of the chunks belonged to, one encode at a time; the second job came during the first chunk."""
    order: list[str] = []
    both_wait = asyncio.Event()
    made_by = StandIns(Planned(chunks=6, audio=False))
    activities = made_by.activities()

    @activity.defn(name=Step.ENCODE_CHUNK)
    async def encode_chunk(ref: JobRef, index: int) -> None:
        order.append("early" if ref == early else "late")
        await both_wait.wait()

    async def scenario() -> None:
        client = await temporal.connect(server, "test")
        quick = [activities[step] for step in (Step.WITHDRAW, Step.CONCLUDE)]
        encodes = [activities[step] for step in (Step.ANALYSE, Step.JOIN, Step.PACKAGE, Step.VERIFY)]
        transfers = [activities[step] for step in (Step.STAGE_IN, Step.PUBLISH)]
        region = early.region
        queues = (workflow_queue(region), cpu_queue(region), io_queue(region))
        options = {"disable_eager_activity_execution": True, "max_concurrent_activities": 1}
        decide = Worker(client, task_queue=queues[0], workflows=[JobWorkflow], activities=quick, **options)
        encode = Worker(client, task_queue=queues[1], activities=[*encodes, encode_chunk], **options)
        move = Worker(client, task_queue=queues[2], activities=transfers, **options)
        async with decide, encode, move:
            await temporal.start(client, early)
            await until(lambda: order == ["early"])
            await temporal.start(client, late)
            await until(lambda: made_by.calls.count("stage_in") == 2)
            await asyncio.sleep(0.5)  # for its analysis to be queued
            both_wait.set()
            for ref in (early, late):
                await client.get_workflow_handle(ref.workflow_id).result()

    asyncio.run(scenario())
    assert order.count("early") == order.count("late") == 6
    return order


def new_ref(region: str, priority: int, site: str) -> JobRef:
    return JobRef(int(uuid4().int % 2**40), 1, region, priority, site)


def test_the_chunks_of_an_urgent_job_overtake_those_of_a_job_that_came_earlier(server: Settings) -> None:
    region = f"R{uuid4().hex[:8]}"
    order = order_of_chunks(server, new_ref(region, 5, "DEMO"), new_ref(region, 1, "DEMO"))
    assert order[-2:] == ["early", "early"], order


def test_the_chunks_of_two_sites_take_turns(server: Settings) -> None:
    region = f"R{uuid4().hex[:8]}"
    order = order_of_chunks(server, new_ref(region, 3, "AAAA"), new_ref(region, 3, "BBBB"))
    assert "late" in order[:6], order


def test_the_workflow_goes_on_when_its_worker_forgets_it_between_any_two_decisions(server: Settings) -> None:
    made_by = StandIns()

    async def scenario() -> str:
        async with job(server, made_by, max_cached_workflows=0) as stage:
            return await stage.result()

    assert asyncio.run(scenario()) == "complete"
    assert len(made_by.calls) == 11
