"""From a row to a name and an end: the pump, the activities' functions and the sweeper, with Temporal as a stand-in."""

import asyncio
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, select
from tests.jobs import SITE, new_job, services_in
from tests.marked import add_sessions, add_title
from tests.unit.test_pump import StandIn, carry_out, open_commands

from telecine.catalog import deliveries, detections, marks, notifications
from telecine.catalog.clock import utcnow
from telecine.catalog.detections import NewDetection, Source
from telecine.catalog.mark_models import Detection, MarkSession
from telecine.catalog.models import Command
from telecine.catalog.session_tokens import sealed_token, token_of
from telecine.cli.leak_report import report_lines
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import Footage, bits_of
from telecine.core.watermark.sequence import derive_key
from telecine.jobs import detection_sweep, sweeper, temporal
from telecine.jobs.detection_activities import close
from telecine.jobs.detection_naming import name_leaker
from telecine.jobs.messages import STALE, DetectionRef, Ending, Failure
from telecine.jobs.services import Services
from telecine.jobs.temporal import Standing

POSITIONS = 160


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    for name in ("start", "cancel", "standing"):
        monkeypatch.setattr(temporal, name, getattr(stand_in, name))

    async def running(client, _workflow):
        return await stand_in.running(client)

    monkeypatch.setattr(temporal, "running", running)
    return stand_in


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """A site with a title that is marked and whose sessions follow two codes."""
    made = services_in(tmp_path)
    job_id = new_job(made)
    with made.database.write() as s:
        add_title(s, job_id, positions=POSITIONS)
        add_sessions(s, "delivery", 200)
        add_sessions(s, "up_to_4", 200)
    with made.database.write() as s:
        s.execute(delete(Command))
    return made


def new_detection(services: Services, **more) -> int:
    source = Source(upload="upload-0123456789abcdef")
    with services.database.write() as s:
        new = NewDetection("film", "a case", source, 1e-6, **more)
        return detections.create(s, services.sealer, SITE, new).id


def row(services: Services, detection_id: int) -> Detection:
    with services.database.read() as s:
        return detections.load(s, detection_id)


def leaked(services: Services, code: SessionCode, index: int) -> Footage:
    """What reading a copy of one of the sessions gives."""
    with services.database.write() as s:
        secret = marks.secret(s, services.sealer, SITE)
    with services.database.read() as s:
        names, payloads = next(iter(detections.session_blocks(s, SITE, "film", code)))
    bits = bits_of(
        code, names[index], payloads[index], POSITIONS, lambda family: derive_key(secret, SITE, "film", family)
    )
    z = np.where(bits == 1, -8.0, 8.0) + np.random.default_rng(index).standard_normal(POSITIONS)
    return Footage(z, 2.0)


def name(services: Services, detection_id: int, footage: Footage) -> None:
    named = name_leaker(services, row(services, detection_id), footage)
    with services.database.write() as s:
        detections.begin(s, detection_id, 1, utcnow())
        assert detections.keep_result(s, detection_id, 1, named.result, named.png)


def told(services: Services) -> list[dict]:
    with services.database.read() as s:
        return [delivery.payload for delivery in deliveries.log(s, SITE, page_unit=100)[1]]


def notification(services: Services) -> int:
    alarms = {"complete": True, "error": True}
    with services.database.write() as s:
        values = notifications.NotificationValues("n", "SNS", "arn:aws:sns:us-west-2:1:topic", "AK", "sk", alarms)
        return notifications.create(s, services.sealer, SITE, values).id


@pytest.mark.parametrize("code", [SessionCode.DELIVERY, SessionCode.UP_TO_4])
def test_a_leak_is_traced_to_the_words_of_whoever_opened_the_session(services, code):
    detection_id = new_detection(services, noti_id=notification(services))
    name(services, detection_id, leaked(services, code, 33))
    assert close(services, detection_id, 1, Ending("complete")) == "complete"
    found = row(services, detection_id)
    (one,) = found.result["accused"]
    assert (one["forensic_mark"], one["code"]) == (f"{code.value}-33", code.value)
    assert one["agreeing"] == one["compared"] > 150
    assert found.result["population"] == 400
    with services.database.read() as s:
        assert detections.picture(s, SITE, detection_id).startswith(b"\x89PNG")
    (message,) = told(services)
    assert (message["detection_status"], message["forensic_mark"]) == ("FD004", f"{code.value}-33")


def keep_token(services: Services, mark: str, kept: str) -> None:
    with services.database.write() as s:
        (session,) = s.scalars(select(MarkSession).where(MarkSession.forensic_mark == mark))
        session.token_sealed = kept or sealed_token(services.sealer, SITE, session.session, "the token")


@pytest.mark.parametrize(("kept", "shown"), [("", "the token"), ("v1.sealed by another key", "")])
def test_whoever_blocks_leakers_is_told_the_token(services, kept, shown):
    """One that cannot be opened keeps nobody from being told of the rest."""
    keep_token(services, "delivery-33", kept)
    detection_id = new_detection(services, noti_id=notification(services))
    name(services, detection_id, leaked(services, SessionCode.DELIVERY, 33))
    assert close(services, detection_id, 1, Ending("complete")) == "complete"
    (message,) = told(services)
    assert (message["forensic_mark"], message["watermark_token"]) == ("delivery-33", shown)


def test_a_token_opens_for_its_own_session_alone(services):
    keep_token(services, "delivery-33", "")
    with services.database.write() as s:
        mine, other = (
            s.scalars(select(MarkSession).where(MarkSession.forensic_mark == f"delivery-{number}")).one()
            for number in (33, 34)
        )
        assert token_of(services.sealer, mine) == "the token"
        assert token_of(services.sealer, other) == ""
        other.token_sealed = mine.token_sealed
        with pytest.raises(TelecineError):
            token_of(services.sealer, other)
        other.token_sealed = None


def test_noise_names_nobody_and_is_told_as_failed(services):
    detection_id = new_detection(services, noti_id=notification(services))
    name(services, detection_id, Footage(np.random.default_rng(1).standard_normal(POSITIONS), 2.0))
    assert close(services, detection_id, 1, Ending("complete")) == "failed"
    assert row(services, detection_id).result["accused"] == []
    (message,) = told(services)
    assert (message["detection_status"], message["error_code"]) == ("FD007", "D3001")


@pytest.mark.parametrize("seed", range(6))
def test_a_copy_without_a_mark_names_nobody_however_it_is_read(services, seed):
    """Chance, of any strength; a reading that is off; and one of which most is missing."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(POSITIONS) * (1, 3, 30)[seed % 3] + (0, 5)[seed % 2]
    z[rng.random(POSITIONS) < 0.5 * (seed % 2)] = np.nan
    detection_id = new_detection(services)
    name(services, detection_id, Footage(z, 2.0))
    assert close(services, detection_id, 1, Ending("complete")) == "failed"
    assert row(services, detection_id).result["accused"] == []


@pytest.mark.parametrize("code", [SessionCode.DELIVERY, SessionCode.UP_TO_4])
def test_a_reading_that_is_not_to_be_trusted_names_nobody_though_it_fits_somebody(services, code):
    seen = leaked(services, code, 33)
    detection_id = new_detection(services, noti_id=notification(services))
    name(services, detection_id, Footage(seen.z, 2.0, ("Wrong keys deviate by 1.3 where chance gives 1.",)))
    assert close(services, detection_id, 1, Ending("complete")) == "failed"
    found = row(services, detection_id).result
    assert (found["outcome"], found["accused"], found["delivery"]) == ("unreliable", [], None)
    assert found["objections"] == ["Wrong keys deviate by 1.3 where chance gives 1."]
    (message,) = told(services)
    assert (message["detection_status"], "forensic_mark" in message) == ("FD007", False)


def test_a_copy_of_another_sites_or_titles_viewer_names_nobody(services):
    """Their sequences come from other keys, even where session and payload were the same."""
    with services.database.read() as s:
        names, payloads = next(iter(detections.session_blocks(s, SITE, "film", SessionCode.UP_TO_4)))
    bits = bits_of(
        SessionCode.UP_TO_4,
        names[3],
        payloads[3],
        POSITIONS,
        lambda family: derive_key(bytes(32), SITE, "film", family),
    )
    detection_id = new_detection(services)
    name(services, detection_id, Footage(np.where(bits == 1, -8.0, 8.0), 2.0))
    assert close(services, detection_id, 1, Ending("complete")) == "failed"


def test_a_title_without_sessions_names_nobody(services):
    seen = leaked(services, SessionCode.DELIVERY, 33)
    with services.database.write() as s:
        s.execute(delete(MarkSession))
    detection_id = new_detection(services)
    name(services, detection_id, seen)
    assert close(services, detection_id, 1, Ending("complete")) == "failed"
    assert "0 sessions (none issued)" in "\n".join(report_lines("It", row(services, detection_id).result))


def test_a_title_whose_reference_is_gone_is_told_as_such(services):
    detection_id = new_detection(services, noti_id=notification(services))
    missing = Failure(ErrorKind.REFERENCE_MISSING, "that of job 1, of content 'film'.")
    assert close(services, detection_id, 1, Ending("error", missing)) == "error"
    (message,) = told(services)
    assert (message["detection_status"], message["error_code"]) == ("FD006", "D2004")


def test_closing_twice_closes_once_and_removes_the_leak(services):
    detection_id = new_detection(services, noti_id=notification(services))
    leak = services.detection_workspace(detection_id).input_file(0)
    leak.parent.mkdir(parents=True)
    leak.write_bytes(b"leak")
    failed = Ending("error", Failure(ErrorKind.OBJECT_MISSING, "leak.mp4"))
    assert [close(services, detection_id, 1, failed) for _ in range(2)] == ["error", "error"]
    assert not leak.parent.parent.parent.exists()
    (message,) = told(services)
    assert (message["detection_status"], message["error_code"]) == ("FD006", "D2001")
    assert close(services, detection_id, 2, failed) == STALE


def test_a_workflow_that_ends_without_a_result_is_an_error(services):
    detection_id = new_detection(services)
    assert close(services, detection_id, 1, Ending("complete")) == "error"
    assert row(services, detection_id).error_kind == "internal"


def test_a_new_detection_is_started_once_where_its_site_works(services, server):
    detection_id = new_detection(services)
    carry_out(services, server)
    carry_out(services, server)
    assert server.started == [DetectionRef(detection_id, 1, "RG011", 3, SITE)]
    assert open_commands(services) == []


def test_one_that_was_cancelled_before_it_began_never_starts(services, server):
    detection_id = new_detection(services)
    with services.database.write() as s:
        detections.cancel(s, SITE, detection_id)
    carry_out(services, server)
    assert server.started == []
    assert row(services, detection_id).state == "cancelled"


def test_cancelling_reaches_the_workflow(services, server):
    detection_id = new_detection(services)
    carry_out(services, server)
    with services.database.write() as s:
        detections.cancel(s, SITE, detection_id)
    carry_out(services, server)
    assert server.cancelled == [f"detection-{detection_id}.1"]


def mend(services: Services, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection_sweep, "PATIENCE", timedelta(0))
    asyncio.run(detection_sweep.mend_detections(services, server))  # type: ignore[arg-type]


def test_one_whose_start_was_lost_is_started_by_the_sweeper(services, server, monkeypatch):
    detection_id = new_detection(services)
    mend(services, server, monkeypatch)
    mend(services, server, monkeypatch)
    assert [ref.detection_id for ref in server.started] == [detection_id]


def test_one_whose_workflow_was_ended_by_somebody_is_ended(services, server, monkeypatch):
    detection_id = new_detection(services)
    server.workflows[f"detection-{detection_id}.1"] = Standing.ENDED
    mend(services, server, monkeypatch)
    found = row(services, detection_id)
    assert (found.state, found.error_kind) == ("error", "internal")


def test_folders_of_ended_detections_are_swept_and_those_in_use_kept(services):
    work = services.settings.work
    ended, running = new_detection(services), new_detection(services)
    with services.database.write() as s:
        detections.cancel(s, SITE, ended)
    for folder in (f"detection-{ended}", f"detection-{running}", "detection-999", "upload-0123456789abcdef", "other"):
        (work / folder).mkdir(parents=True)
    sweeper.sweep_folders(services, utcnow())
    assert {path.name for path in work.iterdir()} == {
        f"detection-{running}", "detection-999", "upload-0123456789abcdef", "other",
    }  # fmt: skip
    sweeper.sweep_folders(services, utcnow() + timedelta(hours=25))
    assert {path.name for path in work.iterdir()} == {f"detection-{running}", "other"}


def test_the_report_in_words_names_the_viewer_and_the_bound(services):
    detection_id = new_detection(services)
    name(services, detection_id, leaked(services, SessionCode.DELIVERY, 7))
    close(services, detection_id, 1, Ending("complete"))
    lines = "\n".join(report_lines("Detection 1", row(services, detection_id).result))
    assert "'delivery-7'" in lines
    assert "bound 1e-" in lines
    assert "compared with 400 sessions (delivery, up_to_4)" in lines
    assert "at most 1e-06" in lines
    assert "Delivery payload read: " in lines


def test_a_report_that_names_nobody_says_how_near_it_came(services):
    detection_id = new_detection(services)
    name(services, detection_id, Footage(np.random.default_rng(1).standard_normal(POSITIONS), 2.0))
    close(services, detection_id, 1, Ending("complete"))
    lines = "\n".join(report_lines("Detection 1", row(services, detection_id).result))
    assert "not enough to name anybody" in lines
    assert "needed 1e-06" in lines
