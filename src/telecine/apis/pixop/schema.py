"""The words of the dialect that more than one of its services uses."""

from typing import Annotated

from pydantic import BaseModel, Field

from telecine.apis.pixop.envelope import VALIDATION
from telecine.apis.wire import Text

Name = Annotated[Text, Field(max_length=255)]
"""What a project or a video is called: 1 to 255 characters."""


class Failure(BaseModel):
    """What every failed request answers."""

    exception: Annotated[str, Field(examples=[VALIDATION])]
    errorMessage: Annotated[str, Field(examples=["'name' is missing. Send 'name'."])]  # noqa: N815 - the document's
