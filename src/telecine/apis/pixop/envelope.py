"""How the dialect reports a failure: `{exception, errorMessage}`, with an HTTP status that fits.

The document names eight exceptions, all of tokens. The rest are ours, in the same style.
"""

from typing import Any

from telecine.apis.findings import Problems
from telecine.core.errors import ErrorKind, TelecineError

VALIDATION = "ValidationException"
PROJECT_NOT_FOUND = "ProjectNotFoundException"
VIDEO_NOT_FOUND = "VideoNotFoundException"
PROJECT_WITH_VIDEOS = "ProjectWithVideosCannotBeDeletedException"
NOT_INGESTED = "VideoNotFullyIngestedException"
NOT_PROCESSED = "VideoNotProcessedException"
RANGE = "RangeNotSatisfiableException"

INVALID_TOKEN = "InvalidJWTTokenFoundException"  # noqa: S105 - the name of an error, not a secret
NO_TOKEN = "NoJWTTokenFoundException"  # noqa: S105
EXPIRED_TOKEN = "ExpiredJWTTokenException"  # noqa: S105
PREMATURE_TOKEN = "PrematureJWTTokenException"  # noqa: S105
ETERNAL_TOKEN = "EternalJWTTokenException"  # noqa: S105
INCONSISTENT_CLAIMS = "InconsistentJWTClaimsException"
BANNED = "UserBannedException"
AUTH_FAILED = "AuthException"

MOST_ERRORS = 50
"""Faults of one request that a message names."""

_EXCEPTIONS = {
    ErrorKind.NOT_SUPPORTED_YET: "NotSupportedException",
    ErrorKind.BODY_TOO_LARGE: "ContentTooLargeException",
    ErrorKind.NOT_FOUND: "NotFoundException",
    ErrorKind.METHOD_NOT_ALLOWED: "MethodNotAllowedException",
    ErrorKind.UNAUTHENTICATED: "InvalidCredentialsException",
    ErrorKind.TOKEN_INVALID: INVALID_TOKEN,
    ErrorKind.TOKEN_EXPIRED: EXPIRED_TOKEN,
    ErrorKind.TOO_MANY_ATTEMPTS: "TooManyAttemptsException",
    ErrorKind.STORAGE_UNREACHABLE: "ServiceUnavailableException",
    ErrorKind.DATABASE_UNREACHABLE: "ServiceUnavailableException",
}
"""By kind; what is not here is named by its status."""

_OF_FIELDS = {
    (ErrorKind.NOT_FOUND, "projectId"): PROJECT_NOT_FOUND,
    (ErrorKind.NOT_FOUND, "videoId"): VIDEO_NOT_FOUND,
    (ErrorKind.NOT_FOUND, "teamId"): "TeamNotFoundException",
    (ErrorKind.IN_USE, "projectId"): PROJECT_WITH_VIDEOS,
    (ErrorKind.WRONG_STATE, "videoId"): NOT_INGESTED,
}

_BY_STATUS = {
    400: VALIDATION,
    403: "AccessDeniedException",
    404: "NotFoundException",
    409: "ConflictException",
    422: VALIDATION,
}

_CURES = {
    ErrorKind.NOT_FOUND: "Check the id, and that the token is of the team that it belongs to.",
    ErrorKind.UNAUTHENTICATED: "Send your email and password as HTTP Basic authentication.",
    ErrorKind.CONFLICT: "",
    ErrorKind.IN_USE: "",
    ErrorKind.WRONG_STATE: "",
}
"""In place of the registry's, which speak of sites and jobs; the details say what to do."""


class Refusal(TelecineError):  # noqa: N818 - as Problems
    """A failure whose exception has a name of its own; `status` replaces that of the kind, `cure` the registry's."""

    def __init__(
        self,
        exception: str,
        kind: ErrorKind,
        detail: str = "",
        *,
        field: str = "",
        status: int | None = None,
        cure: str | None = None,
    ) -> None:
        self.exception = exception
        self.status = status
        self._cure = cure
        super().__init__(kind, detail, field=field)

    @property
    def cure(self) -> str:
        """What the reader can do about it."""
        return super().cure if self._cure is None else self._cure


def exception_of(error: TelecineError) -> str:
    """The name of a failure."""
    if isinstance(error, Refusal):
        return error.exception
    named = _OF_FIELDS.get((error.kind, error.field)) or _EXCEPTIONS.get(error.kind)
    return named or _BY_STATUS.get(error.entry.status, "InternalServerException")


def error_status(error: TelecineError) -> int:
    """The HTTP status of a failure."""
    own = error.status if isinstance(error, Refusal) else None
    return own or error.entry.status


def error_body(error: TelecineError) -> dict[str, Any]:
    """The answer to a failed request. Its message names every field that is wrong, and the cure."""
    parts = error.errors[:MOST_ERRORS] if isinstance(error, Problems) else (error,)
    return {"exception": exception_of(error), "errorMessage": " ".join(_told(part) for part in parts)}


def _told(error: TelecineError) -> str:
    ours = not isinstance(error, Refusal)
    cure = _CURES.get(error.kind, error.cure) if ours else error.cure
    return f"{error.message} {cure}".strip()
