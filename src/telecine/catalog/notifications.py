"""Where sites want to be told of their jobs."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import func, select
from sqlalchemy import update as update_rows
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.models import SHORT, Delivery, DeliveryTry, Notification
from telecine.catalog.seal import Sealer
from telecine.catalog.text import checked, within
from telecine.core.errors import ErrorKind, TelecineError

LONGEST_VALUE = 4096


@dataclass(frozen=True, slots=True)
class NotificationValues:
    """A new notification. `noti_type` is `SNS` or `WEBHOOK`; `alarm_status` holds the five words, each on or off.

    For webhooks `secret_key` is the signing secret and `access_key` is empty.
    """

    noti_name: str
    noti_type: str
    url_end_point: str
    access_key: str
    secret_key: str
    alarm_status: dict[str, bool]

    def __repr__(self) -> str:
        return f"NotificationValues({self.noti_name!r})"


@dataclass(frozen=True, slots=True)
class NotificationChanges:
    """What to change in a notification; None leaves a value as it is."""

    noti_name: str | None = None
    noti_type: str | None = None
    url_end_point: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    alarm_status: dict[str, bool] | None = None

    def __repr__(self) -> str:
        return f"NotificationChanges({self.noti_name!r})"


def create(s: Session, sealer: Sealer, site_id: str, values: NotificationValues) -> Notification:
    """Add a notification; the database numbers it. Raises FIELD_INVALID, FIELD_OUT_OF_RANGE."""
    row = Notification(site_id=site_id, secret_key_sealed="", reg_time=utcnow())
    _assign(row, values)
    s.add(row)
    s.flush()  # the secret is bound to the number that this gives the row
    _seal(sealer, row, values.secret_key)
    s.flush()
    return row


def get(s: Session, site_id: str, noti_id: int, *, lock: bool = False) -> Notification:
    """The site's notification, held until the transaction ends where `lock` is set. Raises NOT_FOUND."""
    row = s.get(Notification, within(noti_id), with_for_update=lock or None)
    if row is None or row.site_id != site_id:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Notification {noti_id}")
    return row


def search(
    s: Session, site_id: str, *, page_unit: int = 1000, page_index: int = 1
) -> tuple[int, Sequence[Notification]]:
    """How many notifications the site has, and one page of them, newest first."""
    own = Notification.site_id == site_id
    total = s.scalar(select(func.count()).select_from(Notification).where(own)) or 0
    page = select(Notification).where(own).order_by(Notification.id.desc())
    return total, s.scalars(page.limit(page_unit).offset((page_index - 1) * page_unit)).all()


def update(s: Session, sealer: Sealer, site_id: str, noti_id: int, changes: NotificationChanges) -> Notification:
    """Change what `changes` names. Raises NOT_FOUND, FIELD_INVALID, FIELD_OUT_OF_RANGE."""
    row = get(s, site_id, noti_id, lock=True)
    _assign(row, changes)
    if changes.secret_key is not None:
        _seal(sealer, row, changes.secret_key)
    s.flush()
    return row


def delete(s: Session, site_id: str, noti_id: int) -> None:
    """Delete it; what was still to be delivered to it is given up and stays in the log. Raises NOT_FOUND."""
    row = get(s, site_id, noti_id, lock=True)  # waits for jobs that are writing a message to it at this moment
    now = utcnow()
    waiting = select(Delivery.id).where(
        Delivery.site_id == site_id, Delivery.noti_id == row.id, Delivery.state == "pending"
    )
    for delivery_id in s.scalars(waiting):
        s.add(DeliveryTry(delivery_id=delivery_id, time=now, status=None, body="The notification was deleted."))
    s.flush()
    s.execute(update_rows(Delivery).where(Delivery.id.in_(waiting)).values(state="dead", update_time=now))
    s.delete(row)
    s.flush()


def secret(sealer: Sealer, notification: Notification) -> str:
    """The notification's secret key in plain."""
    return sealer.open(notification.secret_key_sealed, _context(notification.id))


def _assign(row: Notification, values: NotificationValues | NotificationChanges) -> None:
    """Copy every given value except the secret into the row."""
    for name in (field.name for field in fields(values)):
        value = getattr(values, name)
        if isinstance(value, str):
            checked(value, name, SHORT if name == "noti_name" else LONGEST_VALUE)
        if value is not None and name != "secret_key":
            setattr(row, name, value)
    row.update_time = utcnow()


def _seal(sealer: Sealer, row: Notification, secret_key: str) -> None:
    row.secret_key_sealed = sealer.seal(secret_key, _context(row.id))


def _context(noti_id: int) -> str:
    return f"notification:{noti_id}:secret_key"
