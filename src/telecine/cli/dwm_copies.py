"""`telecine dwm copies` and `drop`: the copies of a distribution, and the end of what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows

if TYPE_CHECKING:
    from telecine.catalog.distribution_models import CopyTask, Recipient
    from telecine.catalog.models import Job

JobId = Annotated[int, typer.Argument(help="Job id of the distribution.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `telecine dwm`."""
    app.command("copies")(copies_of)
    app.command("drop")(drop)


def copies_of(job_id: JobId, site: rooms.SiteOption = "", as_json: AsJson = False) -> None:
    """List the copies of a distribution, one for each recipient: how far they are, where they lie."""
    from telecine.catalog import copies, distributions

    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    with opened.read() as s:
        job = distributions.get(s, site_id, job_id)
        rows = [_record(job, task, one) for task, one in copies.recipients_of(s, site_id, job_id)]
    columns = ["dwm_id", "recipient", "state", "size", "object_key", "error_message"]
    show_rows(rows, columns, as_json, none="It has no copies.")


def _record(job: Job, task: CopyTask, one: Recipient) -> dict[str, Any]:
    from telecine.core.dwm_codes import TASK_CODES, copy_shown

    state = copy_shown(task.state, job.state)
    return {
        "dwm_id": one.id,
        "recipient": one.name,
        "state": state.value,
        "task_status": TASK_CODES[state],
        "cli_error_code": task.error_code,
        "error_message": task.error_message,
        "storage_id": job.output_storage,
        "object_key": task.object_key,
        "size": task.size,
        "update_time": task.update_time,
    }


def drop(job_id: JobId, site: rooms.SiteOption = "", as_json: AsJson = False) -> None:
    """Remove the two files that copies are made of. Links end; copies that were made, and detections, do not.

    What leaks are compared with stays.
    """
    from telecine.catalog import distributions, prepared
    from telecine.core.errors import ErrorKind, TelecineError
    from telecine.core.states import TERMINAL
    from telecine.jobs import references
    from telecine.jobs.prepared import drop_files, open_entry

    in_force = rooms.settings()
    opened = rooms.database(in_force)
    site_id = rooms.site_id(opened, site)
    with opened.write() as s:
        job = distributions.get(s, site_id, job_id)
        if job.state not in TERMINAL:
            raise TelecineError(ErrorKind.IN_USE, f"Job {job_id} is {job.state.value}; it needs them.")
        master = prepared.get(s, site_id, job_id)
        prepared.forget_files(s, job_id)
    place = references.place_of(in_force.prepared, master.name)
    entry = open_entry(place)
    drop_files(place)
    show_record({"job_id": job_id, "freed_bytes": 2 * entry.prepared.size if entry else 0}, as_json)
