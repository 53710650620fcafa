"""T&P routes: notifications, and ours: the log of what was sent to them, and sending again."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Security

from telecine.apis.bodies import JsonRoute
from telecine.apis.envelope import Answer
from telecine.apis.idempotency import REPLAYED, OnlyOnce
from telecine.apis.paging import parse_zone
from telecine.apis.services import Wired
from telecine.apis.site_access import Authorised, token_scheme
from telecine.apis.tnp import PREFIX, samples
from telecine.apis.tnp.alarms import Target, alarms_of, merged, new_target
from telecine.apis.tnp.mapping import success_body
from telecine.apis.tnp.schema import Listed, Page, Success
from telecine.apis.tnp.schema_notification import (
    DeliveryId,
    DeliveryLine,
    NotificationId,
    NotificationLine,
    NotificationRequest,
    NotificationUpdate,
)
from telecine.apis.tnp.views import delivery_line, notification_line
from telecine.catalog import deliveries, notifications
from telecine.catalog.notifications import NotificationChanges, NotificationValues

routes = APIRouter(prefix=f"{PREFIX}/api/noti/job", route_class=JsonRoute, dependencies=[Security(token_scheme)])

NotiInPath = Annotated[int, Path(alias="notiId", examples=[1])]
DeliveryInPath = Annotated[int, Path(alias="deliveryId")]
_EXAMPLES: Any = {"document": {"value": samples.NOTIFICATION}}


@routes.post("/{siteId}", response_model=Success[NotificationId], summary="Create a job notification")
def create_notification(
    services: Wired,
    caller: Authorised,
    once: OnlyOnce,
    body: Annotated[NotificationRequest, Body(openapi_examples=_EXAMPLES)],
) -> Answer:
    """Add a target. A webhook without a signing secret gets one, which is shown in this answer and never again."""
    with services.database.read() as s:
        known = once.recall(s, caller.site_id)
    if known is not None:
        return Answer(known, headers=REPLAYED)
    target = new_target(body, services.settings)
    values = NotificationValues(
        noti_name=body.noti_name,
        noti_type=target.noti_type,
        url_end_point=target.url,
        access_key=target.access_key,
        secret_key=target.secret_key,
        alarm_status=alarms_of(body.alarm_status, {}),
    )
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            row = notifications.create(s, services.sealer, caller.site_id, values)
            return success_body(_named(row.id, target)), success_body({"noti_id": row.id})

        answer, headers = once.answer(s, caller.site_id, make)
    return Answer(answer, headers=headers)


@routes.put("/{siteId}/{notiId}", response_model=Success[NotificationId], summary="Update a job notification")
def update_notification(
    services: Wired,
    caller: Authorised,
    noti_id: NotiInPath,
    body: Annotated[NotificationUpdate, Body(openapi_examples=_EXAMPLES)],
) -> Answer:
    """Change what is sent."""
    with services.database.read() as s:
        row = notifications.get(s, caller.site_id, noti_id)
    present = Target(row.noti_type, row.url_end_point, row.access_key, notifications.secret(services.sealer, row))
    target = merged(body, present, services.settings)
    changes = NotificationChanges(
        noti_name=body.noti_name,
        noti_type=target.noti_type,
        url_end_point=target.url,
        access_key=target.access_key,
        secret_key=target.secret_key,
        alarm_status=alarms_of(body.alarm_status, row.alarm_status) if body.alarm_status else None,
    )
    with services.database.write() as s:
        notifications.update(s, services.sealer, caller.site_id, noti_id, changes)
    return Answer(success_body(_named(noti_id, target)))


def _named(noti_id: int, target: Target) -> dict[str, Any]:
    return {"noti_id": noti_id} | ({"signing_secret": target.secret_key} if target.secret_is_new else {})


@routes.get("/{siteId}", response_model=Listed[NotificationLine], summary="Search job notifications")
def list_notifications(services: Wired, caller: Authorised, query: Annotated[Page, Query()]) -> Answer:
    """One page of the site's notifications, newest first."""
    zone = parse_zone(query.time_zone)
    with services.database.read() as s:
        total, rows = notifications.search(s, caller.site_id, page_unit=query.page_unit, page_index=query.page_index)
    lines = [notification_line(row, zone) for row in rows]
    return Answer(success_body(lines, time_zone=str(zone), total_count=total))


@routes.delete("/{siteId}/{notiId}", response_model=Success[NotificationId], summary="Delete a job notification")
def delete_notification(services: Wired, caller: Authorised, noti_id: NotiInPath) -> Answer:
    """Forget a target. What was still to be sent to it is given up."""
    with services.database.write() as s:
        notifications.delete(s, caller.site_id, noti_id)
    return Answer(success_body({"noti_id": noti_id}))


@routes.get("/{siteId}/{notiId}/deliveries", response_model=Listed[DeliveryLine], summary="Read the delivery log")
def list_deliveries(
    services: Wired, caller: Authorised, noti_id: NotiInPath, query: Annotated[Page, Query()]
) -> Answer:
    """Ours: what was sent to this target, with every try and its answer, newest first."""
    zone = parse_zone(query.time_zone)
    with services.database.read() as s:
        notifications.get(s, caller.site_id, noti_id)
        total, rows = deliveries.log(
            s, caller.site_id, noti_id=noti_id, page_unit=query.page_unit, page_index=query.page_index
        )
    lines = [delivery_line(row, zone) for row in rows]
    return Answer(success_body(lines, time_zone=str(zone), total_count=total))


@routes.put(
    "/{siteId}/{notiId}/deliveries/{deliveryId}/resend", response_model=Success[DeliveryId], summary="Send again"
)
def resend(services: Wired, caller: Authorised, noti_id: NotiInPath, delivery_id: DeliveryInPath) -> Answer:
    """Ours: send a message once more, whatever became of it, under the same message id."""
    with services.database.write() as s:
        notifications.get(s, caller.site_id, noti_id)
        row = deliveries.resend(s, caller.site_id, delivery_id, noti_id=noti_id)
    return Answer(success_body({"delivery_id": row.id}))
