"""Distributions on both databases: a job with its copies, who has a copy of what, and what a late worker may not do."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from tests.contract.conftest import on_sqlite
from tests.prepared import PLAN

from telecine.catalog import copies, distributions, jobs, prepared, recipients, sites
from telecine.catalog.distribution_models import Recipient
from telecine.catalog.distributions import NewDistribution
from telecine.catalog.recipients import NewRecipient
from telecine.core.distribution import Distribution
from telecine.core.dwm_codes import CopyState
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import InputFile, JobSpec
from telecine.core.states import JobState

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def people(database):
    """Three recipients of DEMO, numbers 1 to 3."""
    with database.write() as s:
        return [row.id for row in recipients.register(s, "DEMO", [NewRecipient(name) for name in ("A", "B", "C")])]


@pytest.fixture
def distribute(database, storage):
    """Creates a distribution for these recipients."""

    def make(*numbers, content_id="film"):
        spec = JobSpec(
            name="Film",
            content_id=content_id,
            input_storage=storage.storage_id,
            files=(InputFile(path="in.mov", video=True),),
            output_storage=storage.storage_id,
            output_path="out",
            distribution=Distribution(),
        )
        with database.write() as s:
            return distributions.create(s, "DEMO", NewDistribution(spec, numbers, {"content_id": content_id}), now=NOW)

    return make


def refused(call, kind, field=""):
    with pytest.raises(TelecineError) as caught:
        call()
    assert (caught.value.kind, caught.value.field) == (kind, field)
    return str(caught.value)


def states(database, job_id):
    with database.read() as s:
        return [(task.recipient_id, task.state) for task in copies.tasks_of(s, job_id)]


def test_a_job_comes_with_a_copy_for_each_recipient_in_their_order(database, people, distribute):
    job = distribute(3, 1)
    assert (job.dialect, job.forensic_watermark, job.state) == ("dwm", True, JobState.QUEUED)
    assert states(database, job.id) == [(3, CopyState.READY), (1, CopyState.READY)]
    with database.read() as s:
        assert jobs.spec_of(jobs.get(s, "DEMO", job.id)).distribution == Distribution()
        assert copies.todo(s, job.id, 1) == [3, 1]
        assert copies.recipients_of_content(s, "DEMO", "film") == [(1, "A"), (3, "C")]
        assert copies.recipients_of_content(s, "DEMO", "other") == []
        assert [(task.id, one.name) for task, one in copies.recipients_of(s, "DEMO", job.id)] == [(1, "C"), (2, "A")]
        assert copies.one_of(s, "DEMO", job.id, 1)[1].name == "A"
        refused(lambda: copies.one_of(s, "DEMO", job.id, 2), ErrorKind.NOT_FOUND)


def test_a_job_without_anybody_is_refused_and_leaves_nothing(database, people, distribute):
    refused(lambda: distribute(), ErrorKind.FIELD_OUT_OF_RANGE, "recipients")
    with database.read() as s:
        assert jobs.search(s, "DEMO", jobs.JobFilter()) == (0, [])


def test_a_content_has_4095_recipients_over_all_its_jobs(database, people, distribute):
    with database.write() as s:
        rows = [{"site_id": "DEMO", "name": f"n{n}", "name_key": f"n{n}", "description": "", "reg_time": NOW,
                 "update_time": NOW} for n in range(4, 4097)]  # fmt: skip
        s.execute(insert(Recipient), rows)
    distribute(*range(1, 4096))
    distribute(*range(1, 4096))  # the same ones again
    said = refused(lambda: distribute(4096), ErrorKind.FIELD_OUT_OF_RANGE, "recipients")
    assert "at most 4095 recipients" in said
    assert distribute(4096, content_id="another film").id
    with database.read() as s:
        assert len(copies.numbers_of_content(s, "DEMO", "film")) == 4095


def test_a_copy_is_begun_and_completed_and_stays_complete(database, people, distribute):
    job = distribute(1, 2)
    with database.write() as s:
        assert copies.begin(s, job.id, 1, 1)
        assert copies.complete(s, job.id, 1, 1, "out/film/A/film_A.mov", 1234)
        assert not copies.begin(s, job.id, 1, 1)
        assert not copies.fail(s, job.id, 1, 1, TelecineError(ErrorKind.PUBLISH_FAILED))
        assert copies.complete(s, job.id, 1, 1, "out/film/A/film_A.mov", 1234)
        assert not copies.begin(s, job.id, 1, 3)
    with database.read() as s:
        task = copies.tasks_of(s, job.id)[0]
        assert (task.state, task.error_code, task.object_key, task.size) == (
            CopyState.COMPLETE, "0", "out/film/A/film_A.mov", 1234,
        )  # fmt: skip
        assert copies.todo(s, job.id, 1) == [2]
        assert copies.count_by_state(s, job.id) == {CopyState.COMPLETE: 1, CopyState.READY: 1}


def test_a_failed_copy_says_why_and_may_be_begun_again(database, people, distribute):
    job = distribute(1)
    with database.write() as s:
        assert copies.fail(s, job.id, 1, 1, TelecineError(ErrorKind.PUBLISH_FAILED, "no room"))
    with database.read() as s:
        task = copies.tasks_of(s, job.id)[0]
        assert (task.state, task.error_code) == (CopyState.FAILED, "8007")
        assert "no room" in task.error_message
        assert copies.todo(s, job.id, 1) == [1]
    with database.write() as s:
        assert copies.begin(s, job.id, 1, 1)
    with database.read() as s:
        task = copies.tasks_of(s, job.id)[0]
        assert (task.state, task.error_code, task.error_message) == (CopyState.PROGRESSING, "0", "")


def test_a_restart_keeps_complete_copies_and_locks_late_workers_out(database, people, distribute):
    job = distribute(1, 2, 3)
    with database.write() as s:
        copies.complete(s, job.id, 1, 1, "key", 5)
        copies.fail(s, job.id, 1, 2, TelecineError(ErrorKind.PUBLISH_FAILED))
        copies.begin(s, job.id, 1, 3)
        jobs.advance(s, job.id, 1, JobState.ERROR, now=NOW)
        assert not copies.complete(s, job.id, 1, 3, "key", 5)
        assert copies.todo(s, job.id, 1) == []
    with database.write() as s:
        assert distributions.restart(s, "DEMO", job.id, now=NOW + timedelta(hours=1)).attempt == 2
    assert states(database, job.id) == [(1, CopyState.COMPLETE), (2, CopyState.READY), (3, CopyState.READY)]
    with database.write() as s:
        assert not copies.begin(s, job.id, 1, 2)
        assert copies.begin(s, job.id, 2, 2)
        assert copies.todo(s, job.id, 2) == [2, 3]


def test_a_stop_is_asked_for_and_other_jobs_are_not_found(database, people, distribute, make_job):
    job, other = distribute(1), make_job()
    with database.write() as s:
        assert distributions.request_stop(s, "DEMO", job.id).state is JobState.STOP_REQUESTED
        for call in (distributions.get, distributions.request_stop, distributions.restart):
            refused(lambda call=call: call(s, "DEMO", other.id), ErrorKind.NOT_FOUND)


def test_what_a_job_has_prepared_is_found_by_job_and_by_content(database, sealer, people, distribute):
    first, second = distribute(1), distribute(1)
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
        for job in (first, second):
            prepared.keep(s, job, PLAN, f"DEMO/film/{job.id}")
        prepared.keep(s, second, PLAN | {"mode": "individual"}, f"DEMO/film/{second.id}")
    with database.read() as s:
        row = prepared.get(s, "DEMO", first.id)
        assert (row.content_id, row.name, row.has_files) == ("film", f"DEMO/film/{first.id}", True)
        assert prepared.plan_of(row).groups == PLAN["frames"] // PLAN["group"]
        newest = prepared.newest(s, "DEMO", "film")
        assert (newest.job_id, newest.has_files) == (second.id, False)
        assert [one.job_id for one in prepared.of_content(s, "DEMO", "film")] == [second.id, first.id]
        assert prepared.names(s) == {"DEMO/film/1", "DEMO/film/2"}
        assert prepared.newest(s, "TWO2", "film") is prepared.newest(s, "DEMO", "\0") is None
        assert prepared.of_content(s, "TWO2", "film") == prepared.of_content(s, "DEMO", "\0") == []
        refused(lambda: prepared.get(s, "TWO2", first.id), ErrorKind.NOT_FOUND)
        refused(lambda: prepared.get(s, "DEMO", 10**30), ErrorKind.NOT_FOUND)
    with database.write() as s:
        prepared.forget_files(s, first.id)
    with database.read() as s:
        assert not prepared.get(s, "DEMO", first.id).has_files


@on_sqlite
def test_every_question_about_copies_uses_an_index(plans, database, people, distribute):
    job = distribute(1)
    with database.write() as s:
        prepared.keep(s, job, PLAN, "DEMO/film/1")
        copies.tasks_of(s, job.id)
        copies.recipients_of(s, "DEMO", job.id)
        copies.one_of(s, "DEMO", job.id, 1)
        copies.todo(s, job.id, 1)
        copies.begin(s, job.id, 1, 1)
        copies.count_by_state(s, job.id)
        copies.recipients_of_content(s, "DEMO", "film")
        prepared.newest(s, "DEMO", "film")
        prepared.of_content(s, "DEMO", "film")
    assert len(plans) > 8
    for plan in plans:
        assert "SCAN" not in plan, plan
