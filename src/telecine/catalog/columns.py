"""Column types that mean the same on SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer
from sqlalchemy.types import TypeDecorator, TypeEngine

type Json = dict[str, Any]
"""A JSON object."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. It goes in with a time zone and comes out in UTC; SQLite, which has no zones, keeps UTC text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a time without a zone: nobody could say later which instant it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone does not name an instant")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Give the instant back in UTC. A list has thousands of times, so SQLite's text is read in one step."""
        if dialect.name == "sqlite":
            return _read_text
        return super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the instant back in UTC."""
        return None if value is None else value.astimezone(UTC)


def _read_text(text: str | None) -> datetime | None:
    """The instant that SQLite keeps as `2025-01-31 12:00:00.000000`."""
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def word_of(kind: type[StrEnum]) -> Enum:
    """A column that holds the words of `kind` as text, so that both databases and a person can read it."""
    return Enum(kind, native_enum=False, length=20, values_callable=lambda words: [word.value for word in words])


# PostgreSQL's JSON, not JSONB: a request is given back as it was sent, in its own order of keys.
JsonColumn: TypeEngine[Any] = JSON(none_as_null=True)

# SQLite numbers rows by itself only in a column declared INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")
