"""DWM routes, all ours: links to copies, and the copies themselves, served with ranges and without being stored."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.responses import StreamingResponse

from telecine.apis.answers import Dated, success_body
from telecine.apis.bodies import JsonRoute
from telecine.apis.byte_ranges import Span, Unsatisfiable, knows, may_continue, span_of
from telecine.apis.copy_links import LONGEST_SECONDS, CopyLink
from telecine.apis.dwm import PREFIX
from telecine.apis.dwm.routes_job import JobInPath
from telecine.apis.dwm.routes_recipient import RecipientInPath
from telecine.apis.dwm.schema_job import CopyLinkData
from telecine.apis.dwm.virtual_copy import VirtualCopy, open_copy
from telecine.apis.envelope import SHOWN_PATH, Answer, failure
from telecine.apis.paging import parse_zone
from telecine.apis.parameters import TimeZone
from telecine.apis.services import Wired
from telecine.apis.site_access import Authorised, token_scheme
from telecine.catalog import distributions
from telecine.core.errors import ErrorKind, TelecineError

links = APIRouter(prefix=f"{PREFIX}/api/job", route_class=JsonRoute, dependencies=[Security(token_scheme)])
files = APIRouter(prefix=f"{PREFIX}/copy", include_in_schema=False)

Seconds = Annotated[int, Query(ge=1, le=LONGEST_SECONDS, description="How long the link is good for.")]


@links.get(
    "/{siteId}/{jobId}/recipient/{dwmId}/link", response_model=Dated[CopyLinkData], summary="Get a link to a copy"
)
def get_link(
    services: Wired,
    caller: Authorised,
    job_id: JobInPath,
    dwm_id: RecipientInPath,
    seconds: Seconds = 3600,
    time_zone: TimeZone = "",
) -> Answer:
    """Ours: an address at which one recipient's copy can be fetched without a token, whole or in parts."""
    zone, now = parse_zone(time_zone), services.now()
    with services.database.read() as s:
        job = distributions.get(s, caller.site_id, job_id)
    link = CopyLink(caller.site_id, job.id, dwm_id)
    copy = open_copy(services, link)
    copy.close()
    token = services.copy_links.issue(link, now, seconds)
    shown = {
        "url": f"{services.settings.base_url}{PREFIX}/copy/{token}/{quote(copy.name)}",
        "expires": zone.show(now + timedelta(seconds=seconds)),
        "size": copy.size,
        "file_name": copy.name,
    }
    return Answer(success_body(shown, time_zone=str(zone)))


@files.api_route("/{token}/{file_name}", methods=["GET", "HEAD"])
def read_copy(request: Request, services: Wired, token: str, file_name: str) -> Response:
    """A copy, or the part of it that is asked for. What the file is called in the address does not matter."""
    request.scope[SHOWN_PATH] = f"{PREFIX}/copy/…/{quote(file_name)}"
    try:
        link = services.copy_links.read(token, services.now())
    except TelecineError as error:
        why = "The link has expired" if error.kind is ErrorKind.TOKEN_EXPIRED else "This is no link of ours"
        raise TelecineError(ErrorKind.LINK_REFUSED, f"{why}.") from error
    copy = open_copy(services, link)
    headers = _headers(copy)
    if knows(request.headers.get("if-none-match", ""), copy.etag):
        copy.close()
        return Response(status_code=304, headers=headers)
    try:
        span = _span(request, copy)
    except Unsatisfiable:
        copy.close()
        return _unsatisfiable(request, copy)
    if span is None:
        return _bytes(request, copy, Span(0, copy.size), 200, headers)
    shown = {"Content-Range": f"bytes {span.start}-{span.end - 1}/{copy.size}"}
    return _bytes(request, copy, span, 206, headers | shown)


def _span(request: Request, copy: VirtualCopy) -> Span | None:
    """The part that is asked for, None for the whole. Raises Unsatisfiable."""
    asked = request.headers.get("range", "")
    if request.method != "GET" or not may_continue(request.headers.get("if-range", ""), copy.etag):
        return None
    return span_of(asked, copy.size)


def _bytes(request: Request, copy: VirtualCopy, span: Span, status: int, headers: dict[str, str]) -> Response:
    described = headers | {"Content-Length": str(span.end - span.start), "Content-Type": copy.content_type}
    if request.method == "HEAD":
        copy.close()
        return Response(status_code=status, headers=described)
    return StreamingResponse(copy.read(*span), status, described)


def _headers(copy: VirtualCopy) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache, no-transform",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(copy.name, safe='')}",
        "ETag": copy.etag,
        "X-Content-Type-Options": "nosniff",
    }


def _unsatisfiable(request: Request, copy: VirtualCopy) -> Response:
    error = TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"the copy has {copy.size} bytes.", field="Range")
    answer = failure(request, error)
    answer.status_code = 416
    answer.headers["Content-Range"] = f"bytes */{copy.size}"
    return answer
