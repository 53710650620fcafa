"""Puts the API together: services, dialects, envelope, operations; and listens.

    app = create_app(Settings())

The process needs the database and the storages; Temporal may be down.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import FastAPI

from telecine import __version__
from telecine.apis import envelope, operations
from telecine.apis.copy_links import CopyLinks
from telecine.apis.dwm import routes as dwm
from telecine.apis.hosts import HostPrefix
from telecine.apis.licence import routes as licence
from telecine.apis.openapi import describe
from telecine.apis.packaging import routes as packaging
from telecine.apis.pixop import routes as pixop
from telecine.apis.playback import PlaybackTokens
from telecine.apis.pri import routes as pri
from telecine.apis.services import Services
from telecine.apis.signed import derive
from telecine.apis.tnp import routes as tnp
from telecine.apis.tokens import Tokens
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer, load_master_key
from telecine.settings import Settings
from telecine.storage.open import StoreFactory

LONGEST_HEAD = 64 * 1024
"""Bytes of a request before its body. Packaging jobs travel in the query, of 16 kB and more."""


def create_app(settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    """The application. Brings the database up to date; makes the master key on first use.

    `app.state.services` holds what was opened.
    """
    return assemble(open_services(settings, now))


def assemble(services: Services) -> FastAPI:
    """The application over services that are open already."""
    app = FastAPI(
        title="Telecine",
        version=__version__,
        summary="A self-hosted media platform that speaks existing HTTP APIs.",
        docs_url="/docs",
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.state.services = services
    app.state.metrics = operations.Metrics(services.database)
    dialects = [
        tnp.dialect(services.settings.tnp_hosts),
        pri.dialect(services.settings.pri_hosts),
        packaging.dialect(services.settings.packaging_hosts),
        dwm.dialect(services.settings.dwm_hosts),
        pixop.dialect(services.settings.pixop_hosts),
        licence.dialect(),
    ]
    app.include_router(tnp.router())
    app.include_router(pri.router())
    app.include_router(packaging.router())
    app.include_router(dwm.router())
    app.include_router(pixop.router())
    app.include_router(licence.routes)
    app.include_router(operations.routes)
    envelope.install(app, dialects)
    describe(app)
    # The last one added is the outermost: everything inside sees a dialect's paths with their prefix.
    app.add_middleware(envelope.LastResort)
    app.add_middleware(licence.LicenceCors, origins=services.settings.cors_origins)
    app.add_middleware(operations.Measure, owner=app)
    app.add_middleware(HostPrefix, dialects=dialects)
    return app


def open_services(settings: Settings, now: Callable[[], datetime]) -> Services:
    """Open what the settings name."""
    database = Database(settings.database)
    database.migrate()
    key = load_master_key(settings.master_key.get_secret_value(), settings.data_dir / "master.key")
    return Services(
        settings=settings,
        database=database,
        sealer=Sealer(key),
        stores=StoreFactory(settings.storage_kind, settings.buckets, settings.s3_endpoint),
        tnp_tokens=Tokens(key, "tnp", settings.token_seconds),
        playback_tokens=PlaybackTokens(key),
        copy_links=CopyLinks(key),
        user_key=derive(key, "telecine user token v1"),
        now=now,
    )


def server_config(app: Any, settings: Settings) -> uvicorn.Config:  # noqa: ANN401 - any ASGI application
    """How the HTTP server runs."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        # Not httptools: where a client offers HTTP/2 (Java's does, on every POST), uvicorn with it loses the body.
        http="h11",
        h11_max_incomplete_event_size=LONGEST_HEAD,
        ws="none",
        access_log=False,  # operations.Measure logs requests
        log_config=None,
        log_level="error",  # below that it only says that it will not speak HTTP/2 or WebSocket
        server_header=False,
        timeout_graceful_shutdown=20,
    )


def listen(app: Any, settings: Settings) -> None:  # noqa: ANN401 - any ASGI application
    """Serve `app` on the settings' address until SIGTERM or SIGINT; requests under way are finished.

    Exits with status 3 where it cannot listen there.
    """
    server = uvicorn.Server(server_config(app, settings))
    server.run()
    if not server.started:
        sys.exit(3)
