"""`telecine team …`: who projects and videos of the video API belong to, and where their media is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.catalog.storages import StorageValues
    from telecine.catalog.video_models import Team
    from telecine.settings import Settings

app = typer.Typer(no_args_is_help=True)

TeamId = Annotated[str, typer.Argument(help="The team's id.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the team is called.")],
    site: rooms.SiteOption = "",
    storage: Annotated[
        str, typer.Option(help="Storage of the site, of the type both. Default: a new bucket of the folder store.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Add a team to a site. Its media is kept in a bucket of its own, or in the storage that is named."""
    from telecine.catalog import sites, storages, teams

    in_force = rooms.settings()
    opened = rooms.database(in_force)
    site_id = rooms.site_id(opened, site)
    name = teams.named(name)
    with opened.read() as s:
        region = sites.get(s, site_id).region
    values = None if storage else _own_bucket(in_force, name, region)
    with opened.write() as s:
        if values is not None:
            storage = storages.create(s, rooms.sealer(in_force), site_id, values).storage_id
        team = teams.create(s, site_id, name, storage)
    show_record(_record(team), as_json)


@app.command("list")
def list_teams(
    site: Annotated[str, typer.Option("--site", help="Those of this site alone.")] = "", as_json: AsJson = False
) -> None:
    """List the teams, oldest first."""
    from telecine.catalog import sites, teams

    with rooms.database(rooms.settings()).read() as s:
        if site:
            sites.get(s, site)
        rows = [_record(team) for team in teams.every(s, site)]
    columns = ["team_id", "name", "site_id", "storage_id", "date_created"]
    show_rows(rows, columns, as_json, none="There is none yet: telecine team add NAME --site DEMO")


@app.command("join")
def join(
    team_id: TeamId, login: Annotated[str, typer.Argument(help="The user's email or id.")], as_json: AsJson = False
) -> None:
    """Let a user belong to one more team. Tokens name the team by `team-id`."""
    from telecine.catalog import teams, users

    with rooms.database(rooms.settings()).write() as s:
        user = users.must_find(s, login)
        teams.add_member(s, team_id, user.id)
    show_record({"team_id": team_id, "user_id": user.id, "email": user.email}, as_json)


def _own_bucket(in_force: Settings, name: str, region: str) -> StorageValues:
    """Make a bucket of the folder store; what to register for it. Raises FIELD_MISSING where buckets are S3's."""
    import secrets

    from telecine.catalog.storages import BOTH, StorageValues
    from telecine.storage.folder import create_bucket

    if in_force.storage_kind != "folder":
        why = "Register a bucket first: telecine storage create BUCKET --site SITE --type both"
        raise TelecineError(ErrorKind.FIELD_MISSING, why, field="--storage")
    bucket = f"team-{secrets.token_hex(6)}"
    create_bucket(in_force.buckets, bucket)
    return StorageValues(f"Media of {name}"[:255], bucket, BOTH, region, "", "")


def _record(team: Team) -> dict[str, Any]:
    return {
        "team_id": team.id,
        "name": team.name,
        "site_id": team.site_id,
        "storage_id": team.storage_id,
        "date_created": team.date_created,
    }
