"""The message that tells a customer of a job's state, in the published form of the T&P service.

One form for every target: SNS carries it as text, a webhook as its body.
"""

from datetime import UTC, datetime
from typing import Any, Protocol

from telecine.core.detection_codes import ERRORS, NOTHING_FOUND, STATUS_CODES, DetectionState, error_code
from telecine.core.errors import ErrorKind
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


class ToldDetection(Protocol):
    """What a message tells of a detection."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def site_id(self) -> str: ...  # noqa: D102
    @property
    def content_id(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def error_kind(self) -> str: ...  # noqa: D102
    @property
    def reg_time(self) -> datetime: ...  # noqa: D102
    @property
    def update_time(self) -> datetime: ...  # noqa: D102


def detection_payload(detection: ToldDetection, forensic_mark: str = "", watermark_token: str = "") -> dict[str, Any]:
    """The message that `detection` has ended, for one session where it names any.

    Mark and token are there only for one that names somebody, code and message only for one that does not.
    """
    state = DetectionState(detection.state)
    payload: dict[str, Any] = {
        "site_id": detection.site_id,
        "detection_id": detection.id,
        "detection_status": STATUS_CODES[state],
        "title": detection.title,
        "content_id": detection.content_id,
    }
    if state is DetectionState.COMPLETE:
        payload |= {"forensic_mark": forensic_mark, "watermark_token": watermark_token}
    else:
        payload |= detection_failure(state, detection.error_kind)
    return payload | {"reg_time": instant(detection.reg_time), "update_time": instant(detection.update_time)}


def detection_failure(state: DetectionState, error_kind: str) -> dict[str, str]:
    """Code and message of a detection that named nobody; nothing for any other."""
    if state not in (DetectionState.ERROR, DetectionState.FAILED):
        return {}
    known = ErrorKind(error_kind) if error_kind in set(ErrorKind) else ErrorKind.INTERNAL
    code = NOTHING_FOUND if state is DetectionState.FAILED else error_code(known)
    return {"error_code": code, "error_message": ERRORS[code]}


def instant(time: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second, with `Z`: `2026-03-10T05:06:07Z`."""
    return None if time is None else f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
