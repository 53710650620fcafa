"""Content keys of a site, every version of them, sealed; and the book of who took some away.

A key opens only in its own row: site, content, label, version and KID are all part of what seals it, so that nobody who
can write to the database can make a key for HD pass for one for SD.
"""

import base64
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from telecine.catalog import sites
from telecine.catalog.clock import utcnow
from telecine.catalog.key_models import KeyAudit, StoredKey
from telecine.catalog.models import SHORT
from telecine.catalog.seal import Sealer
from telecine.catalog.text import checked, storable
from telecine.catalog.turns import one_at_a_time
from telecine.catalog.upsert import insert
from telecine.core.drm import ContentKey, Label, Scheme, Signal
from telecine.core.errors import ErrorKind, TelecineError

_ORDER = list(Label)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a key is, and the kind of source that it comes from."""

    site_id: str
    content_id: str
    source: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something that is written down, and from where."""

    who: str
    origin: str


def checked_content_id(content_id: str) -> str:
    """The content id itself. Raises FIELD_MISSING, FIELD_INVALID, FIELD_OUT_OF_RANGE for one that cannot be."""
    if not content_id:
        raise TelecineError(ErrorKind.FIELD_MISSING, "Keys belong to a content.", field="content_id")
    return checked(content_id, "content_id", SHORT)


def current(s: Session, owner: Owner, labels: Collection[Label] = tuple(Label)) -> dict[Label, StoredKey]:
    """The newest key of each of `labels`, unless it is retired or came from another source than the owner's."""
    query = select(StoredKey).where(
        StoredKey.site_id == owner.site_id, StoredKey.content_id == owner.content_id, StoredKey.label.in_(labels)
    )
    rows = s.scalars(query.order_by(StoredKey.version).execution_options(populate_existing=True))
    latest = {row.label: row for row in rows}
    return {
        label: latest[label]
        for label in _ORDER
        if label in latest and latest[label].retired_time is None and latest[label].source == owner.source
    }


def find(s: Session, site_id: str, kid: bytes) -> StoredKey | None:
    """The site's key of this KID, whatever its version; None where there is none or its server has not answered."""
    row = s.get(StoredKey, (site_id, kid.hex())) if storable(site_id) else None
    return row if row is not None and row.key_sealed is not None else None


def versions(s: Session, site_id: str, content_id: str) -> Sequence[StoredKey]:
    """Every version of every key of a content, oldest versions first. Raises NOT_FOUND where it has none."""
    query = select(StoredKey).where(StoredKey.site_id == site_id, StoredKey.content_id == content_id)
    rows = s.scalars(query).all() if storable(content_id) else []
    if not rows:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Any key of content {content_id!r} in site {site_id}")
    return sorted(rows, key=lambda row: (row.version, _ORDER.index(row.label)))


def newest(s: Session, site_id: str, limit: int) -> Sequence[StoredKey]:
    """The `limit` keys made last, newest first. Raises NOT_FOUND (site)."""
    sites.get(s, site_id)
    query = select(StoredKey).where(StoredKey.site_id == site_id)
    return s.scalars(query.order_by(StoredKey.reg_time.desc(), StoredKey.kid).limit(limit)).all()


def add(
    s: Session, sealer: Sealer, owner: Owner, keys: Collection[ContentKey], scheme: Scheme | None = None
) -> dict[Label, StoredKey]:
    """Keep `keys` as the next versions of their labels; where somebody else was quicker, theirs stay and are given.

    `scheme` is the one that their signals are for. Raises NOT_FOUND (site), CONFLICT where the site has a KID already.
    """
    return _insert(s, owner, [(key.label, _Draft(key.kid, key.iv, key, scheme)) for key in keys], sealer)


def reserve(s: Session, owner: Owner, chosen: dict[Label, tuple[bytes, bytes]]) -> dict[Label, StoredKey]:
    """Keep KID and IV of keys that a server is going to be asked for; as with `add`, the first one stays."""
    return _insert(s, owner, [(label, _Draft(kid, iv)) for label, (kid, iv) in chosen.items()])


def fill(s: Session, sealer: Sealer, row: StoredKey, answer: ContentKey, scheme: Scheme) -> StoredKey:
    """Put what the key server answered for `scheme` into the row that was kept for it.

    Raises KEYS_REFUSED where the row holds another key already: one label has one KID, and one KID names one key. Only
    cbcs has a constant IV, so an IV may still change until cbcs has been asked for.
    """
    if row.kid != answer.kid.hex():
        detail = f"the key server now gives KID {answer.kid.hex()} for {row.label} instead of {row.kid}."
        raise TelecineError(ErrorKind.KEYS_REFUSED, detail)
    held = s.get_one(StoredKey, (row.site_id, row.kid), with_for_update=True, populate_existing=True)
    if held.key_sealed is None:
        held.key_sealed = _seal(sealer, held, answer.key)
    elif _open(sealer, held) != answer.key:
        detail = f"the key server now gives another key for KID {held.kid} ({held.label}) than it did before."
        raise TelecineError(ErrorKind.KEYS_REFUSED, detail)
    if scheme is Scheme.CBCS and Scheme.CBCS not in held.signals and answer.iv:
        held.iv = answer.iv.hex()
    held.signals = _signals(held.signals, answer, scheme)
    s.flush()
    return held


def retire(s: Session, site_id: str, content_id: str, *, now: datetime | None = None) -> list[StoredKey]:
    """Make the content's keys old: the next time, new versions are made. They stay findable by KID. NOT_FOUND."""
    _take_turns(s, site_id, content_id)
    versions(s, site_id, content_id)
    query = select(StoredKey).where(
        StoredKey.site_id == site_id, StoredKey.content_id == content_id, StoredKey.retired_time.is_(None)
    )
    rows = list(s.scalars(query.order_by(StoredKey.kid)))
    for row in rows:
        row.retired_time = now or utcnow()
    s.flush()
    return rows


def opened(sealer: Sealer, row: StoredKey, scheme: Scheme | None = None) -> ContentKey:
    """The key in the row, with its server's signals for `scheme`. The row must have a key."""
    signals = [] if scheme is None else row.signals.get(scheme, [])
    return ContentKey(
        label=row.label,
        kid=bytes.fromhex(row.kid),
        key=_open(sealer, row),
        iv=bytes.fromhex(row.iv),
        signals=tuple(Signal(**one | {"pssh": base64.b64decode(one["pssh"])}) for one in signals),
    )


def write_down(
    s: Session, site_id: str, actor: Actor, action: str, *, content_id: str = "", detail: dict[str, Any] | None = None
) -> None:
    """Enter into the book that `actor` did `action` (`export`, `rotate`, `source`). `detail` holds no secret."""
    who, origin = actor.who[:SHORT], actor.origin[:SHORT]
    entry = KeyAudit(site_id=site_id, time=utcnow(), action=action, who=who, origin=origin, content_id=content_id)
    entry.detail = detail or {}
    s.add(entry)
    s.flush()


def book(s: Session, site_id: str, limit: int = 100) -> Sequence[KeyAudit]:
    """What was done with the site's keys, newest first."""
    query = select(KeyAudit).where(KeyAudit.site_id == site_id).order_by(KeyAudit.id.desc())
    return s.scalars(query.limit(limit)).all()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row to be: with its key, or waiting for one."""

    kid: bytes
    iv: bytes
    key: ContentKey | None = None
    scheme: Scheme | None = None


def _insert(
    s: Session, owner: Owner, drafts: Collection[tuple[Label, _Draft]], sealer: Sealer | None = None
) -> dict[Label, StoredKey]:
    """Insert a next version for each label that has no current key."""
    sites.get(s, owner.site_id)
    checked_content_id(owner.content_id)
    _take_turns(s, owner.site_id, owner.content_id)
    there = current(s, owner)
    for label, draft in drafts:
        if label in there:
            continue
        row = StoredKey(**asdict(owner), label=label, kid=draft.kid.hex(), iv=draft.iv.hex(), reg_time=utcnow())
        row.version = _last_version(s, owner, label) + 1
        row.signals = _signals({}, draft.key, draft.scheme) if draft.key and draft.scheme else {}
        row.key_sealed = _seal(sealer, row, draft.key.key) if draft.key and sealer else None
        values = {column.key: getattr(row, column.key) for column in StoredKey.__table__.columns}
        s.execute(insert(s, StoredKey).values(values).on_conflict_do_nothing())
    found = current(s, owner, [label for label, _ in drafts])
    for label, draft in drafts:
        if label not in found:
            detail = f"KID {draft.kid.hex()} is in use already in site {owner.site_id}."
            raise TelecineError(ErrorKind.CONFLICT, detail, field="kid")
    return found


def _take_turns(s: Session, site_id: str, content_id: str) -> None:
    """Let one transaction at a time make or retire keys of a content, lest two make two versions."""
    one_at_a_time(s, "content key", site_id, content_id)


def _last_version(s: Session, owner: Owner, label: Label) -> int:
    mine = (StoredKey.site_id == owner.site_id, StoredKey.content_id == owner.content_id, StoredKey.label == label)
    return s.scalar(select(func.max(StoredKey.version)).where(*mine)) or 0


def _signals(held: dict[str, Any], key: ContentKey, scheme: Scheme) -> dict[str, Any]:
    as_json = [asdict(signal) | {"pssh": base64.b64encode(signal.pssh).decode()} for signal in key.signals]
    return held | {scheme.value: as_json}


def _seal(sealer: Sealer, row: StoredKey, key: bytes) -> str:
    return sealer.seal(key.hex(), _context(row))


def _open(sealer: Sealer, row: StoredKey) -> bytes:
    assert row.key_sealed is not None
    return bytes.fromhex(sealer.open(row.key_sealed, _context(row)))


def _context(row: StoredKey) -> str:
    """The content id comes last: it alone may hold a colon."""
    return f"content key:{row.site_id}:{row.kid}:{row.label}:{row.version}:{row.content_id}"
