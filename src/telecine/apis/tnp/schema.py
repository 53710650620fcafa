"""The words of the T&P wire that every part of it uses: field types, answers, queries."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from telecine.apis.answers import Dated as Dated
from telecine.apis.answers import Details
from telecine.apis.answers import Listed as Listed
from telecine.apis.answers import Success as Success
from telecine.apis.lists import Page as Page
from telecine.apis.lists import Period as Period
from telecine.apis.lists import Words as Words
from telecine.apis.wire import ContentId as ContentId
from telecine.apis.wire import Decimal as Decimal
from telecine.apis.wire import FilePath as FilePath
from telecine.apis.wire import Flag as Flag
from telecine.apis.wire import Line as Line
from telecine.apis.wire import Reference as Reference
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

ShortName = Annotated[Text, bytes_at_most(50)]
"""A name of at most 50 bytes."""


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
    data: Annotated[Details | SkipJsonSchema[None], Field(description="Ours: every field that is wrong.")] = None
