"""The query of a list call as several dialects document it: pages, days of registration, lists of words."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from telecine.apis.paging import DEFAULT_PAGE, LARGEST_PAGE, LAST_PAGE
from telecine.apis.wire import Whole


def _default_if_blank(default: int) -> BeforeValidator:
    """Clients that build a query from a form send `page_unit=` for "any"."""
    return BeforeValidator(lambda value: default if value in ("", None) else value)


def words(value: object) -> object:
    """The entries of a list that came as repeated keys, with commas, or both; blank ones are dropped."""
    given = value if isinstance(value, list) else [value]
    return [word.strip() for text in given for word in str(text).split(",") if word.strip()]


Words = Annotated[list[str], BeforeValidator(words)]
"""A list in a query: `a=x&a=y` and `a=x,y` mean the same."""

PageUnit = Annotated[Whole, _default_if_blank(DEFAULT_PAGE), Field(ge=1, le=LARGEST_PAGE)]
PageIndex = Annotated[Whole, _default_if_blank(1), Field(ge=1, le=LAST_PAGE)]


class Page(BaseModel):
    """What every list call understands."""

    page_unit: Annotated[PageUnit, Field(description="Entries on a page, at most 1000.")] = DEFAULT_PAGE
    page_index: Annotated[PageIndex, Field(description="Number of the page, from 1.")] = 1
    time_zone: Annotated[str, Field(description="Zone of dates and times, like +09:00.")] = "+00:00"


class Period(Page):
    """A list call of things that were registered at a time."""

    from_day: Annotated[str | None, Field(alias="from", description="First day of registration, YYYY-MM-DD.")] = None
    to_day: Annotated[str | None, Field(alias="to", description="Last day of registration, inclusive.")] = None
