"""The words of the DWM wire that every part of it uses."""

from typing import Annotated

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from telecine.apis.answers import Details


class Failure(BaseModel):
    """What every failed request answers."""

    error_code: Annotated[str, Field(pattern=r"^DW\d{4}$", examples=["DW1003"])]
    error_message: Annotated[str, Field(examples=["'page_unit' is out of range: at most 1000."])]
    data: Annotated[Details | SkipJsonSchema[None], Field(description="Ours: every field that is wrong.")] = None
