"""Everything about viewers' sessions under one name: opening them (`session_opening`), listing and revoking them, and
finding them again by their tokens.

A session's payload and its sequence are drawn at random and belong to one viewer of the site for ever: a detection
says who that was, long after the session has ended. Rows are never removed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.orm import Session

from telecine.catalog.mark_models import MarkSecret, MarkSession
from telecine.catalog.seal import Sealer
from telecine.catalog.session_keys import token_keys
from telecine.catalog.session_opening import (
    LONGEST_MARK,
    LONGEST_SECONDS,
    TRIAL_SESSIONS,
    NewSession,
    Opened,
    open_session,
)
from telecine.catalog.text import storable
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.ticket import Ticket
from telecine.core.watermark.tokens import read_token, token_digest

__all__ = [
    "LONGEST_MARK",
    "LONGEST_SECONDS",
    "TRIAL_SESSIONS",
    "NewSession",
    "Opened",
    "SessionFilter",
    "by_token",
    "every",
    "get",
    "of_token",
    "open_session",
    "revoke",
    "revoke_viewer",
    "search",
]

BLOCK = 4096
"""Sessions read at a time."""

_EXPORTED = (
    *(MarkSession.session, MarkSession.payload, MarkSession.code, MarkSession.forensic_mark),
    *(MarkSession.content_id, MarkSession.reg_time, MarkSession.expires, MarkSession.revoked),
)


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions to list. Whatever is left at its default does not matter; pages count from 1.

    `live`: True for those that are neither revoked nor expired at `now`, False for the others.
    """

    from_time: datetime | None = None
    to_time: datetime | None = None
    content_id: str = ""
    forensic_mark: str = ""
    session: str = ""
    live: bool | None = None
    page_unit: int = 25
    page_index: int = 1


def search(s: Session, site_id: str, wanted: SessionFilter, now: datetime) -> tuple[int, Sequence[MarkSession]]:
    """How many sessions match, and one page of them, newest first."""
    conditions = _conditions(site_id, wanted, now)
    if conditions is None:
        return 0, []
    total = s.scalar(select(func.count()).select_from(MarkSession).where(*conditions)) or 0
    page = select(MarkSession).where(*conditions).order_by(MarkSession.id.desc())
    page = page.limit(wanted.page_unit).offset((wanted.page_index - 1) * wanted.page_unit)
    return total, s.scalars(page).all()


def get(s: Session, site_id: str, session: str) -> MarkSession:
    """The site's session with this id (32 hexadecimal digits). Raises NOT_FOUND."""
    mine = (MarkSession.site_id == site_id) & (MarkSession.session == session.lower())
    row = s.scalar(select(MarkSession).where(mine)) if storable(session) else None
    if row is None:
        raise TelecineError(ErrorKind.NOT_FOUND, "The session")
    return row


def of_token(s: Session, site_id: str, token: str, ticket: Ticket | None = None) -> MarkSession | None:
    """The session that `token` was issued for; None where it is none of the site's.

    With `ticket`, what the token says, also one that its bearer has spelled in another way.
    """
    said = [MarkSession.token_digest == token_digest(token)]
    if ticket is not None and ticket.session:
        said.append(MarkSession.session == ticket.session)
    elif ticket is not None and ticket.payload:
        said.append(MarkSession.payload == ticket.payload.hex())
    for one in said:
        row = s.scalar(select(MarkSession).where(MarkSession.site_id == site_id, one).order_by(MarkSession.id).limit(1))
        if row is not None:
            return row
    return None


def by_token(s: Session, sealer: Sealer, site_id: str, token: str) -> MarkSession:
    """The session that `token` was issued for, however its bearer spells it.

    Raises NOT_FOUND, and TokenRefused where it is no token of the site at all.
    """
    row = of_token(s, site_id, token)
    if row is None and s.get(MarkSecret, site_id) is not None:
        row = of_token(s, site_id, token, read_token(token, token_keys(s, sealer, site_id)))
    if row is None:
        raise TelecineError(ErrorKind.NOT_FOUND, "The session")
    return row


def revoke(row: MarkSession, now: datetime) -> None:
    """End a session for good. One that was revoked before stays revoked since then."""
    if row.revoked is None:
        row.revoked = now


def revoke_viewer(s: Session, site_id: str, forensic_mark: str, now: datetime) -> int:
    """End every session of one viewer. Returns how many had not been revoked before."""
    if not storable(forensic_mark):
        return 0
    mine = (MarkSession.site_id == site_id) & (MarkSession.forensic_mark == forensic_mark)
    ending = update(MarkSession).where(mine, MarkSession.revoked.is_(None)).values(revoked=now)
    return len(s.scalars(ending.returning(MarkSession.id)).all())


def every(s: Session, site_id: str, content_id: str = "") -> Iterator[Row[*tuple[Any, ...]]]:
    """All sessions of a site, or of one of its contents, oldest first, read some at a time.

    Rows have `session`, `payload`, `code`, `forensic_mark`, `content_id`, `reg_time`, `expires` and `revoked`.
    """
    own: list[ColumnElement[bool]] = [MarkSession.site_id == site_id]
    own += [MarkSession.content_id == content_id] if content_id else []
    last = 0
    while True:
        page = select(MarkSession.id, *_EXPORTED).where(*own, MarkSession.id > last)
        rows = s.execute(page.order_by(MarkSession.id).limit(BLOCK)).all()
        if not rows:
            return
        last = rows[-1].id
        yield from rows


def _conditions(site_id: str, wanted: SessionFilter, now: datetime) -> list[ColumnElement[bool]] | None:
    """What matching rows fulfil; None where no row can."""
    texts = {"content_id": wanted.content_id, "forensic_mark": wanted.forensic_mark, "session": wanted.session}
    if not all(map(storable, texts.values())):
        return None
    conditions: list[ColumnElement[bool]] = [MarkSession.site_id == site_id]
    conditions += [getattr(MarkSession, name) == text for name, text in texts.items() if text]
    if wanted.from_time is not None:
        conditions.append(MarkSession.reg_time >= wanted.from_time)
    if wanted.to_time is not None:
        conditions.append(MarkSession.reg_time < wanted.to_time)
    if wanted.live is not None:
        live = MarkSession.revoked.is_(None) & (MarkSession.expires.is_(None) | (MarkSession.expires > now))
        conditions.append(live if wanted.live else ~live)
    return conditions
