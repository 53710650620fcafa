"""What the pump and the sweeper do with commands, unfinished jobs and old work folders; Temporal is a stand-in."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.service import RPCError, RPCStatusCode
from tests.distributions import new_distribution
from tests.jobs import SITE, new_job, services_in

from telecine.catalog import commands, idempotency, jobs
from telecine.catalog.clock import utcnow
from telecine.catalog.models import Command, IdempotencyRecord
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.jobs import pump, sweeper, temporal
from telecine.jobs.messages import Ending, JobRef, workflow_id
from telecine.jobs.pump import Pump
from telecine.jobs.services import Services
from telecine.jobs.sweeper import Sweeper, sweep_folders, sweep_records
from telecine.jobs.temporal import Standing


class StandIn:
    """Temporal as the pump sees it: workflows by id with their standing."""

    def __init__(self) -> None:
        self.workflows: dict[str, Standing] = {}
        self.started: list[JobRef] = []
        self.cancelled: list[str] = []
        self.down = False

    async def start(self, _client: Any, ref: JobRef) -> bool:
        self._answer()
        if ref.workflow_id in self.workflows:
            return False
        self.started.append(ref)
        self.workflows[ref.workflow_id] = Standing.RUNNING
        return True

    async def cancel(self, _client: Any, name: str) -> bool:
        self._answer()
        self.cancelled.append(name)
        return self.workflows.get(name) is Standing.RUNNING

    async def standing(self, _client: Any, name: str) -> tuple[Standing, str]:
        self._answer()
        standing = self.workflows.get(name, Standing.UNKNOWN)
        return standing, "terminated" if standing is Standing.ENDED else ""

    async def running(self, _client: Any) -> set[str]:
        self._answer()
        return {name for name, standing in self.workflows.items() if standing is Standing.RUNNING}

    def _answer(self) -> None:
        if self.down:
            raise RPCError("no connection", RPCStatusCode.UNAVAILABLE, b"")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    for name in ("start", "cancel", "standing", "running"):
        monkeypatch.setattr(temporal, name, getattr(stand_in, name))
    return stand_in


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return services_in(tmp_path)


def state(services: Services, job_id: int) -> JobState:
    return pump.load(services, job_id).state


def stop(services: Services, job_id: int) -> None:
    with services.database.write() as s:
        jobs.request_stop(s, SITE, job_id)


def carry_out(services: Services, server: StandIn) -> None:
    asyncio.run(Pump(services, server).carry_out_commands())  # type: ignore[arg-type]


def mend(services: Services, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "PATIENCE", timedelta(0))
    asyncio.run(Sweeper(services, server).mend_jobs())  # type: ignore[arg-type]


def open_commands(services: Services) -> list[Command]:
    with services.database.write() as s:
        return commands.claim(s, utcnow() + timedelta(days=1), 0, 100)


def test_a_new_job_is_started_once_with_its_site_region_and_priority(services: Services, server: StandIn):
    job_id = new_job(services)
    carry_out(services, server)
    carry_out(services, server)
    assert server.started == [JobRef(job_id, 1, "RG011", 2, SITE)]
    assert open_commands(services) == []


def test_a_distribution_is_started_as_one_and_ended_like_any_job(services: Services, server: StandIn, monkeypatch):
    job = new_distribution(services, "Acme")
    carry_out(services, server)
    assert [ref.workflow for ref in server.started] == ["DistributionWorkflow"]
    server.workflows[workflow_id(job.id, 1)] = Standing.ENDED
    mend(services, server, monkeypatch)
    assert state(services, job.id) is JobState.ERROR


def test_the_sweeper_starts_a_distribution_that_has_no_workflow(services: Services, server: StandIn, monkeypatch):
    new_distribution(services, "Acme")
    mend(services, server, monkeypatch)
    assert [ref.workflow for ref in server.started] == ["DistributionWorkflow"]


def test_a_command_waits_until_temporal_is_back(services: Services, server: StandIn):
    new_job(services)
    server.down = True
    carry_out(services, server)
    [command] = open_commands(services)
    assert "no connection" in command.trouble
    server.down = False
    with services.database.write() as s:
        commands.retry_later(s, command.id, utcnow(), "")
    carry_out(services, server)
    assert len(server.started) == 1


def test_stop_of_a_running_job_is_left_to_its_workflow(services: Services, server: StandIn):
    job_id = new_job(services)
    carry_out(services, server)
    stop(services, job_id)
    carry_out(services, server)
    assert server.cancelled == [workflow_id(job_id, 1)]
    assert state(services, job_id) is JobState.STOP_REQUESTED


def test_stop_of_a_job_without_a_workflow_ends_it_and_nothing_starts_it_later(services: Services, server: StandIn):
    job_id = new_job(services)
    [start] = open_commands(services)
    with services.database.write() as s:
        commands.retry_later(s, start.id, utcnow() + timedelta(hours=1), "Temporal was down")
    stop(services, job_id)
    carry_out(services, server)
    assert state(services, job_id) is JobState.STOPPED
    with services.database.write() as s:
        commands.retry_later(s, start.id, utcnow(), "")
    carry_out(services, server)
    assert server.started == []


def test_a_command_of_an_attempt_that_is_over_does_nothing(services: Services, server: StandIn):
    job_id = new_job(services)
    [start] = open_commands(services)
    stop(services, job_id)
    pump.end(services, job_id, 1, Ending(JobState.STOPPED))
    with services.database.write() as s:
        jobs.restart(s, SITE, job_id)
        s.add(Command(kind="start", job_id=job_id, attempt=1, region="RG011", priority=3, reg_time=utcnow(),
                      not_before=start.not_before))  # fmt: skip
    carry_out(services, server)
    assert [ref.attempt for ref in server.started] == [2]


def test_the_sweeper_starts_what_has_no_workflow(services: Services, server: StandIn, monkeypatch):
    job_id = new_job(services)
    mend(services, server, monkeypatch)
    mend(services, server, monkeypatch)
    assert [ref.workflow_id for ref in server.started] == [workflow_id(job_id, 1)]


def test_the_sweeper_leaves_a_fresh_job_to_its_command(services: Services, server: StandIn):
    new_job(services)
    asyncio.run(Sweeper(services, server).mend_jobs())  # type: ignore[arg-type]
    assert server.started == []


def test_the_sweeper_ends_a_job_whose_workflow_was_terminated(services: Services, server: StandIn, monkeypatch):
    job_id = new_job(services)
    server.workflows[workflow_id(job_id, 1)] = Standing.ENDED
    mend(services, server, monkeypatch)
    job = pump.load(services, job_id)
    assert job.state is JobState.ERROR
    assert "terminated" in job.error_message


def test_the_sweeper_ends_a_stopped_job_whose_workflow_is_gone(services: Services, server: StandIn, monkeypatch):
    job_id = new_job(services)
    stop(services, job_id)
    server.workflows[workflow_id(job_id, 1)] = Standing.ENDED
    mend(services, server, monkeypatch)
    assert state(services, job_id) is JobState.STOPPED


def test_what_a_vanished_workflow_had_published_is_taken_back(services: Services, server: StandIn):
    job_id = new_job(services)
    workspace = services.workspace(job_id)
    workspace.root.mkdir(parents=True)
    (workspace.root / "published.json").write_text('{"prefix": "vod/film", "names": ["dash/stream.mpd"]}')
    target = services.settings.buckets / "output" / "vod/film/dash/stream.mpd"
    target.parent.mkdir(parents=True)
    target.write_text("<MPD/>")
    pump.end(services, job_id, 1, Ending(JobState.STOPPED))
    assert not target.exists()
    assert state(services, job_id) is JobState.STOPPED


@pytest.mark.parametrize(
    ("ended", "hours", "kept"),
    [
        (JobState.COMPLETE, 0, False),
        (JobState.ERROR, 23, True),
        (JobState.ERROR, 25, False),
        (JobState.STOPPED, 25, False),
        (None, 1000, True),
    ],
)
def test_how_long_a_work_folder_is_kept(services: Services, ended: JobState | None, hours: int, kept: bool):
    job_id = new_job(services)
    chunk = services.workspace(job_id).chunk("v0", 0)
    chunk.parent.mkdir(parents=True)
    chunk.write_bytes(b"chunk")
    if ended:
        error = TelecineError(ErrorKind.ENCODE_FAILED, "x") if ended is JobState.ERROR else None
        with services.database.write() as s:
            assert jobs.advance(s, job_id, 1, ended, now=utcnow(), error=error)
    swept = sweep_folders(services, utcnow() + timedelta(hours=hours))
    assert chunk.exists() is kept
    assert swept == ([] if kept else [job_id])


def test_folders_of_unknown_jobs_go_in_time_and_other_folders_stay(services: Services):
    work = services.settings.work
    for name in ("job-99", "job-1x", "lost+found"):
        (work / name).mkdir(parents=True)
    assert sweep_folders(services, utcnow()) == []
    assert sweep_folders(services, utcnow() + timedelta(hours=25)) == [99]
    assert sorted(path.name for path in work.iterdir()) == ["job-1x", "lost+found"]


def test_records_that_no_longer_count_are_forgotten(services: Services):
    now = utcnow()
    with services.database.write() as s:
        idempotency.remember(s, SITE, "old", "one", {"job_id": 1}, now=now - timedelta(hours=25))
        idempotency.remember(s, SITE, "new", "two", {"job_id": 2}, now=now)
    sweep_records(services, now)
    with services.database.read() as s:
        assert [record.answer for record in s.scalars(select(IdempotencyRecord))] == [{"job_id": 2}]
