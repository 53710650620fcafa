"""The order of a distribution's steps, and what becomes of it when one fails or somebody says stop; on a real Temporal.

The activities are stand-ins that write down that they were called.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker
from tests.servers import temporal_server

from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs import distribution_workflow, failures, temporal
from telecine.jobs.distribution_workflow import DistributionWorkflow
from telecine.jobs.messages import (
    DISTRIBUTION_WORKFLOW,
    STALE,
    DistributionStep,
    Ending,
    Failure,
    JobRef,
    Master,
    Step,
    cpu_queue,
    io_queue,
    workflow_queue,
)
from telecine.settings import Settings

HISTORIES = Path(__file__).with_name("histories") / "distribution"
"""Recorded from a real server; they stay, also when the workflow changes. New ones:

    python -m tests.unit.test_distribution_workflow NAME      (NAME goes into the file names, such as a release)
"""
RECORDED = sorted(HISTORIES.glob("*.json"))

ONCE = ["find_prepared", "stage_in", "analyse_master"]
KEPT = ["prepare_master", "verify_prepared", "keep_prepared"]
QUICK = {"max_heartbeat_throttle_interval": timedelta(milliseconds=100)}
BROKEN = TelecineError(ErrorKind.ENCODE_FAILED, "no frames")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with temporal_server(tmp_path_factory.mktemp("temporal")) as settings:
        yield settings


class StandIns:
    """Activities that write down that they were called and do what a test hooks into them.

    `recipients` have no copy yet; of those in `hopeless` none is ever made.
    """

    def __init__(self, master=Master(2), recipients=(11, 12, 13), hopeless=(), found=Master(0), **hooks):
        self.master = master
        self.found = found
        self.todo = list(recipients)
        self.hopeless = set(hopeless)
        self.made = []
        self.failed = {}
        self.hooks = hooks
        self.calls = []
        self.ending = None

    async def called(self, name):
        self.calls.append(name)
        if hook := self.hooks.get(name.replace(" ", "_")):
            await hook()

    def once(self):
        """Activities that take the job alone."""

        def plain(step):
            @activity.defn(name=step)
            async def run(ref: JobRef) -> None:
                await self.called(step.value)

            return run

        @activity.defn(name=DistributionStep.FIND_PREPARED)
        async def find(ref: JobRef) -> Master:
            await self.called("find_prepared")
            return self.found

        @activity.defn(name=DistributionStep.ANALYSE_MASTER)
        async def analyse(ref: JobRef) -> Master:
            await self.called("analyse_master")
            return self.master

        names = (*(DistributionStep(name) for name in KEPT), Step.STAGE_IN, Step.WITHDRAW)
        return [find, analyse, *map(plain, names)]

    def each(self):
        """Activities for chunks and recipients."""

        @activity.defn(name=DistributionStep.ENCODE_TAKES)
        async def takes(ref: JobRef, index: int) -> None:
            await self.called(f"chunk {index}")

        @activity.defn(name=DistributionStep.ENCODE_COPY)
        async def encode(ref: JobRef, recipient: int, index: int) -> None:
            await self.called(f"encode {recipient} {index}")

        @activity.defn(name=DistributionStep.ASSEMBLE_COPY)
        async def assemble(ref: JobRef, recipient: int) -> None:
            await self.called(f"assemble {recipient}")
            if recipient in self.hopeless:
                raise failures.to_temporal(TelecineError(ErrorKind.VERIFY_FAILED, "a frame is gone."), final=True)

        @activity.defn(name=DistributionStep.DELIVER_COPY)
        async def deliver(ref: JobRef, recipient: int) -> None:
            await self.called(f"deliver {recipient}")
            self.made.append(recipient)

        @activity.defn(name=DistributionStep.FAIL_COPY)
        async def fail(ref: JobRef, recipient: int, failure: Failure) -> None:
            self.failed[recipient] = failure

        return [takes, encode, assemble, deliver, fail]

    def copies(self):
        @activity.defn(name=DistributionStep.LIST_COPIES)
        async def listed(ref: JobRef, after: int) -> list[int]:
            self.calls.append(f"list after {after}")
            return [one for one in self.todo if one > after and one not in self.made]

        @activity.defn(name=DistributionStep.MAKE_COPIES)
        async def make(ref: JobRef, number: int, recipients: list[int]) -> int:
            await self.called(f"batch {number}")
            made = [one for one in recipients if one not in self.hopeless]
            self.made += made
            return len(made)

        @activity.defn(name=DistributionStep.COUNT_COPIES)
        async def count(ref: JobRef) -> Ending:
            self.calls.append("count_copies")
            if sorted(self.made) == sorted(self.todo):
                return Ending("complete")
            return Ending("error", Failure("publish_failed", f"{len(self.todo) - len(self.made)} have none."))

        @activity.defn(name=Step.CONCLUDE)
        async def conclude(ref: JobRef, ending: Ending) -> str:
            self.calls.append("conclude")
            self.ending = ending
            return ending.state

        return [listed, make, count, conclude]


@asynccontextmanager
async def distribution(server, made_by, **options):
    """A distribution under way, in a region of its own."""
    client = await temporal.connect(server, "test")
    ref = JobRef(1, 1, f"R{uuid4().hex[:8]}", 3, "DEMO", distribution=True)
    work = [*made_by.once(), *made_by.each(), *made_by.copies()]
    queues = (workflow_queue, io_queue, cpu_queue)
    workers = [
        Worker(
            client,
            task_queue=queue(ref.region),
            workflows=[DistributionWorkflow] if queue is workflow_queue else [],
            activities=work,
            **QUICK,
            **options,
        )
        for queue in queues
    ]
    handle = await client.start_workflow(
        ref.workflow, ref, id=f"{ref.workflow_id}-{ref.region}", task_queue=workflow_queue(ref.region), result_type=str
    )
    async with workers[0], workers[1], workers[2]:
        yield handle


def carried_out(server, made_by, during=None, **options):
    async def run():
        async with distribution(server, made_by, **options) as handle:
            if during:
                await during(handle)
            return await asyncio.wait_for(handle.result(), 60)

    return asyncio.run(run())


def failing(error, *, final=True):
    async def fail():
        raise failures.to_temporal(error, final=final)

    return fail


def waiting(begun: asyncio.Event):
    """A step that works until it is cancelled."""

    async def wait():
        begun.set()
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.1)

    return wait


def stopping(begun: asyncio.Event):
    async def stop(handle):
        await asyncio.wait_for(begun.wait(), 60)
        await handle.cancel()

    return stop


def test_the_master_is_prepared_and_kept_before_anybody_gets_a_copy(server):
    made_by = StandIns()
    assert carried_out(server, made_by) == "complete"
    assert made_by.calls[:3] == ONCE
    assert sorted(made_by.calls[3:5]) == ["chunk 0", "chunk 1"]
    assert made_by.calls[5:] == [*KEPT, "list after 0", "batch 0", "count_copies", "conclude"]
    assert made_by.ending == Ending("complete")


def test_copies_of_4095_recipients_are_made_in_batches_each_once(server):
    made_by = StandIns(recipients=range(1, 4096), found=Master(0, prepared=True))
    assert carried_out(server, made_by) == "complete"
    assert sorted(made_by.made) == list(range(1, 4096))
    assert sum(call.startswith("batch") for call in made_by.calls) == 256


def test_a_master_that_an_earlier_attempt_has_prepared_is_not_prepared_again(server):
    made_by = StandIns(found=Master(0, prepared=True))
    assert carried_out(server, made_by) == "complete"
    assert made_by.calls == ["find_prepared", "list after 0", "batch 0", "count_copies", "conclude"]


def test_where_everybody_has_a_copy_nothing_is_made_twice(server):
    made_by = StandIns(recipients=(), found=Master(0, prepared=True))
    assert carried_out(server, made_by) == "complete"
    assert made_by.calls == ["find_prepared", "list after 0", "count_copies", "conclude"]


def test_a_recipient_whose_copy_fails_keeps_nobody_from_theirs_and_the_job_says_so(server):
    made_by = StandIns(recipients=range(1, 41), hopeless=(7,))
    assert carried_out(server, made_by) == "error"
    assert sorted(made_by.made) == [one for one in range(1, 41) if one != 7]
    assert made_by.ending == Ending("error", Failure("publish_failed", "1 have none."))
    assert made_by.calls[-2:] == ["withdraw", "conclude"]


def test_where_nobody_of_a_batch_gets_anything_no_further_one_is_begun(server):
    everybody = range(1, 1 + 16 * 40)
    made_by = StandIns(recipients=everybody, hopeless=everybody)
    assert carried_out(server, made_by) == "error"
    tried = sum(call.startswith("batch") for call in made_by.calls)
    assert distribution_workflow.BATCHES_AT_ONCE <= tried < 40


def test_a_chunk_that_cannot_be_encoded_ends_the_job_before_anything_is_kept(server):
    made_by = StandIns(chunk_1=failing(BROKEN))
    assert carried_out(server, made_by) == "error"
    assert made_by.ending.failure == Failure("encode_failed", "no frames")
    assert not {"keep_prepared", "withdraw"} & set(made_by.calls)


def test_a_storage_that_does_not_answer_is_tried_again(server):
    unreachable = TelecineError(ErrorKind.STORAGE_UNREACHABLE, "timeout")

    async def once():
        if activity.info().attempt == 1:
            raise failures.to_temporal(unreachable, final=False)

    made_by = StandIns(batch_0=once)
    assert carried_out(server, made_by) == "complete"
    assert made_by.calls.count("batch 0") == 2
    assert sorted(made_by.made) == [11, 12, 13]


def test_a_stop_among_the_copies_ends_what_runs_and_clears_what_it_left(server):
    begun = asyncio.Event()
    made_by = StandIns(batch_0=waiting(begun))
    assert carried_out(server, made_by, stopping(begun)) == "stopped"
    assert made_by.calls[-3:] == ["batch 0", "withdraw", "conclude"]


def test_a_stop_among_the_chunks_finds_nothing_to_clear(server):
    begun = asyncio.Event()
    made_by = StandIns(chunk_0=waiting(begun))
    assert carried_out(server, made_by, stopping(begun)) == "stopped"
    assert "withdraw" not in made_by.calls


@pytest.mark.parametrize(
    ("failure", "result", "concluded"),
    [(failures.stale(), STALE, False), (failures.stop_found(), "stopped", True)],
    ids=["the attempt is over", "a stop request is in the row"],
)
def test_a_step_that_finds_the_row_moved_on(server, failure, result, concluded):
    async def moved_on():
        raise failure

    made_by = StandIns(batch_0=moved_on)
    assert carried_out(server, made_by) == result
    assert ("conclude" in made_by.calls) is concluded


def test_the_workflow_goes_on_when_its_worker_forgets_it_between_any_two_decisions(server):
    made_by = StandIns(Master(2, individual=True))
    assert carried_out(server, made_by, max_cached_workflows=0) == "complete"
    assert sorted(made_by.made) == [11, 12, 13]


def test_it_is_found_among_the_jobs_that_run(server):
    """The sweeper tells by this list whose workflow is gone."""
    begun = asyncio.Event()

    async def look(handle):
        await asyncio.wait_for(begun.wait(), 60)
        client = await temporal.connect(server, "test")
        async with asyncio.timeout(60):
            while handle.id not in await temporal.running(client):
                await asyncio.sleep(0.1)
        assert handle.id in await temporal.running(client, DISTRIBUTION_WORKFLOW)
        await handle.cancel()

    carried_out(server, StandIns(stage_in=waiting(begun)), look)


class TestIndividualCopies:
    master = Master(2, individual=True)

    def test_each_recipient_gets_an_encode_and_the_reference_is_kept_before_the_first_is_delivered(self, server):
        made_by = StandIns(self.master)
        assert carried_out(server, made_by) == "complete"
        calls = made_by.calls
        assert calls[:4] == [*ONCE, "list after 0"]
        assert sorted(calls[4:6]) == ["encode 11 0", "encode 11 1"]
        assert calls[6:8] == ["prepare_master", "keep_prepared"]
        first = min(calls.index(f"deliver {one}") for one in (11, 12, 13))
        assert calls.index("keep_prepared") < first
        assert sorted(made_by.made) == [11, 12, 13]
        for one in (11, 12, 13):
            assert calls.index(f"encode {one} 1") < calls.index(f"assemble {one}") < calls.index(f"deliver {one}")

    def test_one_that_cannot_be_verified_is_written_down_and_the_others_are_made(self, server):
        made_by = StandIns(self.master, hopeless=(12,))
        assert carried_out(server, made_by) == "error"
        assert sorted(made_by.made) == [11, 13]
        assert made_by.failed == {12: Failure("verify_failed", "a frame is gone.")}

    def test_a_history_that_would_be_long_goes_on_in_another_and_tries_nobody_twice(self, server, monkeypatch):
        monkeypatch.setattr(distribution_workflow, "ACTIVITIES_A_RUN", 10)  # two recipients in a run
        made_by = StandIns(self.master, recipients=range(1, 8), hopeless=(2, 3))
        assert carried_out(server, made_by, workflow_runner=UnsandboxedWorkflowRunner()) == "error"
        assert [call for call in made_by.calls if call.startswith("list")] == [
            "list after 0", "list after 2", "list after 4", "list after 6",
        ]  # fmt: skip
        assert sorted(made_by.made) == [1, 4, 5, 6, 7]
        assert sorted(made_by.failed) == [2, 3]
        assert made_by.calls.count("keep_prepared") == 1
        assert [made_by.calls.count(f"assemble {one}") for one in range(1, 8)] == [1] * 7

    def test_where_nobody_gets_anything_the_others_are_not_encoded(self, server, monkeypatch):
        monkeypatch.setattr(distribution_workflow, "ACTIVITIES_A_RUN", 10)
        made_by = StandIns(self.master, recipients=range(1, 8), hopeless=range(1, 8))
        assert carried_out(server, made_by, workflow_runner=UnsandboxedWorkflowRunner()) == "error"
        assert not any(call.startswith("encode 3") for call in made_by.calls)

    def test_a_stop_ends_the_encode(self, server):
        begun = asyncio.Event()
        made_by = StandIns(self.master, encode_12_0=waiting(begun))
        assert carried_out(server, made_by, stopping(begun)) == "stopped"
        assert made_by.failed == {}


def test_there_are_histories_of_every_kind_and_ending():
    assert {path.stem.partition("-")[0] for path in RECORDED} >= {"complete", "error", "stopped", "individual"}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_distribution_replays(path):
    history = WorkflowHistory.from_json("job-1.1", path.read_text())
    asyncio.run(Replayer(workflows=[DistributionWorkflow]).replay_workflow(history))


async def _record(server: Settings, name: str) -> None:
    """Carry out one distribution of each kind and write its history down."""
    from tests.unit.test_workflow_replay import _anonymous

    begun = asyncio.Event()
    kinds = {
        "complete": StandIns(),
        "error": StandIns(hopeless=(12,)),
        "stopped": StandIns(batch_0=waiting(begun)),
        "individual": StandIns(Master(2, individual=True), hopeless=(12,)),
    }
    for kind, made_by in kinds.items():
        async with distribution(server, made_by) as handle:
            if kind == "stopped":
                await begun.wait()
                await handle.cancel()
            await handle.result()
            found = await handle.fetch_history()
        (HISTORIES / f"{kind}-{name}.json").write_text(_anonymous(found.to_json()))


if __name__ == "__main__":
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, temporal_server(Path(scratch)) as running:
        asyncio.run(_record(running, sys.argv[1]))
