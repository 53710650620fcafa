"""`telecine detect`: who leaked a copy of a title, by this machine's server, or with a reference in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson
from telecine.core.errors import ErrorKind, TelecineError

Limit = Annotated[float, typer.Option(min=1e-12, max=1e-3, help="Most likely that anybody is accused wrongly.")]


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("detect")(detect)


def detect(
    leak: Annotated[str, typer.Argument(help="A media file of this machine, or an https address.")],
    content: Annotated[str, typer.Option(help="Content id of the title that leaked.")],
    site: rooms.SiteOption = "",
    limit: Limit = 1e-6,
    title: Annotated[str, typer.Option(help="Words for the case. Default: the file's name.")] = "",
    png: Annotated[Path | None, typer.Option(help="Write the picture of the evidence here.", dir_okay=False)] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="Without a server: folder that `telecine run --reference` has made.", file_okay=False),
    ] = None,
    mark_secret: Annotated[
        Path | None, typer.Option(help="With --reference: the file that `telecine run` had.", dir_okay=False)
    ] = None,
    sessions: Annotated[
        Path | None,
        typer.Option(help="With --reference: CSV or JSON of session, payload, code, forensic_mark.", dir_okay=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find out who leaked a copy. A worker of the server does it, or with --reference this process, with no server.

    Exit code 5 where nobody can be named.
    """
    here = {"--reference": reference, "--mark-secret": mark_secret, "--sessions": sessions}
    if any(here.values()):
        from telecine.cli.detect_here import Evidence, detect_here

        evidence = Evidence(*(_given(option, path) for option, path in here.items()))
        raise typer.Exit(detect_here(Path(leak), evidence, site, content, limit, title, png, as_json))
    from telecine.catalog.detections import NewDetection, Source
    from telecine.cli.detect_there import detect_there

    new = NewDetection(content, title or Path(leak).name or leak, Source(), limit)
    raise typer.Exit(detect_there(leak, new, site, png, as_json))


def _given(option: str, path: Path | None) -> Path:
    """One of the files that a detection without a server cannot do without."""
    if path is None:
        why = "a detection without a server takes --reference, --mark-secret and --sessions."
        raise TelecineError(ErrorKind.FIELD_MISSING, why, field=option)
    if not path.exists():
        raise TelecineError(ErrorKind.FIELD_INVALID, f"there is no {path}.", field=option)
    return path
