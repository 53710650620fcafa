"""The detection on the wire. The document of these calls is not public: the fields follow those of jobs."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from telecine.apis.packaging.schema import Search, Success
from telecine.apis.packaging.schema_job import ContentId
from telecine.apis.wire import Text, Whole, Wire, bytes_at_most, lower
from telecine.core.detection_codes import STATUS_CODES, DetectionState

_BY_CODE = {code.lower(): state.value for state, code in STATUS_CODES.items()}


def _state(value: object) -> object:
    """A state by its word or its FD code, in any case."""
    word = lower(value)
    return _BY_CODE.get(word, word) if isinstance(word, str) else word


Status = Annotated[Literal["ready", "working", "complete", "cancelled", "error", "failed"], BeforeValidator(_state)]


class DetectionByUrl(Wire):
    """A leak at a public address, and the content that it is thought to be of."""

    title: Annotated[Text, bytes_at_most(200)]
    url: Annotated[Text, Field(max_length=2048)]
    content_id: Annotated[ContentId, Field(alias="cid")]


class DetectionSearch(Search):
    """Which detections to list."""

    search_keyword_type: Annotated[Literal["cid"], BeforeValidator(lower)] = "cid"
    search_status: Status | None = None


class DetectionChoice(Wire):
    """Which detection to show."""

    detection_id: Annotated[Whole, Field(ge=0)]


class DetectionId(Success):
    """Which detection was asked for."""

    detection_id: int


class Detail(Success):
    """One detection, and once it has ended, what came of it."""

    data: dict[str, Any]


def states_of(search: DetectionSearch) -> list[DetectionState]:
    """The states that a search asks for; none for any."""
    return [DetectionState(search.search_status)] if search.search_status else []
