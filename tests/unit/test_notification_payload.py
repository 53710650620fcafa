"""The message that tells of a job, as the T&P service publishes it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from telecine.core.notification import job_payload
from telecine.core.states import JobWord


@dataclass
class Told:
    id: int = 7
    site_id: str = "DEMO"
    error_code: str = "E8005"
    error_message: str = "Failed to segmenting and DRM packaging."
    user_data: Any = field(default_factory=lambda: {"order": 5})
    reg_time: datetime = datetime(2026, 3, 10, 14, 6, 7, 890, tzinfo=timezone(timedelta(hours=9)))
    start_time: datetime | None = None
    update_time: datetime = datetime(2026, 3, 10, 5, 6, 9, tzinfo=UTC)


def test_a_queued_job_has_no_start_and_no_error():
    assert job_payload(Told(), JobWord.QUEUED) == {
        "site_id": "DEMO",
        "job_id": 7,
        "job_status": "QUEUED",
        "user_data": {"order": 5},
        "reg_time": "2026-03-10T05:06:07Z",
        "start_time": None,
        "update_time": "2026-03-10T05:06:09Z",
    }


def test_only_an_error_carries_its_code_and_message():
    payload = job_payload(Told(), JobWord.ERROR)
    assert payload["job_status"] == "ERROR"
    assert payload["error_code"] == "E8005"
    assert payload["error_message"] == "Failed to segmenting and DRM packaging."
    for word in set(JobWord) - {JobWord.ERROR}:
        assert "error_code" not in job_payload(Told(), word)
