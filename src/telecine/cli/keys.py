"""`telecine keys …` and `telecine token`: content keys, where they come from, and who may play.

No key is printed but by `export` and `make`, which are for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.key_sources import app as sources
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.core.drm import Label, PlaybackTracks
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.catalog.key_models import StoredKey

app = typer.Typer(no_args_is_help=True)
app.add_typer(sources, name="source", help="Where the keys of a site come from.")

ContentId = Annotated[str, typer.Argument(help="Content id, as in the job.")]

_COLUMNS = ["content_id", "label", "version", "kid", "source", "state", "reg_time"]


def add_to(whole: typer.Typer) -> None:
    """Add these commands to the command line."""
    whole.add_typer(app, name="keys", help="Content keys: where they come from, rotation, export.")
    whole.command("token")(token)


@app.command("list")
def list_keys(
    site: rooms.SiteOption = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the keys of a site by KID, newest first. The keys themselves are not printed."""
    from telecine.catalog import content_keys

    database = rooms.database(rooms.settings())
    site_id = rooms.site_id(database, site)
    with database.read() as s:
        rows = [_record(row) for row in content_keys.newest(s, site_id, limit)]
    show_rows(rows, _COLUMNS, as_json, none=f"{site_id} has no keys yet; the first protected job makes some.")


@app.command("show")
def show(content_id: ContentId, site: rooms.SiteOption = "", as_json: AsJson = False) -> None:
    """Show every version of a content's keys by KID, with its IV. The keys themselves are not printed."""
    from telecine.catalog import content_keys

    database = rooms.database(rooms.settings())
    with database.read() as s:
        rows = [_record(row) for row in content_keys.versions(s, rooms.site_id(database, site), content_id)]
    show_rows(rows, [*_COLUMNS[1:6], "iv", "reg_time"], as_json, none="")


@app.command("rotate")
def rotate(content_id: ContentId, site: rooms.SiteOption = "", as_json: AsJson = False) -> None:
    """Give a content new keys. What was packaged plays on with the old ones; package it again to use the new ones."""
    ring = rooms.key_ring(site)
    made = ring.rotate(content_id, rooms.actor())
    rows = [{"content_id": content_id, "label": key.label.value, "kid": key.kid.hex()} for key in made]
    none = "The old keys are retired; the key server will be asked for new ones when they are needed."
    show_rows(rows, ["content_id", "label", "kid"], as_json, none=none)


@app.command("export")
def export(
    content_id: Annotated[str, typer.Option("--cpix", metavar="CONTENT_ID", help="The content whose keys to print.")],
    site: rooms.SiteOption = "",
) -> None:
    """Print a content's current keys as a CPIX document, for your own licence servers. It is written down who did."""
    typer.echo(rooms.key_ring(site).export(content_id, rooms.actor()), nl=False)


@app.command("make")
def make(
    content_id: Annotated[str, typer.Option(help="Content id that the document names.")] = "content",
    label: Annotated[list[Label] | None, typer.Option(help="A key for these tracks; may be repeated.")] = None,
) -> None:
    """Print a CPIX document with fresh keys, for a job without a server. Nothing of it is kept."""
    from telecine.keys.cpix import write_keys
    from telecine.keys.vault import fresh_key

    labels = label or [Label.ALL]
    if len(set(labels)) != len(labels) or (Label.ALL in labels and len(labels) > 1):
        raise TelecineError(ErrorKind.FIELD_INVALID, "each label once, and ALL alone.", field="--label")
    typer.echo(write_keys(content_id, [fresh_key(one) for one in labels]), nl=False)


@app.command("audit")
def audit(
    site: rooms.SiteOption = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List who exported or rotated keys, or changed where they come from, newest first."""
    from telecine.catalog import content_keys

    database = rooms.database(rooms.settings())
    site_id = rooms.site_id(database, site)
    columns = ["time", "action", "who", "origin", "content_id", "detail"]
    with database.read() as s:
        rows = [{name: getattr(entry, name) for name in columns} for entry in content_keys.book(s, site_id, limit)]
    show_rows(rows, columns if as_json else columns[:-1], as_json, none="Nothing was done with keys yet.")


def token(
    content: Annotated[str, typer.Option(help="Content id.")],
    site: rooms.SiteOption = "",
    tracks: Annotated[PlaybackTracks, typer.Option(help="How large it may be played.")] = PlaybackTracks.ALL,
    seconds: Annotated[int, typer.Option(min=1, max=86_400, help="How long the token is good.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Print a playback token, by which a browser gets ClearKey licences for one content."""
    from datetime import UTC, datetime

    from telecine.apis.playback import Playback, PlaybackTokens

    in_force = rooms.settings()
    site_id = rooms.site_id(rooms.database(in_force), site)
    made = PlaybackTokens(rooms.master_key(in_force)).issue(
        Playback(site_id, content, tracks), datetime.now(UTC), seconds
    )
    if as_json:
        url = f"{in_force.base_url}/licence/clearkey"
        show_record({"token": made, "licence_url": url, "seconds": seconds}, as_json)
    else:
        typer.echo(made)


def _record(row: StoredKey) -> dict[str, Any]:
    names = ("content_id", "version", "kid", "source", "iv", "reg_time")
    state = "awaited" if row.key_sealed is None else "current" if row.retired_time is None else "retired"
    return {name: getattr(row, name) for name in names} | {"label": row.label.value, "state": state}
