"""`telecine dwm detect`: which recipient a leaked copy was given to, by this machine's server or in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telecine.cli import rooms
from telecine.cli.detect import Limit
from telecine.cli.output import AsJson
from telecine.core.errors import ErrorKind, TelecineError


def add_to(app: typer.Typer) -> None:
    """Add the command to `telecine dwm`."""
    app.command("detect")(detect)


def detect(
    leak: Annotated[str, typer.Argument(help="A media file of this machine, or an https address.")],
    content: Annotated[str, typer.Option(help="Content id of the master that leaked.")],
    site: rooms.SiteOption = "",
    limit: Limit = 1e-6,
    title: Annotated[str, typer.Option(help="Words for the case. Default: the file's name.")] = "",
    png: Annotated[Path | None, typer.Option(help="Write the picture of the evidence here.", dir_okay=False)] = None,
    job: Annotated[
        int | None, typer.Option(help="Compare it with the master of this distribution. Default: the newest.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Without a server: folder that `telecine dwm pre-embed --here` has kept.", file_okay=False),
    ] = None,
    secret: Annotated[
        Path | None, typer.Option(help="With --keep: the file that `pre-embed` had.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find out to whom a leaked copy was given. A worker does it, or with --keep this process, with no server.

    Exit code 5 where nobody can be named.
    """
    if keep is not None or secret is not None:
        from telecine.cli.dwm_here import detect_kept

        if keep is None or secret is None:
            option = "--secret" if secret is None else "--keep"
            raise TelecineError(ErrorKind.FIELD_MISSING, "without a server it takes --keep and --secret.", field=option)
        raise typer.Exit(detect_kept(Path(leak), keep, secret, content, limit, title, png, as_json))
    from telecine.catalog.detections import NewDetection, Source
    from telecine.cli.detect_there import detect_there
    from telecine.core.detection_codes import Subject

    new = NewDetection(
        content, title or Path(leak).name or leak, Source(), limit, subject=Subject.RECIPIENTS, of_job=job
    )
    raise typer.Exit(detect_there(leak, new, site, png, as_json))
