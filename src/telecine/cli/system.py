"""`telecine doctor` and `telecine settings`: is everything here that is needed, and what is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import typer
from pydantic import BaseModel, SecretStr

from telecine.cli import rooms
from telecine.cli.output import AsJson, Exit, console, show_json, show_rows

if TYPE_CHECKING:
    pass

_MASK = "********"


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("doctor")(doctor)
    app.command("settings")(settings)


def doctor(as_json: AsJson = False) -> None:
    """Check engines, folders, database, Temporal and storage; name what is missing or wrong, and the cure."""
    from telecine.cli.checks import every_check

    checks = list(every_check(rooms.settings()))
    if as_json:
        show_json(
            [
                {"name": one.name, "ok": one.ok, "found": one.found, "cure": one.cure, "optional": one.optional}
                for one in checks
            ]
        )
    else:
        out = console()
        for one in checks:
            bad = "[yellow]lacks[/]  " if one.optional else "[bold red]wrong[/]  "
            out.print("[green]ok[/]     " if one.ok else bad, end="")
            out.print(f"{one.name}: {one.found}", markup=False)
            if not one.ok:
                out.print(f"       {one.cure}", markup=False)
    if not all(one.ok or one.optional for one in checks):
        raise typer.Exit(Exit.JOB_ERROR)


def settings(as_json: AsJson = False) -> None:
    """Print the settings in force, each with the variable that sets it; secrets are masked."""
    in_force = rooms.settings()
    rows = list(_rows(in_force, "TELECINE_"))
    if as_json:
        show_json({row["variable"]: row["value"] for row in rows})
        return
    show_rows(rows, ["variable", "value", "meaning"], as_json=False, none="There are no settings.")


def _rows(values: BaseModel, prefix: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, field in type(values).model_fields.items():
        value = getattr(values, name)
        if isinstance(value, BaseModel):
            rows += _rows(value, f"{prefix}{name.upper()}__")
        else:
            shown = _effective(values, name, value)
            rows.append({"variable": f"{prefix}{name.upper()}", "value": shown, "meaning": field.description or ""})
    return rows


def _effective(values: BaseModel, name: str, value: object) -> object:
    """The value as it acts, without secrets: a password inside a URL is one too."""
    acting = {
        "database_url": "database",
        "work_dir": "work",
        "bucket_dir": "buckets",
        "temporal_address": "temporal",
        "public_url": "base_url",
    }
    if isinstance(value, SecretStr):
        return _MASK if value.get_secret_value() else ""
    value = getattr(values, acting[name]) if name in acting else value
    if isinstance(value, str) and "://" in value:
        return without_password(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, (int, float, str)) or value is None else str(value)


def without_password(url: str) -> str:
    """`url` with the password in it masked."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:{_MASK}@{place}"))
