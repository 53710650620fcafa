"""`telecine dwm pre-embed`: a traceable copy of a master for each recipient, by the server or in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telecine.cli import rooms
from telecine.cli.dwm_recipients import name_or_number
from telecine.cli.output import AsJson, Exit, complaints, show_record
from telecine.core.distribution import CopyMode, Distribution
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.bias import Family

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from telecine.core.job import JobSpec

STANDARD = Distribution()
"""How a master is prepared where no option says it."""

Master = Annotated[str, typer.Argument(help="Path in the input storage; with --here a file of this machine.")]
Recipients = Annotated[
    list[str],
    typer.Option("--recipients", "-r", help="Names, with commas or repeated; 'all'; or a file with one on each line."),
]
Content = Annotated[str, typer.Option(help="Content id, under which leaks will be looked for.")]
Source = Annotated[str, typer.Option("--input", help="Id of the storage that the master is in. Default: the only one.")]
Output = Annotated[str, typer.Option(help="Id of the storage for copies; with --here a new or empty folder.")]
Place = Annotated[str, typer.Option("--path", help="Folder in that storage.")]
Mode = Annotated[
    CopyMode, typer.Option(help="pool: two encodes serve all. individual: one each, told by a single picture.")
]
Code = Annotated[
    Family, typer.Option(help="uniform names one or two soonest; up_to_4 and up_to_6 withstand more who mix.")
]
Strength = Annotated[float, typer.Option(min=0.3, max=1.0, help="Of the mark; 0.7 is strong.")]
Group = Annotated[
    float | None, typer.Option(help="Seconds of pictures that are switched together. Default: by the codec.")
]
Here = Annotated[bool, typer.Option("--here", help="Do it in this process, with no server.")]
Secret = Annotated[
    Path | None, typer.Option(help="With --here: file whose bytes, 32 or more, marks follow from.", dir_okay=False)
]
Keep = Annotated[
    Path | None,
    typer.Option(help="With --here: folder for what leaks are compared with. Default: OUTPUT-keep.", file_okay=False),
]
Work = Annotated[
    Path | None, typer.Option(help="With --here: work folder, to go on where it was broken off.", file_okay=False)
]
Wait = Annotated[bool, typer.Option(help="Follow it to its end.")]


def add_to(app: typer.Typer) -> None:
    """Add the command to `telecine dwm`."""
    app.command("pre-embed")(pre_embed)


def pre_embed(
    master: Master,
    recipients: Recipients,
    content: Content,
    site: rooms.SiteOption = "",
    source: Source = "",
    output: Output = "",
    path: Place = "",
    mode: Mode = STANDARD.mode,
    code: Code = STANDARD.code,
    strength: Strength = STANDARD.strength,
    group_seconds: Group = STANDARD.group_seconds,
    here: Here = False,
    secret: Secret = None,
    keep: Keep = None,
    work: Work = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Make a copy of a master for each recipient that only a detector can tell from another's.

    With a server MASTER is a path in an input storage, and a worker does it. With --here it is a file, and copies
    come to lie in the folder --output. The same recipient always gets the same copy.
    """
    how = _distribution(mode, code, strength, group_seconds)
    if here:
        from telecine.cli.dwm_here import OneShot, pre_embed_here

        folder, key = Path(_given("--output", output)), _given("--secret", secret)
        pre_embed_here(OneShot(Path(master), folder, key, site, content, keep, work), how, _names(recipients), as_json)
        return
    for option, value in (("--secret", secret), ("--keep", keep), ("--work", work)):
        if value is not None:
            raise TelecineError(ErrorKind.FIELD_INVALID, "it is for --here; a server keeps its own.", field=option)
    asked = _Asked(master, content, source, output, path, how)
    _queue(site, asked, _names(recipients), wait=wait, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A distribution as the options say it."""

    master: str
    content: str
    source: str
    output: str
    path: str
    how: Distribution

    def spec(self, s: Session, site_id: str) -> JobSpec:
        """The job. Raises FIELD_INVALID and FIELD_MISSING naming the argument or option."""
        from telecine.apis.findings import Findings
        from telecine.apis.paths import file_key, folder
        from telecine.core.job import InputFile, JobSpec

        found = Findings()
        key, place = file_key(self.master, "MASTER", found), folder(self.path, "--path", found)
        if "/" in self.content or self.content in ("", ".", ".."):
            found.invalid("--content", "it becomes a folder's name and must not be empty or hold slashes.")
        found.settle()
        return JobSpec(
            name=self.content,
            content_id=self.content,
            input_storage=_storage(s, site_id, "input", self.source),
            files=(InputFile(path=key, video=True),),
            output_storage=_storage(s, site_id, "output", self.output),
            output_path=place,
            distribution=self.how,
        )


def _storage(s: Session, site_id: str, io_type: str, named: str) -> str:
    """The storage that was named, or the only one that serves."""
    from telecine.apis.findings import Findings
    from telecine.apis.references import check_storages
    from telecine.catalog import storages

    option = f"--{io_type}"
    if named:
        found = Findings()
        check_storages(s, site_id, {option: (io_type, named)}, found)
        found.settle()
        return named
    _, rows = storages.search(s, site_id, storages.StorageFilter(page_unit=1000))
    known = [row.storage_id for row in rows if storages.serves(row, io_type)]
    if len(known) != 1:
        hint = f"telecine storage create BUCKET --site {site_id} --type {io_type}"
        why = f"It is one of {', '.join(known)}." if known else f"Register one first: {hint}"
        raise TelecineError(ErrorKind.FIELD_MISSING, why, field=option)
    return known[0]


def _given[T](option: str, value: T | None) -> T:
    if not value:
        raise TelecineError(ErrorKind.FIELD_MISSING, "--here needs it.", field=option)
    return value


def _distribution(mode: CopyMode, code: Family, strength: float, group_seconds: float | None) -> Distribution:
    """How to tell copies apart. Raises FIELD_INVALID naming the option."""
    from pydantic import ValidationError

    try:
        return Distribution(mode=mode, code=code, strength=strength, group_seconds=group_seconds)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        at = f"--{first['loc'][0]}".replace("_", "-")
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{first['msg']}.", field=at) from error


def _names(given: list[str]) -> list[str]:
    """The names meant by words with commas and files with one on each line. `all` stays what it is."""
    from telecine.cli.recipient_file import read_recipients

    found: list[str] = []
    for word in given:
        if Path(word).is_file():
            found += [name for name, _ in read_recipients(Path(word), "--recipients")]
        else:
            found += [name.strip() for name in word.split(",") if name.strip()]
    if not found:
        raise TelecineError(ErrorKind.FIELD_MISSING, "Name at least one, or 'all'.", field="--recipients")
    return list(dict.fromkeys(found))


def _queue(site: str, asked: _Asked, names: list[str], *, wait: bool, as_json: bool) -> None:
    """Put the job into the queue and follow it; the exit code tells how it ended."""
    from telecine.catalog import distributions
    from telecine.cli.jobs import ended, follow

    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    with opened.write() as s:
        spec = asked.spec(s, site_id)
        numbers = _numbers(s, site_id, names)
        request = {"recipients": names, "path": asked.master}
        job = distributions.create(s, site_id, distributions.NewDistribution(spec, numbers, request))
    if wait:
        job = follow(opened, job.id)
    record = {"job_id": job.id, "content_id": job.content_id, "state": job.state.value, "recipients": len(numbers)}
    show_record(record | ({"error_message": job.error_message} if job.error_message else {}), as_json)
    if job.error_message and not as_json:
        complaints().print(f"Error: {job.error_message}\n{job.error_cure}", markup=False)
    raise typer.Exit(ended(job.state) if wait else Exit.DONE)


def _numbers(s: Session, site_id: str, names: list[str]) -> list[int]:
    """The numbers of the site's recipients of these names. Raises FIELD_INVALID naming all whom it does not have."""
    from telecine.catalog import recipients

    if names == ["all"]:
        return [row.id for row in recipients.every(s, site_id)]
    rows = recipients.named(s, site_id, [name_or_number(name) for name in names])
    unknown = [name for name, row in zip(names, rows, strict=True) if row is None]
    if unknown:
        why = f"the site has no recipient {', '.join(unknown[:20])}. 'telecine dwm recipients add' registers them."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="--recipients")
    return list(dict.fromkeys(row.id for row in rows if row is not None))
