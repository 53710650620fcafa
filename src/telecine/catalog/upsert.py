"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy keeps apart."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session


def insert(s: Session, model: type[DeclarativeBase]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT into the model's table that knows `on_conflict_do_update`."""
    if s.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model)
    return postgresql.insert(model)
