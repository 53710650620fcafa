"""A detection by this machine's server, from the command line: put into the queue, followed, shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telecine.catalog import detections
from telecine.catalog.detections import NewDetection, Source
from telecine.cli import rooms
from telecine.cli.leak_report import report_lines
from telecine.cli.output import Exit, complaints, console, show_json
from telecine.cli.progress import JobProgress
from telecine.core.detection_codes import ENDED, Subject
from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs import leak_staging
from telecine.jobs.door import check_leak_url

if TYPE_CHECKING:
    from telecine.catalog.database import Database
    from telecine.catalog.mark_models import Detection
    from telecine.settings import Settings

POLL = 0.5
"""Seconds between two looks at a detection that is being followed."""


def detect_there(leak: str, new: NewDetection, site: str, png: Path | None, as_json: bool) -> Exit:
    """Have a worker do the detection `new` of `leak`, a file or an address; show what came of it.

    Returns the exit code. Raises FIELD_INVALID, NOT_FOUND for an unknown site, and as `detections.create`.
    """
    in_force = rooms.settings()
    opened = rooms.database(in_force)
    row = _follow(opened, _ask(in_force, opened, rooms.site_id(opened, site), leak, new))
    if png is not None:
        _write_picture(opened, row, png)
    if as_json:
        show_json(_record(row))
    else:
        for line in _lines(row):
            console().print(line, markup=False)
    return Exit.DONE if row.state == "complete" else Exit.JOB_ERROR


def _ask(in_force: Settings, opened: Database, site_id: str, leak: str, new: NewDetection) -> int:
    """Put the detection in the queue. A local file goes into the work folder, and out again where it is refused."""
    source = _source(in_force, leak)
    try:
        with opened.write() as s:
            return detections.create(s, rooms.sealer(in_force), site_id, replace(new, source=source)).id
    except TelecineError:
        if source.upload:
            leak_staging.withdraw(in_force.work, source.upload)
        raise


def _source(in_force: Settings, leak: str) -> Source:
    if leak.startswith(("https://", "http://")):
        check_leak_url(leak, in_force)
        return Source(url=leak)
    if not Path(leak).is_file():
        raise TelecineError(ErrorKind.FIELD_INVALID, f"there is no file {leak}.", field="LEAK")
    return Source(upload=leak_staging.offer(in_force.work, Path(leak)))


def _follow(opened: Database, detection_id: int) -> Detection:
    """Show its progress until it has ended. An interrupt cancels it: nobody else waits for the answer."""
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
                detections.cancel(s, row.site_id, detection_id, subject=Subject(row.subject))
            raise


def _write_picture(opened: Database, row: Detection, png: Path) -> None:
    if row.result is None:
        complaints().print("There is no picture: the leak was not read.", markup=False)
        return
    with opened.read() as s:
        png.write_bytes(detections.picture(s, row.site_id, row.id, Subject(row.subject)))


def _record(row: Detection) -> dict[str, Any]:
    names = ("id", "site_id", "content_id", "title", "state", "error_kind", "error_detail", "reg_time", "end_time")
    return {name: getattr(row, name) for name in names} | {"result": row.result}


def _lines(row: Detection) -> Iterator[str]:
    if row.result is None:
        yield f"Detection {row.id} is {row.state}. {row.error_detail}".strip()
    else:
        yield from report_lines(f"Detection {row.id}", row.result, Subject(row.subject))
