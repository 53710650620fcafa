"""`telecine jobs …`: look at jobs, follow them, stop and restart them, straight from the database."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, Exit, complaints, show_json, show_record, show_rows, text
from telecine.cli.progress import JobProgress
from telecine.core.progress import Tick
from telecine.core.states import TERMINAL, JobState, word

if TYPE_CHECKING:
    from telecine.catalog.database import Database
    from telecine.catalog.models import Job

app = typer.Typer(no_args_is_help=True)

JobId = Annotated[int, typer.Argument(help="Job id.")]

POLL = 0.5
"""Seconds between two looks at a job that is being followed."""


@app.command("list")
def list_jobs(
    site: Annotated[str, typer.Option(help="Of this site only.")] = "",
    name: Annotated[str, typer.Option(help="With this in the name.")] = "",
    content_id: Annotated[str, typer.Option(help="With this content id.")] = "",
    state: Annotated[list[JobState] | None, typer.Option(help="In this state; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 25,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    from telecine.catalog import jobs, sites

    wanted = jobs.JobFilter(name=name, content_id=content_id, states=tuple(state or ()), page_unit=limit)
    with rooms.database(rooms.settings()).read() as s:
        of = [sites.get(s, site)] if site else sites.every(s)
        found = [line for one in of for line in jobs.search(s, one.site_id, wanted)[1]]
    found.sort(key=lambda line: (line.reg_time, line.id), reverse=True)
    columns = ["id", "site_id", "state", "name", "content_id", "codecs", "region", "attempt", "reg_time", "end_time"]
    rows = [{column: getattr(line, column) for column in columns} for line in found[:limit]]
    show_rows(rows, columns, as_json, none="There are no such jobs.")


@app.command("show")
def show(job_id: JobId, as_json: AsJson = False) -> None:
    """Show everything that is known of a job."""
    from telecine.catalog import jobs
    from telecine.jobs.door import progress

    with rooms.database(rooms.settings()).read() as s:
        job = jobs.load(s, job_id)
        done = progress(s, job, datetime.now(UTC))
    record = _record(job) | {"progress": done.percent, "speed": done.speed, "remaining_seconds": done.remaining}
    if as_json:
        show_json(record | {"request": job.request, "spec": job.spec, "media": job.media})
        return
    outputs: dict[str, Any] = record.pop("outputs") or {}
    warnings: list[str] = record.pop("warnings")
    show_record(record | {f"output.{name}": _listed(value) for name, value in outputs.items()}, as_json=False)
    for warning in warnings:
        complaints().print(f"Warning: {warning}", markup=False)


@app.command("watch")
def watch(job_id: JobId, as_json: AsJson = False) -> None:
    """Follow a job to its end; the exit code tells how it ended. With --json, prints the job when it has ended."""
    database = rooms.database(rooms.settings())
    job = follow(database, job_id)
    if as_json:
        show_json(_record(job))
    elif job.state is JobState.ERROR:
        complaints().print(f"Error: {job.error_message}\n{job.error_cure}", markup=False)
    for warning in [] if as_json else job.warnings:
        complaints().print(f"Warning: {warning}", markup=False)
    raise typer.Exit(ended(job.state))


@app.command("logs")
def logs(
    job_id: JobId,
    follow_on: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a job's log, of all its attempts. With --json, one JSON object on each line."""
    import json

    from telecine.catalog import jobs

    database = rooms.database(rooms.settings())
    last = 0
    while True:
        with database.read() as s:
            job = jobs.load(s, job_id)
            lines = jobs.events(s, job.site_id, job_id, last)
        for line in lines:
            last = line.id
            values = {name: getattr(line, name) for name in ("time", "attempt", "level", "phase", "message", "data")}
            if as_json:
                typer.echo(json.dumps(values, default=str, ensure_ascii=False))
            else:
                typer.echo(f"{text(line.time)}  {line.attempt}  {line.level:<7} {line.phase:<9} {line.message}")
        if not lines and (not follow_on or job.state in TERMINAL):
            return
        if not lines:
            time.sleep(POLL)


@app.command("stop")
def stop(job_id: JobId, as_json: AsJson = False) -> None:
    """Ask a job to stop; a worker does so within seconds."""
    from telecine.catalog import jobs

    with rooms.database(rooms.settings()).write() as s:
        job = jobs.request_stop(s, jobs.load(s, job_id).site_id, job_id)
    show_record({"id": job.id, "state": job.state}, as_json)


@app.command("restart")
def restart(job_id: JobId, as_json: AsJson = False) -> None:
    """Begin a new attempt of a job that failed or was stopped; finished chunks and copies are kept."""
    from telecine.catalog import distributions, jobs

    with rooms.database(rooms.settings()).write() as s:
        before = jobs.load(s, job_id)
        again = distributions.restart if before.dialect == distributions.DIALECT else jobs.restart
        job = again(s, before.site_id, job_id)
    show_record({"id": job.id, "state": job.state, "attempt": job.attempt}, as_json)


def follow(database: Database, job_id: int) -> Job:
    """Show a job's progress until it has ended, and return it. Raises NOT_FOUND."""
    from telecine.catalog import jobs

    with database.read() as s:
        job = jobs.load(s, job_id)
    waited = (datetime.now(UTC) - (job.start_time or datetime.now(UTC))).total_seconds()
    with JobProgress(f"job {job_id}", time.monotonic() - waited) as shown:
        while True:
            shown.title(job.state.value.replace("_", " "))
            if job.state in TERMINAL:
                return job
            time.sleep(POLL)
            with database.read() as s:
                job, work = jobs.load(s, job_id), jobs.work(s, job_id)
            shown.update((row.phase, row.unit, Tick(row.done, row.total, row.speed)) for row in work)


def ended(state: JobState) -> Exit:
    """The exit code that tells how a job ended."""
    return {JobState.ERROR: Exit.JOB_ERROR, JobState.STOPPED: Exit.JOB_STOPPED}.get(state, Exit.DONE)


def _record(job: Job) -> dict[str, Any]:
    names = ["id", "site_id", "name", "content_id", "attempt", "state"]
    times = ["reg_time", "start_time", "update_time", "end_time"]
    rest = ["region", "priority", "input_storage", "output_storage", "error_kind", "error_message", "error_cure"]
    record = {name: getattr(job, name) for name in (*names, *times, *rest, "warnings", "outputs")}
    return record | {"status": word(job.state).value}


def _listed(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
