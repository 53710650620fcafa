"""Recipients of a site: who may get copies of its masters, by name and by number.

A name is unique without regard to case, and the first spelling is kept. Once a copy was asked for, name and number stay
what they are, for a leak may name them years later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.distribution_models import CopyTask, Recipient
from telecine.catalog.position import position
from telecine.catalog.text import checked, storable, within
from telecine.catalog.turns import one_at_a_time
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.recipient_names import LONGEST_DESCRIPTION, check_name, key_of

MOST_AT_ONCE = 150
"""Recipients of one registration."""


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """A recipient to register."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class RecipientFilter:
    """What to list: registered from `from_time` on and before `to_time`, any of `keywords` somewhere in the name.

    Keywords match in any case; none match everything. Pages count from 1 and hold `page_unit` rows.
    """

    from_time: datetime | None = None
    to_time: datetime | None = None
    keywords: Sequence[str] = ()
    page_unit: int = 25
    page_index: int = 1


def register(
    s: Session, site_id: str, new: Sequence[NewRecipient], *, now: datetime | None = None
) -> Sequence[Recipient]:
    """Add all of `new` or none, in their order; 1 to 150 of them.

    Raises FIELD_OUT_OF_RANGE, FIELD_INVALID and CONFLICT, naming `recipients[n].name` or `.description`.
    """
    if not 1 <= len(new) <= MOST_AT_ONCE:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"1 to {MOST_AT_ONCE} at a time.", field="recipients")
    for place, one in enumerate(new):
        check_name(one.name, f"recipients[{place}].name")
        checked(one.description, f"recipients[{place}].description", LONGEST_DESCRIPTION)
    for error in conflicts(s, site_id, [one.name for one in new]):
        raise error
    now = now or utcnow()
    rows = [
        Recipient(
            site_id=site_id,
            name=one.name,
            name_key=key_of(one.name),
            description=one.description,
            reg_time=now,
            update_time=now,
        )
        for one in new
    ]
    s.add_all(rows)
    s.flush()
    return rows


def conflicts(s: Session, site_id: str, names: Sequence[str]) -> list[TelecineError]:
    """What keeps a site from registering all of `names`: each that it has already, or that comes twice.

    Until the transaction ends, nobody else registers a recipient of the site.
    """
    one_at_a_time(s, site_id, "recipients")
    taken = {row.name_key: f"Recipient {row.name} exists already." for row in _of_names(s, site_id, names)}
    found = []
    for place, name in enumerate(names):
        key, field = key_of(name), f"recipients[{place}].name"
        if key in taken:
            found.append(TelecineError(ErrorKind.CONFLICT, taken[key], field=field))
        taken.setdefault(key, f"'{field}' has the same name.")
    return found


def get(s: Session, site_id: str, recipient: int, *, lock: bool = False) -> Recipient:
    """The site's recipient of this number, held until the transaction ends where `lock` is set. Raises NOT_FOUND."""
    row = s.get(Recipient, within(recipient), with_for_update=lock or None, populate_existing=lock)
    if row is None or row.site_id != site_id:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Recipient {recipient}")
    return row


def search(s: Session, site_id: str, wanted: RecipientFilter) -> tuple[int, Sequence[Recipient]]:
    """How many recipients match, and one page of them, newest first."""
    conditions = _conditions(site_id, wanted)
    if conditions is None:
        return 0, []
    total = s.scalar(select(func.count()).select_from(Recipient).where(*conditions)) or 0
    newest = select(Recipient).where(*conditions).order_by(Recipient.reg_time.desc(), Recipient.id.desc())
    page = newest.limit(wanted.page_unit).offset((wanted.page_index - 1) * wanted.page_unit)
    return total, s.scalars(page).all()


def modify(
    s: Session,
    site_id: str,
    recipient: int,
    *,
    name: str | None = None,
    description: str | None = None,
    now: datetime | None = None,
) -> Recipient:
    """Change what is given. Raises NOT_FOUND, FIELD_INVALID, FIELD_OUT_OF_RANGE, CONFLICT for a name that another
    one has, RECIPIENT_USED once a copy was asked for."""
    one_at_a_time(s, site_id, "recipients")
    row = get(s, site_id, recipient, lock=True)
    _refuse_used(s, row, "cannot be modified")
    if name is not None:
        other = next((one for one in _of_names(s, site_id, [check_name(name)]) if one.id != row.id), None)
        if other is not None:
            raise TelecineError(ErrorKind.CONFLICT, f"Recipient {other.name} exists already.", field="name")
        row.name, row.name_key = name, key_of(name)
    if description is not None:
        row.description = checked(description, "description", LONGEST_DESCRIPTION)
    row.update_time = now or utcnow()
    s.flush()
    return row


def delete(s: Session, site_id: str, recipient: int) -> None:
    """Forget a recipient. Raises NOT_FOUND, RECIPIENT_USED once a copy was asked for."""
    row = get(s, site_id, recipient, lock=True)
    _refuse_used(s, row, "cannot be deleted")
    s.delete(row)
    s.flush()


def every(s: Session, site_id: str) -> Sequence[Recipient]:
    """All recipients of the site by number, held until the transaction ends, so that none is changed or deleted."""
    return s.scalars(_held(Recipient.site_id == site_id)).all()


def named(s: Session, site_id: str, wanted: Sequence[str | int]) -> list[Recipient | None]:
    """The site's recipients of these names, in any case, or numbers; None where there is none. Held as by `every`."""
    numbers = [within(one) for one in wanted if isinstance(one, int)]
    keys = [key_of(one) for one in wanted if isinstance(one, str) and storable(one)]
    known = or_(Recipient.id.in_(numbers), Recipient.name_key.in_(keys))
    found: dict[str | int, Recipient] = {}
    for row in s.scalars(_held((Recipient.site_id == site_id) & known)):
        found[row.id] = found[row.name_key] = row
    return [found.get(key_of(one) if isinstance(one, str) else one) for one in wanted]


def _held(condition: ColumnElement[bool]) -> Select[Recipient]:
    # In one order for everybody, or two could wait for each other.
    return select(Recipient).where(condition).order_by(Recipient.id).with_for_update(read=True)


def _of_names(s: Session, site_id: str, names: Sequence[str]) -> Sequence[Recipient]:
    keys = {key_of(name) for name in names}
    return s.scalars(select(Recipient).where(Recipient.site_id == site_id, Recipient.name_key.in_(keys))).all()


def _refuse_used(s: Session, row: Recipient, what: str) -> None:
    task = select(CopyTask.job_id).where(CopyTask.recipient_id == row.id).limit(1)
    job_id = s.scalar(task)
    if job_id is not None:
        detail = f"Recipient {row.name} {what}: job {job_id} makes or has made a copy for it."
        raise TelecineError(ErrorKind.RECIPIENT_USED, detail)


def _conditions(site_id: str, wanted: RecipientFilter) -> list[ColumnElement[bool]] | None:
    """What a row must meet; None where no row can."""
    found: list[ColumnElement[bool]] = [Recipient.site_id == site_id]
    if wanted.from_time is not None:
        found.append(Recipient.reg_time >= wanted.from_time)
    if wanted.to_time is not None:
        found.append(Recipient.reg_time < wanted.to_time)
    if wanted.keywords:
        sought = [key_of(word) for word in wanted.keywords if storable(word)]
        if not sought:
            return None
        found.append(or_(*(position(Recipient.name_key, word) > 0 for word in sought)))
    return found
