"""The codes of detections: those that are published keep their meaning, and the page prints what the code has."""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from telecine.core.detection_codes import ENDED, ERRORS, STATUS_CODES, DetectionState, error_code
from telecine.core.errors import ErrorKind
from telecine.core.notification import detection_payload
from telecine.notify import sns
from telecine.notify.message import Message

DOCS = Path(__file__).parents[2] / "docs" / "tnp.md"


def rows():
    lines = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines]


def test_published_codes_keep_their_meaning():
    assert STATUS_CODES[DetectionState.COMPLETE] == "FD004"
    assert STATUS_CODES[DetectionState.CANCELLED] == "FD005"
    assert STATUS_CODES[DetectionState.ERROR] == "FD006"
    assert STATUS_CODES[DetectionState.FAILED] == "FD007"
    assert error_code(ErrorKind.DOWNLOAD_FAILED) == error_code(ErrorKind.OBJECT_MISSING) == "D2001"
    assert set(DetectionState) - {DetectionState.READY, DetectionState.WORKING} == ENDED


def test_the_page_prints_the_tables_that_the_code_has():
    states = {row[0]: row[1] for row in rows() if re.fullmatch(r"FD\d{3}", row[0])}
    assert states == {code: state.value for state, code in STATUS_CODES.items()}
    assert {row[0]: row[1] for row in rows() if re.fullmatch(r"D\d{4}", row[0])} == ERRORS


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_failure_has_a_code_that_is_printed(kind):
    assert error_code(kind) in ERRORS


def told(state, kind=""):
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    return SimpleNamespace(
        id=7, site_id="DEMO", content_id="film", title="a case", state=state, error_kind=kind, reg_time=now,
        update_time=now,
    )  # fmt: skip


def test_a_message_of_somebody_named():
    assert detection_payload(told("complete"), "viewer 7", "token") == {
        "site_id": "DEMO", "detection_id": 7, "detection_status": "FD004", "title": "a case", "content_id": "film",
        "forensic_mark": "viewer 7", "watermark_token": "token",
        "reg_time": "2026-11-24T12:00:00Z", "update_time": "2026-11-24T12:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "kind", "code"),
    [("error", "input_unsafe", "D2002"), ("failed", "", "D3001"), ("error", "of another release", "D9001")],
)
def test_a_message_of_nobody(state, kind, code):
    payload = detection_payload(told(state, kind))
    assert (payload["error_code"], payload["error_message"]) == (code, ERRORS[code])
    assert not {"forensic_mark", "watermark_token"} & set(payload)


def test_sns_is_told_of_a_detection_in_its_own_words_and_order():
    message = Message("id", detection_payload(told("complete"), "viewer 7"))
    assert sns._subject(message) == "Telecine detection 7: FD004"
    assert sns._order("arn:aws:sns:us-west-2:1:t.fifo", message)["MessageGroupId"] == "detection-7"
