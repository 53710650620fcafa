"""Packaging routes: storages, which are those of every API of the site. One that cannot be used is not registered."""

from typing import Any

from fastapi import APIRouter, Request

from telecine.apis.envelope import Answer
from telecine.apis.idempotency import REPLAYED, IdempotencyKey, once_of
from telecine.apis.masking import masked
from telecine.apis.packaging import PREFIX, samples
from telecine.apis.packaging.access import Opened, read_as
from telecine.apis.packaging.faults import success_body
from telecine.apis.packaging.filters import storage_filter
from telecine.apis.packaging.schema import Listed, StorageId
from telecine.apis.packaging.schema_storage import StorageChange, StorageRegistration, StorageSearch
from telecine.apis.packaging.views import storage_line
from telecine.apis.paging import parse_zone
from telecine.apis.services import Wired
from telecine.apis.storage_trial import of_proven_kind
from telecine.catalog import sites, storages
from telecine.catalog.storages import BOTH, StorageChanges, StorageValues
from telecine.core.errors import ErrorKind, TelecineError

routes = APIRouter(prefix=f"{PREFIX}/api/v2/storage", tags=["Packaging: storage"])


@routes.post(
    "/{siteId}",
    response_model=StorageId,
    summary="Register a storage",
    description=samples.shown("It is tried, and registered for what its keys allow.", samples.STORAGE_REGISTER),
)
def register_storage(request: Request, services: Wired, data: Opened, key: IdempotencyKey = "") -> Answer:
    """Try the storage for reading and for writing, then register it for what its keys allow."""
    body = read_as(StorageRegistration, data)
    once = once_of(request, data.fields, key)
    with services.database.read() as s:  # a repeated request must not touch the storage again
        known = once.recall(s, data.site_id)
    if known is not None:
        return Answer(known, headers=REPLAYED)
    values = of_proven_kind(services, _values(body))
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            storage = storages.create(s, services.sealer, data.site_id, values)
            answer = {"storage_id": storage.storage_id, **success_body()}
            return answer, answer

        answer, headers = once.answer(s, data.site_id, make)
    return Answer(answer, headers=headers)


@routes.put(
    "/{siteId}",
    response_model=StorageId,
    summary="Update a storage",
    description=samples.shown("Changes name and description; what is not sent stays.", samples.STORAGE_UPDATE),
)
def update_storage(services: Wired, data: Opened) -> Answer:
    """Change name and description. What a job reads or writes by cannot be changed here, so nothing is tried."""
    body = read_as(StorageChange, data)
    changes = StorageChanges(storage_name=body.storage_name, description=body.description)
    with services.database.write() as s:
        try:
            storages.update(s, services.sealer, data.site_id, body.storage_id, changes)
        except TelecineError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            detail = "the site has no storage with this id."
            raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="storage_id") from error
    return Answer({"storage_id": body.storage_id, **success_body()})


@routes.get(
    "/{siteId}",
    response_model=Listed,
    summary="List storages",
    description=samples.shown("One page of the site's storages, newest first.", samples.STORAGE_LIST),
)
def list_storages(services: Wired, data: Opened) -> Answer:
    """One page of the site's storages, newest first; passwords masked unless the operator lets the site read them."""
    search = read_as(StorageSearch, data)
    zone = parse_zone(search.time_zone)
    with services.database.read() as s:
        shown = sites.get(s, data.site_id).show_storage_secrets
        total, rows = storages.search(s, data.site_id, storage_filter(search, zone))
    secrets = [storages.secret(services.sealer, row) for row in rows]
    lines = [storage_line(row, key if shown else masked(key)) for row, key in zip(rows, secrets, strict=True)]
    return Answer(success_body(total_count=str(total), time_zone=str(zone), data=lines))


def _values(body: StorageRegistration) -> StorageValues:
    return StorageValues(
        storage_name=body.storage_name,
        aws_bucket=body.aws_bucket,
        io_type=BOTH,
        region=body.region,
        access_key_id=body.id,
        secret_key=body.password,
        description=body.description or "",
    )
