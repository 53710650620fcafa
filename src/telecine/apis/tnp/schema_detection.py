"""Detections on the T&P wire: who leaked a copy. All of it is ours; names and codes follow the published events."""

from typing import Annotated, Any, Literal

from pydantic import Field

from telecine.apis.tnp.schema import ContentId, FilePath, Line, Period, Reference, Shown, Whole, Wire, Words
from telecine.core.watermark.report import LEAD_LIMIT

SMALLEST_LIMIT = 1e-12
LARGEST_LIMIT = 1e-3


class DetectionInput(Wire):
    """Where the leak is: a file in a storage of the site, or a public address. One of the two."""

    storage_id: Reference | None = None
    path: FilePath | None = None
    url: Annotated[str, Field(max_length=2048)] | None = None


class DetectionRequest(Wire):
    """A leak to trace. `limit` bounds the probability that the answer accuses anybody wrongly."""

    content_id: ContentId
    title: Annotated[Line, Field(description="The caller's own words for the case.")]
    input: DetectionInput
    limit: Annotated[float, Field(ge=SMALLEST_LIMIT, le=LARGEST_LIMIT)] = LEAD_LIMIT
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
