"""A database that does not answer is told from one that was asked something wrong."""

import sqlite3

import pytest
from sqlalchemy import text

from telecine.catalog import database as room
from telecine.catalog.database import Database, unreachable


def raised(call):
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


def ask(database, sql="SELECT 1"):
    with database.read() as s:
        s.execute(text(sql))


def test_a_wrong_question_is_no_absence(database):
    assert not unreachable(raised(lambda: ask(database, "SELECT * FROM nowhere")))
    assert not unreachable(raised(lambda: ask(database, "SELEKT 1")))
    assert not unreachable(ValueError("x"))


def test_a_pool_without_a_free_connection(database):
    database.engine.pool._timeout = 0.1
    held = [database.engine.connect() for _ in range(40)]
    assert unreachable(raised(lambda: ask(database)))
    for connection in held:
        connection.close()


def test_nobody_listens():
    assert unreachable(raised(lambda: ask(Database("postgresql://u:p@127.0.0.1:1/d"))))


def test_a_file_that_cannot_be_opened(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'folder' / 'db'}")
    (tmp_path / "folder" / "db").mkdir()
    assert unreachable(raised(lambda: ask(database)))


def test_another_process_holds_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "BUSY_SECONDS", 0.2)
    database = Database(f"sqlite:///{tmp_path / 'db'}")
    database.migrate()
    other = sqlite3.connect(tmp_path / "db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def write():
        with database.write() as s:
            s.execute(text("DELETE FROM site"))

    assert unreachable(raised(write))
    other.execute("ROLLBACK")
    other.close()
    write()
    database.close()
