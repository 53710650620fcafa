"""Delivers what the outbox holds: claims it, sends it, records what came of it.

Each message is delivered at least once: a pump that dies after sending and before recording leaves it to the next,
which sends it again under the same id. Messages of one job go one after another, in the order of its states.
"""

import random
import ssl
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby

import httpx
import structlog
from sqlalchemy.orm import Session

from telecine.catalog import callbacks, deliveries, notifications, sites
from telecine.catalog.clock import utcnow
from telecine.catalog.database import Database
from telecine.catalog.models import CALLBACK, Delivery, Notification
from telecine.catalog.seal import Sealer
from telecine.core.errors import TelecineError
from telecine.core.notification import instant
from telecine.notify import sns, webhook
from telecine.notify.message import Message, Outcome
from telecine.notify.schedule import pause
from telecine.notify.targets import Allowed, Resolve, addresses_of

LEASE_SECONDS = 120.0
"""For so long a claimed message is ours; a group of one job's messages to a silent target fits in."""

BATCH = 32
AT_ONCE = 16

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How to reach targets: the SNS endpoint (empty means AWS), and which private targets the operator allows."""

    sns_endpoint: str = ""
    private_targets: Sequence[str] = ()
    resolve: Resolve = addresses_of


def deliver_due(
    database: Database,
    sealer: Sealer,
    options: DeliveryOptions,
    *,
    now: Callable[[], datetime] = utcnow,
    dice: Callable[[], float] = random.random,
) -> int:
    """Try every delivery whose time has come, up to a batch of them; how many were tried. Safe to run in several
    processes at once. Returns when all have been tried and recorded, which a silent target delays by seconds.
    """
    with database.write() as s:
        claimed = deliveries.due(s, now(), LEASE_SECONDS, BATCH)
        targets = {row.id: _target_of(s, sealer, row) for row in claimed}
    if not claimed:
        return 0
    post = _Post(database, options, now, dice)
    queues = [list(group) for _, group in groupby(sorted(claimed, key=_queue), key=_queue)]
    with ThreadPoolExecutor(AT_ONCE, "deliver") as pool:
        for _ in pool.map(lambda queue: post.deliver(queue, targets[queue[0].id]), queues):
            pass
    return len(claimed)


def send_test(notification: Notification, secret: str, options: DeliveryOptions) -> Outcome:
    """Send the target of `notification` a message that says it is a test, once; nothing is recorded.

    `secret` is its secret key in plain.
    """
    now = utcnow()
    payload = {"site_id": notification.site_id, "job_id": 0, "job_status": "TEST", "user_data": {}}
    times = {"reg_time": instant(now), "start_time": None, "update_time": instant(now)}
    target = _target(notification, lambda: secret)
    return _send(target, Message(uuid.uuid4().hex, payload | times), options, now)


@dataclass(frozen=True, slots=True, repr=False)
class _Target:
    """Where messages go. `secret` gives the secret key in plain when a message is sent; what it raises is recorded."""

    noti_type: str
    url: str
    access_key: str
    secret: Callable[[], str]


def _target_of(s: Session, sealer: Sealer, delivery: Delivery) -> _Target | None:
    """Where a message is to go now; None where that is no more."""
    if delivery.noti_id == CALLBACK:
        url = callbacks.url(s, delivery.site_id)
        site = sites.get(s, delivery.site_id)
        return _Target("WEBHOOK", url, "", lambda: callbacks.signing_secret(sealer, site)) if url else None
    row = s.get(Notification, delivery.noti_id)
    return None if row is None else _target(row, lambda: notifications.secret(sealer, row))


def _target(row: Notification, secret: Callable[[], str]) -> _Target:
    return _Target(row.noti_type, row.url_end_point, row.access_key, secret)


class _Post:
    """Sends claimed messages and records each outcome as soon as it is known."""

    def __init__(
        self,
        database: Database,
        options: DeliveryOptions,
        now: Callable[[], datetime],
        dice: Callable[[], float],
    ) -> None:
        self._database = database
        self._options = options
        self._now = now
        self._dice = dice

    def deliver(self, queue: Iterable[Delivery], target: _Target | None) -> None:
        """Try the messages of one job to one target in order."""
        for delivery in queue:
            self._record(delivery, self._try(delivery, target))

    def _try(self, delivery: Delivery, target: _Target | None) -> Outcome:
        if target is None:
            gone = (
                "The site has no callback any more."
                if delivery.noti_id == CALLBACK
                else "The notification was deleted."
            )
            return Outcome(False, body=gone, gone=True)
        try:
            return _send(target, Message(delivery.message_id, delivery.payload), self._options, self._now())
        except TelecineError as error:
            return Outcome(False, body=error.message)
        except Exception as error:
            # Whatever it is, it must not keep the other messages: it is recorded, logged, and tried again later.
            _log.exception("a delivery failed in an unforeseen way", delivery=delivery.id)
            return Outcome(False, body=f"Something went wrong on our side ({type(error).__name__}).")

    def _record(self, delivery: Delivery, outcome: Outcome) -> None:
        now = self._now()
        _log.info("delivery tried", delivery=delivery.id, delivered=outcome.delivered, status=outcome.status)
        with self._database.write() as s:
            if outcome.delivered:
                deliveries.succeeded(s, delivery.id, now, outcome.status, outcome.body)
                return
            seconds = None if outcome.gone else pause(delivery.attempts + 1, self._dice(), outcome.retry_after)
            next_try = None if seconds is None else now + timedelta(seconds=seconds)
            deliveries.failed(s, delivery.id, now, outcome.status, outcome.body, next_try)


def _send(target: _Target, message: Message, options: DeliveryOptions, now: datetime) -> Outcome:
    url, secret = target.url, target.secret()
    if target.noti_type == "SNS":
        return sns.publish(url, target.access_key, secret, message, endpoint=options.sns_endpoint)
    allowed = Allowed.of(options.private_targets)
    return webhook.send(url, secret, message, now=now, allowed=allowed, tls=_tls(), resolve=options.resolve)


@cache
def _tls() -> ssl.SSLContext:
    """Whom we trust; read once, because it takes tens of milliseconds."""
    return httpx.create_ssl_context()


def _queue(delivery: Delivery) -> tuple[int, int]:
    return delivery.noti_id, delivery.job_id
