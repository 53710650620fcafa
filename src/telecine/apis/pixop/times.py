"""Times as the dialect writes them: `YYYY-MM-DD hh:mm:ss`, in UTC."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", examples=["2021-07-02 09:30:00"])]
"""A time of an answer."""


def shown(instant: datetime) -> str:
    """The instant in whole seconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
