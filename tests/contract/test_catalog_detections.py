"""Detections on both databases: what is written together, what ends once, what one site may see and ask for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from tests.marked import add_sessions, add_title

from telecine.catalog import commands, deliveries, detections, jobs, sites
from telecine.catalog.detections import DetectionFilter, NewDetection, Source, Told
from telecine.catalog.mark_models import Detection
from telecine.catalog.models import Command
from telecine.core.detection_codes import DetectionState
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.core.watermark.policy import SessionCode

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def title(database, make_job):
    job = make_job()
    with database.write() as s:
        return add_title(s, job.id)


@pytest.fixture
def ask(database, sealer, title, storage):
    """Creates a detection; keyword arguments replace what is asked for."""

    def make(site_id="DEMO", per_day=0, now=None, **values):
        given = {
            "content_id": "film",
            "title": "case 1",
            "source": Source(storage.storage_id, "leak.mp4"),
            "limit": 1e-6,
        }
        with database.write() as s:
            new = NewDetection(**(given | values))
            return detections.create(s, sealer, site_id, new, per_day=per_day, now=now)

    return make


def refused(call, kind, field=""):
    with pytest.raises(TelecineError) as caught:
        call()
    assert (caught.value.kind, caught.value.field) == (kind, field)


def commands_of(database, detection_id):
    with database.read() as s:
        rows = s.scalars(select(Command).where(Command.detection_id == detection_id).order_by(Command.id))
        return [(row.kind, row.attempt) for row in rows]


def messages(database):
    with database.read() as s:
        return [row.payload for row in reversed(deliveries.log(s, "DEMO", page_unit=100)[1])]


def test_a_detection_is_written_with_its_start_command(database, ask, sealer, storage):
    row = ask()
    assert (row.state, row.attempt, row.progress, row.result) == ("ready", 1, 0.0, None)
    assert commands_of(database, row.id) == [("start", 1)]
    assert detections.source_of(sealer, row) == Source(storage.storage_id, "leak.mp4")


def test_an_address_is_sealed_for_it_may_carry_the_right_to_read(database, ask, sealer):
    row = ask(source=Source(url="https://files.example.com/leak.mp4?signature=sesame"))
    with database.read() as s:
        kept = detections.load(s, row.id).request
    assert "sesame" not in str(kept)
    assert detections.source_of(sealer, row).url.endswith("sesame")


def test_what_cannot_be_traced_is_refused_naming_the_field(database, ask, make_job):
    refused(lambda: ask(content_id="another"), ErrorKind.FIELD_INVALID, "content_id")
    refused(lambda: ask(content_id="nul\0"), ErrorKind.FIELD_INVALID, "content_id")
    refused(lambda: ask(noti_id=99), ErrorKind.FIELD_INVALID, "noti_id")
    old = make_job().id
    with database.write() as s:
        add_title(s, old, content_id="old", reference="")
    refused(lambda: ask(content_id="old"), ErrorKind.FIELD_INVALID, "content_id")
    with database.read() as s:
        assert s.scalars(select(Detection)).all() == []


def test_a_site_sees_its_own_and_no_other(database, ask, sealer):
    row = ask()
    with database.write() as s:
        sites.create(s, sealer, "ELSE")
    with database.read() as s:
        refused(lambda: detections.get(s, "ELSE", row.id), ErrorKind.NOT_FOUND)
        refused(lambda: detections.picture(s, "ELSE", row.id), ErrorKind.NOT_FOUND)
        assert detections.search(s, "ELSE", DetectionFilter()) == (0, [])
    with database.write() as s:
        refused(lambda: detections.cancel(s, "ELSE", row.id), ErrorKind.NOT_FOUND)
    refused(lambda: ask(site_id="ELSE"), ErrorKind.FIELD_INVALID, "content_id")


def test_a_day_allows_so_many_also_when_they_are_asked_for_at_once(database, ask):
    def attempt(_):
        try:
            return ask(per_day=3, now=NOW).state
        except TelecineError as error:
            return error.kind.value

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(attempt, range(6))) == ["detection_limit"] * 3 + ["ready"] * 3
    assert ask(per_day=3, now=NOW + timedelta(hours=24, seconds=1))


def test_it_goes_forward_and_ends_once(database, ask, make_notification):
    row = ask(noti_id=make_notification("complete", "error").id)
    with database.write() as s:
        assert detections.begin(s, row.id, 1, NOW)
        assert detections.begin(s, row.id, 1, NOW), "a retry of the first step begins again"
        detections.report_progress(s, row.id, 1, 40.0, NOW)
        assert detections.keep_result(s, row.id, 1, {"outcome": "named"}, b"png")
        assert not detections.keep_result(s, row.id, 2, {"outcome": "named"}, b"png"), "another attempt"
    told = [Told("viewer one", "token"), Told("viewer two")]
    with database.write() as s:
        assert detections.finish(s, row.id, 1, DetectionState.COMPLETE, now=NOW, told=told)
    with database.write() as s:
        assert not detections.finish(s, row.id, 1, DetectionState.ERROR, now=NOW)
        assert not detections.begin(s, row.id, 1, NOW)
        assert not detections.keep_result(s, row.id, 1, {}, b"")
        detections.report_progress(s, row.id, 1, 50.0, NOW)
        refused(lambda: detections.cancel(s, "DEMO", row.id), ErrorKind.WRONG_STATE)
    with database.read() as s:
        row = detections.get(s, "DEMO", row.id)
        assert (row.state, row.progress, row.end_time, row.result) == ("complete", 100.0, NOW, {"outcome": "named"})
        assert detections.picture(s, "DEMO", row.id) == b"png"
    first, second = messages(database)
    assert first["detection_status"] == second["detection_status"] == "FD004"
    assert (first["detection_id"], first["content_id"], first["title"]) == (row.id, "film", "case 1")
    assert (first["forensic_mark"], first["watermark_token"]) == ("viewer one", "token")
    assert second["forensic_mark"] == "viewer two"
    assert "error_code" not in first


@pytest.mark.parametrize(
    ("state", "kind", "status", "code"),
    [
        (DetectionState.ERROR, ErrorKind.DOWNLOAD_FAILED, "FD006", "D2001"),
        (DetectionState.ERROR, ErrorKind.OBJECT_MISSING, "FD006", "D2001"),
        (DetectionState.ERROR, ErrorKind.INPUT_UNREADABLE, "FD006", "D2002"),
        (DetectionState.ERROR, ErrorKind.INTERNAL, "FD006", "D9001"),
        (DetectionState.FAILED, None, "FD007", "D3001"),
    ],
)
def test_an_end_without_a_name_is_told_with_its_code(database, ask, make_notification, state, kind, status, code):
    row = ask(noti_id=make_notification("error").id)
    error = TelecineError(kind, "it broke.") if kind else None
    with database.write() as s:
        detections.finish(s, row.id, 1, state, now=NOW, error=error)
    (message,) = messages(database)
    assert (message["detection_status"], message["error_code"]) == (status, code)
    assert message["error_message"]
    assert "forensic_mark" not in message


def test_only_wanted_words_are_told_and_a_cancelled_one_never(database, ask, make_notification):
    quiet, loud = make_notification("stopped").id, make_notification("complete", "error", "stopped").id
    for untold in (ask(noti_id=quiet).id, ask().id):
        with database.write() as s:
            detections.finish(s, untold, 1, DetectionState.COMPLETE, now=NOW, told=[Told("one")])
    cancelled = ask(noti_id=loud).id
    with database.write() as s:
        detections.cancel(s, "DEMO", cancelled, now=NOW)
    assert messages(database) == []


def test_cancelling_ends_it_at_once_and_asks_to_stop_the_work(database, ask):
    row = ask()
    with database.write() as s:
        detections.begin(s, row.id, 1, NOW)
        detections.keep_result(s, row.id, 1, {"outcome": "named"}, b"png")
    with database.write() as s:
        assert detections.cancel(s, "DEMO", row.id, now=NOW).state == "cancelled"
    assert commands_of(database, row.id) == [("start", 1), ("stop", 1)]
    with database.read() as s:
        assert detections.unfinished(s) == []
        assert detections.get(s, "DEMO", row.id).result is None


def test_a_restart_of_the_job_leaves_the_commands_of_detections(database, ask, title):
    row = ask()
    with database.write() as s:
        jobs.request_stop(s, "DEMO", title.job_id)
        jobs.advance(s, title.job_id, 1, JobState.STOPPED, now=NOW)
        jobs.restart(s, "DEMO", title.job_id)
    assert commands_of(database, row.id) == [("start", 1)]
    with database.write() as s:
        claimed = commands.claim(s, datetime.now(UTC) + timedelta(minutes=1), 30, 10)
    assert {(one.kind, one.detection_id) for one in claimed} == {("start", row.id), ("start", None)}


def test_a_list_is_filtered_and_paged_newest_first(database, ask):
    made = [ask(now=NOW + timedelta(minutes=number)).id for number in range(5)]
    with database.write() as s:
        detections.finish(s, made[0], 1, DetectionState.FAILED, now=NOW)
    with database.read() as s:
        total, rows = detections.search(s, "DEMO", DetectionFilter(page_unit=2, page_index=2))
        assert (total, [row.id for row in rows]) == (5, [made[2], made[1]])
        assert [row.id for row in detections.search(s, "DEMO", DetectionFilter(states=[DetectionState.FAILED]))[1]] == [
            made[0]
        ]
        assert detections.search(s, "DEMO", DetectionFilter(content_id="else"))[0] == 0
        late = DetectionFilter(from_time=NOW + timedelta(minutes=3), to_time=NOW + timedelta(minutes=4))
        assert [row.id for row in detections.search(s, "DEMO", late)[1]] == [made[3]]


def test_sessions_come_in_blocks_by_code_and_of_this_title_alone(database, title):
    with database.write() as s:
        delivery = add_sessions(s, "delivery", 25)
        uniform = add_sessions(s, "uniform", 12)
        add_sessions(s, "up_to_4", 3, content_id="another")
    with database.read() as s:
        assert detections.codes_in_use(s, "DEMO", "film") == [SessionCode.DELIVERY, SessionCode.UNIFORM]
        blocks = list(detections.session_blocks(s, "DEMO", "film", SessionCode.DELIVERY, size=10))
        assert [len(names) for names, _ in blocks] == [10, 10, 5]
        assert [pair for names, payloads in blocks for pair in zip(names, payloads, strict=True)] == delivery
        found = [
            name for names, _ in detections.session_blocks(s, "DEMO", "film", SessionCode.UNIFORM) for name in names
        ]
        assert found == [name for name, _ in uniform]
        assert list(detections.session_blocks(s, "DEMO", "film", SessionCode.UP_TO_4)) == []
        assert detections.named(s, "DEMO", [uniform[3][0]])[uniform[3][0]].forensic_mark == "uniform-3"
        assert detections.named(s, "ELSE", [uniform[3][0]]) == {}
