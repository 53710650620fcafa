"""`telecine dwm copies`, `link` and `drop`: the copies of a distribution, addresses of them, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.dwm_recipients import find, name_or_number
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.recipient_names import file_name

if TYPE_CHECKING:
    from telecine.catalog.distribution_models import CopyTask, PreparedMaster, Recipient
    from telecine.catalog.models import Job
    from telecine.jobs.prepared import Entry
    from telecine.settings import Settings

JobId = Annotated[int, typer.Argument(help="Job id of the distribution.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `telecine dwm`."""
    app.command("copies")(copies_of)
    app.command("link")(link)
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


def link(
    job_id: JobId,
    recipient: Annotated[str, typer.Argument(help="Name of a recipient, or its dwm_id behind a #.")],
    seconds: Annotated[int, typer.Option(min=1, help="How long it is good for, up to a week.")] = 3600,
    site: rooms.SiteOption = "",
    as_json: AsJson = False,
) -> None:
    """Print an address at which one recipient's copy can be fetched without a login, whole or in parts."""
    from datetime import timedelta
    from urllib.parse import quote

    from telecine.apis.copy_links import CopyLink, CopyLinks
    from telecine.apis.dwm import PREFIX
    from telecine.catalog import copies, distributions, prepared, recipients
    from telecine.catalog.clock import utcnow

    in_force = rooms.settings()
    opened = rooms.database(in_force)
    site_id = rooms.site_id(opened, site)
    with opened.read() as s:
        distributions.get(s, site_id, job_id)
        known = find(recipients.named(s, site_id, [name_or_number(recipient)])[0], recipient)
        _, one = copies.one_of(s, site_id, job_id, known.id)
        master = prepared.get(s, site_id, job_id)
    entry = _entry(in_force, master)
    name = file_name(master.content_id, one.name, entry.prepared.suffix)
    now = utcnow()
    token = CopyLinks(rooms.master_key(in_force)).issue(CopyLink(site_id, job_id, one.id), now, seconds)
    url = f"{in_force.base_url}{PREFIX}/copy/{token}/{quote(name)}"
    expires = now + timedelta(seconds=seconds)
    show_record({"url": url, "expires": expires, "size": entry.prepared.size, "file_name": name}, as_json)


def _entry(in_force: Settings, master: PreparedMaster) -> Entry:
    """What copies of this master are made of. Raises COPY_MISSING where there is nothing."""
    from telecine.jobs import references
    from telecine.jobs.prepared import open_entry

    entry = open_entry(references.place_of(in_force.prepared, master.name)) if master.has_files else None
    if entry is None:
        why = "makes individual copies, or its prepared files were removed"
        raise TelecineError(ErrorKind.COPY_MISSING, f"job {master.job_id} {why}.")
    return entry


def drop(job_id: JobId, site: rooms.SiteOption = "", as_json: AsJson = False) -> None:
    """Remove the two files that copies are made of. Links end; copies that were made, and detections, do not.

    What leaks are compared with stays.
    """
    from telecine.catalog import distributions, prepared
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
    # A later job of the same master may have taken the files over: they have a name there too, then.
    freed = sum(file.stat().st_size for file in entry.files if file.stat().st_nlink == 1) if entry else 0
    drop_files(place)
    show_record({"job_id": job_id, "freed_bytes": freed}, as_json)
