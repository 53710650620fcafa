"""The database itself: its schema, its upgrades, its two kinds of session."""

import pickle
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from telecine.catalog import jobs, sites
from telecine.catalog.database import Database
from telecine.catalog.models import Base, Job, applies


def test_migrations_make_what_the_models_say(database):
    with database.engine.connect() as connection:
        dialect = connection.dialect.name
        options = {"include_object": lambda thing, *_: applies(thing, dialect)}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    assert differences == []


def test_both_kinds_of_database_can_list_jobs_from_one_index(database):
    wanted = {"ix_job_list"} if database.is_sqlite else {"ix_job_list_pg"}
    with database.engine.connect() as connection:
        found = {index["name"] for index in inspect(connection).get_indexes("job")}
    assert {name for name in found if name.startswith("ix_job_list")} == wanted


def test_migrating_again_changes_nothing(database, make_job):
    job = make_job()
    database.migrate()
    with database.read() as s:
        assert jobs.get(s, "DEMO", job.id).name == "Film"


def test_a_database_knows_whether_it_is_current(database, empty_url):
    assert database.is_current()
    assert not Database(empty_url).is_current()


def test_processes_that_migrate_at_once_all_succeed(empty_url):
    program = "import sys; from telecine.catalog.database import Database; Database(sys.argv[1]).migrate()"
    started = [subprocess.Popen([sys.executable, "-c", program, empty_url]) for _ in range(2)]
    assert [process.wait(120) for process in started] == [0, 0]
    database = Database(empty_url)
    with database.read() as s:
        assert sites.every(s) == []
    database.close()


def test_a_reading_session_cannot_write(database):
    with database.read() as s:
        sites.set_region(s, "DEMO", "RG004")
        with pytest.raises(DBAPIError):
            s.flush()
    with database.write() as s:  # the connection that refused is fit for writing again
        sites.set_region(s, "DEMO", "RG013")
    with database.read() as s:
        assert sites.get(s, "DEMO").region == "RG013"


def test_a_reading_session_sees_one_moment(database, make_job):
    with database.read() as s:
        before = jobs.search(s, "DEMO", jobs.JobFilter())
        make_job()
        assert jobs.search(s, "DEMO", jobs.JobFilter()) == before == (0, [])


def rows_of_jobs(database):
    with database.read() as s:
        return [
            s.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("job", "command", "job_event", "delivery")
        ]


def test_what_raises_leaves_nothing_behind(database, new_job):
    def create_and_fail():
        with database.write() as s:
            jobs.create(s, "DEMO", new_job())
            raise RuntimeError("something after it fails")

    with pytest.raises(RuntimeError):
        create_and_fail()
    assert rows_of_jobs(database) == [0, 0, 0, 0]


def test_a_process_that_dies_before_the_commit_leaves_nothing_behind(database, new_job):
    program = """
import os, pickle, sys
from telecine.catalog import jobs
from telecine.catalog.database import Database
with Database(sys.argv[1]).write() as s:
    jobs.create(s, "DEMO", pickle.load(sys.stdin.buffer))
    os._exit(9)
"""
    url = database.engine.url.render_as_string(hide_password=False)
    died = subprocess.run([sys.executable, "-c", program, url], input=pickle.dumps(new_job()), timeout=120)
    assert died.returncode == 9
    assert rows_of_jobs(database) == [0, 0, 0, 0]


def test_a_broken_reference_is_refused(database, new_job):
    with pytest.raises(DBAPIError), database.write() as s:
        jobs.add_event(s, 12345, 1, "info", "probe", "of a job that does not exist")


def test_rows_can_be_read_after_the_session(database, make_job):
    made = make_job()
    with database.read() as s:
        job = jobs.get(s, "DEMO", made.id)
    assert (job.name, job.request) == ("Film", {"job_name": "Film", "a": 1})
    assert list(job.request) == ["job_name", "a"]


def test_ids_are_never_used_again(database, make_job):
    first = make_job()
    with database.write() as s:
        for table in ("command", "job_event", "job"):
            s.execute(text(f"DELETE FROM {table}"))
    assert make_job().id > first.id


def test_urls_of_postgresql_get_our_driver():
    for url in ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"):
        assert Database(url).engine.url.drivername == "postgresql+psycopg"


def test_shown_rows_name_their_key_only(make_job, storage):
    assert repr(make_job()) == "Job(1)"
    assert repr(storage) == f"Storage({storage.storage_id})"
    assert repr(Job()) == "Job(None)"
