"""Remembers for a day what was answered under an Idempotency-Key.

Call `recall`, do the work and `remember` in one writing transaction: a second request with the same key then waits
for the first and gets the first one's answer.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.locks import hold
from telecine.catalog.models import IdempotencyRecord
from telecine.catalog.text import digest
from telecine.catalog.upsert import insert
from telecine.core.errors import ErrorKind, TelecineError

KEPT = timedelta(hours=24)


def recall(
    s: Session, site_id: str, key: str, fingerprint: str, *, now: datetime | None = None
) -> dict[str, Any] | None:
    """The answer remembered under `key`, or None where there is none of the last 24 hours.

    `fingerprint` stands for the request. Raises IDEMPOTENCY_MISMATCH where the key came with another request.
    """
    hold(s, site_id, key)
    record = s.get(IdempotencyRecord, (site_id, digest(key)), populate_existing=True)
    if record is None or record.reg_time <= (now or utcnow()) - KEPT:
        return None
    if record.fingerprint != digest(fingerprint):
        raise TelecineError(ErrorKind.IDEMPOTENCY_MISMATCH)
    return record.answer


def remember(
    s: Session, site_id: str, key: str, fingerprint: str, answer: dict[str, Any], *, now: datetime | None = None
) -> None:
    """Keep `answer` for 24 hours, in place of an older one."""
    values = {"fingerprint": digest(fingerprint), "answer": answer, "reg_time": now or utcnow()}
    statement = insert(s, IdempotencyRecord).values(site_id=site_id, key=digest(key), **values)
    s.execute(statement.on_conflict_do_update(index_elements=["site_id", "key"], set_=values))


def forget_old(s: Session, now: datetime) -> None:
    """Delete what is older than 24 hours."""
    s.execute(delete(IdempotencyRecord).where(IdempotencyRecord.reg_time <= now - KEPT))
