"""Slows down guessing of access keys: after a few failures each further one costs a growing wait.

`key` says what is being counted: the API counts per account and per address, so neither many addresses against one
account nor one address against many accounts gets far.
"""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import case, delete
from sqlalchemy.orm import Session

from telecine.catalog.models import LoginFailure
from telecine.catalog.text import digest
from telecine.catalog.upsert import insert
from telecine.core.errors import ErrorKind, TelecineError

FREE = 5
"""Failures in a row that cost nothing: people mistype."""

LONGEST_WAIT = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(hours=1)
"""A failure this old no longer counts."""


def wait_after(failures: int) -> timedelta:
    """How long after the last of `failures` failures in a row nobody may try again."""
    if failures < FREE:
        return timedelta(0)
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(failures - FREE, 10)))


def check(s: Session, key: str, now: datetime) -> None:
    """Raise TOO_MANY_ATTEMPTS where the wait for `key` is not over."""
    row = s.get(LoginFailure, digest(key), populate_existing=True)
    if row is None:
        return
    left = (row.last_time + wait_after(row.failures) - now).total_seconds()
    if left > 0:
        raise TelecineError(ErrorKind.TOO_MANY_ATTEMPTS, f"Try again in {ceil(left)} s.")


def failed(s: Session, key: str, now: datetime) -> None:
    """Count a failure for `key`."""
    again = case((LoginFailure.last_time < now - FORGOTTEN_AFTER, 1), else_=LoginFailure.failures + 1)
    statement = insert(s, LoginFailure).values(key=digest(key), failures=1, last_time=now)
    s.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"failures": again, "last_time": now}))


def succeeded(s: Session, key: str) -> None:
    """Forget the failures of `key`."""
    s.execute(delete(LoginFailure).where(LoginFailure.key == digest(key)))


def forget_old(s: Session, now: datetime) -> None:
    """Delete failures that no longer count."""
    s.execute(delete(LoginFailure).where(LoginFailure.last_time < now - FORGOTTEN_AFTER))
