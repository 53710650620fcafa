"""The words of the T&P wire that every part of it uses: field types, answers, queries.

Clients of this API send numbers as numbers or as text, null for "not given", and fields that we do not know. All of
that is taken; what a value may be is not relaxed.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from telecine.apis.paging import DEFAULT_PAGE, LARGEST_PAGE, LAST_PAGE
from telecine.core.regions import REGIONS

_WHOLE = re.compile(r"[+-]?\d{1,18}(\.0*)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,18}(\.\d*)?|\.\d+)", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Wire(BaseModel):
    """A JSON object of a request. Unknown fields are kept aside, for a warning."""

    model_config = ConfigDict(extra="allow", validate_by_name=True, validate_by_alias=True)


def _whole(value: object) -> object:
    """A whole number, also where it came as text or with a fraction of zero."""
    if isinstance(value, bool):
        raise ValueError("it must be a number, not true or false")
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0])
    if isinstance(value, str):
        raise ValueError("it must be a whole number")
    return value


def _decimal(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("it must be a number, not true or false")
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value.strip()):
            raise ValueError("it must be a number")
        return float(value)
    return value


def _flag(value: object) -> object:
    """True or false, also as text; the numbers 0 and 1 are no answer to a yes-or-no question."""
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("it must be true or false")
    return value


def _plain(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("it must not hold control characters")
    if not value.strip():
        raise ValueError("it must not be empty")
    return value


def lower(value: object) -> object:
    """Words of a fixed set are taken in any case."""
    return value.strip().lower() if isinstance(value, str) else value


def none_if_blank(value: object) -> object:
    """Clients that build a query from a form send `region=` for "any"."""
    return None if value == "" else value


def _bytes_at_most(limit: int) -> AfterValidator:
    def check(value: str) -> str:
        if len(value.encode()) > limit:
            raise ValueError(f"it must have at most {limit} bytes")
        return value

    return AfterValidator(check)


def _number_schema(kind: str) -> WithJsonSchema:
    pattern = r"^[+-]?\d+$" if kind == "integer" else r"^[+-]?\d+(\.\d*)?$"
    return WithJsonSchema({"anyOf": [{"type": kind}, {"type": "string", "pattern": pattern}]})


Whole = Annotated[int, BeforeValidator(_whole), _number_schema("integer")]
"""A whole number, as number or text."""

Decimal = Annotated[float, BeforeValidator(_decimal), Field(allow_inf_nan=False), _number_schema("number")]
"""A number, as number or text."""

Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
"""True or false."""

Index = Annotated[Whole, Field(ge=0, le=1000)]
"""Number of a track, from 0."""

Text = Annotated[str, AfterValidator(_plain)]
"""Text without control characters that is not empty."""

Line = Annotated[Text, _bytes_at_most(200)]
"""A short text, at most 200 bytes."""

ShortName = Annotated[Text, _bytes_at_most(50)]
"""A name of at most 50 bytes."""

FilePath = Annotated[Text, _bytes_at_most(512)]
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


class Shown(BaseModel):
    """An object of an answer. It may hold more fields than the document lists."""

    model_config = ConfigDict(extra="allow")


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


def unknown_fields(value: object, place: str = "") -> list[str]:
    """Where a request holds fields that we do not know, spelled as in the request."""
    if isinstance(value, list):
        return [found for number, item in enumerate(value) for found in unknown_fields(item, f"{place}[{number}]")]
    if not isinstance(value, Wire):
        return []
    at = f"{place}." if place else ""
    found = [f"{at}{name}" for name in (value.model_extra or {})]
    for name, field in type(value).model_fields.items():
        found += unknown_fields(getattr(value, name), f"{at}{field.alias or name}")
    return found
