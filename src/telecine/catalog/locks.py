"""Lets one transaction at a time work on something that has no row yet to lock."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from telecine.catalog.text import digest


def hold(s: Session, *parts: str) -> None:
    """Hold what `parts` name until the transaction ends. SQLite's one writer at a time is lock enough."""
    if s.get_bind().dialect.name != "sqlite":
        number = int(digest(*parts)[:15], 16)
        s.execute(select(func.pg_advisory_xact_lock(number)))
