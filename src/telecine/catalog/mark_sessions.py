"""Viewers' sessions: opened for one content, listed, revoked, and found again by their tokens.

A session's payload and its sequence are drawn at random and belong to one viewer of the site for ever: a detection
says who that was, long after the session has ended. Rows are never removed.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.orm import Session

from telecine.catalog import marks, packaging_sites, sites
from telecine.catalog.mark_models import MarkedTitle, MarkSecret, MarkSession
from telecine.catalog.models import Site
from telecine.catalog.seal import Sealer
from telecine.catalog.session_keys import token_keys
from telecine.catalog.session_tokens import sealed_token
from telecine.catalog.text import checked, storable
from telecine.catalog.turns import one_at_a_time
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format
from telecine.core.watermark.bias import Family
from telecine.core.watermark.delivery_format import LONGEST_PAYLOAD
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import DELIVERY
from telecine.core.watermark.sequence import derive_key, pattern
from telecine.core.watermark.ticket import Ticket
from telecine.core.watermark.token_claims import LONGEST_PATTERN
from telecine.core.watermark.tokens import FRESH, TokenForm, read_token, token_digest, write_token

TRIAL_SESSIONS = 1000
"""Sessions of a site on trial, by the document."""
LONGEST_MARK = 254
"""Bytes of a forensic mark, by the document."""
USUAL_SECONDS = 24 * 3600
"""How long a token of a form that has to expire is good where nobody says."""
LONGEST_SECONDS = 366 * 24 * 3600
BLOCK = 4096
"""Sessions read at a time."""

_EXPORTED = (
    *(MarkSession.session, MarkSession.payload, MarkSession.code, MarkSession.forensic_mark),
    *(MarkSession.content_id, MarkSession.reg_time, MarkSession.expires, MarkSession.revoked),
)


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a caller asks for. `streaming_format` is `dash` or `hls`; `forensic_mark` the caller's words for the viewer.

    `form` and `code`: None for what follows from the site's policy. `seconds`: how long the token is good, None for
    as long as the form's usual. `direct`: the token carries the variants themselves, for edges without our keys.
    """

    content_id: str
    streaming_format: str
    forensic_mark: str
    form: TokenForm | None = None
    code: SessionCode | None = None
    seconds: int | None = None
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was opened: its row, its token as it stands in an address, and where its manifest is.

    `tree` is the folder of the tree in the content's folder.
    """

    row: MarkSession
    token: str
    title: MarkedTitle
    tree: str


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


def open_session(s: Session, sealer: Sealer, site_id: str, new: NewSession, now: datetime) -> Opened:
    """Open a session for one viewer of one published content, in a session that writes.

    Raises NOT_FOUND (site), OUT_OF_SERVICE, SESSION_LIMIT, KEYS_REFUSED where the site has no keys for Akamai, and
    FIELD_INVALID and FIELD_OUT_OF_RANGE with the field of `NewSession`.
    """
    site = sites.get(s, site_id)
    if not site.in_service:
        raise TelecineError(ErrorKind.OUT_OF_SERVICE)
    _check_mark(new.forensic_mark)
    title, tree = _published(s, site_id, new)
    code, form = _code_and_form(s, site_id, new)
    seconds = _seconds(new, form)
    _check_trial(s, site)
    keys = token_keys(s, sealer, site_id)
    if form is TokenForm.AKAMAI and keys.akamai is None:
        raise TelecineError(ErrorKind.KEYS_REFUSED, "The site has no key for Akamai.", field="akamai_key")
    row = MarkSession(
        site_id=site_id,
        content_id=new.content_id,
        session=secrets.token_hex(16),
        payload=_new_payload(s, site_id),
        code=code.value,
        form=form.value,
        streaming_format=new.streaming_format,
        forensic_mark=new.forensic_mark,
        reg_time=now,
        expires=None if seconds is None else now + timedelta(seconds=seconds),
    )
    variants = _variants(row, title, marks.secret(s, sealer, site_id)) if new.direct else None
    token = write_token(_ticket(row, title, variants), form, keys, secrets.token_bytes(FRESH))
    row.token_digest = token_digest(token)
    row.token_sealed = sealed_token(sealer, site_id, row.session, token)
    s.add(row)
    s.flush()
    return Opened(row, token, title, tree)


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
    open_rows = list(s.scalars(select(MarkSession.id).where(mine, MarkSession.revoked.is_(None)).with_for_update()))
    s.execute(update(MarkSession).where(mine, MarkSession.revoked.is_(None)).values(revoked=now))
    return len(open_rows)


def every(s: Session, site_id: str, content_id: str = "") -> Iterator[Row[Any]]:
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


def _check_mark(mark: str) -> None:
    checked(mark, "forensic_mark", LONGEST_MARK)
    if not mark.strip():
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must not be empty.", field="forensic_mark")
    if len(mark.encode()) > LONGEST_MARK:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"at most {LONGEST_MARK} bytes.", field="forensic_mark")


def _published(s: Session, site_id: str, new: NewSession) -> tuple[MarkedTitle, str]:
    """The title and the folder of its tree."""
    title = s.get(MarkedTitle, (site_id, new.content_id)) if storable(new.content_id) else None
    if title is None or not title.formats:
        why = "it is not published with a watermark."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="content_id")
    if new.streaming_format in (Format.DASH, Format.HLS):
        for folder in (new.streaming_format, Format.CMAF.value):  # which is for players of either
            if folder in title.formats:
                return title, folder
    why = f"the content is published as {', '.join(title.formats)}."
    raise TelecineError(ErrorKind.FIELD_INVALID, why, field="streaming_format")


def _code_and_form(s: Session, site_id: str, new: NewSession) -> tuple[SessionCode, TokenForm]:
    code = new.code or marks.policy(s, site_id).code
    form = new.form or (TokenForm.AES if code is SessionCode.DELIVERY and not new.direct else TokenForm.CWT)
    if code is not SessionCode.DELIVERY and not form.names_sessions:
        why = f"tokens of this form carry the code 'delivery' alone, not {code.value!r}; jwt and cwt carry any."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="form")
    if new.direct and not form.names_sessions:
        raise TelecineError(ErrorKind.FIELD_INVALID, "tokens of this form cannot carry variants.", field="direct")
    return code, form


def _seconds(new: NewSession, form: TokenForm) -> int | None:
    if new.seconds is None:
        return USUAL_SECONDS if form.names_sessions else None
    if not 1 <= new.seconds <= LONGEST_SECONDS:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"1 to {LONGEST_SECONDS} seconds.", field="seconds")
    return new.seconds


def _check_trial(s: Session, site: Site) -> None:
    """Refuse one session more than a trial has; of several requests at once, no more than that get through."""
    if site.trial_limit is None:
        return
    most = packaging_sites.get(s, site.site_id).trial_sessions
    most = TRIAL_SESSIONS if most is None else most
    one_at_a_time(s, "mark_session", site.site_id)
    opened = s.scalar(select(func.count()).select_from(MarkSession).where(MarkSession.site_id == site.site_id)) or 0
    if opened >= most:
        raise TelecineError(ErrorKind.SESSION_LIMIT, f"{most} sessions.")


def _new_payload(s: Session, site_id: str) -> str:
    """A payload that nobody of the site has. That two requests draw the same at once, the table refuses."""
    while True:
        payload = secrets.token_hex(LONGEST_PAYLOAD)
        taken = (MarkSession.site_id == site_id) & (MarkSession.payload == payload)
        if s.scalar(select(MarkSession.id).where(taken)) is None:
            return payload


def _ticket(row: MarkSession, title: MarkedTitle, variants: bytes | None) -> Ticket:
    """What the session's token says. Forms that cannot say all of it leave out what they cannot."""
    delivery = row.code == SessionCode.DELIVERY
    return Ticket(
        code=SessionCode(row.code),
        payload=bytes.fromhex(row.payload) if delivery else b"",
        session="" if delivery else row.session,
        site=row.site_id,
        content=row.content_id,
        issued=row.reg_time,
        expires=row.expires,
        streaming_format=row.streaming_format,
        sync_skip=None,  # detections count from where it is absent
        revoke_flag=False,
        pattern=variants,
        pattern_bits=min(title.positions, LONGEST_PATTERN),
    )


def _variants(row: MarkSession, title: MarkedTitle, secret: bytes) -> bytes:
    """The session's variants of all of the title's segments, as a token carries them."""
    if title.positions > LONGEST_PATTERN:
        why = f"the content has {title.positions} segments, and a token carries {LONGEST_PATTERN}."
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, why, field="direct")
    if row.code != SessionCode.DELIVERY:
        return pattern(derive_key(secret, row.site_id, row.content_id, Family(row.code)), row.session, title.positions)
    payload = bytes.fromhex(row.payload)
    bits = "".join(str(int(DELIVERY.bit(payload, position))) for position in range(title.positions))
    length = -(-len(bits) // 8)
    return int(bits.ljust(8 * length, "0"), 2).to_bytes(length)
