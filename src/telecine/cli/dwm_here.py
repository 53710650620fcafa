"""`telecine dwm … --here` and `--keep`: copies, and who leaked one, with no server and no database.

The secret is a file, and beside what leaks are compared with lies the list of recipients, which only grows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from telecine.cli import rooms
from telecine.cli.detect_here import read_here, show_named
from telecine.cli.output import Exit, complaints, show_json, show_record, show_rows
from telecine.cli.progress import JobProgress, Reporter
from telecine.core.detection_codes import Subject
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import InputFile, JobSpec
from telecine.core.watermark.recipients import RecipientKeys, derive_recipient_keys
from telecine.jobs import distribution_here, roster
from telecine.jobs.detection_population import Recipients
from telecine.jobs.detection_report import Case, name_among
from telecine.jobs.here import Engines, Stores
from telecine.jobs.prepared import REFERENCE
from telecine.storage.folder import FolderStore

if TYPE_CHECKING:
    from telecine.core.distribution import Distribution
    from telecine.core.watermark.bias import Family
    from telecine.jobs.distribution_here import Outcome

SITE = "DEMO"
"""Part of the keys, where nobody names one."""


@dataclass(frozen=True, slots=True)
class OneShot:
    """A distribution without a server, as the options say it."""

    master: Path
    output: Path
    secret: Path
    site: str
    content: str
    keep: Path | None
    work: Path | None

    @property
    def kept(self) -> Path:
        """The folder for what leaks are compared with: never within what is handed out."""
        return self.keep or self.output.with_name(f"{self.output.name}-keep")


def pre_embed_here(asked: OneShot, how: Distribution, names: list[str], as_json: bool) -> None:
    """Make a copy for each of `names`, and keep what a leak will be compared with.

    Raises FIELD_INVALID, CONFLICT where something else is kept there, and what the engine raises.
    """
    if not asked.master.is_file():
        raise TelecineError(ErrorKind.FIELD_INVALID, f"there is no file {asked.master}.", field="MASTER")
    secret = _secret(asked.secret)
    listed = _listed(asked, secret, names)
    numbers = listed.numbers if names == ["all"] else listed.numbers_of(names)
    keys = _keys(secret, listed.site_id, listed.content_id, how.code)
    spec = _spec(asked, how)
    in_force = rooms.settings()
    asked.output.mkdir(parents=True, exist_ok=True)
    stores = Stores(FolderStore(asked.master.parent), FolderStore(asked.output))
    with _work_folder(asked) as work, JobProgress(asked.content) as shown:
        by = Engines(
            rooms.tools(in_force), in_force.limits, in_force.policy, Reporter(shown), lambda _: None, in_force.encodes
        )
        roster.keep(asked.kept, listed)  # first: a number that was used is never another's
        outcome = distribution_here.run_all(spec, stores, work, asked.kept, numbers, keys, by)
    _show(outcome, asked, as_json)


def detect_kept(
    leak: Path, keep: Path, secret: Path, content: str, limit: float, title: str, png: Path | None, as_json: bool
) -> Exit:
    """Read the leak, say whose copy it was, and return the exit code. Raises FIELD_INVALID and as `read_leak`."""
    listed, plan = roster.load(keep), distribution_here.kept_plan(keep)
    if listed is None or plan is None:
        why = f"{keep} holds nothing that leaks could be compared with: 'telecine dwm pre-embed --here' makes it."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="--keep")
    if not leak.is_file():
        raise TelecineError(ErrorKind.FIELD_INVALID, f"there is no file {leak}.", field="LEAK")
    given = _secret(secret)
    roster.check(listed, listed.site_id, content, given)
    keys = _keys(given, listed.site_id, content, plan.code)
    footage = read_here(leak, keep / REFERENCE, keys.mark)
    named = name_among(Case(title or leak.name, content, limit), footage, Recipients(listed.numbers, keys))
    about = {"site_id": listed.site_id, "content_id": content, "title": title or leak.name}
    return show_named(named, leak, Subject.RECIPIENTS, about, png, as_json)


def _listed(asked: OneShot, secret: bytes, names: list[str]) -> roster.Roster:
    """The list of recipients with `names` in it."""
    before = roster.load(asked.kept)
    site = asked.site or (before.site_id if before else SITE)
    if before is None:
        before = roster.Roster(site_id=site, content_id=asked.content, secret=roster.digest_of(secret))
    roster.check(before, site, asked.content, secret)
    if names != ["all"]:
        return before.with_names(names)
    if not before.recipients:
        why = f"'all' are those in {asked.kept / roster.NAME}, and there is nobody yet."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="--recipients")
    return before


def _secret(path: Path) -> bytes:
    if not path.is_file():
        why = f"there is no file {path}. 'head -c 32 /dev/urandom > {path}' makes a secret; keep it to trace leaks."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="--secret")
    return path.read_bytes()


def _keys(secret: bytes, site: str, content: str, code: Family) -> RecipientKeys:
    try:
        return derive_recipient_keys(secret, site, content, code)
    except ValueError as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"The {error}.", field="--secret") from error


def _spec(asked: OneShot, how: Distribution) -> JobSpec:
    if not asked.content.isprintable() or "/" in asked.content or asked.content in ("", ".", ".."):
        why = "it becomes a folder's name and must not be empty or hold slashes."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="--content")
    return JobSpec(
        name=asked.content,
        content_id=asked.content,
        input_storage="here",
        files=(InputFile(path=asked.master.name, video=True),),
        output_storage="here",
        output_path="",
        distribution=how,
    )


@contextmanager
def _work_folder(asked: OneShot) -> Iterator[Path]:
    """Beside the copies: there is room for several of the master's size, and they are made without copying twice."""
    if asked.work is not None:
        asked.work.mkdir(parents=True, exist_ok=True)
        yield asked.work.resolve()
        return
    with tempfile.TemporaryDirectory(prefix=".telecine-", dir=asked.output.parent) as folder:
        yield Path(folder).resolve()


def _show(outcome: Outcome, asked: OneShot, as_json: bool) -> None:
    made = [
        {"dwm_id": one.recipient, "recipient": one.name, "file": str(asked.output / one.key), "size": one.size}
        for one in outcome.copies
    ]
    plan = outcome.plan
    if as_json:
        show_json(
            {
                "content_id": asked.content,
                "copies": made,
                "kept": str(asked.kept),
                "marks": plan.positions,
                "group_seconds": round(float(plan.group_duration), 3),
                "seconds": outcome.seconds,
                "warnings": list(outcome.warnings),
            }
        )
        return
    for warning in outcome.warnings:
        complaints().print(f"Warning: {warning}", markup=False)
    show_rows(made, ["dwm_id", "recipient", "size", "file"], as_json=False, none="")
    steps = {f"seconds.{step}": f"{taken:.1f}" for step, taken in outcome.seconds.items()}
    show_record(steps | {"kept": f"{asked.kept}: trace leaks with it and {asked.secret}"}, as_json=False)
