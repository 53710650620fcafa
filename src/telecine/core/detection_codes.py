"""The states and codes of detections, as data.

They stand in `core` because two rooms that do not know each other speak them: `apis` in answers, and the workers in
the messages that they write. FD004 to FD007, D2001 and D3001 are published; the others are ours, in the same pattern.
`docs/tnp.md` prints the tables and a test compares them.
"""

from dataclasses import dataclass
from enum import StrEnum

from telecine.core.errors import ErrorKind


class Subject(StrEnum):
    """Whose copy a leak is thought to be."""

    VIEWERS = "viewers"
    """Of a marked title that is streamed."""
    RECIPIENTS = "recipients"
    """Of a master that is distributed."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a report calls those whom it compares a leak with (`many` of them, `one`), and a `piece` of the `whole` that
    carries one bit."""

    many: str
    one: str
    piece: str
    whole: str


WORDS: dict[Subject, Words] = {
    Subject.VIEWERS: Words(many="sessions", one="session", piece="segment", whole="title"),
    Subject.RECIPIENTS: Words(many="recipients", one="recipient", piece="mark", whole="master"),
}


class DetectionState(StrEnum):
    """Where a detection stands."""

    READY = "ready"
    WORKING = "working"
    COMPLETE = "complete"
    """Somebody is named."""
    CANCELLED = "cancelled"
    ERROR = "error"
    """The leak could not be read at all."""
    FAILED = "failed"
    """It was read, and names nobody."""


ENDED = frozenset({DetectionState.COMPLETE, DetectionState.CANCELLED, DetectionState.ERROR, DetectionState.FAILED})

STATUS_CODES: dict[DetectionState, str] = {
    DetectionState.READY: "FD001",
    DetectionState.WORKING: "FD002",
    DetectionState.COMPLETE: "FD004",
    DetectionState.CANCELLED: "FD005",
    DetectionState.ERROR: "FD006",
    DetectionState.FAILED: "FD007",
}
"""`detection_status` of every state. What FD003 meant is not known; we never send it."""

DOWNLOAD_FAILED = "D2001"
NOT_READABLE = "D2002"
OVER_LIMIT = "D2003"
NO_REFERENCE = "D2004"
NOTHING_FOUND = "D3001"
OUR_FAULT = "D9001"

ERRORS: dict[str, str] = {
    DOWNLOAD_FAILED: "Download of the media failed.",
    NOT_READABLE: "The media cannot be read.",
    OVER_LIMIT: "The media is over a limit of this server.",
    NO_REFERENCE: "There is nothing to compare the media with.",
    NOTHING_FOUND: "Watermark detection failed.",
    OUR_FAULT: "Something went wrong on our side.",
}
"""`error_code` of detections that ended as FD006 or FD007."""

_BY_KIND: dict[ErrorKind, str] = {
    ErrorKind.NOT_FOUND: DOWNLOAD_FAILED,  # its storage is no longer registered
    ErrorKind.OBJECT_MISSING: DOWNLOAD_FAILED,
    ErrorKind.STORAGE_REFUSED: DOWNLOAD_FAILED,
    ErrorKind.STORAGE_UNREACHABLE: DOWNLOAD_FAILED,
    ErrorKind.DOWNLOAD_FAILED: DOWNLOAD_FAILED,
    ErrorKind.TARGET_REFUSED: DOWNLOAD_FAILED,
    ErrorKind.INPUT_UNSAFE: NOT_READABLE,
    ErrorKind.INPUT_UNREADABLE: NOT_READABLE,
    ErrorKind.TRACK_MISSING: NOT_READABLE,
    ErrorKind.INPUT_OVER_LIMIT: OVER_LIMIT,
    ErrorKind.REFERENCE_MISSING: NO_REFERENCE,
}


def error_code(kind: ErrorKind) -> str:
    """The code of a detection that ended in an error of `kind`."""
    return _BY_KIND.get(kind, OUR_FAULT)
