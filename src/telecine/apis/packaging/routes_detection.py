"""Packaging routes: who leaked a copy. The same detections as those of the T&P API, in this API's envelope.

As there, an answer that names nobody says no more: whoever may look at every segment learns to wash a mark out.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request

from telecine.apis.envelope import Answer
from telecine.apis.idempotency import IdempotencyKey, once_of
from telecine.apis.packaging import PREFIX, samples
from telecine.apis.packaging.access import Opened, read_as
from telecine.apis.packaging.faults import success_body
from telecine.apis.packaging.schema import Listed
from telecine.apis.packaging.schema_detection import (
    Detail,
    DetectionByUrl,
    DetectionChoice,
    DetectionId,
    DetectionSearch,
    states_of,
)
from telecine.apis.packaging.times import between, show
from telecine.apis.paging import parse_zone
from telecine.apis.services import Wired
from telecine.catalog import detections
from telecine.catalog.detections import DetectionFilter, NewDetection, Source
from telecine.catalog.mark_models import Detection, MarkSession
from telecine.catalog.seal import Sealer
from telecine.catalog.session_tokens import token_of
from telecine.core.detection_codes import STATUS_CODES, DetectionState
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.notification import detection_failure
from telecine.core.watermark.report import LEAD_LIMIT
from telecine.jobs.door import check_leak_url

routes = APIRouter(prefix=f"{PREFIX}/api/v2/detect", tags=["Packaging: detection"])

_OF_SESSIONS = ("session", "forensic_mark", "payload", "strength", "log10_bound")


@routes.post(
    "/{siteId}/url",
    response_model=DetectionId,
    summary="Ask who leaked a copy",
    description=samples.shown("Checks the request, then puts the detection in the queue.", samples.DETECTION),
)
def ask(request: Request, services: Wired, data: Opened, key: IdempotencyKey = "") -> Answer:
    """Check the request, then put the detection in the queue."""
    body = read_as(DetectionByUrl, data)
    try:
        check_leak_url(body.url, services.settings)
    except TelecineError as error:
        raise TelecineError(error.kind, error.detail, field="url") from error
    once = once_of(request, data.fields, key)
    shown = {"input": {"url": body.url.partition("?")[0].partition("#")[0]}}  # the rest may be the right to read there
    new = NewDetection(body.content_id, body.title, Source(url=body.url), LEAD_LIMIT, sent=shown)
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            per_day = services.settings.detections_per_day
            row = detections.create(s, services.sealer, data.site_id, new, per_day=per_day, now=services.now())
            answer = success_body(detection_id=row.id)
            return answer, answer

        answer, headers = once.answer(s, data.site_id, make)
    return Answer(answer, headers=headers)


@routes.get(
    "/{siteId}/list",
    response_model=Listed,
    summary="List detections",
    description=samples.shown("One page of the site's detections, newest first.", samples.DETECTION_LIST),
)
def list_detections(services: Wired, data: Opened) -> Answer:
    """One page of the site's detections, newest first."""
    search = read_as(DetectionSearch, data)
    zone = parse_zone(search.time_zone)
    begin, end = between(search.from_time, search.to_time, zone)
    wanted = DetectionFilter(
        from_time=begin,
        to_time=end,
        content_id=search.search_keyword,
        states=states_of(search),
        page_unit=search.page_unit,
        page_index=search.page_index,
    )
    with services.database.read() as s:
        total, rows = detections.search(s, data.site_id, wanted)
    lines = [_line(row) for row in rows]
    return Answer(success_body(total_count=str(total), time_zone=str(zone), data=lines))


@routes.get(
    "/{siteId}/detail",
    response_model=Detail,
    summary="Get a detection's result",
    description=samples.shown("Who is named, by mark and token.", samples.DETECTION_DETAIL),
)
def get_detail(services: Wired, data: Opened) -> Answer:
    """Who is named, by mark and token; or that nobody is."""
    chosen = read_as(DetectionChoice, data)
    with services.database.read() as s:
        try:
            row = detections.get(s, data.site_id, chosen.detection_id)
        except TelecineError as error:
            why = "the site has no detection with this id."
            raise TelecineError(ErrorKind.FIELD_INVALID, why, field="detection_id") from error
        accused = row.result["accused"] if row.result and row.state == DetectionState.COMPLETE else []
        known = detections.named(s, data.site_id, [one["session"] for one in accused])
    return Answer(success_body(data=_line(row) | _named(services.sealer, accused, known)))


def _line(row: Detection) -> dict[str, Any]:
    """One detection of a list, numbers as texts."""
    state = DetectionState(row.state)
    return {
        "detection_id": str(row.id),
        "title": row.title,
        "cid": row.content_id,
        "detection_status": STATUS_CODES[state],
        "progress": f"{row.progress:g}",
        "reg_date": show(row.reg_time),
        "update_date": show(row.update_time),
    } | detection_failure(state, row.error_kind)


def _named(sealer: Sealer, accused: list[dict[str, Any]], known: Mapping[str, MarkSession]) -> dict[str, Any]:
    """Everybody who is named, the surest first, and that one's mark and token as messages have them."""
    named = []
    for one in accused:
        session = known.get(one["session"])
        token = token_of(sealer, session) if session else ""
        named.append({name: one[name] for name in _OF_SESSIONS} | {"watermark_token": token})
    surest = named[0] if named else {"forensic_mark": "", "watermark_token": ""}
    return {name: surest[name] for name in ("forensic_mark", "watermark_token")} | {"named": named}
