"""`telecine user …`: people who call the video API. A generated password is printed once, when it is made."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from telecine.catalog.video_models import User

app = typer.Typer(no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="The user's email or id.")]
FromStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Ask for the password, or read the first line of a pipe. Default: make one."),
]


@app.command("add")
def add(
    email: Annotated[str, typer.Argument(help="Email.")],
    name: Annotated[str, typer.Option(help="What the user is called.")],
    team: Annotated[str, typer.Option(help="Id of the team that the user belongs to.")],
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """Add a user; prints the password where it was made here, this once."""
    from telecine.catalog import users

    password = _read() if password_stdin else _made()
    with rooms.database(rooms.settings()).write() as s:
        user = users.create(s, email, name, password, team)
        record = _record(s, user)
    show_record(record | ({} if password_stdin else {"password": password}), as_json)


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the users with their teams, oldest first."""
    from telecine.catalog import users

    with rooms.database(rooms.settings()).read() as s:
        rows = [_record(s, user) for user in users.every(s)]
    columns = ["user_id", "email", "name", "teams", "banned", "banned_reason"]
    show_rows(rows, columns, as_json, none="There is none yet: telecine user add EMAIL --name NAME --team ID")


@app.command("password")
def password(login: Login, password_stdin: FromStdin = False, as_json: AsJson = False) -> None:
    """Give a user another password; all tokens that are out die."""
    from telecine.catalog import users

    new = _read() if password_stdin else _made()
    with rooms.database(rooms.settings()).write() as s:
        user = users.set_password(s, login, new)
    show_record({"email": user.email} | ({} if password_stdin else {"password": new}), as_json)


@app.command("ban")
def ban(
    login: Login,
    reason: Annotated[str, typer.Option(help="Why; the user is told.")] = "",
    as_json: AsJson = False,
) -> None:
    """Suspend a user; all tokens that are out die."""
    from telecine.catalog import users

    with rooms.database(rooms.settings()).write() as s:
        record = _record(s, users.ban(s, login, reason))
    show_record(record, as_json)


@app.command("unban")
def unban(login: Login, as_json: AsJson = False) -> None:
    """Let a user in again."""
    from telecine.catalog import users

    with rooms.database(rooms.settings()).write() as s:
        record = _record(s, users.unban(s, login))
    show_record(record, as_json)


def _made() -> str:
    return secrets.token_urlsafe(15)


def _read() -> str:
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _record(s: Session, user: User) -> dict[str, Any]:
    from telecine.catalog import teams

    return {
        "user_id": user.id,
        "email": user.email,
        "name": user.name,
        "teams": ", ".join(team.name for team in teams.of_user(s, user.id)),
        "banned": user.banned,
        "banned_reason": user.banned_reason,
    }
