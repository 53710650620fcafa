"""Detections on the DWM wire: which recipient a leaked copy was given to. All of it is ours."""

from typing import Annotated, Any, Literal

from pydantic import Field

from telecine.apis.leaks import DEFAULT_LIMIT, LeakPlace, Limit
from telecine.apis.lists import Period, Words
from telecine.apis.wire import ContentId, Line, Shown, Whole, Wire


class DetectionRequest(Wire):
    """A leak to trace. `limit` bounds the probability that the answer accuses anybody wrongly."""

    content_id: ContentId
    input: LeakPlace
    title: Annotated[Line | None, Field(description="The caller's own words for the case.")] = None
    limit: Limit = DEFAULT_LIMIT
    job_id: Annotated[
        Whole | None, Field(description="Compare it with the master of this job. The content's newest by default.")
    ] = None
    noti_id: Annotated[Whole | None, Field(description="Notification of the T&P API to tell of the end.")] = None


class DetectionQuery(Period):
    """Which detections to list."""

    content_id: str = ""
    detection_status: Annotated[Words, Field(default_factory=list, description="FD codes or words: in any of them.")]


class DetectionId(Shown):
    """Which detection."""

    detection_id: int


class DetectionLine(Shown):
    """One detection in a list."""

    detection_id: int
    job_id: int
    title: str
    content_id: str
    detection_status: str
    status: Literal["ready", "working", "complete", "cancelled", "error", "failed"]
    progress: float
    reg_time: str
    update_time: str


class DetectionDetail(DetectionLine):
    """One detection, and where it has ended, what came of it."""

    input: dict[str, Any]
    limit: float
    result: dict[str, Any] | None
