"""`telecine storage …`: registered buckets, for operators who do not want to call an API for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.cli.sites import known_region
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.catalog.models import Storage

app = typer.Typer(no_args_is_help=True)

Site = Annotated[str, typer.Option("--site", help="Site id.")]


@app.command("create")
def create(
    bucket: Annotated[str, typer.Argument(help="Name of the bucket.")],
    site: Site,
    io_type: Annotated[
        str, typer.Option("--type", help="input: sources are read; output: results are published; both: for teams.")
    ],
    region: Annotated[str, typer.Option(help="Region code. Default: the site's.")] = "",
    name: Annotated[str, typer.Option(help="Name of the storage. Default: the bucket's.")] = "",
    access_key_id: Annotated[str, typer.Option(envvar="TELECINE_STORAGE_ACCESS_KEY_ID", help="S3 access key.")] = "",
    secret_key: Annotated[
        str, typer.Option(envvar="TELECINE_STORAGE_SECRET_KEY", help="S3 secret key; better by its variable.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Try a bucket as its type needs, then register it for a site. Folders need no keys."""
    from telecine.catalog import sites, storages
    from telecine.storage.check import try_storage

    in_force = rooms.settings()
    kinds: tuple[Literal["input", "output"], ...] = ("input", "output")
    if io_type not in (*kinds, storages.BOTH):
        raise TelecineError(ErrorKind.FIELD_INVALID, "it is input, output or both.", field="type")
    if in_force.storage_kind == "s3" and not (access_key_id and secret_key):
        raise TelecineError(ErrorKind.FIELD_MISSING, "S3 needs it.", field="access-key-id and secret-key")
    opened = rooms.database(in_force)
    with opened.read() as s:
        region = region or sites.get(s, site).region
    known_region(in_force.regions, region)
    store = rooms.stores(in_force).open(bucket, region, access_key_id, secret_key, patient=False)
    for kind in kinds:
        if io_type in (kind, storages.BOTH):
            try_storage(store, kind)
    values = storages.StorageValues(name or bucket, bucket, io_type, region, access_key_id, secret_key)
    with opened.write() as s:
        row = storages.create(s, rooms.sealer(in_force), site, values)
    show_record(_record(row), as_json)


@app.command("list")
def list_storages(site: Site, as_json: AsJson = False) -> None:
    """List the storages of a site, newest first."""
    from telecine.catalog import sites, storages

    with rooms.database(rooms.settings()).read() as s:
        sites.get(s, site)
        _, rows = storages.search(s, site, storages.StorageFilter(page_unit=1000))
    none = f"There is none yet: telecine storage create BUCKET --site {site} --type input"
    show_rows([_record(row) for row in rows], ["storage_id", "bucket", "type", "region", "name"], as_json, none=none)


@app.command("delete")
def delete(storage_id: Annotated[str, typer.Argument(help="Its id.")], site: Site, as_json: AsJson = False) -> None:
    """Forget a storage. Its files stay. One that an unfinished job uses is kept."""
    from telecine.catalog import storages

    with rooms.database(rooms.settings()).write() as s:
        storages.delete(s, site, [storage_id])
    show_record({"storage_id": storage_id, "deleted": True}, as_json)


def _record(row: Storage) -> dict[str, Any]:
    return {
        "storage_id": row.storage_id,
        "bucket": row.aws_bucket,
        "type": row.io_type,
        "region": row.region,
        "name": row.storage_name,
        "reg_time": row.reg_time,
    }
