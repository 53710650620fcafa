"""The words of this wire that storages and jobs share: words in any case, regions, lists that may be one text."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from telecine.apis.paging import DEFAULT_PAGE, LARGEST_PAGE, LAST_PAGE
from telecine.apis.wire import Text, Whole, Wire, bytes_at_most
from telecine.core.regions import REGIONS

_CODES = {name: code for code, name in REGIONS.items()}


def _region(value: str) -> str:
    """The region code of a code or of the S3 region that it names."""
    code = _CODES.get(value.strip().lower(), value.strip().upper())
    if code not in REGIONS:
        raise ValueError(f"it must be one of {', '.join(f'{code} ({name})' for code, name in REGIONS.items())}")
    return code


def words(value: object) -> object:
    """A list of words, also as one text with commas, in lower case."""
    given = value.split(",") if isinstance(value, str) else value
    return [one.strip().lower() if isinstance(one, str) else one for one in given] if isinstance(given, list) else given


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


Region = Annotated[str, AfterValidator(_region)]
"""A region code, or the S3 region that one names."""

Name = Annotated[Text, Field(max_length=255)]
Path = Annotated[Text, bytes_at_most(512)]
Paths = Annotated[list[Path], BeforeValidator(_one_or_more), Field(min_length=1, max_length=64)]
"""Paths in a list; one may come as text."""

Reference = Annotated[Text, Field(max_length=64)]


class Search(Wire):
    """What every list call understands. An empty value is as good as none: samples are sent with blanks."""

    search_keyword: Annotated[str, Field(max_length=255)] = ""
    region: Region | None = None
    from_time: Annotated[str, Field(alias="from")] = ""
    to_time: Annotated[str, Field(alias="to")] = ""
    page_unit: Annotated[Whole, Field(ge=1, le=LARGEST_PAGE)] = DEFAULT_PAGE
    page_index: Annotated[Whole, Field(ge=1, le=LAST_PAGE)] = 1
    time_zone: str = ""

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, value: Any) -> Any:  # noqa: ANN401 - whatever was sent
        return {name: one for name, one in value.items() if one not in ("", None)} if isinstance(value, dict) else value


class FieldFault(BaseModel):
    """One fault of a request; `field` is spelled as in the request."""

    field: str
    error_code: str
    error_message: str


class Failure(BaseModel):
    """What every failed request answers."""

    error_code: Annotated[str, Field(pattern=r"^A\d{4}$", examples=["A1007"])]
    error_message: str
    errors: Annotated[list[FieldFault], Field(description="Ours: every field that is wrong.")] = []


class Success(BaseModel):
    """How every answer to a request that succeeded begins or ends."""

    error_code: Annotated[str, Field(pattern="^0000$")]
    error_message: str


class StorageId(Success):
    """Which storage was registered or changed."""

    storage_id: str


class JobId(Success):
    """Which job was registered."""

    job_id: int


class Listed(Success):
    """One page of a list. Numbers are texts, as the document prints them."""

    total_count: Annotated[str, Field(pattern=r"^\d+$")]
    time_zone: str
    data: list[dict[str, Any]]
