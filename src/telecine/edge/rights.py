"""Whether a token that could be read opens what its bearer asks for, now.

The documented embedders refuse a token that is too old, and one that must be checked and comes unchecked. Beyond that
the session must be one that was opened here: the documented token is encrypted but not authenticated, and a copy with
a payload that nobody was given could not be traced to anybody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from telecine.core.watermark.ticket import Ticket
from telecine.edge.refusal import Outcome, Refused


@dataclass(frozen=True, slots=True)
class Rules:
    """`site` is the one that is served. `longest_age` of a token counts from when it was issued; None is any age.

    `known_sessions`: serve only sessions that the catalog knows.
    """

    site: str
    longest_age: timedelta | None = None
    known_sessions: bool = True


@dataclass(frozen=True, slots=True)
class Session:
    """What the catalog knows of a session."""

    content_id: str
    expires: datetime | None
    revoked: bool


def check(
    rules: Rules, ticket: Ticket, revoke_token: str, content_id: str, session: Session | None, now: datetime
) -> None:
    """Return where the bearer of `ticket` may have files of `content_id`. Raises Refused where not."""
    if ticket.site and ticket.site != rules.site:
        raise Refused(Outcome.OTHER_TITLE, "The token is for another site.")
    if ticket.content not in ("", content_id):
        raise Refused(Outcome.OTHER_TITLE, "The token is for another title.")
    if ticket.expired(now):
        raise Refused(Outcome.EXPIRED, "The token has expired.")
    if rules.longest_age is not None and now - ticket.issued > rules.longest_age:
        raise Refused(Outcome.TOO_OLD, "The token is too old.")
    if ticket.revoke_flag and not revoke_token:
        raise Refused(Outcome.NO_REVOKE_TOKEN, "The token is good only behind a revoke token.")
    _check_session(rules, session, content_id, now)


def _check_session(rules: Rules, session: Session | None, content_id: str, now: datetime) -> None:
    if session is None:
        if rules.known_sessions:
            raise Refused(Outcome.UNKNOWN_SESSION, "The token is of no session that was opened here.")
        return
    if session.revoked:
        raise Refused(Outcome.REVOKED, "The token was revoked.")
    if session.content_id != content_id:
        raise Refused(Outcome.OTHER_TITLE, "The token is for another title.")
    if session.expires is not None and now >= session.expires:
        raise Refused(Outcome.EXPIRED, "The token has expired.")
