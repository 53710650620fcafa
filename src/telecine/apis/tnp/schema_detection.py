"""Detections on the T&P wire: who leaked a copy. All of it is ours; names and codes follow the published events."""

from typing import Annotated, Any, Literal

from pydantic import Field

from telecine.apis.leaks import DEFAULT_LIMIT, LeakPlace, Limit
from telecine.apis.tnp.schema import ContentId, Line, Period, Shown, Whole, Wire, Words


class DetectionRequest(Wire):
    """A leak to trace. `limit` bounds the probability that the answer accuses anybody wrongly."""

    content_id: ContentId
    title: Annotated[Line, Field(description="The caller's own words for the case.")]
    input: LeakPlace
    limit: Limit = DEFAULT_LIMIT
    noti_id: Annotated[Whole | None, Field(description="Notification to tell of the end.")] = None


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
    title: str
    content_id: str
    detection_status: str
    status: Literal["ready", "working", "complete", "cancelled", "error", "failed"]
    progress: float
    reg_time: str
    update_time: str


class Named(Shown):
    """A session that the leak was made from."""

    session: str
    forensic_mark: str
    payload: str
    code: str
    strength: Literal["lead", "evidence"]
    method: str
    log10_p: float
    log10_bound: float


class DetectionDetail(DetectionLine):
    """One detection, and where it has ended, what came of it."""

    input: dict[str, Any]
    limit: float
    result: dict[str, Any] | None
