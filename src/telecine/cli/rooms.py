"""Opens the rooms that commands use, as the settings say. Imports are inside, for they are what takes time."""

from __future__ import annotations

import getpass
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.catalog.content_keys import Actor
    from telecine.catalog.database import Database
    from telecine.catalog.seal import Sealer
    from telecine.keys.ring import KeyRing
    from telecine.media.tools import Tools
    from telecine.settings import Settings
    from telecine.storage.open import StoreFactory

SiteOption = Annotated[str, typer.Option("--site", help="Site id. Needed where there is more than one site.")]
"""Type of the option that names a site; see `site_id`."""


def settings() -> Settings:
    """The settings in force. Raises FIELD_INVALID naming the variable that is wrong."""
    from pydantic import ValidationError

    from telecine.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "TELECINE_" + "__".join(str(part).upper() for part in first["loc"])
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{first['msg']}.", field=name) from error


def database(in_force: Settings) -> Database:
    """The database, brought up to date."""
    from telecine.catalog.database import Database

    opened = Database(in_force.database)
    opened.migrate()
    return opened


def sealer(in_force: Settings) -> Sealer:
    """What opens and seals secrets; makes the master key on first use."""
    from telecine.catalog.seal import Sealer

    return Sealer(master_key(in_force))


def master_key(in_force: Settings) -> bytes:
    """The key that seals secrets and signs tokens; made on first use."""
    from telecine.catalog.seal import load_master_key

    return load_master_key(in_force.master_key.get_secret_value(), in_force.data_dir / "master.key")


def site_id(opened: Database, named: str) -> str:
    """The site that was named, or the only one. Raises NOT_FOUND, and FIELD_MISSING where there are several."""
    from telecine.catalog import sites

    with opened.read() as s:
        if named:
            return sites.get(s, named).site_id
        known = [site.site_id for site in sites.every(s)]
    if len(known) != 1:
        why = f"It is one of {', '.join(known)}." if known else "Make one first: telecine site create DEMO"
        raise TelecineError(ErrorKind.FIELD_MISSING, why, field="--site")
    return known[0]


def key_ring(site: str) -> KeyRing:
    """The content keys of a site; see `site_id`."""
    from telecine.keys.ring import KeyRing

    in_force = settings()
    opened = database(in_force)
    return KeyRing(opened, sealer(in_force), site_id(opened, site))


def actor() -> Actor:
    """Who sits at this command line, for what is written down."""
    from telecine.catalog.content_keys import Actor

    try:
        who = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name
        who = "unknown"
    return Actor(who, f"command line on {socket.gethostname()}")


def tools(in_force: Settings) -> Tools:
    """The engines. Raises ENGINE_MISSING."""
    from telecine.media.tools import find_tools

    return find_tools(in_force.ffmpeg, in_force.ffprobe, in_force.packager)


def stores(in_force: Settings) -> StoreFactory:
    """What opens registered buckets."""
    from telecine.storage.open import StoreFactory

    return StoreFactory(in_force.storage_kind, in_force.buckets, in_force.s3_endpoint)


@contextmanager
def work_folder(given: Path | None) -> Iterator[Path]:
    """The folder that a one-shot run works in: the given one, which stays, or one that goes at the end."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="telecine-") as folder:
        yield Path(folder).resolve()
