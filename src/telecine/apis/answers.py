"""The envelope with `error_code`, `error_message` and `data` that several dialects have, and its shapes for OpenAPI."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from telecine.apis.findings import Problems
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.tnp_codes import SUCCESS

MOST_ERRORS = 50
"""Faults of one request that an answer lists."""


def success_body(data: Any, **around: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """The envelope of a request that succeeded; `around` stands between the message and the data."""
    return {"error_code": SUCCESS, "error_message": "Success.", **around, "data": data}


def failure_body(error: TelecineError, codes: Mapping[ErrorKind, str]) -> dict[str, Any]:
    """The envelope of a failed request. The message names the cure; `data` lists every field that is wrong."""
    body: dict[str, Any] = {"error_code": codes[error.kind], "error_message": str(error)}
    parts = error.errors if isinstance(error, Problems) else (error,)
    listed = [part for part in parts if part.field][:MOST_ERRORS]
    if listed:
        body["data"] = {
            "errors": [
                {"field": part.field, "error_code": codes[part.kind], "error_message": part.message} for part in listed
            ]
        }
    return body


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
