"""Column types that mean the same on SQLite and PostgreSQL."""

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

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the instant back in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            # A list has thousands of times, and `replace` would take four times as long.
            return datetime.combine(value, value.time(), UTC)
        return value.astimezone(UTC)


def word_of(kind: type[StrEnum]) -> Enum:
    """A column that holds the words of `kind` as text, so that both databases and a person can read it."""
    return Enum(kind, native_enum=False, length=20, values_callable=lambda words: [word.value for word in words])


# PostgreSQL's JSON, not JSONB: a request is given back as it was sent, in its own order of keys.
JsonColumn: TypeEngine[Any] = JSON(none_as_null=True)

# SQLite numbers rows by itself only in a column declared INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")
