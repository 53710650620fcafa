"""Lets one transaction at a time through where rows that are not there yet cannot be locked."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from telecine.catalog.text import digest


def one_at_a_time(s: Session, *names: str) -> None:
    """Wait for every other transaction that said the same `names`. SQLite's one writer at a time is lock enough."""
    if s.get_bind().dialect.name != "sqlite":
        number = int(digest(*names)[:15], 16)
        s.execute(select(func.pg_advisory_xact_lock(number)))
