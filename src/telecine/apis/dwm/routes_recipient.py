"""DWM routes: recipients. Once a copy was asked for, a recipient stays what it is."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Security

from telecine.apis.answers import Dated, Listed, Success, success_body
from telecine.apis.bodies import JsonRoute
from telecine.apis.dwm import PREFIX, samples
from telecine.apis.dwm.schema_recipient import (
    DeletedRecipient,
    RecipientDetail,
    RecipientId,
    RecipientLine,
    RecipientQuery,
    RecipientsRequest,
    RecipientUpdate,
)
from telecine.apis.dwm.views import recipient_detail, recipient_line
from telecine.apis.envelope import Answer
from telecine.apis.findings import Problems
from telecine.apis.idempotency import OnlyOnce
from telecine.apis.paging import parse_zone, span
from telecine.apis.parameters import TimeZone
from telecine.apis.services import Wired
from telecine.apis.site_access import Authorised, token_scheme
from telecine.catalog import recipients
from telecine.catalog.recipients import NewRecipient, RecipientFilter
from telecine.core.errors import ErrorKind, TelecineError

routes = APIRouter(prefix=f"{PREFIX}/api/recipient", route_class=JsonRoute, dependencies=[Security(token_scheme)])

RecipientInPath = Annotated[int, Path(alias="dwmId", description="The recipient's number.", examples=[1])]


@routes.get("/{siteId}", response_model=Listed[RecipientLine], summary="Search the recipient list")
def list_recipients(services: Wired, caller: Authorised, query: Annotated[RecipientQuery, Query()]) -> Answer:
    """One page of the site's recipients, newest first."""
    zone = parse_zone(query.time_zone)
    first, last = span(query.from_day, query.to_day, zone)
    wanted = RecipientFilter(
        from_time=first,
        to_time=last,
        keywords=query.search_keyword,
        page_unit=query.page_unit,
        page_index=query.page_index,
    )
    with services.database.read() as s:
        total, rows = recipients.search(s, caller.site_id, wanted)
    lines = [recipient_line(row, zone) for row in rows]
    return Answer(success_body(lines, time_zone=str(zone), total_count=total))


@routes.get("/{siteId}/{dwmId}", response_model=Dated[RecipientDetail], summary="Get a recipient's details")
def get_recipient(services: Wired, caller: Authorised, dwm_id: RecipientInPath, time_zone: TimeZone = "") -> Answer:
    """One recipient."""
    zone = parse_zone(time_zone)
    with services.database.read() as s:
        row = recipients.get(s, caller.site_id, dwm_id)
    return Answer(success_body(recipient_detail(row, zone), time_zone=str(zone)))


@routes.post("/{siteId}", response_model=Dated[list[RecipientLine]], summary="Register recipients")
def register_recipients(
    services: Wired,
    caller: Authorised,
    once: OnlyOnce,
    body: Annotated[RecipientsRequest, Body(openapi_examples={"document": {"value": samples.RECIPIENT_REGISTER}})],
    time_zone: TimeZone = "",
) -> Answer:
    """Register up to 150 recipients, all or none. Every name that is taken is named."""
    zone = parse_zone(time_zone)
    new = [NewRecipient(one.name, one.description) for one in body.recipients]
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            taken = recipients.conflicts(s, caller.site_id, [one.name for one in new])
            if taken:
                raise taken[0] if len(taken) == 1 else Problems(taken)
            rows = recipients.register(s, caller.site_id, new, now=services.now())
            answer = success_body([recipient_line(row, zone) for row in rows], time_zone=str(zone))
            return answer, answer

        answer, headers = once.answer(s, caller.site_id, make)
    return Answer(answer, headers=headers)


@routes.put("/{siteId}/{dwmId}", response_model=Dated[RecipientId], summary="Modify a recipient")
def modify_recipient(
    services: Wired,
    caller: Authorised,
    dwm_id: RecipientInPath,
    body: Annotated[RecipientUpdate, Body(openapi_examples={"document": {"value": samples.RECIPIENT_MODIFY}})],
    time_zone: TimeZone = "",
) -> Answer:
    """Change name or description of a recipient for whom no job has made or makes a copy."""
    zone = parse_zone(time_zone)
    if body.name is None and body.description is None:
        raise TelecineError(ErrorKind.FIELD_MISSING, "Or 'description', or both.", field="name")
    with services.database.write() as s:
        row = recipients.modify(
            s, caller.site_id, dwm_id, name=body.name, description=body.description, now=services.now()
        )
    shown = {"dwm_id": row.id, "update_time": zone.show(row.update_time)}
    return Answer(success_body(shown, time_zone=str(zone)))


@routes.delete("/{siteId}/{dwmId}", response_model=Success[DeletedRecipient], summary="Delete a recipient")
def delete_recipient(services: Wired, caller: Authorised, dwm_id: RecipientInPath) -> Answer:
    """Ours: forget a recipient for whom no job has made or makes a copy."""
    with services.database.write() as s:
        recipients.delete(s, caller.site_id, dwm_id)
    return Answer(success_body({"dwm_id": dwm_id}))
