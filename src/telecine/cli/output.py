"""How commands speak: tables and colours on a terminal, plain lines in a pipe, JSON where `--json` asks for it.

Results go to standard output, everything else to standard error, so that a result can be piped.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from telecine.core.errors import ErrorKind, TelecineError


class Exit(IntEnum):
    """Exit codes of every command; documented in `telecine --help`."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    JOB_ERROR = 5
    JOB_STOPPED = 6
    INTERRUPTED = 130


EXIT_CODES = """Exit codes: 0 done · 1 failed · 2 wrong use or value · 3 not found · 4 conflict with what is there ·
5 the job, or a check, ended in error · 6 the job was stopped · 130 interrupted."""

_BY_KIND = {
    ErrorKind.FIELD_MISSING: Exit.USAGE,
    ErrorKind.FIELD_INVALID: Exit.USAGE,
    ErrorKind.FIELD_OUT_OF_RANGE: Exit.USAGE,
    ErrorKind.BODY_NOT_JSON: Exit.USAGE,
    ErrorKind.NOT_SUPPORTED_YET: Exit.USAGE,
    ErrorKind.NOT_FOUND: Exit.NOT_FOUND,
    ErrorKind.CONFLICT: Exit.CONFLICT,
    ErrorKind.IN_USE: Exit.CONFLICT,
    ErrorKind.RECIPIENT_USED: Exit.CONFLICT,
    ErrorKind.WRONG_STATE: Exit.CONFLICT,
}

_JSON_WANTED = "telecine.json"


def _remember(context: typer.Context, wanted: bool) -> bool:
    context.meta[_JSON_WANTED] = context.meta.get(_JSON_WANTED, False) or wanted
    return wanted


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.", callback=_remember)]
"""Type of the `--json` option, which every command has."""


def wants_json(context: typer.Context) -> bool:
    """Whether `--json` was given, for those who see only the context."""
    return bool(context.meta.get(_JSON_WANTED))


def console() -> Console:
    """Standard output with colours, where it is a terminal."""
    return Console(highlight=False, soft_wrap=True)


def complaints() -> Console:
    """Standard error with colours, where it is a terminal."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def show_json(value: object) -> None:
    """Print `value` as JSON, times as ISO 8601."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n")


def show_record(values: Mapping[str, Any], as_json: bool) -> None:
    """Print one thing: a name and a value on each line."""
    if as_json:
        show_json(values)
        return
    width = max(map(len, values), default=0)
    for name, value in values.items():
        console().print(f"[dim]{name:<{width}}[/]  {escape(text(value))}", markup=True)


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], as_json: bool, *, none: str) -> None:
    """Print many things of one kind: a table, tab-separated lines in a pipe, or a JSON list. `none` tells of none."""
    if as_json:
        show_json(rows)
    elif not rows:
        complaints().print(none)
    elif sys.stdout.isatty():
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(escape(text(row[column])) for column in columns))
        console().print(table)
    else:
        for row in rows:
            sys.stdout.write("\t".join(text(row[column]) for column in columns) + "\n")


def show_error(error: TelecineError, as_json: bool) -> int:
    """Print a failure, or all of several, each with its cure; return the exit code that the first means."""
    parts: tuple[TelecineError, ...] = getattr(error, "errors", (error,))
    if as_json:
        told = [{"kind": one.kind.value, "field": one.field, "message": one.message, "cure": one.cure} for one in parts]
        show_json({"error": told[0], "more": told[1:]} if len(told) > 1 else {"error": told[0]})
        return _BY_KIND.get(error.kind, Exit.FAILED)
    for one in parts:
        complaints().print("[bold red]Error:[/] ", end="")
        complaints().print(f"{one.message}\n{one.cure}", markup=False)
    return _BY_KIND.get(error.kind, Exit.FAILED)


def text(value: object) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
