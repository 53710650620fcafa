"""`telecine detect --reference`: who leaked a copy, found out in this process, with no server and no database."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from telecine.cli import rooms
from telecine.cli.leak_report import report_lines
from telecine.cli.output import Exit, console, show_json
from telecine.cli.progress import JobProgress
from telecine.cli.session_file import read_sessions
from telecine.core.detection_codes import Subject
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.pattern import derive_mark_key
from telecine.core.watermark.report import Outcome
from telecine.core.watermark.sequence import derive_key
from telecine.jobs.leak_staging import fingerprint

if TYPE_CHECKING:
    from telecine.core.progress import Tick
    from telecine.core.watermark.pattern import MarkKey
    from telecine.core.watermark.report import Footage
    from telecine.jobs.detection_report import Named


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a detection has instead of a server: a title's reference, its site's secret, and its sessions."""

    reference: Path
    mark_secret: Path
    sessions: Path


def detect_here(
    leak: Path, evidence: Evidence, site: str, content: str, limit: float, title: str, png: Path | None, as_json: bool
) -> Exit:
    """Read the leak, say who leaked it, and return the exit code. Raises FIELD_INVALID and what `read_leak` raises."""
    if not leak.is_file():
        raise TelecineError(ErrorKind.FIELD_INVALID, f"there is no file {leak}.", field="LEAK")
    named = _named(leak, evidence, site, content, limit, title or leak.name)
    about = {"site_id": site, "content_id": content, "title": title or leak.name}
    return show_named(named, leak, Subject.VIEWERS, about, png, as_json)


def show_named(
    named: Named, leak: Path, subject: Subject, about: dict[str, Any], png: Path | None, as_json: bool
) -> Exit:
    """Print what came of a detection, write its picture, and return the exit code. `about` holds a `title`."""
    result = named.result | {"leak": fingerprint(leak)}
    if png is not None:
        png.write_bytes(named.png)
    if as_json:
        show_json(about | {"result": result})
    else:
        for line in report_lines(about["title"], result, subject):
            console().print(line, markup=False)
    return Exit.DONE if named.result["outcome"] == Outcome.NAMED else Exit.JOB_ERROR


def _named(leak: Path, evidence: Evidence, site: str, content: str, limit: float, name: str) -> Named:
    from telecine.jobs.detection_report import Case, name_among

    secret = evidence.mark_secret.read_bytes()
    viewers = read_sessions(evidence.sessions, content, partial(derive_key, secret, site, content))
    try:
        key = derive_mark_key(secret, site, content)
    except ValueError as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"The {error}.", field="--mark-secret") from error
    return name_among(Case(name, content, limit), read_here(leak, evidence.reference, key), viewers)


def read_here(leak: Path, reference: Path, key: MarkKey) -> Footage:
    """What a leak shows of the title, or master, that this is the reference of. Raises as `read_leak`."""
    from telecine.media.context import Context
    from telecine.media.detect.read import read_leak

    in_force = rooms.settings()
    with TemporaryDirectory(prefix="telecine-") as folder, JobProgress(leak.name) as shown:
        here = Path(folder).resolve() / "leak"  # beside which more is written: not into somebody's own folder
        _link(leak.resolve(), here)

        def report(tick: Tick) -> None:
            shown.overall("reading", 100.0 * tick.fraction, None)

        context = Context(rooms.tools(in_force), in_force.limits, report)
        return read_leak(here, reference.resolve(), key, context)


def _link(file: Path, name: Path) -> None:
    """Let `file` have another name too; a copy of it where it cannot. The sandbox follows no symbolic link."""
    try:
        name.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, name)
