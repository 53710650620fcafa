"""What workers report of a job."""

from datetime import UTC, datetime

import pytest

from telecine.catalog import jobs, sites
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_findings_and_results_are_kept(database, make_job):
    job = make_job()
    with database.write() as s:
        assert jobs.set_media(s, job.id, 1, {"files": [1]})
        assert jobs.set_outputs(s, job.id, 1, {"dash": "stream.mpd"})
        assert jobs.add_warnings(s, job.id, 1, ["a", "b"])
        assert jobs.add_warnings(s, job.id, 1, ["b", "c"])
    with database.read() as s:
        kept = jobs.load(s, job.id)
    assert (kept.media, kept.outputs, kept.warnings) == ({"files": [1]}, {"dash": "stream.mpd"}, ["a", "b", "c"])


def test_an_ended_job_takes_no_more_findings(database, make_job):
    job = make_job()
    with database.write() as s:
        jobs.advance(s, job.id, 1, JobState.STOPPED, now=NOW)
        assert not jobs.set_outputs(s, job.id, 1, {"late": True})
        assert not jobs.add_warnings(s, job.id, 1, ["late"])


def test_the_log_can_be_followed(database, make_job, sealer):
    job, other = make_job(), make_job()
    with database.write() as s:
        jobs.add_event(s, job.id, 1, "warning", "probe", "odd\0 file", {"file": 0}, now=NOW)
        jobs.add_event(s, other.id, 1, "info", "probe", "fine")
    with database.read() as s:
        first, second = jobs.events(s, "DEMO", job.id)
        assert (second.level, second.phase, second.message, second.data) == (
            "warning",
            "probe",
            "odd file",
            {"file": 0},
        )
        assert second.time == NOW
        assert jobs.events(s, "DEMO", job.id, after=first.id) == [second]
        assert jobs.events(s, "DEMO", job.id, after=10**30) == []
        assert jobs.events(s, "DEMO", job.id, limit=1) == [first]
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
        with pytest.raises(TelecineError) as refused:
            jobs.events(s, "TWO2", job.id)
        assert refused.value.kind is ErrorKind.NOT_FOUND


def test_work_is_kept_per_unit_and_replaced(database, make_job):
    job = make_job()
    with database.write() as s:
        jobs.report_work(s, job.id, 1, Phase.ENCODE, 0, Tick(1, 10, 2.5))
        jobs.report_work(s, job.id, 1, Phase.ENCODE, 1, Tick(0, 10))
        jobs.report_work(s, job.id, 1, Phase.ENCODE, 0, Tick(7, 10), now=NOW)
    with database.read() as s:
        rows = [(row.phase, row.unit, row.done, row.total, row.speed) for row in jobs.work(s, job.id)]
        assert rows == [(Phase.ENCODE, 0, 7, 10, None), (Phase.ENCODE, 1, 0, 10, None)]
        assert jobs.work(s, job.id)[0].update_time == NOW


def test_progress_of_many_jobs_comes_in_one_question(database, make_job):
    queued, working, done, again = make_job(), make_job(), make_job(), make_job()
    with database.write() as s:
        jobs.advance(s, working.id, 1, JobState.TRANSCODING, now=NOW)
        jobs.report_work(s, working.id, 1, Phase.STAGE_IN, 0, Tick(5, 5))
        jobs.report_work(s, working.id, 1, Phase.ENCODE, 0, Tick(5, 10))
        jobs.report_work(s, working.id, 1, Phase.ENCODE, 1, Tick(0, 10))
        jobs.advance(s, done.id, 1, JobState.COMPLETE, now=NOW)
        jobs.advance(s, again.id, 1, JobState.ERROR, now=NOW)
        jobs.restart(s, "DEMO", again.id)
        jobs.report_work(s, again.id, 1, Phase.ENCODE, 0, Tick(10, 10))
        jobs.advance(s, again.id, 2, JobState.DOWNLOADING, now=NOW)
    with database.read() as s:
        _, lines = jobs.search(s, "DEMO", jobs.JobFilter())
        assert jobs.percent_done(s, lines) == {queued.id: 0.0, working.id: 22.5, done.id: 100.0, again.id: 0.0}
        assert jobs.percent_done(s, [jobs.load(s, working.id)]) == {working.id: 22.5}
        assert jobs.percent_done(s, []) == {}


def test_the_sweeper_sees_what_has_not_ended(database, make_job):
    made = [make_job() for _ in range(3)]
    with database.write() as s:
        jobs.advance(s, made[1].id, 1, JobState.ERROR, now=NOW)
    with database.read() as s:
        assert [job.id for job in jobs.unfinished(s)] == [made[0].id, made[2].id]
    with database.write() as s:
        jobs.restart(s, "DEMO", made[1].id)
        assert len(jobs.unfinished(s)) == 3


def test_the_operator_sees_how_many_jobs_are_in_each_state(database, make_job):
    made = [make_job() for _ in range(3)]
    with database.write() as s:
        jobs.advance(s, made[1].id, 1, JobState.ERROR, now=NOW)
    with database.read() as s:
        assert jobs.count_by_state(s) == {JobState.QUEUED: 2, JobState.ERROR: 1}


def test_an_unknown_job_is_not_found(database):
    with database.read() as s, pytest.raises(TelecineError) as refused:
        jobs.load(s, 999)
    assert refused.value.kind is ErrorKind.NOT_FOUND
