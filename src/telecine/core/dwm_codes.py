"""The codes of the distributor watermarking dialect, as data.

They stand in `core` because two rooms that do not know each other speak them: `apis.dwm` in its answers, and the
workers in what they write of jobs and copies. The document publishes the DM and TK codes, `0000` and a copy's `0`; the
others are ours. An error has the same digits as in the T&P API. `docs/dwm-api.md` prints the tables and a test compares
them.
"""

from enum import StrEnum

from telecine.core.errors import ErrorKind
from telecine.core.states import TERMINAL, JobState
from telecine.core.tnp_codes import ERROR_CODES as TNP_CODES

READY = "DM000"
PREPROCESSING = "DM001"
COMPLETED = "DM500"
ERROR = "DM600"

STATUS_CODES: dict[JobState, str] = dict.fromkeys(JobState, PREPROCESSING) | {
    JobState.QUEUED: READY,
    JobState.COMPLETE: COMPLETED,
    JobState.ERROR: ERROR,
    JobState.STOPPED: ERROR,
}
"""`job_status` of every state."""


class CopyState(StrEnum):
    """How far the copy of one recipient is."""

    READY = "ready"
    PROGRESSING = "progressing"
    COMPLETE = "complete"
    FAILED = "failed"


TASK_CODES: dict[CopyState, str] = {
    CopyState.READY: "TK000",
    CopyState.PROGRESSING: "TK001",
    CopyState.COMPLETE: "TK002",
    CopyState.FAILED: "TK005",
}
"""`task_status` of every state."""

NO_ERROR = "0"
"""`cli_error_code` of a copy that is made, or has met no trouble yet."""

CLI_CODES: dict[ErrorKind, str] = {kind: code.removeprefix("E") for kind, code in TNP_CODES.items()}
"""`cli_error_code` of every kind of failure."""

ERROR_CODES: dict[ErrorKind, str] = {kind: f"DW{digits}" for kind, digits in CLI_CODES.items()}
"""`error_code` of every kind of failure. DW, because a D and four digits are codes of detections."""


def copy_shown(copy: CopyState, job: JobState) -> CopyState:
    """What clients are told of a copy: one that its job ended without has failed with it."""
    return CopyState.FAILED if job in TERMINAL and copy is not CopyState.COMPLETE else copy
