"""What `telecine doctor` looks at besides the engines: folders, database, Temporal, storage, ports, players."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text

from telecine.catalog.database import Database
from telecine.cli import rooms
from telecine.console.player import VENDOR, default_players_dir
from telecine.core.errors import TelecineError
from telecine.jobs.temporal_server import find_temporal
from telecine.media.enhance.available import device_check, engine_checks
from telecine.media.tools import Check, capabilities
from telecine.settings import Settings

LEAST_FREE = 10 * 2**30
"""Bytes that a work folder should have left."""


def every_check(settings: Settings) -> Iterator[Check]:
    """Every check, in the order in which one would look. None of them raises, and none changes anything lasting."""
    yield from _engines(settings)
    yield _temporal(settings)
    for name, folder in (("data folder", settings.data_dir), ("work folder", settings.work)):
        yield _folder(name, folder)
    yield _room(settings.work)
    yield _database(settings)
    yield _storage(settings)
    yield _port(settings)
    yield _players(settings)


def _engines(settings: Settings) -> Iterator[Check]:
    try:
        tools = rooms.tools(settings)
    except TelecineError as error:
        yield Check("engines", False, error.detail, "Run 'make venv', or set TELECINE_FFMPEG and its like to a path.")
        return
    yield from capabilities(tools)
    yield from engine_checks(tools)
    yield device_check(settings.limits)


def _temporal(settings: Settings) -> Check:
    if settings.temporal_address:
        cure = "Start the Temporal cluster, or correct TELECINE_TEMPORAL_ADDRESS."
        return _reachable("Temporal cluster", settings.temporal_address, cure)
    try:
        return Check("Temporal, embedded", True, str(find_temporal()), "")
    except TelecineError as error:
        return Check("Temporal, embedded", False, error.detail, "Run 'make venv', or set TELECINE_TEMPORAL_ADDRESS.")


def _folder(name: str, folder: Path) -> Check:
    """Whether we may write there, or may make it where it is not there yet."""
    there = folder.resolve()
    while not there.exists():
        there = there.parent
    cure = f"Give this user the right to write to {there}, or set another folder."
    try:
        with tempfile.NamedTemporaryFile(dir=there):
            return Check(name, True, f"{folder} {'' if there == folder.resolve() else '(will be made)'}".strip(), "")
    except OSError as error:
        return Check(name, False, f"{there}: {error.strerror}", cure)


def _room(folder: Path) -> Check:
    there = folder
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    cure = "Make room, or set TELECINE_WORK_DIR to a larger disk: a job needs about three times its input."
    return Check("room for work", free >= LEAST_FREE, f"{free / 2**30:.0f} GiB free", cure)


def _database(settings: Settings) -> Check:
    url = settings.database
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return Check("database", True, "SQLite, will be made", "")
    cure = "Start the database, or correct TELECINE_DATABASE_URL."
    database = Database(url)
    try:
        with database.read() as session:
            session.execute(text("SELECT 1"))
    except Exception as error:  # whatever a driver raises, the operator wants its first line
        return Check("database", False, str(error).splitlines()[0], cure)
    finally:
        database.close()
    return Check("database", True, "SQLite" if database.is_sqlite else "PostgreSQL", "")


def _storage(settings: Settings) -> Check:
    if settings.storage_kind == "folder":
        return _folder("folder of buckets", settings.buckets)
    if not settings.s3_endpoint:
        return Check("storage", True, "S3 of AWS; each bucket is tried when it is registered", "")
    parts = urlsplit(settings.s3_endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return _reachable("S3 endpoint", f"{parts.hostname}:{port}", "Start it, or correct TELECINE_S3_ENDPOINT.")


def _reachable(name: str, address: str, cure: str) -> Check:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except (OSError, ValueError) as error:
        return Check(name, False, f"{address}: {error}", cure)
    return Check(name, True, address, "")


def _port(settings: Settings) -> Check:
    """Whether the API could listen now, or already does."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    where = f"{settings.host}:{settings.port}"
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            used = error.errno == 98  # EADDRINUSE
            cure = f"If that is not Telecine, set TELECINE_PORT. {os.strerror(error.errno or 0)}."
            return Check("port of the API", used, f"{where} {'is in use' if used else error.strerror}", cure)
    return Check("port of the API", True, f"{where} is free", "")


def _players(settings: Settings) -> Check:
    folder = settings.players_dir or default_players_dir()
    missing = [name for name, path in VENDOR.items() if not (folder / path).is_file()]
    found = f"missing: {', '.join(missing)}" if missing else str(folder)
    return Check("JavaScript players", not missing, found, "Run 'make players', or set TELECINE_PLAYERS_DIR.")
