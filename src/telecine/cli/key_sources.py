"""`telecine keys source …`: where the keys of a site come from."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record
from telecine.core.drm import DrmSystem
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.keys.config import Choice

app = typer.Typer(no_args_is_help=True)
choices = typer.Typer(no_args_is_help=True)
app.add_typer(choices, name="set", help="Choose where the keys of a site come from from now on.")

Url = Annotated[str, typer.Argument(help="Address of the key server.")]
_PEM = {"exists": True, "dir_okay": False, "readable": True}


class SpekeVersion(StrEnum):
    """SPEKE's versions that are spoken."""

    V2_0 = "2.0"
    V2_1 = "2.1"


@app.command("show")
def show(site: rooms.SiteOption = "", as_json: AsJson = False) -> None:
    """Show where the keys of a site come from; what is secret is masked, the certificate for key servers is not."""
    from telecine.keys.config import shown

    show_record(shown(rooms.key_ring(site).choice()), as_json)


@choices.command("vault")
def vault(site: rooms.SiteOption = "", as_json: AsJson = False) -> None:
    """Random keys, kept here."""
    _choose(site, {"kind": "vault"}, as_json)


@choices.command("speke")
def speke(
    url: Url,
    site: rooms.SiteOption = "",
    version: Annotated[SpekeVersion, typer.Option("--speke-version", help="Version of SPEKE.")] = SpekeVersion.V2_0,
    header: Annotated[
        list[str] | None,
        typer.Option(help="`Name: value` that says who we are, or @FILE with such lines; may be repeated."),
    ] = None,
    system: Annotated[
        list[DrmSystem] | None, typer.Option(help="DRM system to ask for; may be repeated. Default: all but ClearKey.")
    ] = None,
    encrypted: Annotated[
        bool, typer.Option("--encrypted", help="Ask for encrypted keys, with a key pair made for it.")
    ] = False,
    certificate: Annotated[Path | None, typer.Option(help="Certificate to encrypt keys to (PEM).", **_PEM)] = None,
    private_key: Annotated[Path | None, typer.Option(help="Its private key (PEM).", **_PEM)] = None,
    as_json: AsJson = False,
) -> None:
    """A key server that speaks SPEKE 2 (CPIX)."""
    values: dict[str, object] = {"kind": "speke", "url": url, "version": version.value, "headers": _headers(header)}
    if system:
        values["systems"] = tuple(system)
    if encrypted:
        values |= _new_pair()
    if certificate:
        values["certificate"] = certificate.read_text()
    if private_key:
        values["private_key"] = private_key.read_text()
    _choose(site, values, as_json)


@choices.command("widevine")
def widevine(
    url: Url,
    signer: Annotated[str, typer.Option(help="Name of the account that signs requests.")],
    signing_key: Annotated[
        str, typer.Option(help="AES key that signs, in hexadecimal or Base64.", envvar="WIDEVINE_SIGNING_KEY")
    ],
    signing_iv: Annotated[str, typer.Option(help="Its IV, in hexadecimal or Base64.", envvar="WIDEVINE_SIGNING_IV")],
    site: rooms.SiteOption = "",
    policy: Annotated[str, typer.Option(help="Name of a policy that the server knows.")] = "",
    as_json: AsJson = False,
) -> None:
    """A key server that speaks Widevine's common encryption JSON."""
    values: dict[str, object] = {"kind": "widevine", "url": url, "signer": signer, "policy": policy}
    _choose(site, values | {"signing_key": signing_key, "signing_iv": signing_iv}, as_json)


def _choose(site: str, values: dict[str, object], as_json: bool) -> None:
    from telecine.keys.config import chosen, shown

    choice: Choice = chosen(values)
    rooms.key_ring(site).choose(choice, rooms.actor())
    show_record(shown(choice), as_json)


def _headers(given: list[str] | None) -> dict[str, str]:
    """Headers from the command line, or from files, where neither other processes nor a shell's history see them."""
    headers = {}
    lines = [line for text in given or [] for line in (_lines(text[1:]) if text.startswith("@") else [text])]
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise TelecineError(ErrorKind.FIELD_INVALID, "it must be `Name: value`.", field="--header")
        headers[name.strip()] = value.strip()
    return headers


def _lines(name: str) -> list[str]:
    try:
        return [line for line in Path(name).read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{name} cannot be read: {why}.", field="--header") from None


def _new_pair() -> dict[str, object]:
    from telecine.keys.cpix_secrets import new_key_pair

    private_key, certificate = new_key_pair("telecine")
    return {"private_key": private_key, "certificate": certificate}
