"""The order of an ingestion's and an enhancement's steps, and what becomes of one when a step fails or somebody says
stop; on a real Temporal. The activities are stand-ins that write down that they were called.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.worker import Replayer, Worker
from tests.servers import temporal_server

from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs import failures, temporal
from telecine.jobs.enhance_workflow import EnhanceWorkflow
from telecine.jobs.ingest_workflow import IngestWorkflow
from telecine.jobs.messages import (
    STALE,
    Ending,
    EnhanceStep,
    Failure,
    IngestStep,
    JobRef,
    Step,
    cpu_queue,
    io_queue,
    workflow_queue,
)
from telecine.settings import Settings

HISTORIES = Path(__file__).with_name("histories") / "videos"
"""Recorded from a real server; they stay, also when the workflows change. New ones:

    python -m tests.unit.test_video_workflows NAME      (NAME goes into the file names, such as a release)
"""
RECORDED = sorted(HISTORIES.glob("*.json"))
WORKFLOWS = (IngestWorkflow, EnhanceWorkflow)
BROKEN = TelecineError(ErrorKind.ENCODE_FAILED, "no frames")
UNREADABLE = TelecineError(ErrorKind.INPUT_UNREADABLE, "it is text.")
CHUNKS = 3
ENHANCED = ["stage_in", "plan_enhancement", "chunks", "assemble_enhanced", "verify_enhanced", "deliver_enhanced"]

type Hook = Callable[[], Awaitable[None]]
type During = Callable[[WorkflowHandle[Any, str]], Awaitable[None]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with temporal_server(tmp_path_factory.mktemp("temporal")) as settings:
        yield settings


class StandIns:
    """Activities that write down that they were called and do what a test hooks into them, by name."""

    def __init__(self, kind: str = "enhancement", *, light: bool = False, **hooks: Hook) -> None:
        self.kind = kind
        self.light = light
        self.hooks = hooks
        self.calls: list[str] = []
        self.ending: Ending | None = None

    async def called(self, name: str) -> None:
        self.calls.append(name)
        if hook := self.hooks.get(name.replace(" ", "_")):
            await hook()

    def activities(self) -> list[Callable[..., Any]]:
        def plain(step: StrEnum) -> Callable[..., Any]:
            @activity.defn(name=step)
            async def run(ref: JobRef) -> None:
                await self.called(step.value)

            return run

        @activity.defn(name=IngestStep.LOOK)
        async def look(ref: JobRef) -> bool:
            await self.called(IngestStep.LOOK)
            return self.light

        @activity.defn(name=EnhanceStep.PLAN)
        async def plan(ref: JobRef) -> int:
            await self.called(EnhanceStep.PLAN)
            return CHUNKS

        @activity.defn(name=EnhanceStep.ENHANCE_CHUNK)
        async def chunk(ref: JobRef, index: int) -> None:
            await self.called(f"chunk {index}")

        @activity.defn(name=Step.CONCLUDE)
        async def conclude(ref: JobRef, ending: Ending) -> str:
            self.calls.append("conclude")
            self.ending = ending
            return ending.state

        plain_steps = (Step.STAGE_IN, Step.WITHDRAW, IngestStep.EXAMINE, IngestStep.KEEP_FINDINGS)
        more = (EnhanceStep.ASSEMBLE, EnhanceStep.VERIFY, EnhanceStep.DELIVER)
        return [look, plan, chunk, conclude, *map(plain, (*plain_steps, *more))]

    @property
    def order(self) -> list[str]:
        """The calls, with all chunks as one: they run beside each other."""
        return list(dict.fromkeys("chunks" if call.startswith("chunk ") else call for call in self.calls))


@asynccontextmanager
async def job(server: Settings, made_by: StandIns) -> AsyncIterator[WorkflowHandle[Any, str]]:
    """A job under way, in a region of its own."""
    client = await temporal.connect(server, "test")
    ref = JobRef(1, 1, f"R{uuid4().hex[:8]}", 3, "DEMO", kind=made_by.kind)
    workers = [
        Worker(
            client,
            task_queue=queue(ref.region),
            workflows=WORKFLOWS if queue is workflow_queue else [],
            activities=made_by.activities(),
            max_heartbeat_throttle_interval=timedelta(milliseconds=100),
        )
        for queue in (workflow_queue, io_queue, cpu_queue)
    ]
    handle: WorkflowHandle[Any, str] = await client.start_workflow(
        ref.workflow, ref, id=f"{ref.workflow_id}-{ref.region}", task_queue=workflow_queue(ref.region), result_type=str
    )
    async with workers[0], workers[1], workers[2]:
        yield handle


def carried_out(server: Settings, made_by: StandIns, during: During | None = None) -> str:
    async def run() -> str:
        async with job(server, made_by) as handle:
            if during:
                await during(handle)
            return await asyncio.wait_for(handle.result(), 60)

    return asyncio.run(run())


def failing(error: TelecineError) -> Hook:
    async def fail() -> None:
        raise failures.to_temporal(error, final=True)

    return fail


def waiting(begun: asyncio.Event) -> Hook:
    """Beats until it is cancelled."""

    async def wait() -> None:
        begun.set()
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.05)

    return wait


def stopping(begun: asyncio.Event) -> During:
    async def stop(handle: WorkflowHandle[Any, str]) -> None:
        await asyncio.wait_for(begun.wait(), 60)
        await handle.cancel()

    return stop


def test_an_enhancement_is_planned_made_in_chunks_joined_verified_and_delivered(server: Settings) -> None:
    made_by = StandIns()
    assert carried_out(server, made_by) == "complete"
    assert made_by.order == [*ENHANCED, "conclude"]
    assert sorted(call for call in made_by.calls if call.startswith("chunk")) == ["chunk 0", "chunk 1", "chunk 2"]


def test_an_upload_is_looked_at_examined_and_kept(server: Settings) -> None:
    made_by = StandIns("ingestion")
    assert carried_out(server, made_by) == "complete"
    assert made_by.calls == ["stage_in", "look_at_upload", "examine_upload", "keep_findings", "conclude"]


def test_of_a_light_one_only_the_metadata_is_read(server: Settings) -> None:
    made_by = StandIns("ingestion", light=True)
    assert carried_out(server, made_by) == "complete"
    assert made_by.calls == ["stage_in", "look_at_upload", "keep_findings", "conclude"]


@pytest.mark.parametrize(
    ("made_by", "last"),
    [
        (StandIns(plan_enhancement=failing(UNREADABLE)), "plan_enhancement"),
        (StandIns(chunk_1=failing(BROKEN)), "chunks"),
        (StandIns(verify_enhanced=failing(BROKEN)), "verify_enhanced"),
        (StandIns("ingestion", look_at_upload=failing(UNREADABLE)), "look_at_upload"),
    ],
)
def test_a_failure_before_anything_is_published_leaves_nothing_to_take_back(
    server: Settings, made_by: StandIns, last: str
) -> None:
    assert carried_out(server, made_by) == "error"
    assert made_by.order[-2:] == [last, "conclude"]
    assert made_by.ending
    assert made_by.ending.failure in (Failure("encode_failed", "no frames"), Failure("input_unreadable", "it is text."))


@pytest.mark.parametrize(
    "made_by",
    [StandIns(deliver_enhanced=failing(BROKEN)), StandIns("ingestion", keep_findings=failing(BROKEN))],
    ids=["enhancement", "ingestion"],
)
def test_what_was_published_in_part_is_taken_back(server: Settings, made_by: StandIns) -> None:
    assert carried_out(server, made_by) == "error"
    assert made_by.calls[-2:] == ["withdraw", "conclude"]


def test_a_stop_among_the_chunks_ends_what_runs(server: Settings) -> None:
    begun = asyncio.Event()
    made_by = StandIns(chunk_0=waiting(begun))
    assert carried_out(server, made_by, stopping(begun)) == "stopped"
    assert made_by.order == ["stage_in", "plan_enhancement", "chunks", "conclude"]


def test_a_step_that_finds_the_attempt_over_ends_it_silently(server: Settings) -> None:
    async def moved_on() -> None:
        raise failures.stale()

    made_by = StandIns("ingestion", examine_upload=moved_on)
    assert carried_out(server, made_by) == STALE
    assert made_by.calls[-1] == "examine_upload"


@pytest.mark.parametrize("kind", ["ingestion", "enhancement"])
def test_it_is_found_among_the_jobs_that_run(server: Settings, kind: str) -> None:
    """The sweeper tells by this list whose workflow is gone."""
    begun = asyncio.Event()

    async def look(handle: WorkflowHandle[Any, str]) -> None:
        await asyncio.wait_for(begun.wait(), 60)
        client = await temporal.connect(server, "test")
        async with asyncio.timeout(60):
            while handle.id not in await temporal.running(client):
                await asyncio.sleep(0.1)
        await handle.cancel()

    assert carried_out(server, StandIns(kind, stage_in=waiting(begun)), look) == "stopped"


def test_there_are_histories_of_every_kind_and_ending() -> None:
    wanted = {
        f"{kind}-{ending}" for kind in ("ingestion", "enhancement") for ending in ("complete", "error", "stopped")
    }
    assert {path.stem.rpartition("-")[0] for path in RECORDED} >= wanted


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_job_replays(path: Path) -> None:
    history = WorkflowHistory.from_json("job-1.1", path.read_text())
    asyncio.run(Replayer(workflows=WORKFLOWS).replay_workflow(history))


async def _record(server: Settings, name: str) -> None:
    """Carry out one job of each kind and ending, and write its history down."""
    from tests.unit.test_workflow_replay import _anonymous

    for kind in ("ingestion", "enhancement"):
        begun = asyncio.Event()
        middle = "keep_findings" if kind == "ingestion" else "chunk_1"
        endings = {
            "complete": StandIns(kind),
            "error": StandIns(kind, **{middle: failing(BROKEN)}),
            "stopped": StandIns(kind, **{middle: waiting(begun)}),
        }
        for ending, made_by in endings.items():
            async with job(server, made_by) as handle:
                if ending == "stopped":
                    await stopping(begun)(handle)
                await asyncio.wait_for(handle.result(), 60)
                found = await handle.fetch_history()
            (HISTORIES / f"{kind}-{ending}-{name}.json").write_text(_anonymous(found.to_json()))


if __name__ == "__main__":
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, temporal_server(Path(scratch)) as running:
        asyncio.run(_record(running, sys.argv[1]))
