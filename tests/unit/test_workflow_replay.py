"""Jobs that are under way during an upgrade go on: recorded histories replay through today's workflow.

The histories in `histories/` were recorded from a real server; they stay, also when the workflow changes. New ones:

    python -m tests.unit.test_workflow_replay NAME      (NAME goes into the file names, such as a release)
"""

import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError
from tests.servers import temporal_server

from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs import failures
from telecine.jobs.messages import WORKFLOW, JobRef, Planned, Step, cpu_queue
from telecine.jobs.workflow import JobWorkflow, take_step
from telecine.settings import Settings

HISTORIES = Path(__file__).with_name("histories")
RECORDED = sorted(HISTORIES.glob("*.json"))


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json("job-1.1", path.read_text())


def test_there_are_histories_of_every_ending():
    endings = {"complete", "stopped", "error", "withdrawn", "imported"}
    assert {path.stem.partition("-")[0] for path in RECORDED} >= endings


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_job_replays(path: Path):
    asyncio.run(Replayer(workflows=[JobWorkflow]).replay_workflow(history(path)))


@workflow.defn(name=WORKFLOW, sandboxed=False)
class Reordered:
    """What nobody may deploy: the same job with its steps in another order."""

    @workflow.run
    async def run(self, ref: JobRef) -> str:
        await take_step(Step.VERIFY, ref, cpu_queue(ref.region))
        return "complete"


def test_a_workflow_that_changed_its_order_would_be_noticed():
    [path] = [path for path in RECORDED if path.stem.startswith("complete")][:1]
    with pytest.raises(NondeterminismError):
        asyncio.run(Replayer(workflows=[Reordered]).replay_workflow(history(path)))


async def _record(server: Settings, name: str) -> None:
    """Run one job of each ending and write its history down."""
    from tests.unit.test_workflow import QUICK, StandIns, beating, failing, job, until

    broken = TelecineError(ErrorKind.ENCODE_FAILED, "no frames")
    hooks: dict[str, dict[str, Any]] = {
        "complete": {},
        "imported": {},
        "stopped": {"chunk 1": beating},
        "error": {"chunk 1": failing(failures.to_temporal(broken, final=True))},
        "withdrawn": {Step.PUBLISH: failing(failures.to_temporal(broken, final=True))},
    }
    for ending, hooked in hooks.items():
        imported = Planned(chunks=0, audio=False, imported=True)
        made_by = StandIns(imported) if ending == "imported" else StandIns()
        made_by.hooks.update(hooked)
        async with job(server, made_by, **QUICK) as stage:
            if ending == "stopped":
                await until(lambda made_by=made_by: "chunk 1" in made_by.calls)
                await stage.handle.cancel()
            await stage.result()
            found = await stage.handle.fetch_history()
        (HISTORIES / f"{ending}-{name}.json").write_text(_anonymous(found.to_json()))


def _anonymous(text: str) -> str:
    """A history without stack traces, which name folders of the machine that recorded it."""
    recorded = json.loads(text)
    return re.sub(r'"stackTrace": "(?:[^"\\]|\\.)*"', '"stackTrace": ""', json.dumps(recorded, indent=1)) + "\n"


if __name__ == "__main__":
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, temporal_server(Path(scratch)) as running:
        asyncio.run(_record(running, sys.argv[1]))
