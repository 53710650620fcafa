"""`telecine dwm recipients …`: who may get copies of a site's masters."""

from __future__ import annotations

from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.cli.recipient_file import read_recipients
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.catalog.distribution_models import Recipient

app = typer.Typer(no_args_is_help=True)

COLUMNS = ["dwm_id", "name", "description", "reg_time"]


@app.command("add")
def add(
    names: Annotated[list[str] | None, typer.Argument(help="Names: letters, digits and -_. up to 128 each.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="File with a name on each line, and a description behind a comma.", dir_okay=False),
    ] = None,
    description: Annotated[str, typer.Option(help="Description of all that are named here, up to 50 long.")] = "",
    site: rooms.SiteOption = "",
    as_json: AsJson = False,
) -> None:
    """Register recipients, all of them or none. Names are unique without regard to case."""
    from telecine.catalog import recipients

    wanted = [recipients.NewRecipient(name, description) for name in names or []]
    wanted += [recipients.NewRecipient(name, about) for name, about in (read_recipients(file) if file else [])]
    if not wanted:
        raise TelecineError(ErrorKind.FIELD_MISSING, "Name somebody, or give a --file.", field="NAMES")
    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    with opened.write() as s:
        rows = [
            _record(row)
            for some in batched(wanted, recipients.MOST_AT_ONCE)
            for row in recipients.register(s, site_id, some)
        ]
    show_rows(rows, COLUMNS, as_json, none="")


@app.command("list")
def list_recipients(
    keyword: Annotated[
        list[str] | None, typer.Argument(help="With this in the name, in any case; several: any of them.")
    ] = None,
    site: rooms.SiteOption = "",
    limit: Annotated[int, typer.Option(min=1, max=5000, help="At most so many.")] = 1000,
    page: Annotated[int, typer.Option(min=1, help="Which page of so many.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List recipients, newest first."""
    from telecine.catalog import recipients

    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    wanted = recipients.RecipientFilter(keywords=keyword or (), page_unit=limit, page_index=page)
    with opened.read() as s:
        rows = [_record(row) for row in recipients.search(s, site_id, wanted)[1]]
    show_rows(rows, COLUMNS, as_json, none="There is no such recipient: telecine dwm recipients add NAME")


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Name, or its dwm_id behind a #.")],
    site: rooms.SiteOption = "",
    as_json: AsJson = False,
) -> None:
    """Forget a recipient for whom no copy was ever asked for. Others stay, for a leak may be theirs."""
    from telecine.catalog import recipients

    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    with opened.write() as s:
        row = find(recipients.named(s, site_id, [name_or_number(name)])[0], name)
        recipients.delete(s, site_id, row.id)
    show_record({"dwm_id": row.id, "name": row.name, "removed": True}, as_json)


def name_or_number(given: str) -> str | int:
    """A recipient as the catalog looks for one: `#7` and nothing else is the number 7, for names may be digits."""
    number = given.removeprefix("#")
    return int(number) if given.startswith("#") and number.isascii() and number.isdigit() else given


def find(row: Recipient | None, named: str) -> Recipient:
    """The recipient that was found. Raises NOT_FOUND where there is none."""
    if row is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Recipient {named}")
    return row


def _record(row: Recipient) -> dict[str, Any]:
    return {"dwm_id": row.id, "name": row.name, "description": row.description, "reg_time": row.reg_time}
