"""The embedded Temporal server: survives being killed, even while it makes its database."""

import sqlite3
from pathlib import Path

import pytest
from tests.servers import PATIENCE, settings_in, temporal_server

from telecine.jobs import temporal_server as embedded
from telecine.jobs.supervisor import environment


def test_a_database_that_was_not_finished_is_set_aside(tmp_path: Path):
    path = tmp_path / "temporal.db"
    assert not embedded.set_aside_half_made(path)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE namespaces (id)")
    connection.close()
    assert embedded.set_aside_half_made(path)
    assert not path.exists()
    assert (tmp_path / "temporal.db.half-made").exists()


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path):
    path = tmp_path / "temporal.db"
    path.write_bytes(b"not a database" * 100)
    assert embedded.set_aside_half_made(path)


def test_the_server_comes_up_over_a_half_made_database_and_again_after_a_kill(tmp_path: Path):
    settings = settings_in(tmp_path)
    settings.data_dir.mkdir()
    with sqlite3.connect(embedded.database_file(settings)) as connection:
        connection.execute("CREATE TABLE namespaces (id)")
    connection.close()
    child = embedded.child(settings, environment(settings))
    for _ in range(2):
        child.start()
        embedded.wait_until_healthy(settings, PATIENCE)
        child.kill()
    assert not embedded.set_aside_half_made(embedded.database_file(settings))


def test_a_server_that_does_not_come_up_is_reported(tmp_path: Path):
    with pytest.raises(TimeoutError, match="did not answer"):
        embedded.wait_until_healthy(settings_in(tmp_path), 0.1)


def test_a_namespace_of_the_deployments_own_is_made(tmp_path: Path):
    with temporal_server(tmp_path, temporal_namespace="media") as settings:
        assert settings.temporal_namespace == "media"
