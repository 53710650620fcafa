"""Opens the database, hands out sessions, and brings an older database up to date.

SQLite runs in WAL mode: readers never wait, writers take their turn by BEGIN IMMEDIATE, so that a transaction that
read something may write on the strength of it. PostgreSQL gets the same promise from row locks in the repositories.
A reading session cannot write on either.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

BUSY_SECONDS = 30
"""How long a SQLite writer waits for its turn."""

CONNECT_SECONDS = 10
"""How long a connection to PostgreSQL may take to come about."""

_SQLITE_AWAY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR}

MIGRATIONS = Path(__file__).with_name("migrations")
_MIGRATION_LOCK = 7_404_311
"""Number of the PostgreSQL advisory lock that lets one process migrate at a time."""

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # what the API has answered survives a power failure
    "foreign_keys=ON",
    "cache_size=-4000",  # KiB of each connection;
    "mmap_size=2147418112",  # what it reads beyond that comes from memory that all connections share; SQLite's most
)


class Database:
    """One database by SQLAlchemy URL: `sqlite:///file` or `postgresql://…`. Safe to share between threads."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        parsed = _with_driver(make_url(url))
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._writing = Lock()
        self.engine = _sqlite(parsed, pool_size) if self.is_sqlite else _postgres(parsed, pool_size)
        if self.is_sqlite:
            self._reader = self.engine.execution_options(telecine_begin="BEGIN", telecine_query_only=1)
        else:
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one snapshot of the database, in which writing fails. Its rows stay readable afterwards."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session of one transaction: committed at the end of the block, rolled back where it raises."""
        with self._turn(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the schema to the newest revision. Processes that call this at once take turns."""
        config = _migrations()
        with self.engine.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def is_current(self) -> bool:
        """Whether the schema is the newest that this release knows. Raises SQLAlchemyError without an answer."""
        newest = ScriptDirectory.from_config(_migrations()).get_current_head()
        with self._reader.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == newest

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one thread at a time write to SQLite. Its own waiting is polling, in which some threads wait long."""
        if not self.is_sqlite:
            yield
            return
        if not self._writing.acquire(timeout=BUSY_SECONDS):
            raise TimeoutError("another thread of this process holds the database")
        try:
            yield
        finally:
            self._writing.release()

    def close(self) -> None:
        """Close every pooled connection. The object can be used again afterwards."""
        self.engine.dispose()


def unreachable(error: BaseException) -> bool:
    """Whether `error` says that the database did not answer in time, and not that it was asked something wrong."""
    if isinstance(error, PoolTimeoutError | TimeoutError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):  # its primary code, without what the extended ones add
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_AWAY
    return True


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _with_driver(url: URL) -> URL:
    """The URL with the driver that we ship, where it names none."""
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url


def _postgres(url: URL, pool_size: int) -> Engine:
    patience = {"connect_timeout": CONNECT_SECONDS}
    return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, connect_args=patience)


def _sqlite(url: URL, pool_size: int) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # Last in, first out: the connections in use are few, and their caches warm.
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_use_lifo=True,
        connect_args={"timeout": BUSY_SECONDS},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    """Settings of a fresh SQLite connection. From here on transactions begin where we say so and nowhere else."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA query_only={options.get('telecine_query_only', 0)}")
    connection.exec_driver_sql(options.get("telecine_begin", "BEGIN IMMEDIATE"))
