"""`telecine detect`: who leaked a copy of a title, by this machine's server, or with a reference in this process."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.leak_report import report_lines
from telecine.cli.output import AsJson, Exit, complaints, console, show_json
from telecine.cli.progress import JobProgress
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from telecine.catalog.database import Database
    from telecine.catalog.detections import Source
    from telecine.catalog.mark_models import Detection
    from telecine.settings import Settings

POLL = 0.5
"""Seconds between two looks at a detection that is being followed."""

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
    in_force = rooms.settings()
    opened = rooms.database(in_force)
    site_id = rooms.site_id(opened, site)
    detection_id = _ask(in_force, opened, site_id, leak, content, title, limit)
    row = _follow(opened, detection_id)
    if png is not None:
        _write_picture(opened, row, png)
    if as_json:
        show_json(_record(row))
    else:
        for line in _lines(row):
            console().print(line, markup=False)
    raise typer.Exit(Exit.DONE if row.state == "complete" else Exit.JOB_ERROR)


def _given(option: str, path: Path | None) -> Path:
    """One of the files that a detection without a server cannot do without."""
    if path is None:
        why = "a detection without a server takes --reference, --mark-secret and --sessions."
        raise TelecineError(ErrorKind.FIELD_MISSING, why, field=option)
    if not path.exists():
        raise TelecineError(ErrorKind.FIELD_INVALID, f"there is no {path}.", field=option)
    return path


def _ask(in_force: Settings, opened: Database, site_id: str, leak: str, content: str, title: str, limit: float) -> int:
    """Put the detection in the queue. A local file goes into the work folder, and out again where it is refused."""
    from telecine.catalog import detections
    from telecine.jobs import leak_staging

    source = _source(in_force, leak)
    new = detections.NewDetection(content, title or Path(leak).name or leak, source, limit)
    try:
        with opened.write() as s:
            return detections.create(s, rooms.sealer(in_force), site_id, new).id
    except TelecineError:
        if source.upload:
            leak_staging.withdraw(in_force.work, source.upload)
        raise


def _source(in_force: Settings, leak: str) -> Source:
    from telecine.catalog.detections import Source
    from telecine.jobs import leak_staging
    from telecine.jobs.door import check_leak_url

    if leak.startswith(("https://", "http://")):
        check_leak_url(leak, in_force)
        return Source(url=leak)
    if not Path(leak).is_file():
        raise TelecineError(ErrorKind.FIELD_INVALID, f"there is no file {leak}.", field="LEAK")
    return Source(upload=leak_staging.offer(in_force.work, Path(leak)))


def _follow(opened: Database, detection_id: int) -> Detection:
    """Show its progress until it has ended. An interrupt cancels it: nobody else waits for the answer."""
    from telecine.catalog import detections
    from telecine.core.detection_codes import ENDED

    with JobProgress(f"detection {detection_id}") as shown:
        try:
            while True:
                with opened.read() as s:
                    row = detections.load(s, detection_id)
                if row.state in ENDED:
                    return row
                shown.overall(row.state, row.progress, None)
                time.sleep(POLL)
        except KeyboardInterrupt:
            with opened.write() as s:
                detections.cancel(s, row.site_id, detection_id)
            raise


def _write_picture(opened: Database, row: Detection, png: Path) -> None:
    from telecine.catalog import detections

    if row.result is None:
        complaints().print("There is no picture: the leak was not read.", markup=False)
        return
    with opened.read() as s:
        png.write_bytes(detections.picture(s, row.site_id, row.id))


def _record(row: Detection) -> dict[str, Any]:
    names = ("id", "site_id", "content_id", "title", "state", "error_kind", "error_detail", "reg_time", "end_time")
    return {name: getattr(row, name) for name in names} | {"result": row.result}


def _lines(row: Detection) -> Iterator[str]:
    if row.result is None:
        yield f"Detection {row.id} is {row.state}. {row.error_detail}".strip()
    else:
        yield from report_lines(f"Detection {row.id}", row.result)
