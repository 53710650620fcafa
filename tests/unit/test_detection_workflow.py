"""The order of a detection's steps, and what becomes of it when one fails or somebody says stop; on a real Temporal."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, Worker
from tests.servers import temporal_server

from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs import failures, temporal
from telecine.jobs.detection_workflow import DetectionWorkflow
from telecine.jobs.messages import (
    STALE,
    DetectionRef,
    DetectionStep,
    Ending,
    Failure,
    cpu_queue,
    io_queue,
    workflow_queue,
)
from telecine.settings import Settings

HISTORIES = Path(__file__).with_name("histories") / "detection"
"""Recorded from a real server; they stay, also when the workflow changes. New ones:

    python -m tests.unit.test_detection_workflow NAME      (NAME goes into the file names, such as a release)
"""
RECORDED = sorted(HISTORIES.glob("*.json"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with temporal_server(tmp_path_factory.mktemp("temporal")) as settings:
        yield settings


class StandIns:
    """Activities that write down that they were called and do what a test hooks into them."""

    def __init__(self, **hooks):
        self.calls = []
        self.hooks = hooks
        self.ending = None

    def made(self):
        def plain(step):
            @activity.defn(name=step)
            async def run(ref: DetectionRef) -> None:
                self.calls.append(step.value)
                if hook := self.hooks.get(step.value):
                    await hook()

            return run

        @activity.defn(name=DetectionStep.CLOSE_DETECTION)
        async def close(ref: DetectionRef, ending: Ending) -> str:
            self.calls.append("close_detection")
            self.ending = ending
            return "closed"

        return plain(DetectionStep.FETCH_LEAK), plain(DetectionStep.NAME_LEAKER), close


@asynccontextmanager
async def detection(server, made_by):
    client = await temporal.connect(server, "test")
    ref = DetectionRef(1, 1, f"R{uuid4().hex[:8]}", 3, "DEMO")
    fetch, name, close = made_by.made()
    queues = ((workflow_queue, [close]), (io_queue, [fetch]), (cpu_queue, [name]))
    workers = [
        Worker(
            client,
            task_queue=queue(ref.region),
            workflows=[DetectionWorkflow] if queue is workflow_queue else [],
            activities=work,
        )
        for queue, work in queues
    ]
    handle = await client.start_workflow(
        DetectionWorkflow.run, ref, id=f"{ref.workflow_id}-{ref.region}", task_queue=workflow_queue(ref.region)
    )
    async with workers[0], workers[1], workers[2]:
        yield handle


def carried_out(server, made_by, during=None):
    async def run():
        async with detection(server, made_by) as handle:
            if during:
                await during(handle)
            return await asyncio.wait_for(handle.result(), 60)

    return asyncio.run(run())


def failing(error):
    async def fail():
        raise error

    return fail


def test_the_leak_is_fetched_read_and_the_case_closed(server):
    made_by = StandIns()
    assert carried_out(server, made_by) == "closed"
    assert made_by.calls == ["fetch_leak", "name_leaker", "close_detection"]
    assert made_by.ending == Ending("complete")


def test_a_final_failure_is_what_the_case_is_closed_with(server):
    error = TelecineError(ErrorKind.OBJECT_MISSING, "leak.mp4", field="input.path")
    made_by = StandIns(fetch_leak=failing(failures.to_temporal(error, final=True)))
    carried_out(server, made_by)
    assert made_by.calls == ["fetch_leak", "close_detection"]
    assert made_by.ending == Ending("error", Failure("object_missing", "leak.mp4", "input.path"))


def test_one_that_was_cancelled_in_its_row_is_closed_all_the_same(server):
    made_by = StandIns(name_leaker=failing(failures.stale()))
    assert carried_out(server, made_by) == STALE
    assert made_by.calls[-1] == "close_detection"


def test_a_stop_ends_what_runs_and_closes_the_case(server):
    begun = asyncio.Event()

    async def wait():
        begun.set()
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.1)

    async def stop(handle):
        await asyncio.wait_for(begun.wait(), 60)
        await handle.cancel()

    made_by = StandIns(fetch_leak=wait)
    carried_out(server, made_by, stop)
    assert made_by.calls == ["fetch_leak", "close_detection"]
    assert made_by.ending == Ending("stopped")


def test_a_failure_that_another_try_can_mend_is_tried_again(server):
    tries = []

    async def once():
        tries.append(1)
        if len(tries) == 1:
            raise failures.to_temporal(TelecineError(ErrorKind.STORAGE_UNREACHABLE, "later."), final=False)

    made_by = StandIns(fetch_leak=once)
    carried_out(server, made_by)
    assert made_by.calls == ["fetch_leak", "fetch_leak", "name_leaker", "close_detection"]


def test_there_are_histories_of_every_ending():
    assert {path.stem.partition("-")[0] for path in RECORDED} >= {"complete", "error", "stopped"}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_detection_replays(path):
    history = WorkflowHistory.from_json("detection-1.1", path.read_text())
    asyncio.run(Replayer(workflows=[DetectionWorkflow]).replay_workflow(history))


async def _record(server: Settings, name: str) -> None:
    """Carry out one detection of each ending and write its history down."""
    from tests.unit.test_workflow_replay import _anonymous

    begun = asyncio.Event()

    async def wait():
        begun.set()
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.1)

    broken = failures.to_temporal(TelecineError(ErrorKind.OBJECT_MISSING, "leak.mp4", field="input.path"), final=True)
    endings = {"complete": {}, "error": {"fetch_leak": failing(broken)}, "stopped": {"name_leaker": wait}}
    for ending, hooks in endings.items():
        async with detection(server, StandIns(**hooks)) as handle:
            if ending == "stopped":
                await begun.wait()
                await handle.cancel()
            await handle.result()
            found = await handle.fetch_history()
        (HISTORIES / f"{ending}-{name}.json").write_text(_anonymous(found.to_json()))


if __name__ == "__main__":
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, temporal_server(Path(scratch)) as running:
        asyncio.run(_record(running, sys.argv[1]))
