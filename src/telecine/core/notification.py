"""The message that tells a customer of a job's state, in the published form of the T&P service.

One form for every target: SNS carries it as text, a webhook as its body.
"""

from datetime import UTC, datetime
from typing import Any, Protocol

from telecine.core.states import JobWord


class ToldJob(Protocol):
    """What a message tells of a job."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def site_id(self) -> str: ...  # noqa: D102
    @property
    def error_code(self) -> str: ...  # noqa: D102
    @property
    def error_message(self) -> str: ...  # noqa: D102
    @property
    def user_data(self) -> Any: ...  # noqa: D102, ANN401
    @property
    def reg_time(self) -> datetime: ...  # noqa: D102
    @property
    def start_time(self) -> datetime | None: ...  # noqa: D102
    @property
    def update_time(self) -> datetime: ...  # noqa: D102


def job_payload(job: ToldJob, word: JobWord) -> dict[str, Any]:
    """The message that `job` is now `word`. Error code and message are there only for an error."""
    payload: dict[str, Any] = {"site_id": job.site_id, "job_id": job.id, "job_status": word.value.upper()}
    if word is JobWord.ERROR:
        payload["error_code"] = job.error_code
        payload["error_message"] = job.error_message
    return payload | {
        "user_data": job.user_data,
        "reg_time": instant(job.reg_time),
        "start_time": instant(job.start_time),
        "update_time": instant(job.update_time),
    }


def instant(time: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second, with `Z`: `2026-03-10T05:06:07Z`."""
    return None if time is None else f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
