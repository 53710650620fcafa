"""Packaging routes: viewers' sessions, by the document of the session manager."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from telecine.apis.envelope import Answer
from telecine.apis.packaging import PREFIX, samples
from telecine.apis.packaging.access import ApiData, OpenedOrPlain, read_as
from telecine.apis.packaging.addresses import base_of, check_output_path, session_url
from telecine.apis.packaging.faults import DATE, INVALID_INPUT, Fault, success_body
from telecine.apis.packaging.schema import Listed, Success
from telecine.apis.packaging.schema_session import (
    SKIPBIT,
    AkamaiRequest,
    OpenedSession,
    Revocation,
    Revoked,
    SessionSearch,
    TokenRequest,
    UrlRequest,
)
from telecine.apis.packaging.session_faults import check_fields, of_catalog
from telecine.apis.packaging.times import between, show
from telecine.apis.packaging.views import session_line
from telecine.apis.paging import Zone, parse_zone
from telecine.apis.services import Services, Wired
from telecine.catalog import mark_sessions
from telecine.catalog.mark_sessions import NewSession, Opened, SessionFilter
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.ticket import TokenRefused
from telecine.core.watermark.tokens import TokenForm

routes = APIRouter(prefix=f"{PREFIX}/api/v2/session", tags=["Packaging: session"])


def _both[F: Callable[..., Answer]](path: str, model: type[Success], summary: str, text: str) -> Callable[[F], F]:
    """A route that answers GET and POST alike: the documents have either."""

    def add(function: F) -> F:
        for method in ("GET", "POST"):
            said = f"{summary}{'' if method == 'GET' else ' (as older pages have it)'}"
            add_route = routes.api_route(path, methods=[method], response_model=model, summary=said, description=text)
            add_route(function)
        return function

    return add


_TOKEN_FIELDS = ("cid", "streaming_format", "forensic_mark")
_URL_FIELDS = ("domain", "output_path", *_TOKEN_FIELDS)


@_both(
    "/watermarkUrl/{siteId}",
    OpenedSession,
    "Open a session and get its address",
    samples.shown("The address is for one viewer alone.", samples.SESSION_URL),
)
def open_url(services: Wired, data: OpenedOrPlain) -> Answer:
    """Open a session for one viewer of one content; answer the address of its manifest."""
    check_fields(data, _URL_FIELDS)
    body = read_as(UrlRequest, data)
    return _answer(services, data, body, base=base_of(body.domain), prefix=body.prefix_folder)


@_both(
    "/watermarkUrl/akamai/{siteId}",
    OpenedSession,
    "Open a session and get its address for Akamai",
    samples.shown("The address has a token that Akamai takes.", samples.SESSION_AKAMAI),
)
def open_akamai_url(services: Wired, data: OpenedOrPlain) -> Answer:
    """The same with a token that Akamai takes."""
    check_fields(data, _URL_FIELDS)
    body = read_as(AkamaiRequest, data)
    if body.skipbit != SKIPBIT:
        why = f"it must be {SKIPBIT}: nobody could be found whose marks begin elsewhere."
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, why, field="skipbit")
    if body.wmt_type is not None:
        raise TelecineError(ErrorKind.FIELD_INVALID, "Akamai's tokens have one form.", field="wmt_type")
    return _answer(services, data, body, base=base_of(body.domain), form=TokenForm.AKAMAI)


@_both(
    "/watermarkData/{siteId}",
    OpenedSession,
    "Open a session and get its token alone",
    samples.shown("For those who build addresses themselves.", samples.SESSION_DATA),
)
def open_token(services: Wired, data: OpenedOrPlain) -> Answer:
    """Open a session; answer its token."""
    check_fields(data, _TOKEN_FIELDS)
    return _answer(services, data, read_as(TokenRequest, data))


@_both(
    "/list/{siteId}",
    Listed,
    "List sessions",
    samples.shown("One page of the site's sessions, newest first.", samples.SESSION_LIST),
)
def list_sessions(services: Wired, data: OpenedOrPlain) -> Answer:
    """One page of the site's sessions, newest first."""
    search = read_as(SessionSearch, data)
    zone = parse_zone(search.time_zone)
    now = services.now()
    with services.database.read() as s:
        total, rows = mark_sessions.search(s, data.site_id, _filter(search, zone), now)
    lines = [session_line(row, now) for row in rows]
    return Answer(success_body(total_count=str(total), time_zone=str(zone), data=lines))


@routes.post(
    "/revoke/{siteId}",
    response_model=Revoked,
    summary="Revoke sessions (ours)",
    description=samples.shown("One session, or all sessions of one viewer.", samples.SESSION_REVOKE),
)
def revoke(services: Wired, data: OpenedOrPlain) -> Answer:
    """End one session by its token or id, or all sessions of one viewer. Edges of ours refuse them within seconds."""
    body = read_as(Revocation, data)
    given = [name for name in ("token", "session_id", "forensic_mark") if getattr(body, name)]
    if len(given) != 1:
        why = "one of 'token', 'session_id' and 'forensic_mark', and only one."
        raise Fault(INVALID_INPUT, "token", why, kind=ErrorKind.FIELD_MISSING)
    return Answer(success_body(revoked_count=_revoke(services, data.site_id, body)))


def _answer(
    services: Services,
    data: ApiData,
    body: TokenRequest,
    *,
    base: str = "",
    prefix: str = "",
    form: TokenForm | None = None,
) -> Answer:
    """Open the session; answer its address below `base`, or its token where that is empty."""
    form = form or (TokenForm(body.wmt_type) if body.wmt_type else None)
    new = NewSession(
        content_id=body.cid,
        streaming_format=body.streaming_format,
        forensic_mark=body.forensic_mark,
        form=form,
        code=body.code,
        seconds=body.expiry,
        direct=body.wmt_mode == "direct",
        shared=body.wmt_alg == "hs256",
    )
    try:
        with services.database.write() as s:
            opened = mark_sessions.open_session(s, services.sealer, data.site_id, new, services.now())
            url = _url(opened, body, base, prefix) if isinstance(body, UrlRequest | AkamaiRequest) else None
    except TelecineError as error:
        raise of_catalog(error, akamai=form is TokenForm.AKAMAI) from error
    return Answer(success_body(data=url or opened.token, **({"url": url} if url else {}), **_shown(opened)))


def _url(opened: Opened, body: UrlRequest | AkamaiRequest, base: str, prefix: str) -> str:
    path = check_output_path(body.output_path, opened.title.output_path)
    place = (path, opened.title.content_id, opened.tree)
    return session_url(base, prefix, opened.token, place, body.streaming_format)


def _shown(opened: Opened) -> dict[str, Any]:
    row = opened.row
    return {
        "token": opened.token,
        "session_id": row.session,
        "payload": row.payload,
        "code": row.code,
        "wmt_type": row.form,
        "expire_date": show(row.expires),
    }


def _filter(search: SessionSearch, zone: Zone) -> SessionFilter:
    """Which sessions a list call asks for. Raises A7010 for its times."""
    try:
        begin, end = between(search.from_time, search.to_time, zone)
    except TelecineError as error:
        raise Fault(DATE, error.field, error.detail) from error
    by, keyword = search.search_keyword_type, search.search_keyword
    return SessionFilter(
        from_time=begin,
        to_time=end,
        content_id=keyword if by == "cid" else "",
        forensic_mark=keyword if by == "forensicmark" else "",
        session=keyword.strip().lower() if by == "sessionid" else "",
        live=None if search.search_status is None else search.search_status == "live",
        page_unit=search.page_unit,
        page_index=search.page_index,
    )


def _revoke(services: Services, site_id: str, body: Revocation) -> int:
    """How many sessions ended. Raises FIELD_INVALID where a token or id is of none."""
    now = services.now()
    with services.database.write() as s:
        if body.forensic_mark:
            return mark_sessions.revoke_viewer(s, site_id, body.forensic_mark, now)
        try:
            row = (
                mark_sessions.get(s, site_id, body.session_id)
                if body.session_id
                else mark_sessions.by_token(s, services.sealer, site_id, body.token or "")
            )
        except (TelecineError, TokenRefused) as error:
            field = "session_id" if body.session_id else "token"
            raise TelecineError(ErrorKind.FIELD_INVALID, "the site has no such session.", field=field) from error
        before = row.revoked
        mark_sessions.revoke(row, now)
        return int(before is None)
