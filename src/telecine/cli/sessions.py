"""`telecine sessions …`: viewers' copies of marked contents."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, complaints, show_json, show_record, show_rows
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from enum import StrEnum

    from telecine.catalog.mark_models import MarkSession

app = typer.Typer(no_args_is_help=True)

Content = Annotated[str, typer.Option("--content", help="Content id of the published title.")]
Session = Annotated[str, typer.Argument(help="Session id, or the token itself.")]
_TAKES_A_TOKEN = {"ignore_unknown_options": True}
"""A token may begin with `-`; every AES token of one site in 64 does. So what is no option is the argument."""
_EXPORTED = ("session", "payload", "code", "forensic_mark", "content_id", "reg_time", "expires", "revoked")


@app.command("open")
def open_one(
    mark: Annotated[str, typer.Argument(help="Your words for the viewer, at most 254 bytes.")],
    content: Annotated[str, typer.Option(help="Content id of a title that is published with marks.")],
    streaming_format: Annotated[str, typer.Option("--format", help="dash or hls.")] = "dash",
    site: rooms.SiteOption = "",
    form: Annotated[str, typer.Option(help="Of the token: aes, jwt, cwt or akamai. Default: by the code.")] = "",
    code: Annotated[str, typer.Option(help="delivery, uniform, up_to_4 or up_to_6. Default: the site's.")] = "",
    seconds: Annotated[int | None, typer.Option(min=1, help="How long the token is good.")] = None,
    direct: Annotated[bool, typer.Option("--direct", help="Put the variants into the token (jwt, cwt).")] = False,
    shared: Annotated[bool, typer.Option("--shared", help="HMAC 256 instead of a signature (jwt, cwt).")] = False,
    as_json: AsJson = False,
) -> None:
    """Open a session for one viewer of one title; prints its token, and the path of its manifest at `telecine edge`."""
    from telecine.apis.packaging.addresses import session_url
    from telecine.catalog import mark_sessions
    from telecine.catalog.clock import utcnow
    from telecine.core.watermark.policy import SessionCode
    from telecine.core.watermark.tokens import TokenForm

    in_force = rooms.settings()
    opened = rooms.database(in_force)
    site_id = rooms.site_id(opened, site)
    new = mark_sessions.NewSession(
        content_id=content,
        streaming_format=streaming_format.lower(),
        forensic_mark=mark,
        form=_word(TokenForm, form, "--form"),
        code=_word(SessionCode, code, "--code"),
        seconds=seconds,
        direct=direct,
        shared=shared,
    )
    with opened.write() as s:
        made = mark_sessions.open_session(s, rooms.sealer(in_force), site_id, new, utcnow())
    prefix = "" if made.row.form == TokenForm.AKAMAI else in_force.edge_prefixes[0]
    place = (made.title.output_path, content, made.tree)
    path = session_url("", prefix, made.token, place, new.streaming_format)
    show_record({**_record(made.row), "tree": made.tree, "token": made.token, "path": path}, as_json)


@app.command("list")
def list_sessions(
    site: rooms.SiteOption = "",
    content: Annotated[str, typer.Option(help="Of this content id alone.")] = "",
    mark: Annotated[str, typer.Option(help="Of this viewer alone.")] = "",
    live: Annotated[bool | None, typer.Option("--live/--ended", help="Neither revoked nor expired, or else.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 25,
    page: Annotated[int, typer.Option(min=1, help="Which page of so many.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List sessions, newest first."""
    from telecine.catalog import mark_sessions
    from telecine.catalog.clock import utcnow

    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    wanted = mark_sessions.SessionFilter(
        content_id=content, forensic_mark=mark, live=live, page_unit=limit, page_index=page
    )
    with opened.read() as s:
        rows = [_record(row) for row in mark_sessions.search(s, site_id, wanted, utcnow())[1]]
    columns = ["session", "forensic_mark", "content_id", "code", "form", "reg_time", "expires", "revoked"]
    show_rows(rows, columns, as_json, none="There is no such session.")


@app.command("show", context_settings=_TAKES_A_TOKEN)
def show(session: Session, site: rooms.SiteOption = "", as_json: AsJson = False) -> None:
    """Show a session with its token."""
    from telecine.catalog.session_tokens import token_of

    in_force = rooms.settings()
    row = _find(session, site)
    show_record({**_record(row), "token": token_of(rooms.sealer(in_force), row)}, as_json)


@app.command("revoke", context_settings=_TAKES_A_TOKEN)
def revoke(
    session: Annotated[str, typer.Argument(help="Session id, or the token itself.")] = "",
    site: rooms.SiteOption = "",
    mark: Annotated[str, typer.Option(help="End all sessions of this viewer instead.")] = "",
    as_json: AsJson = False,
) -> None:
    """End one session, or all sessions of one viewer. Our edge refuses them within seconds."""
    from telecine.catalog import mark_sessions
    from telecine.catalog.clock import utcnow

    if bool(session) == bool(mark):
        raise TelecineError(ErrorKind.FIELD_MISSING, "One of SESSION and --mark, and only one.", field="SESSION")
    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    if mark:
        with opened.write() as s:
            ended = mark_sessions.revoke_viewer(s, site_id, mark, utcnow())
    else:
        found = _find(session, site_id)
        with opened.write() as s:
            mark_sessions.revoke(mark_sessions.get(s, site_id, found.session), utcnow())
        ended = int(found.revoked is None)
    show_record({"revoked": ended}, as_json)


@app.command("export")
def export(
    site: rooms.SiteOption = "",
    content: Annotated[str, typer.Option(help="Of this content id alone.")] = "",
    to: Annotated[Path | None, typer.Option(help="File to write. Default: standard output.", dir_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Write sessions as CSV, for detections without this database. Tokens are not in it."""
    from telecine.catalog import mark_sessions

    opened = rooms.database(rooms.settings())
    site_id = rooms.site_id(opened, site)
    written = 0
    with opened.read() as s:
        rows = ({name: getattr(row, name) for name in _EXPORTED} for row in mark_sessions.every(s, site_id, content))
        if as_json and to is None:
            show_json(list(rows))
            return
        stream = to.open("w", newline="", encoding="utf-8") if to else sys.stdout
        try:
            table = csv.DictWriter(stream, _EXPORTED, lineterminator="\n")
            table.writeheader()
            for row in rows:
                table.writerow({name: _plain(value) for name, value in row.items()})
                written += 1
        finally:
            if to:
                stream.close()
    if to:
        complaints().print(f"{written} sessions were written to {to}.", markup=False)


@app.command("keys")
def keys(
    site: rooms.SiteOption = "",
    shared: Annotated[
        bool, typer.Option("--shared", help="Also show the key of HMAC 256, with which tokens can be forged.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what an edge of somebody else needs to read this site's JWT and CWT tokens."""
    from telecine.catalog import session_keys

    in_force = rooms.settings()
    opened = rooms.database(in_force)
    site_id = rooms.site_id(opened, site)
    with opened.write() as s:
        known = session_keys.token_keys(s, rooms.sealer(in_force), site_id)
    akamai = known.akamai
    record = {
        "site_id": site_id,
        "es256_public_key": known.public.decode(),
        "pattern_key": known.pattern.hex(),
        "akamai_public_key": akamai.public.decode() if akamai else None,
    }
    show_record(record | ({"hs256_key": known.shared.hex()} if shared else {}), as_json)


@app.command("akamai-key")
def akamai_key(
    private_key: Annotated[Path, typer.Argument(help="RSA private key in PEM.", exists=True, dir_okay=False)],
    password: Annotated[str, typer.Option(help="Password of the pattern.", envvar="TELECINE_AKAMAI_PASSWORD")],
    site: rooms.SiteOption = "",
    as_json: AsJson = False,
) -> None:
    """Register the key pair and password of a site's tokens for Akamai; prints the public half."""
    from telecine.catalog import session_keys

    in_force = rooms.settings()
    opened = rooms.database(in_force)
    site_id = rooms.site_id(opened, site)
    with opened.write() as s:
        known = session_keys.set_akamai(s, rooms.sealer(in_force), site_id, private_key.read_bytes(), password)
    show_record({"site_id": site_id, "public_key": known.public.decode()}, as_json)


def _word[E: StrEnum](kind: type[E], given: str, field: str) -> E | None:
    """The word that was given; None where none was. Raises FIELD_INVALID."""
    if not given:
        return None
    try:
        return kind(given.lower())
    except ValueError as error:
        words = ", ".join(kind)
        raise TelecineError(ErrorKind.FIELD_INVALID, f"it must be one of {words}.", field=field) from error


def _find(named: str, site: str) -> MarkSession:
    """The session with this id or token. Raises NOT_FOUND."""
    from telecine.catalog import mark_sessions
    from telecine.core.watermark.ticket import TokenRefused

    in_force = rooms.settings()
    opened = rooms.database(in_force)
    site_id = rooms.site_id(opened, site)
    with opened.read() as s:
        if len(named) == 32:
            return mark_sessions.get(s, site_id, named)
        try:
            return mark_sessions.by_token(s, rooms.sealer(in_force), site_id, named)
        except TokenRefused as error:
            raise TelecineError(ErrorKind.NOT_FOUND, f"A session of this token ({error.reason})") from error


def _record(row: MarkSession) -> dict[str, Any]:
    names = ("session", "payload", "content_id", "forensic_mark", "code", "form", "streaming_format")
    return {name: getattr(row, name) for name in (*names, "reg_time", "expires", "revoked")}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a column of any type
    return value.isoformat() if hasattr(value, "isoformat") else ("" if value is None else value)
