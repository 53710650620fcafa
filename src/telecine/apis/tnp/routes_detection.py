"""T&P routes: who leaked a copy. Ours, for the document only mentions detections.

Whoever may ask as often as he likes learns by trial how to wash a mark out. So a site has so many detections a day, and
an answer that names nobody says little more than that.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response, Security

from telecine.apis import detection_views
from telecine.apis.bodies import JsonRoute
from telecine.apis.detection_views import detection_detail, detection_line
from telecine.apis.envelope import Answer
from telecine.apis.idempotency import OnlyOnce
from telecine.apis.leaks import check_place
from telecine.apis.paging import parse_zone, span
from telecine.apis.parameters import TimeZone
from telecine.apis.services import Wired
from telecine.apis.site_access import Authorised, token_scheme
from telecine.apis.tnp import PREFIX, samples
from telecine.apis.tnp.detection import detection_filter, read_detection
from telecine.apis.tnp.mapping import success_body
from telecine.apis.tnp.schema import Dated, Listed, Success
from telecine.apis.tnp.schema_detection import (
    DetectionDetail,
    DetectionId,
    DetectionLine,
    DetectionQuery,
    DetectionRequest,
)
from telecine.catalog import detections
from telecine.core.detection_codes import Subject

routes = APIRouter(prefix=f"{PREFIX}/api/detect", route_class=JsonRoute, dependencies=[Security(token_scheme)])

_FACTS = ("session", "forensic_mark", "payload", "code", "strength", "method", "log10_p", "log10_bound")
DetectionInPath = Annotated[int, Path(alias="detectionId", examples=[1])]
_EXAMPLES: Any = {
    "storage": {"summary": "A file in a storage", "value": samples.DETECTION},
    "address": {"summary": "A public address", "value": samples.DETECTION_BY_URL},
}


@routes.post("/{siteId}", response_model=Success[DetectionId], summary="Ask who leaked a copy")
def create_detection(
    services: Wired,
    caller: Authorised,
    once: OnlyOnce,
    body: Annotated[DetectionRequest, Body(openapi_examples=_EXAMPLES)],
) -> Answer:
    """Check the request, then put the detection in the queue."""
    new = read_detection(body, services.settings)
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            check_place(s, caller.site_id, new.source)
            per_day = services.settings.detections_per_day
            row = detections.create(s, services.sealer, caller.site_id, new, per_day=per_day, now=services.now())
            answer = success_body({"detection_id": row.id})
            return answer, answer

        answer, headers = once.answer(s, caller.site_id, make)
    return Answer(answer, headers=headers)


@routes.get("/{siteId}", response_model=Listed[DetectionLine], summary="Search the list of detections")
def list_detections(services: Wired, caller: Authorised, query: Annotated[DetectionQuery, Query()]) -> Answer:
    """One page of the site's detections, newest first."""
    zone = parse_zone(query.time_zone)
    wanted = detection_filter(query, span(query.from_day, query.to_day, zone))
    with services.database.read() as s:
        total, rows = detections.search(s, caller.site_id, wanted)
    return Answer(success_body([detection_line(row, zone) for row in rows], time_zone=str(zone), total_count=total))


@routes.get("/{siteId}/{detectionId}", response_model=Dated[DetectionDetail], summary="Get a detection's result")
def get_detection(
    services: Wired, caller: Authorised, detection_id: DetectionInPath, time_zone: TimeZone = ""
) -> Answer:
    """Who is named, how sure that is, and by how much of the leak; or that it does not suffice."""
    zone = parse_zone(time_zone)
    with services.database.read() as s:
        row = detections.get(s, caller.site_id, detection_id)
    return Answer(success_body(detection_detail(row, zone, _FACTS), time_zone=str(zone)))


@routes.delete("/{siteId}/{detectionId}", response_model=Success[DetectionId], summary="Stop a detection")
@routes.put(
    "/{siteId}/{detectionId}/stop", response_model=Success[DetectionId], summary="Stop a detection, as jobs are stopped"
)
def stop_detection(services: Wired, caller: Authorised, detection_id: DetectionInPath) -> Answer:
    """End it without an answer. It stays in the list, and counts."""
    with services.database.write() as s:
        row = detections.cancel(s, caller.site_id, detection_id, now=services.now())
    return Answer(success_body({"detection_id": row.id}))


@routes.get(
    "/{siteId}/{detectionId}/evidence.png",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "The picture."}},
    summary="Get the picture of the evidence",
)
def get_evidence(services: Wired, caller: Authorised, detection_id: DetectionInPath) -> Response:
    """Segment by segment what was read, and where it agrees with whom; only where somebody is named."""
    with services.database.read() as s:
        png = detection_views.evidence(s, caller.site_id, detection_id, Subject.VIEWERS)
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, no-store"})
