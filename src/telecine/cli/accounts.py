"""`telecine account …`: who may get tokens for a site. Access keys are printed once, when they are made."""

from __future__ import annotations

from typing import Annotated

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.cli.sites import SiteId

app = typer.Typer(no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="The account's email or account id.")]


@app.command("create")
def create(site_id: SiteId, email: Annotated[str, typer.Argument(help="Email.")], as_json: AsJson = False) -> None:
    """Add an account; prints its access key, this once."""
    from telecine.catalog import sites

    in_force = rooms.settings()
    with rooms.database(in_force).write() as s:
        account, key = sites.create_account(s, rooms.sealer(in_force), site_id, email)
    values = {"site_id": site_id, "email": account.email, "account_id": account.account_id, "access_key": key}
    show_record(values, as_json)


@app.command("list")
def list_accounts(site_id: SiteId, as_json: AsJson = False) -> None:
    """List the accounts of a site."""
    from telecine.catalog import sites

    with rooms.database(rooms.settings()).read() as s:
        sites.get(s, site_id)
        found = sites.accounts(s, site_id)
    columns = ["account_id", "email", "revoked", "reg_time"]
    rows = [{name: getattr(account, name) for name in columns} for account in found]
    show_rows(rows, columns, as_json, none=f"{site_id} has no account: telecine account create {site_id} EMAIL")


@app.command("rotate")
def rotate(site_id: SiteId, login: Login, as_json: AsJson = False) -> None:
    """Give an account a new access key; the old one and all tokens made with it die."""
    from telecine.catalog import sites

    in_force = rooms.settings()
    with rooms.database(in_force).write() as s:
        key = sites.rotate_key(s, rooms.sealer(in_force), site_id, login)
    show_record({"site_id": site_id, "account": login, "access_key": key}, as_json)


@app.command("revoke")
def revoke(site_id: SiteId, login: Login, as_json: AsJson = False) -> None:
    """Take an account's access away; its tokens die at once. `rotate` gives it back."""
    from telecine.catalog import sites

    with rooms.database(rooms.settings()).write() as s:
        sites.revoke(s, site_id, login)
    show_record({"site_id": site_id, "account": login, "revoked": True}, as_json)
