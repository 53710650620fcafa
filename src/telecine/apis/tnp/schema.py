"""The words of the T&P wire that every part of it uses: field types, answers, queries."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from telecine.apis.paging import DEFAULT_PAGE, LARGEST_PAGE, LAST_PAGE
from telecine.apis.wire import Decimal as Decimal
from telecine.apis.wire import Flag as Flag
from telecine.apis.wire import Shown as Shown
from telecine.apis.wire import Text as Text
from telecine.apis.wire import Whole as Whole
from telecine.apis.wire import Wire as Wire
from telecine.apis.wire import bytes_at_most
from telecine.apis.wire import lower as lower
from telecine.apis.wire import unknown_fields as unknown_fields
from telecine.core.regions import REGIONS

_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


def none_if_blank(value: object) -> object:
    """Clients that build a query from a form send `region=` for "any"."""
    return None if value == "" else value


Index = Annotated[Whole, Field(ge=0, le=1000)]
"""Number of a track, from 0."""

Line = Annotated[Text, bytes_at_most(200)]
"""A short text, at most 200 bytes."""

ShortName = Annotated[Text, bytes_at_most(50)]
"""A name of at most 50 bytes."""

FilePath = Annotated[Text, bytes_at_most(512)]
"""A path in a storage, at most 512 bytes."""


def _region(value: str) -> str:
    if value.strip().upper() not in REGIONS:
        raise ValueError(f"it must be one of {', '.join(REGIONS)}")
    return value.strip().upper()


def _noti_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("it may hold English letters, digits, '-', '_' and '.'")
    return value


Region = Annotated[str, AfterValidator(_region), WithJsonSchema({"type": "string", "enum": list(REGIONS)})]
"""A region code."""

NotiName = Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_noti_name)]
"""Name of a notification."""


class Failure(BaseModel):
    """What every failed request answers."""

    error_code: Annotated[str, Field(pattern=r"^E\d{4}$", examples=["E1003"])]
    error_message: Annotated[str, Field(examples=["'page_unit' is out of range: at most 1000."])]
    data: Annotated["Details | SkipJsonSchema[None]", Field(description="Ours: every field that is wrong.")] = None


class Details(BaseModel):
    """What is wrong with a request, one entry for each field."""

    errors: list["FieldError"]


class FieldError(BaseModel):
    """One fault; `field` is spelled as in the request."""

    field: str
    error_code: str
    error_message: str


class Success[T](BaseModel):
    """What every request that succeeded answers."""

    error_code: Literal["0000"]
    error_message: Literal["Success."]
    data: T


class Dated[T](BaseModel):
    """An answer with local times, and the zone they are in."""

    error_code: Literal["0000"]
    error_message: Literal["Success."]
    time_zone: Annotated[str, Field(examples=["+09:00"])]
    data: T


class Listed[T](BaseModel):
    """One page of a list, and how many entries there are in all."""

    error_code: Literal["0000"]
    error_message: Literal["Success."]
    time_zone: Annotated[str, Field(examples=["+00:00"])]
    total_count: int
    data: list[T]


def _default_if_blank(default: int) -> BeforeValidator:
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
