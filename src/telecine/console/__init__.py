"""The web page: for now the player, and the files that it plays where the bucket store is a folder."""

from fastapi import FastAPI

from telecine.catalog import storages
from telecine.catalog.database import Database
from telecine.console import files, player
from telecine.settings import Settings


def mount(app: FastAPI, settings: Settings, database: Database) -> None:
    """Add the console's routes to the server's application."""

    def is_public(bucket: str) -> bool:
        with database.read() as session:
            return storages.is_published(session, bucket)

    app.include_router(player.router(settings.players_dir))
    if settings.storage_kind == "folder":
        app.include_router(files.router(settings.buckets, is_public, settings.cors_origins))
