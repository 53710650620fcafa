"""Opening a session for one viewer of one published content: what is drawn for it, and the token that says so."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from telecine.catalog import marks, packaging_sites, sites
from telecine.catalog.mark_models import MarkedTitle, MarkSession
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
from telecine.core.watermark.report import bits_of
from telecine.core.watermark.sequence import SequenceKey, derive_key
from telecine.core.watermark.ticket import Ticket
from telecine.core.watermark.token_claims import LONGEST_PATTERN
from telecine.core.watermark.tokens import FRESH, TokenForm, token_digest, write_token

TRIAL_SESSIONS = 1000
"""Sessions of a site on trial, by the document."""
LONGEST_MARK = 254
"""Bytes of a forensic mark, by the document."""
USUAL_SECONDS = 24 * 3600
"""How long a token of a form that has to expire is good where nobody says."""
LONGEST_SECONDS = 366 * 24 * 3600

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a caller asks for. `streaming_format` is `dash` or `hls`; `forensic_mark` the caller's words for the viewer.

    `form` and `code`: None for what follows from the site's policy. `seconds`: how long the token is good, None for
    as long as the form's usual. `direct`: the token carries the variants themselves, for edges without our keys.
    `shared`: it is authenticated under HMAC 256 and not signed.
    """

    content_id: str
    streaming_format: str
    forensic_mark: str
    form: TokenForm | None = None
    code: SessionCode | None = None
    seconds: int | None = None
    direct: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was opened: its row, its token as it stands in an address, and where its manifest is.

    `tree` is the folder of the tree in the content's folder.
    """

    row: MarkSession
    token: str
    title: MarkedTitle
    tree: str


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
    token = write_token(_ticket(row, title, tree, variants), form, keys, secrets.token_bytes(FRESH), shared=new.shared)
    row.token_digest = token_digest(token)
    row.token_sealed = sealed_token(sealer, site_id, row.session, token)
    s.add(row)
    s.flush()
    return Opened(row, token, title, tree)


def _check_mark(mark: str) -> None:
    checked(mark, "forensic_mark", LONGEST_MARK)
    if not mark.strip():
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must not be empty.", field="forensic_mark")
    if _CONTROL.search(mark):
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must not hold control characters.", field="forensic_mark")
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
    form = new.form or (
        TokenForm.AES if code is SessionCode.DELIVERY and not (new.direct or new.shared) else TokenForm.CWT
    )
    if code is not SessionCode.DELIVERY and not form.names_sessions:
        why = f"tokens of this form carry the code 'delivery' alone, not {code.value!r}; jwt and cwt carry any."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="form")
    if new.direct and not form.names_sessions:
        raise TelecineError(ErrorKind.FIELD_INVALID, "tokens of this form cannot carry variants.", field="direct")
    if new.shared and not form.names_sessions:
        raise TelecineError(ErrorKind.FIELD_INVALID, "tokens of this form have one algorithm.", field="shared")
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


def _ticket(row: MarkSession, title: MarkedTitle, tree: str, variants: bytes | None) -> Ticket:
    """What the session's token says. Forms that cannot say all of it leave out what they cannot."""
    # Embedders take the number of the first segment from the format. A CMAF tree counts as DASH does, whoever plays it.
    counted = Format.DASH.value if tree == Format.CMAF else row.streaming_format
    delivery = row.code == SessionCode.DELIVERY
    return Ticket(
        code=SessionCode(row.code),
        payload=bytes.fromhex(row.payload) if delivery else b"",
        session="" if delivery else row.session,
        site=row.site_id,
        content=row.content_id,
        issued=row.reg_time,
        expires=row.expires,
        streaming_format=counted,
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

    def keys(family: Family) -> SequenceKey:
        return derive_key(secret, row.site_id, row.content_id, family)

    bits = bits_of(SessionCode(row.code), row.session, row.payload, title.positions, keys)
    return np.packbits(bits).tobytes()
