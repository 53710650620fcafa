"""Why a viewer is not served: the status he gets, and the one word under which it is counted."""

from enum import StrEnum
from http import HTTPStatus


class Outcome(StrEnum):
    """How a request ended. The words are labels of the edge's numbers and stand in its log."""

    SERVED = "served"
    UNCHANGED = "unchanged"
    """304, or 412 to somebody who wants what is no longer there."""
    MALFORMED = "malformed"
    """No address that any published file could have."""
    NO_TOKEN = "no_token"  # noqa: S105 - the name of an outcome
    BAD_TOKEN = "bad_token"  # noqa: S105
    EXPIRED = "expired"
    TOO_OLD = "too_old"
    REVOKED = "revoked"
    NO_REVOKE_TOKEN = "no_revoke_token"  # noqa: S105
    UNKNOWN_SESSION = "unknown_session"
    OTHER_TITLE = "other_title"
    HIDDEN = "hidden"
    """A name that only edges may ask for."""
    MISSING = "missing"
    RANGE = "range"
    """416."""
    CONTRADICTION = "contradiction"
    """The tree's own files disagree about a segment's position."""
    STORAGE = "storage"
    """The storage did not give what it should have."""
    CATALOG = "catalog"
    """The database did not answer."""


_STATUS = {
    Outcome.MALFORMED: HTTPStatus.BAD_REQUEST,
    Outcome.MISSING: HTTPStatus.NOT_FOUND,
    Outcome.RANGE: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    Outcome.CONTRADICTION: HTTPStatus.INTERNAL_SERVER_ERROR,
    Outcome.STORAGE: HTTPStatus.BAD_GATEWAY,
    Outcome.CATALOG: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""All others are 403."""


class Refused(Exception):  # noqa: N818 - not an error of ours
    """A request that gets no file. `reason` is a sentence for the viewer; it holds no token and names no variant."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        self.outcome = outcome
        self.reason = reason
        super().__init__(reason)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(_STATUS.get(self.outcome, HTTPStatus.FORBIDDEN))
