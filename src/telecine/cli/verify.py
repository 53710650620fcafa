"""`telecine verify`: any published tree, here or on some server, looked at as a stranger would."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, Exit, complaints, console, show_json
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.media.verify_report import VerifyReport

_MOST_GIGABYTES = 20.0
_MOST_FILES = 100_000
_KEY = re.compile(r"^([0-9a-f]{32}):([0-9a-f]{32})$")
_MARKS = {"passed": ("green", "ok"), "failed": ("bold red", "FAILED"), "skipped": ("dim", "skipped")}


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("verify")(verify)


def verify(
    place: Annotated[
        str,
        typer.Argument(
            metavar="PATH_OR_URL",
            help="Folder that holds dash, hls or cmaf; or the address of a manifest, or of a folder with / at its end.",
        ),
    ],
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="KID:KEY", help="A content key, in hexadecimal; once for each."),
    ] = None,
    keys_file: Annotated[
        Path | None, typer.Option("--keys", help="Content keys as CPIX.", exists=True, dir_okay=False)
    ] = None,
    max_gb: Annotated[float, typer.Option(min=0, help="Most to fetch from an address, in GB.")] = _MOST_GIGABYTES,
    max_files: Annotated[int, typer.Option(min=1, help="Most files to fetch from an address.")] = _MOST_FILES,
    as_json: AsJson = False,
) -> None:
    """Look at a published tree as a stranger would: segments, keyframes, declared bandwidths, encryption.

    Encrypted tracks are decrypted and decoded where their keys are given; of others everything is judged that can be
    seen from outside.
    """
    from telecine.keys.fixed import FixedKeys
    from telecine.media.context import Context
    from telecine.media.verify import verify_tree

    keys = read_keys(key or ())
    if keys_file is not None:
        keys |= FixedKeys.from_cpix(keys_file.read_bytes()).by_id()
    in_force = rooms.settings()
    with _folder_of(place, round(max_gb * 1e9), max_files) as folder:
        report = verify_tree(folder, Context(rooms.tools(in_force), in_force.limits), keys)
    if as_json:
        show_json(report.model_dump(mode="json") | {"ok": report.ok})
    elif sys.stdout.isatty():
        _show(report)
    else:
        typer.echo(report.explain())
    if not report.ok:
        raise typer.Exit(Exit.JOB_ERROR)


def read_keys(texts: Iterable[str]) -> dict[bytes, bytes]:
    """Keys by key id, from `KID:KEY`. Raises FIELD_INVALID, without repeating what may be a secret."""
    keys: dict[bytes, bytes] = {}
    for number, text in enumerate(texts, 1):
        match = _KEY.match(text.strip().lower().replace("-", ""))
        if not match:
            what = f"number {number} is not KID:KEY, two times 32 hexadecimal digits with a colon between them."
            raise TelecineError(ErrorKind.FIELD_INVALID, what, field="--key")
        keys[bytes.fromhex(match[1])] = bytes.fromhex(match[2])
    return keys


@contextmanager
def _folder_of(place: str, most_bytes: int, most_files: int) -> Iterator[Path]:
    """The tree as a folder, which is temporary for an address. A local manifest stands for its folder."""
    if place.startswith(("http://", "https://")):
        from telecine.cli.download import Limits, download

        with tempfile.TemporaryDirectory(prefix="telecine-verify-") as folder:
            with complaints().status(f"Fetching {place}"):
                download(place, Path(folder), Limits(most_bytes, most_files))
            yield Path(folder).resolve()
        return
    path = Path(place).resolve()
    if not path.exists():
        raise TelecineError(ErrorKind.NOT_FOUND, f"'{place}'")
    yield path.parent if path.is_file() else path


def _show(report: VerifyReport) -> None:
    """The report on a terminal."""
    out = console()
    for check in report.checks:
        style, mark = _MARKS[check.outcome]
        out.print(f"[{style}]{mark:8}[/][bold]{check.name:<12}[/] ", end="")
        out.print(check.detail, markup=False, style="dim" if check.outcome == "skipped" else "")
        for fault in report.shown(check):
            out.print(f"{'':21}{fault}", markup=False, style="red")
    for name, tree in report.trees.items():
        second = f" and {tree.second_variant} of variant 1" if tree.second_variant else ""
        size = f"{tree.segments} files of media{second}, {tree.bytes / 1e6:,.1f} MB, {tree.duration_seconds:.2f} s"
        out.print(f"{name}: {', '.join(tree.manifests)}; {size}", markup=False, style="dim")
    out.print(
        f"[{'green' if report.ok else 'bold red'}]{'It is whole.' if report.ok else 'It is at fault.'}[/]", end=" "
    )
    out.print(f"Read in {report.seconds:.1f} s.", style="dim")
