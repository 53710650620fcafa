"""`telecine site packaging` and `callbacks`: what a site's jobs of the watermark packaging API need besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.cli.sites import SiteId

if TYPE_CHECKING:
    from telecine.catalog.models import Delivery


def add_to(app: typer.Typer) -> None:
    """Add these commands to `telecine site`."""
    app.command("packaging")(packaging)
    app.command("callbacks")(callbacks)


def packaging(
    site_id: SiteId,
    callback_url: Annotated[
        str | None, typer.Option(help="URL that is told of the end of every packaging job; empty for none.")
    ] = None,
    trial_bytes: Annotated[
        int | None, typer.Option(min=0, help="Largest file, in bytes, while the site is on trial; 0 for any.")
    ] = None,
    trial_sessions: Annotated[
        int | None, typer.Option(min=-1, help="Sessions while the site is on trial; -1 for the documented 1000.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show or set the result callback and the trial's limits of the watermark packaging API."""
    from dataclasses import asdict, replace

    from telecine.catalog import packaging_sites, sites
    from telecine.notify.targets import check_target

    in_force = rooms.settings()
    if callback_url:
        check_target("WEBHOOK", callback_url, in_force.private_targets)
    opened = rooms.database(in_force)
    with opened.read() as s:
        sites.get(s, site_id)
        terms = packaging_sites.get(s, site_id)
    if callback_url is not None:
        terms = replace(terms, callback_url=callback_url)
    if trial_bytes is not None:
        terms = replace(terms, trial_bytes=trial_bytes or None)
    if trial_sessions is not None:
        terms = replace(terms, trial_sessions=None if trial_sessions < 0 else trial_sessions)
    if (callback_url, trial_bytes, trial_sessions) != (None, None, None):
        with opened.write() as s:
            packaging_sites.put(s, site_id, terms)
    show_record({"site_id": site_id, **asdict(terms)}, as_json)


def callbacks(
    site_id: SiteId,
    resend: Annotated[int | None, typer.Option(help="Send this one again, whatever became of it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 25,
    as_json: AsJson = False,
) -> None:
    """List the results that the site was told of, newest first, with the last answer to each; or send one again."""
    from telecine.catalog import deliveries, sites
    from telecine.catalog.models import CALLBACK

    opened = rooms.database(rooms.settings())
    if resend is not None:
        with opened.write() as s:
            deliveries.resend(s, site_id, resend, noti_id=CALLBACK)
    with opened.read() as s:
        sites.get(s, site_id)
        rows = [_record(row) for row in deliveries.log(s, site_id, noti_id=CALLBACK, page_unit=limit)[1]]
    columns = ["id", "job_id", "error_code", "state", "attempts", "next_try", "status", "answer"]
    show_rows(rows, columns, as_json, none="The site was told of no result yet.")


def _record(row: Delivery) -> dict[str, Any]:
    last = row.tries[-1] if row.tries else None
    return {
        **{name: getattr(row, name) for name in ("id", "job_id", "state", "attempts")},
        "error_code": row.payload["error_code"],
        "next_try": row.next_try if row.state == "pending" else None,
        "status": last.status if last else None,
        "answer": last.body[:200] if last else "",
    }
