"""`telecine bucket …`: the folder store's buckets, which are folders below the server's folder of buckets."""

from __future__ import annotations

from typing import Annotated

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.core.errors import ErrorKind, TelecineError

app = typer.Typer(no_args_is_help=True)


@app.command("create")
def create(
    bucket: Annotated[str, typer.Argument(help="Its name, by the rules of S3.")], as_json: AsJson = False
) -> None:
    """Make a bucket, where it is not there yet, and print its folder. Put sources into that folder."""
    from telecine.storage.folder import create_bucket

    in_force = rooms.settings()
    if in_force.storage_kind != "folder":
        detail = "this deployment keeps its buckets in S3; make the bucket there."
        raise TelecineError(ErrorKind.STORAGE_REFUSED, detail)
    show_record({"bucket": bucket, "folder": str(create_bucket(in_force.buckets, bucket))}, as_json)


@app.command("list")
def list_buckets(as_json: AsJson = False) -> None:
    """List the buckets of the folder store."""
    root = rooms.settings().buckets
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    rows = [{"bucket": path.name, "folder": str(path)} for path in folders]
    show_rows(rows, ["bucket", "folder"], as_json, none="There is no bucket yet: telecine bucket create NAME")
