"""`telecine pri …`: who may call the PRI API for a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.catalog import pri_access

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Who may call the PRI API."""


@app.command("access")
def access(
    site: Annotated[str, typer.Option("--site", help="Site id. Without it, the rules of all sites are listed.")] = "",
    allow: Annotated[
        list[str] | None, typer.Option(help="Address or network that may call, such as 10.0.0.0/8; several times.")
    ] = None,
    require_credentials: Annotated[
        bool, typer.Option("--require-credentials", help="Only with Basic or bearer credentials of an account besides.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Back to the default: this machine alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or set from where a site may be called. What is given replaces the whole rule."""
    from telecine.catalog import pri_access

    opened = rooms.database(rooms.settings())
    if not site:
        _list(as_json, changing=bool(allow or require_credentials or reset))
        return
    if reset and (allow or require_credentials):
        raise TelecineError(ErrorKind.FIELD_INVALID, "it goes with no other option.", field="reset")
    if reset:
        with opened.write() as s:
            rule = pri_access.reset(s, site)
    elif allow or require_credentials:
        with opened.write() as s:
            rule = pri_access.allow(s, site, allow or pri_access.LOOPBACK, require_credentials)
    else:
        with opened.read() as s:
            rule = pri_access.get(s, site)
    show_record(_record(rule), as_json)


def _list(as_json: bool, *, changing: bool) -> None:
    from telecine.catalog import pri_access

    if changing:
        raise TelecineError(ErrorKind.FIELD_MISSING, field="site")
    with rooms.database(rooms.settings()).read() as s:
        rows = [_record(rule) for rule in pri_access.rules(s)]
    none = "No site takes part yet: telecine packaging-group create NAME --site SITE"
    show_rows(rows, ["site_id", "networks", "require_credentials"], as_json, none=none)


def _record(rule: pri_access.Rule) -> dict[str, object]:
    return {
        "site_id": rule.site_id,
        "networks": ", ".join(rule.networks),
        "require_credentials": rule.require_credentials,
    }
