"""The codes of failed requests, and the envelope that carries them.

The document has ten codes, and that of the session manager some more. What none of them says has one of ours, which
begin with A90.
"""

from typing import Any

from telecine.apis.findings import Problems
from telecine.core.errors import ErrorKind, TelecineError

SUCCESS = "0000"

INVALID_INPUT = "A1000"
TIMESTAMP = "A1002"
NO_SITE = "A1003"
NOT_DECRYPTED = "A1006"
HASH = "A1007"
AKAMAI_KEY = "A5001"
AKAMAI_REFUSED = "A5002"
NOT_PARSED = "A7008"
API_VERSION = "A7009"
DATE = "A7010"
STREAMING_FORMAT = "A7013"
EMPTY = "A7015"
MARK_TOO_LONG = "A7016"
TRIAL_CALLS = "A7017"

API_CODES: dict[str, str] = {
    SUCCESS: "Succeeded",
    INVALID_INPUT: "Invalid input parameter",
    TIMESTAMP: "Invalid timestamp format",
    NO_SITE: "Cannot find the site ID",
    NOT_DECRYPTED: "Failed to decrypt with the site key",
    HASH: "Failed to verify the hash",
    "A4002": "Failed to store watermark data",
    "A4003": "Failed to create watermark data",
    AKAMAI_KEY: "Akamai certification key must be registered",
    AKAMAI_REFUSED: "Akamai watermark token error",
    NOT_PARSED: "API data parsing error",
    API_VERSION: "Invalid API version",
    DATE: "Invalid date format",
    STREAMING_FORMAT: "Unsupported streaming format",
    EMPTY: "Empty value is not allowed",
    MARK_TOO_LONG: "The length of forensic_mark exceeds 254 bytes",
    TRIAL_CALLS: "The trial's limit of session API calls is exceeded",
}
"""The documents' codes."""

OWN_CODES: dict[ErrorKind, str] = {
    ErrorKind.INTERNAL: "A9001",
    ErrorKind.DATABASE_UNREACHABLE: "A9002",
    ErrorKind.STORAGE_UNREACHABLE: "A9003",
    ErrorKind.OUT_OF_SERVICE: "A9010",
    ErrorKind.DETECTION_LIMIT: "A9011",
}
"""Codes of ours, for what is neither the client's fault nor in the document."""

_STATUSES = {NO_SITE: 404, API_VERSION: 404, NOT_DECRYPTED: 403, HASH: 403, TRIAL_CALLS: 403}

MOST_ERRORS = 50
"""Faults of one request that an answer lists."""


class Fault(TelecineError):  # noqa: N818 - as Problems
    """A failure with a code of the document's. `cure` replaces that of the kind."""

    def __init__(
        self,
        code: str,
        field: str,
        detail: str = "",
        *,
        kind: ErrorKind = ErrorKind.FIELD_INVALID,
        cure: str | None = None,
    ) -> None:
        self.code = code
        self._cure = cure
        super().__init__(kind, detail, field=field)

    @property
    def cure(self) -> str:
        """What the reader can do about it."""
        return super().cure if self._cure is None else self._cure


def api_code(error: TelecineError) -> str:
    """The code of a failure: its own, else one of ours, else that of a wrong parameter."""
    if isinstance(error, Fault):
        return error.code
    if error.kind is ErrorKind.BODY_NOT_JSON:
        return NOT_PARSED
    if error.kind in OWN_CODES:
        return OWN_CODES[error.kind]
    return INVALID_INPUT if error.entry.status < 500 else OWN_CODES[ErrorKind.INTERNAL]


def error_status(error: TelecineError) -> int:
    """The HTTP status of a failure, of which the document says nothing."""
    return _STATUSES.get(error.code, 400) if isinstance(error, Fault) else error.entry.status


def error_body(error: TelecineError) -> dict[str, Any]:
    """The answer to a failed request. `errors`, which is ours, lists every field that is wrong."""
    body: dict[str, Any] = {"error_code": api_code(error), "error_message": str(error)}
    parts = error.errors if isinstance(error, Problems) else (error,)
    listed = [
        {"field": part.field, "error_code": api_code(part), "error_message": part.message}
        for part in parts
        if part.field
    ]
    if listed:
        body["errors"] = listed[:MOST_ERRORS]
    return body


def success_body(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """The answer to a request that succeeded."""
    return {"error_code": SUCCESS, "error_message": "Success.", **fields}
