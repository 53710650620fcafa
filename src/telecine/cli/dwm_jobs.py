"""`telecine dwm jobs …`: look at distributions. `telecine jobs …` follows, stops and restarts them, as any job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.core.states import JobState

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from telecine.catalog.models import Job

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_jobs(
    site: rooms.SiteOption = "",
    content: Annotated[str, typer.Option(help="Of this content id.")] = "",
    state: Annotated[list[JobState] | None, typer.Option(help="In this state; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 25,
    as_json: AsJson = False,
) -> None:
    """List distributions, newest first."""
    from telecine.catalog import distributions, jobs

    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    wanted = jobs.JobFilter(
        content_id=content, states=tuple(state or ()), dialect=distributions.DIALECT, page_unit=limit
    )
    columns = ["id", "state", "name", "content_id", "attempt", "reg_time", "end_time"]
    with opened.read() as s:
        rows = [{column: getattr(line, column) for column in columns} for line in jobs.search(s, site_id, wanted)[1]]
    show_rows(rows, columns, as_json, none="There is no such distribution.")


@app.command("show")
def show(
    job_id: Annotated[int, typer.Argument(help="Job id.")], site: rooms.SiteOption = "", as_json: AsJson = False
) -> None:
    """Show a distribution: how its copies are told apart, how many there are, and what of the master is kept."""
    from telecine.catalog import distributions

    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    with opened.read() as s:
        job = distributions.get(s, site_id, job_id)
        record = _record(job) | _copies(s, job) | _master(s, job)
    show_record(record, as_json)


def _record(job: Job) -> dict[str, Any]:
    names = ["id", "site_id", "name", "content_id", "attempt", "state", "reg_time", "start_time", "end_time"]
    asked = job.spec["distribution"]
    return {name: getattr(job, name) for name in names} | {
        "mode": asked["mode"],
        "code": asked["code"],
        "strength": asked["strength"],
        "error_message": job.error_message,
        "error_cure": job.error_cure,
    }


def _copies(s: Session, job: Job) -> dict[str, Any]:
    """How many copies there are in each state."""
    from telecine.catalog import copies
    from telecine.core.dwm_codes import CopyState, copy_shown

    counted = dict.fromkeys(CopyState, 0)
    for state, count in copies.count_by_state(s, job.id).items():
        counted[copy_shown(state, job.state)] += count
    return {f"copies.{state.value}": count for state, count in counted.items() if count}


def _master(s: Session, job: Job) -> dict[str, Any]:
    """What the job has prepared; nothing where it has not come to that."""
    from telecine.catalog import prepared

    master = next((one for one in prepared.of_content(s, job.site_id, job.content_id) if one.job_id == job.id), None)
    if master is None:
        return {}
    plan = prepared.plan_of(master)
    return {
        "master": f"{plan.codec} in {plan.container}, {plan.width}x{plan.height}, {float(plan.rate):.5g} fps",
        "groups": plan.groups,
        "group_seconds": round(float(plan.group_duration), 3),
        "marks": plan.positions,
        "files_kept": master.has_files,
    }
