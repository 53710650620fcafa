"""The life of a job: created once, moved forward only, ended once, begun again on request."""

from datetime import UTC, datetime, timedelta

import pytest

from telecine.catalog import commands, deliveries, jobs, sites
from telecine.catalog.models import Command, Delivery
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, JobSpec, Packaging, Protection, Target
from telecine.core.progress import Phase, Tick
from telecine.core.states import TERMINAL, JobState

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
EVERY_WORD = ("queued", "progressing", "complete", "error", "stopped")


def kind_of(call, *args, **values):
    with pytest.raises(TelecineError) as refused:
        call(*args, **values)
    return refused.value.kind


def move(database, job, *states, attempt=1, now=LATER, **values):
    with database.write() as s:
        return [jobs.advance(s, job.id, attempt, state, now=now, **values) for state in states]


def told(database):
    """The words of all deliveries, in the order in which they were written."""
    with database.read() as s:
        return [row.word for row in s.query(Delivery).order_by(Delivery.id)]


def commanded(database):
    with database.read() as s:
        return [(row.kind, row.job_id, row.attempt) for row in s.query(Command).order_by(Command.id)]


def test_a_new_job_is_queued_with_its_start_command(database, make_job, storage):
    job = make_job(name="Big FILM", formats=("dash", "hls"), codecs=("h265", "h264"), now=NOW, warnings=["kbps"])
    with database.read() as s:
        kept = jobs.get(s, "DEMO", job.id)
        log = [(event.level, event.message) for event in jobs.events(s, "DEMO", job.id)]
    assert (kept.state, kept.attempt, kept.region, kept.priority) == (JobState.QUEUED, 1, "RG011", 3)
    assert (kept.dash, kept.hls, kept.cmaf, kept.codecs) == (True, True, False, "h264,h265")
    assert (kept.reg_time, kept.start_time, kept.end_time, kept.update_time) == (NOW, None, None, NOW)
    assert (kept.warnings, kept.user_data, kept.media, kept.outputs) == (["kbps"], {}, None, None)
    assert kept.input_storage == kept.output_storage == storage.storage_id
    assert jobs.spec_of(kept).name == "Big FILM"
    assert log == [("info", "Job was queued.")]
    assert commanded(database) == [("start", job.id, 1)]


def test_a_job_may_choose_region_and_priority(database, make_job):
    job = make_job(region="RG004", priority=1)
    assert (job.region, job.priority) == ("RG004", 1)
    with database.write() as s:
        command = commands.claim(s, datetime.now(UTC), 10, 10)[0]
    assert (command.region, command.priority) == ("RG004", 1)


def test_a_job_needs_its_storages_and_notification(database, sealer, make_job, make_storage, make_notification):
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
    foreign = make_storage("TWO2").storage_id
    for missing in ("0" * 32, foreign, ""):
        assert kind_of(make_job, storage_id=missing) is ErrorKind.NOT_FOUND
    for missing in (999, 10**30, make_notification(site_id="TWO2").id):
        assert kind_of(make_job, noti_id=missing) is ErrorKind.NOT_FOUND
    assert commanded(database) == []


def test_what_cannot_be_stored_is_refused(make_job):
    assert kind_of(make_job, name="nul\0") is ErrorKind.FIELD_INVALID
    assert kind_of(make_job, content_id="x" * 300) is ErrorKind.FIELD_OUT_OF_RANGE
    assert kind_of(make_job, user_data=float("nan")) is ErrorKind.FIELD_INVALID


def test_a_site_out_of_service_gets_no_jobs(database, make_job):
    with database.write() as s:
        sites.configure(s, "DEMO", in_service=False)
    assert kind_of(make_job) is ErrorKind.OUT_OF_SERVICE
    with database.write() as s:
        sites.configure(s, "DEMO", in_service=True)
    make_job()


def test_a_trial_ends_after_its_jobs(database, make_job):
    with database.write() as s:
        sites.configure(s, "DEMO", trial_limit=2)
    make_job()
    make_job()
    assert kind_of(make_job) is ErrorKind.TRIAL_LIMIT
    with database.write() as s:
        assert sites.get(s, "DEMO").trial_used == 2
        sites.configure(s, "DEMO", trial_limit=None)
    make_job()


def test_a_job_that_was_refused_takes_nothing_from_the_trial(database, make_job):
    with database.write() as s:
        sites.configure(s, "DEMO", trial_limit=2)
    assert kind_of(make_job, name="nul\0") is ErrorKind.FIELD_INVALID
    with database.read() as s:
        assert sites.get(s, "DEMO").trial_used == 0


def test_a_job_moves_forward_and_its_times_follow(database, make_job):
    job = make_job(now=NOW)
    assert move(database, job, JobState.DOWNLOADING, now=NOW + timedelta(seconds=1)) == [True]
    assert move(database, job, JobState.TRANSCODING, now=NOW + timedelta(seconds=2)) == [True]
    assert move(database, job, JobState.COMPLETE, now=NOW + timedelta(seconds=3)) == [True]
    with database.read() as s:
        kept = jobs.load(s, job.id)
    assert kept.start_time == NOW + timedelta(seconds=1)
    assert kept.update_time == kept.end_time == NOW + timedelta(seconds=3)
    assert kept.error_kind == kept.error_message == ""


def test_a_step_back_a_repeat_and_a_stranger_are_refused(database, make_job):
    job = make_job(now=NOW)
    assert move(database, job, JobState.PACKAGING, JobState.TRANSCODING, JobState.PACKAGING) == [True, False, False]
    assert move(database, job, JobState.UPLOADING, attempt=2) == [False]
    assert move(database, job, JobState.UPLOADING, attempt=0) == [False]
    with database.write() as s:
        assert not jobs.advance(s, 999, 1, JobState.ERROR, now=NOW)
        assert jobs.load(s, job.id).state is JobState.PACKAGING


@pytest.mark.parametrize("first", sorted(TERMINAL))
def test_an_end_is_final(database, make_job, first):
    job = make_job()
    assert move(database, job, first, *JobState) == [True, *[False] * len(JobState)]
    with database.read() as s:
        assert jobs.load(s, job.id).state is first


def test_an_error_is_kept_with_its_cure_and_the_dialects_code(database, make_job):
    job = make_job()
    error = TelecineError(ErrorKind.PACKAGE_FAILED, "packager: no space.")
    move(database, job, JobState.ERROR, error=error, error_code="E8005")
    with database.read() as s:
        kept = jobs.load(s, job.id)
        last = jobs.events(s, "DEMO", job.id)[-1]
    assert (kept.error_kind, kept.error_code) == ("package_failed", "E8005")
    assert kept.error_message == "Failed to segmenting and DRM packaging. packager: no space."
    assert kept.error_cure == "See the job's log; restart the job."
    assert (last.level, last.message) == ("error", kept.error_message)


def test_an_error_that_nobody_explains_is_ours(database, make_job):
    job = make_job()
    move(database, job, JobState.ERROR)
    with database.read() as s:
        assert jobs.load(s, job.id).error_kind == "internal"


def test_each_word_is_told_once(database, make_job, make_notification):
    job = make_job(noti_id=make_notification(*EVERY_WORD).id)
    states = (JobState.DOWNLOADING, JobState.DOWNLOADED, JobState.TRANSCODING, JobState.UPLOADING, JobState.COMPLETE)
    move(database, job, *states, JobState.COMPLETE, JobState.ERROR)
    assert told(database) == ["queued", "progressing", "complete"]


def test_only_the_words_that_are_on_are_told(database, make_job, make_notification):
    job = make_job(noti_id=make_notification("error", "complete").id)
    move(database, job, JobState.TRANSCODING, JobState.ERROR)
    assert told(database) == ["error"]


def test_the_message_tells_the_job_as_it_was(database, make_job, make_notification):
    noti = make_notification("queued", "error")
    job = make_job(noti_id=noti.id, now=NOW, user_data={"order": 5})
    error = TelecineError(ErrorKind.PACKAGE_FAILED)
    move(database, job, JobState.ERROR, error=error, error_code="E8005")
    with database.read() as s:
        _, rows = deliveries.log(s, "DEMO", job_id=job.id)
    payload = rows[0].payload
    assert (rows[0].noti_id, rows[0].state, rows[0].attempts, rows[0].next_try) == (noti.id, "pending", 0, LATER)
    assert payload["error_code"] == "E8005"
    assert payload["job_status"] == "ERROR"
    assert payload["user_data"] == {"order": 5}
    assert (payload["reg_time"], payload["update_time"]) == ("2026-05-01T12:00:00Z", "2026-05-01T12:05:00Z")
    assert rows[1].payload["job_status"] == "QUEUED"
    assert rows[0].message_id != rows[1].message_id


def test_a_stop_is_commanded_and_told_when_it_has_happened(database, make_job, make_notification):
    job = make_job(noti_id=make_notification(*EVERY_WORD).id)
    with database.write() as s:
        stopping = jobs.request_stop(s, "DEMO", job.id, now=LATER)
        assert stopping.state is JobState.STOP_REQUESTED
    assert commanded(database) == [("start", job.id, 1), ("stop", job.id, 1)]
    assert told(database) == ["queued"]
    assert move(database, job, JobState.TRANSCODING, JobState.STOPPED) == [False, True]
    assert told(database) == ["queued", "stopped"]
    with database.read() as s:
        kept = jobs.load(s, job.id)
    assert (kept.start_time, kept.end_time) == (None, LATER)


def test_publishing_that_was_done_before_the_stop_counts(database, make_job):
    job = make_job()
    move(database, job, JobState.UPLOADING)
    with database.write() as s:
        jobs.request_stop(s, "DEMO", job.id)
    assert move(database, job, JobState.COMPLETE) == [True]


def test_what_has_ended_or_is_stopping_cannot_be_stopped(database, sealer, make_job):
    job = make_job()
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
        assert kind_of(jobs.request_stop, s, "TWO2", job.id) is ErrorKind.NOT_FOUND
        assert kind_of(jobs.request_stop, s, "DEMO", 10**30) is ErrorKind.NOT_FOUND
        jobs.request_stop(s, "DEMO", job.id)
        assert kind_of(jobs.request_stop, s, "DEMO", job.id) is ErrorKind.WRONG_STATE
    move(database, job, JobState.STOPPED)
    with database.write() as s:
        assert kind_of(jobs.request_stop, s, "DEMO", job.id) is ErrorKind.WRONG_STATE


def test_a_restart_begins_a_new_attempt(database, make_job, make_notification):
    job = make_job(noti_id=make_notification(*EVERY_WORD).id, now=NOW, warnings=["kbps"])
    with database.write() as s:
        jobs.report_work(s, job.id, 1, Phase.ENCODE, 0, Tick(5, 10))
        jobs.set_media(s, job.id, 1, {"frames": 10})
    move(database, job, JobState.TRANSCODING, JobState.ERROR, error_code="E9000")
    with database.write() as s:
        again = jobs.restart(s, "DEMO", job.id, now=LATER)
        assert (again.attempt, again.state) == (2, JobState.QUEUED)
    with database.read() as s:
        kept = jobs.get(s, "DEMO", job.id)
        assert jobs.work(s, job.id) == []
        log = [event.message for event in jobs.events(s, "DEMO", job.id)]
    assert (kept.error_kind, kept.error_code, kept.error_message, kept.error_cure) == ("", "", "", "")
    assert (kept.reg_time, kept.start_time, kept.end_time, kept.outputs) == (NOW, None, None, None)
    assert (kept.warnings, kept.media) == (["kbps"], {"frames": 10})
    assert "Job is transcoding." in log
    assert log[-1] == "Job was queued again, attempt 2."
    assert commanded(database) == [("start", job.id, 2)]
    assert told(database) == ["queued", "progressing", "error", "queued"]


def test_a_worker_of_the_old_attempt_can_no_longer_write(database, make_job):
    job = make_job()
    move(database, job, JobState.STOPPED)
    with database.write() as s:
        jobs.restart(s, "DEMO", job.id)
        assert not jobs.set_media(s, job.id, 1, {"late": True})
        assert not jobs.set_outputs(s, job.id, 1, {"late": True})
        assert not jobs.add_warnings(s, job.id, 1, ["late"])
        jobs.report_work(s, job.id, 1, Phase.ENCODE, 0, Tick(1, 2))
    assert move(database, job, JobState.COMPLETE, attempt=1) == [False]
    assert move(database, job, JobState.COMPLETE, attempt=2) == [True]
    with database.read() as s:
        kept = jobs.load(s, job.id)
        assert (kept.media, kept.outputs, kept.warnings) == (None, None, [])
        assert jobs.work(s, job.id) == []


def test_only_what_failed_or_was_stopped_can_be_restarted(database, sealer, make_job):
    job = make_job()
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
        assert kind_of(jobs.restart, s, "DEMO", job.id) is ErrorKind.WRONG_STATE
        assert kind_of(jobs.restart, s, "TWO2", job.id) is ErrorKind.NOT_FOUND
    move(database, job, JobState.COMPLETE)
    with database.write() as s:
        assert kind_of(jobs.restart, s, "DEMO", job.id) is ErrorKind.WRONG_STATE


def test_a_job_whose_storage_is_gone_or_whose_site_is_closed_cannot_be_restarted(database, make_job, storage):
    from telecine.catalog import storages

    job = make_job()
    move(database, job, JobState.ERROR)
    with database.write() as s:
        sites.configure(s, "DEMO", in_service=False)
        assert kind_of(jobs.restart, s, "DEMO", job.id) is ErrorKind.OUT_OF_SERVICE
        sites.configure(s, "DEMO", in_service=True)
        storages.delete(s, "DEMO", [storage.storage_id])
        assert kind_of(jobs.restart, s, "DEMO", job.id) is ErrorKind.NOT_FOUND


def test_a_restart_takes_nothing_from_the_trial(database, make_job):
    with database.write() as s:
        sites.configure(s, "DEMO", trial_limit=1)
    job = make_job()
    move(database, job, JobState.ERROR)
    with database.write() as s:
        jobs.restart(s, "DEMO", job.id)


def test_a_notification_that_was_deleted_is_told_nothing_more(database, make_job, make_notification):
    from telecine.catalog import notifications

    noti = make_notification(*EVERY_WORD)
    job = make_job(noti_id=noti.id)
    with database.write() as s:
        notifications.delete(s, "DEMO", noti.id)
    assert move(database, job, JobState.COMPLETE) == [True]
    with database.read() as s:
        total, rows = deliveries.log(s, "DEMO", noti_id=noti.id)
    assert (total, rows[0].state, rows[0].tries[0].body) == (1, "dead", "The notification was deleted.")


def test_a_job_of_an_asset_is_found_by_the_formats_and_the_encryption_of_its_targets(database, make_job, storage):
    spec = JobSpec(
        name="film",
        content_id="film",
        input_storage=storage.storage_id,
        output_storage=storage.storage_id,
        output_path="vod",
        asset="film/",
        packaging=Packaging(formats=(Format.DASH,)),
        targets=(
            Target(format=Format.HLS, folder="hls"),
            Target(format=Format.CMAF, folder="cmaf", protection=Protection()),
        ),
    )
    with database.write() as s:
        job = jobs.create(s, "DEMO", jobs.NewJob(spec=spec, request={}))
        assert (job.dash, job.hls, job.cmaf, job.drm) == (False, True, True, True)
