"""T&P routes: storages. One that cannot be used is not registered: every create and update tries it first."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Security

from telecine.apis.bodies import JsonRoute
from telecine.apis.envelope import Answer
from telecine.apis.idempotency import REPLAYED, OnlyOnce
from telecine.apis.masking import masked
from telecine.apis.paging import parse_zone, span
from telecine.apis.parameters import TimeZone
from telecine.apis.services import Wired
from telecine.apis.site_access import Authorised, token_scheme
from telecine.apis.storage_trial import try_as_registered
from telecine.apis.tnp import PREFIX, samples
from telecine.apis.tnp.mapping import success_body
from telecine.apis.tnp.schema import Dated, Listed, Success
from telecine.apis.tnp.schema_storage import (
    DeleteQuery,
    StorageDelete,
    StorageDetail,
    StorageId,
    StorageIds,
    StorageLine,
    StorageQuery,
    StorageRequest,
    StorageUpdate,
)
from telecine.apis.tnp.views import storage_detail, storage_line
from telecine.catalog import sites, storages
from telecine.catalog.storages import StorageChanges, StorageFilter, StorageValues
from telecine.core.errors import ErrorKind, TelecineError

routes = APIRouter(prefix=f"{PREFIX}/api/storage", route_class=JsonRoute, dependencies=[Security(token_scheme)])

StorageInPath = Annotated[str, Path(alias="storageId", max_length=64)]


@routes.post("/{siteId}", response_model=Success[StorageId], summary="Create a storage")
def create_storage(
    services: Wired,
    caller: Authorised,
    once: OnlyOnce,
    body: Annotated[StorageRequest, Body(openapi_examples={"document": {"value": samples.STORAGE_CREATE}})],
) -> Answer:
    """Try the storage as its type needs, then register it."""
    values = StorageValues(**_known(body) | {"description": body.description or ""})
    with services.database.read() as s:  # a repeated request must not touch the storage again
        known = once.recall(s, caller.site_id)
    if known is not None:
        return Answer(known, headers=REPLAYED)
    try_as_registered(services, values)
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            storage = storages.create(s, services.sealer, caller.site_id, values)
            answer = success_body({"storage_id": storage.storage_id})
            return answer, answer

        answer, headers = once.answer(s, caller.site_id, make)
    return Answer(answer, headers=headers)


@routes.get("/{siteId}", response_model=Listed[StorageLine], summary="Search the storage list")
def list_storages(services: Wired, caller: Authorised, query: Annotated[StorageQuery, Query()]) -> Answer:
    """One page of the site's storages, newest first."""
    zone = parse_zone(query.time_zone)
    first, last = span(query.from_day, query.to_day, zone)
    wanted = StorageFilter(
        from_time=first,
        to_time=last,
        name=query.storage_name,
        region=query.region or "",
        io_type=query.io_type or "",
        page_unit=query.page_unit,
        page_index=query.page_index,
    )
    with services.database.read() as s:
        total, rows = storages.search(s, caller.site_id, wanted)
    lines = [storage_line(row, zone) for row in rows]
    return Answer(success_body(lines, time_zone=str(zone), total_count=total))


@routes.get("/{siteId}/{storageId}", response_model=Dated[StorageDetail], summary="Get a storage's details")
def get_storage(services: Wired, caller: Authorised, storage_id: StorageInPath, time_zone: TimeZone = "") -> Answer:
    """The storage; its secret masked unless the operator lets the site read its secrets."""
    zone = parse_zone(time_zone)
    with services.database.read() as s:
        site = sites.get(s, caller.site_id)
        storage = storages.get(s, caller.site_id, storage_id)
    secret = storages.secret(services.sealer, storage)
    shown = secret if site.show_storage_secrets else masked(secret)
    return Answer(success_body(storage_detail(storage, shown, zone), time_zone=str(zone)))


@routes.put("/{siteId}/{storageId}", response_model=Success[StorageId], summary="Update a storage")
def update_storage(
    services: Wired,
    caller: Authorised,
    storage_id: StorageInPath,
    body: Annotated[StorageUpdate, Body(openapi_examples={"document": {"value": samples.STORAGE_UPDATE}})],
) -> Answer:
    """Change what is sent, after trying the storage as it will be."""
    changes = {name: value for name, value in _known(body).items() if value is not None}
    with services.database.read() as s:
        storage = storages.get(s, caller.site_id, storage_id)
    secret = storages.secret(services.sealer, storage)
    if changes.get("secret_key") == masked(secret):
        del changes["secret_key"]  # a client that sends back what the detail call showed means no change
    present = StorageValues(
        storage_name=storage.storage_name,
        aws_bucket=storage.aws_bucket,
        io_type=storage.io_type,
        region=storage.region,
        access_key_id=storage.access_key_id,
        secret_key=secret,
    )
    try_as_registered(services, replace(present, **changes))
    with services.database.write() as s:
        storages.update(s, services.sealer, caller.site_id, storage_id, StorageChanges(**changes))
    return Answer(success_body({"storage_id": storage_id}))


@routes.delete("/{siteId}/{storageId}", response_model=Success[StorageId], summary="Delete a storage")
def delete_storage(services: Wired, caller: Authorised, storage_id: StorageInPath) -> Answer:
    """Forget a storage. Its files stay. One that an unfinished job uses is kept."""
    with services.database.write() as s:
        storages.delete(s, caller.site_id, [storage_id])
    return Answer(success_body({"storage_id": storage_id}))


@routes.delete("/{siteId}", response_model=Success[StorageIds], summary="Delete several storages")
def delete_storages(
    services: Wired,
    caller: Authorised,
    query: Annotated[DeleteQuery, Query()],
    body: Annotated[
        StorageDelete | None, Body(openapi_examples={"document": {"value": samples.STORAGE_DELETE}})
    ] = None,
) -> Answer:
    """Forget all of these storages or none; named in the body, or in the query by clients that send none."""
    ids = body.storage_ids if body is not None else query.storage_ids
    if not ids:
        raise TelecineError(ErrorKind.FIELD_MISSING, field="storage_ids")
    with services.database.write() as s:
        storages.delete(s, caller.site_id, ids)
    return Answer(success_body({"site_id": caller.site_id, "storage_ids": ids}))


def _known(body: StorageRequest | StorageUpdate) -> dict[str, Any]:
    """The documented fields of a request."""
    return {name: getattr(body, name) for name in type(body).model_fields}
