"""The outbox of notifications: claimed under a lease, tried until delivered or given up, every try on record.

A pump that dies holding a lease loses it when the lease runs out, and another pump delivers again: receivers get
each message at least once. Messages of one job are claimed in the order in which they were written, but one that
failed and waits does not hold up the next.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from telecine.catalog.clock import utcnow
from telecine.catalog.models import Delivery, DeliveryTry
from telecine.catalog.text import within
from telecine.core.errors import ErrorKind, TelecineError

LONGEST_BODY = 2000
"""How much of an answer is kept, in characters."""


def due(s: Session, now: datetime, lease_seconds: float, limit: int) -> list[Delivery]:
    """Claim up to `limit` deliveries whose time has come: nobody else gets them for `lease_seconds`."""
    query = select(Delivery).where(Delivery.state == "pending", Delivery.next_try <= now)
    rows = s.scalars(query.order_by(Delivery.next_try, Delivery.id).limit(limit).with_for_update(skip_locked=True))
    claimed = sorted(rows, key=lambda row: row.id)
    for row in claimed:
        row.next_try = now + timedelta(seconds=lease_seconds)
    s.flush()
    return claimed


def succeeded(s: Session, delivery_id: int, now: datetime, status: int | None, body: str) -> None:
    """Record a try that the target took."""
    row = _tried(s, delivery_id, now, status, body)
    row.state = "delivered"


def failed(
    s: Session, delivery_id: int, now: datetime, status: int | None, body: str, next_try: datetime | None
) -> None:
    """Record a try that failed. It is due again at `next_try`; None gives it up.

    Where another pump has delivered it meanwhile, it stays delivered.
    """
    row = _tried(s, delivery_id, now, status, body)
    if row.state != "pending":
        return
    if next_try is None:
        row.state = "dead"
    else:
        row.next_try = next_try


def log(
    s: Session,
    site_id: str,
    *,
    noti_id: int | None = None,
    job_id: int | None = None,
    page_unit: int = 25,
    page_index: int = 1,
) -> tuple[int, Sequence[Delivery]]:
    """How many deliveries the site has for this notification and job, and one page with their tries, newest first."""
    wanted = [Delivery.site_id == site_id]
    if noti_id is not None:
        wanted.append(Delivery.noti_id == within(noti_id))
    if job_id is not None:
        wanted.append(Delivery.job_id == within(job_id))
    total = s.scalar(select(func.count()).select_from(Delivery).where(*wanted)) or 0
    page = select(Delivery).where(*wanted).order_by(Delivery.id.desc()).options(selectinload(Delivery.tries))
    return total, s.scalars(page.limit(page_unit).offset((page_index - 1) * page_unit)).all()


def resend(s: Session, site_id: str, delivery_id: int, *, noti_id: int, now: datetime | None = None) -> Delivery:
    """Make a delivery to this notification due at once, whatever became of it, and count its attempts anew.

    Raises NOT_FOUND.
    """
    row = s.get(Delivery, within(delivery_id), with_for_update=True)
    if row is None or (row.site_id, row.noti_id) != (site_id, noti_id):
        raise TelecineError(ErrorKind.NOT_FOUND, f"Delivery {delivery_id}")
    row.state = "pending"
    row.attempts = 0
    row.next_try = row.update_time = now or utcnow()
    s.flush()
    return row


def _tried(s: Session, delivery_id: int, now: datetime, status: int | None, body: str) -> Delivery:
    """Lock the delivery and add a try to its record."""
    row = s.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    kept = body[:LONGEST_BODY].replace("\0", "").encode(errors="replace").decode()
    s.add(DeliveryTry(delivery_id=row.id, time=now, status=status, body=kept))
    row.attempts += 1
    row.update_time = now
    return row
