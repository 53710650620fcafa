"""Opens the envelope of a request, wherever it travels, and knows by it who calls.

The parameter may come in the query, in a form or in a JSON body, with any method and any content type or none; the
query wins. Neither it nor anything in it is ever logged: storage secrets travel in it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qs

import structlog
from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ValidationError

from telecine.apis.bearer import caller_of
from telecine.apis.bodies import bounded
from telecine.apis.findings import Problems
from telecine.apis.invalid import translate
from telecine.apis.packaging import PARAMETER
from telecine.apis.packaging.faults import INVALID_INPUT, NO_SITE, NOT_PARSED, TIMESTAMP, Fault
from telecine.apis.packaging.sealed import Envelope, opened, read, verify
from telecine.apis.services import Services, Wired
from telecine.apis.strict_json import parse
from telecine.catalog import sites
from telecine.core.errors import ErrorKind, TelecineError

_log = structlog.get_logger()

_MOST_FIELDS = 100
"""Fields of a form; the document has one."""

SiteInPath = Annotated[str, Path(alias="siteId", description="Four letters or digits.", examples=["DEMO"])]
InQuery = Annotated[
    list[str],
    Query(
        alias=PARAMETER,
        default_factory=list,
        description="Base64 of JSON {data, timestamp, hash}; it may be in a form or a JSON body instead.",
    ),
]


@dataclass(frozen=True, slots=True)
class ApiData:
    """What a caller who holds the keys of `site_id` asks for."""

    site_id: str
    fields: dict[str, Any] = field(repr=False)


async def _parameter(request: Request, services: Wired, in_query: InQuery) -> str:
    """The value of the parameter. Raises A1000 where there is none or more than one, A7008 for the body."""
    given = [text for text in in_query if text.strip()]
    if not given:
        raw = await bounded(request, services.settings.body_bytes)
        given = [text for text in _in_body(raw) if text.strip()]
    if not given:
        where = "in the query, in a form or in a JSON body."
        raise Fault(INVALID_INPUT, PARAMETER, where, kind=ErrorKind.FIELD_MISSING)
    if len(set(given)) > 1:
        raise Fault(INVALID_INPUT, PARAMETER, "it was sent more than once, with different values.")
    return given[0]


def _in_body(raw: bytes) -> list[str]:
    """The parameter in a body, which is told by its first character rather than by what the client calls it."""
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        try:
            value = parse(raw).get(PARAMETER)
        except TelecineError as error:
            raise Fault(NOT_PARSED, PARAMETER, f"the body is not a JSON object: {error.detail}") from error
        if not isinstance(value, str | None):
            raise Fault(INVALID_INPUT, PARAMETER, "it must be text.")
        return [value or ""]
    try:
        return parse_qs(raw.decode("latin-1"), max_num_fields=_MOST_FIELDS).get(PARAMETER, [])
    except ValueError as error:
        raise Fault(NOT_PARSED, PARAMETER, "the body is no form that can be read.") from error


def _opened(services: Wired, site_id: SiteInPath, text: Annotated[str, Depends(_parameter)]) -> ApiData:
    """What the request says. Raises every fault of an envelope, and A1003 for a site that is not there."""
    with services.database.read() as s:
        try:
            site = sites.get(s, site_id)
        except TelecineError as error:
            raise Fault(NO_SITE, "siteId", "there is no such site.") from error
        live = [account for account in sites.accounts(s, site_id) if not account.revoked]
    envelope = read(text)
    try:
        verify(envelope, site_id, [sites.access_key(services.sealer, account) for account in live])
    except Fault:
        _log.warning("wrong hash", site=site.site_id)
        raise
    _refuse_stale(envelope, services, services.now())
    return ApiData(site.site_id, opened(envelope, sites.site_key(services.sealer, site)))


def _refuse_stale(envelope: Envelope, services: Services, now: datetime) -> None:
    window = services.settings.packaging_replay_seconds
    if window and abs(envelope.time - now) > timedelta(seconds=window):
        raise Fault(TIMESTAMP, "timestamp", f"it must be within {window} s of the server's clock.")


Opened = Annotated[ApiData, Depends(_opened)]
"""Declare a parameter of this type in every route of the document's."""


async def _sent(request: Request, services: Wired, in_query: InQuery) -> str | dict[str, Any]:
    """The parameter; or, where the request has an Authorization header, the fields that it has in the open."""
    if not request.headers.get("authorization"):
        return await _parameter(request, services, in_query)
    fields = {name: value for name, value in request.query_params.items() if name != PARAMETER}
    raw = await bounded(request, services.settings.body_bytes)
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        try:
            return fields | parse(raw)
        except TelecineError as error:
            raise Fault(NOT_PARSED, "body", f"it is not a JSON object: {error.detail}") from error
    try:
        form = parse_qs(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Fault(NOT_PARSED, "body", "it is no form that can be read.") from error
    return fields | {name: values[-1] for name, values in form.items() if name != PARAMETER}


def _opened_or_plain(
    request: Request, services: Wired, site_id: SiteInPath, sent: Annotated[str | dict[str, Any], Depends(_sent)]
) -> ApiData:
    """What the request says, whichever way it proves who calls. Raises every fault of an envelope or a token."""
    if isinstance(sent, str):
        return _opened(services, site_id, sent)
    return ApiData(caller_of(request, services, site_id).site_id, sent)


OpenedOrPlain = Annotated[ApiData, Depends(_opened_or_plain)]
"""The same for routes that also take a site's token in an Authorization header, and then fields in the open."""


def read_as[M: BaseModel](model: type[M], data: ApiData) -> M:
    """The API data as `model`. Raises every field that is wrong; what was sent is in no message."""
    try:
        return model.model_validate(data.fields)
    except ValidationError as error:
        found = translate([{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)])
    raise found[0] if len(found) == 1 else Problems(found)
