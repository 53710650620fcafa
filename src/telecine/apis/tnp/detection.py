"""Reads what a client asks of detections: a leak to trace, and which detections to list."""

from datetime import datetime

from telecine.apis.leaks import read_place, read_states, shown_place
from telecine.apis.tnp.schema_detection import DetectionQuery, DetectionRequest
from telecine.catalog.detections import DetectionFilter, NewDetection
from telecine.settings import Settings


def read_detection(body: DetectionRequest, settings: Settings) -> NewDetection:
    """What the request asks for. Raises every fault that it finds, each with the field's place."""
    source = read_place(body.input, settings)
    return NewDetection(
        content_id=body.content_id,
        title=body.title,
        source=source,
        limit=body.limit,
        noti_id=body.noti_id,
        sent={"input": shown_place(source)},
    )


def detection_filter(query: DetectionQuery, registered: tuple[datetime | None, datetime | None]) -> DetectionFilter:
    """What a list call asks for, of detections asked for in this span. Raises FIELD_INVALID."""
    return DetectionFilter(
        from_time=registered[0],
        to_time=registered[1],
        content_id=query.content_id,
        states=read_states(query.detection_status),
        page_unit=query.page_unit,
        page_index=query.page_index,
    )
