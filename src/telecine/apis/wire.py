"""The words of a JSON wire that every dialect uses: objects that forgive, numbers as text, plain text of bounded size.

Clients of these APIs send numbers as numbers or as text, null for "not given", and fields that we do not know. All of
that is taken; what a value may be is not relaxed.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_WHOLE = re.compile(r"[+-]?\d{1,18}(\.0*)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,18}(\.\d*)?|\.\d+)", re.ASCII)
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


def lower(value: object) -> object:
    """Words of a fixed set are taken in any case."""
    return value.strip().lower() if isinstance(value, str) else value


def _plain(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("it must not hold control characters")
    if not value.strip():
        raise ValueError("it must not be empty")
    return value


def bytes_at_most(limit: int) -> AfterValidator:
    """Text of at most `limit` bytes of UTF-8."""

    def check(value: str) -> str:
        if len(value.encode()) > limit:
            raise ValueError(f"it must have at most {limit} bytes")
        return value

    return AfterValidator(check)


def number_schema(kind: str) -> WithJsonSchema:
    """How the OpenAPI page shows a number that may come as text."""
    pattern = r"^[+-]?\d+$" if kind == "integer" else r"^[+-]?\d+(\.\d*)?$"
    return WithJsonSchema({"anyOf": [{"type": kind}, {"type": "string", "pattern": pattern}]})


Whole = Annotated[int, BeforeValidator(_whole), number_schema("integer")]
"""A whole number, as number or text."""

Decimal = Annotated[float, BeforeValidator(_decimal), Field(allow_inf_nan=False), number_schema("number")]
"""A number, as number or text."""

Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
"""True or false."""

Text = Annotated[str, AfterValidator(_plain)]
"""Text without control characters that is not empty."""


def _folder_name(value: str) -> str:
    if "/" in value or "\\" in value or value in (".", ".."):
        raise ValueError("it becomes a folder's name and must not hold slashes or be '.' or '..'")
    return value


Line = Annotated[Text, bytes_at_most(200)]
"""A short text, at most 200 bytes."""

ContentId = Annotated[Line, AfterValidator(_folder_name)]
"""What a client calls a content; its outputs are in a folder of this name."""

FilePath = Annotated[Text, bytes_at_most(512)]
"""A path in a storage, at most 512 bytes."""

Reference = Annotated[str, Field(min_length=1, max_length=64)]
"""The id of a storage."""


class Shown(BaseModel):
    """An object of an answer. It may hold more fields than the document lists."""

    model_config = ConfigDict(extra="allow")


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
