"""Opens the rooms that commands use, as the settings say. Imports are inside, for they are what takes time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.catalog.database import Database
    from telecine.catalog.seal import Sealer
    from telecine.media.tools import Tools
    from telecine.settings import Settings
    from telecine.storage.open import StoreFactory


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
    from telecine.catalog.seal import Sealer, load_master_key

    return Sealer(load_master_key(in_force.master_key.get_secret_value(), in_force.data_dir / "master.key"))


def tools(in_force: Settings) -> Tools:
    """The engines. Raises ENGINE_MISSING."""
    from telecine.media.tools import find_tools

    return find_tools(in_force.ffmpeg, in_force.ffprobe, in_force.packager)


def stores(in_force: Settings) -> StoreFactory:
    """What opens registered buckets."""
    from telecine.storage.open import StoreFactory

    return StoreFactory(in_force.storage_kind, in_force.buckets, in_force.s3_endpoint)
