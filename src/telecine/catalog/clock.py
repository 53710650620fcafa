"""The one place where the catalog asks what time it is, for callers to whom the exact instant does not matter."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The present instant, with its time zone."""
    return datetime.now(UTC)
