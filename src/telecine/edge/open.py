"""Opens an edge over what the settings name: database, storages, keys."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette

from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer, load_master_key
from telecine.core.watermark.ticket import Ticket
from telecine.core.watermark.tokens import read_token
from telecine.edge.app import application
from telecine.edge.books import Books
from telecine.edge.edge import Edge
from telecine.edge.objects import Objects
from telecine.edge.rights import Rules
from telecine.settings import Settings
from telecine.storage.open import StoreFactory


def _utcnow() -> datetime:
    return datetime.now(UTC)


def create_app(settings: Settings, site: str, now: Callable[[], datetime] = _utcnow) -> Starlette:
    """The edge of `site` as an application. The database must be of this release already."""
    return application(open_edge(settings, site, now), settings.cors_origins)


def open_edge(settings: Settings, site: str, now: Callable[[], datetime] = _utcnow) -> Edge:
    """An edge that serves the marked titles of `site`."""
    key = load_master_key(settings.master_key.get_secret_value(), settings.data_dir / "master.key")
    stores = StoreFactory(settings.storage_kind, settings.buckets, settings.s3_endpoint)
    books = Books(Database(settings.database), Sealer(key), stores, site)

    def read(token: str) -> Ticket:
        return read_token(token, books.token_keys())

    oldest = timedelta(minutes=settings.edge_available_minutes) if settings.edge_available_minutes else None
    return Edge(
        books=books,
        objects=Objects(settings.edge_cache_bytes),
        read_token=read,
        rules=Rules(site, oldest, known_sessions=settings.edge_known_sessions),
        prefixes=frozenset(settings.edge_prefixes),
        now=now,
    )
