"""Every route of the PRI dialect under its prefix, and where the dialect answers."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Security

from telecine.apis.bodies import JsonRoute
from telecine.apis.envelope import Answer
from telecine.apis.hosts import Dialect
from telecine.apis.idempotency import OnlyOnce
from telecine.apis.pri import PREFIX, ROOT, samples
from telecine.apis.pri.access import Authorised, basic_scheme
from telecine.apis.pri.assets import Resolver
from telecine.apis.pri.headers import BARE, DELETING, LISTING, WITH_BODY
from telecine.apis.pri.mapping import decisive, error_body, error_status, fingerprint, merged, plain, read_again
from telecine.apis.pri.schema import AssetList, AssetPage, AssetRequest, AssetShown, AssetUpdate, Failure
from telecine.apis.pri.views import asset_shown, deleted_shown
from telecine.apis.services import Wired
from telecine.catalog import packaged_assets
from telecine.core.errors import ErrorKind, TelecineError

_ERRORS = {
    400: "The request is wrong; `errors` names the fields.",
    401: "Credentials are wrong, or required and not there.",
    403: "The address is on no site's list, or on several; or the site may not do this.",
    404: "The site has no such asset.",
    409: "The id is taken, or the asset's state does not allow it.",
    429: "Too many failed attempts; wait as `Retry-After` says.",
    500: "Something went wrong on our side.",
    501: "The path does not know the method.",
    504: "The database did not answer in time.",
}
_FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure, "description": text} for status, text in _ERRORS.items()
}
_CREATE: Any = {
    "document": {"summary": "The document's sample", "value": samples.CREATE},
    "drm": {"summary": "The document's sample with DRM", "value": samples.CREATE_WITH_DRM},
}
_UPDATE: Any = {"update": {"value": samples.UPDATE}}

_assets = APIRouter(
    prefix=f"{PREFIX}{ROOT}v1/packagedassets",
    route_class=JsonRoute,
    dependencies=[Security(basic_scheme)],
    responses=_FAILURES,
    tags=["PRI: packaged assets"],
)

IdInPath = Annotated[str, Path(alias="id", examples=["ltcu_eventp1"])]


def dialect(hosts: Iterable[str]) -> Dialect:
    """Where the dialect answers; `hosts` are the names on which it does so without its prefix."""
    return Dialect(PREFIX, ROOT, frozenset(hosts), error_body, error_status, relative=True)


def router() -> APIRouter:
    """Every route of the dialect."""
    return _assets


@_assets.post("", response_model=AssetShown, status_code=201, summary="Package an asset", dependencies=[WITH_BODY])
def create_asset(
    services: Wired,
    caller: Authorised,
    once: OnlyOnce,
    body: Annotated[AssetRequest, Body(openapi_examples=_CREATE)],
) -> Answer:
    """Check the whole request, then put the asset in the queue. The same request again is no other asset."""
    request = plain(body)
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            asset = packaged_assets.recall(s, caller.site_id, body.id, fingerprint(request))
            if asset is None:
                new = Resolver(s, services, caller.site_id).asset(body, request)
                asset = packaged_assets.create(s, caller.site_id, new, now=services.now())
            shown = asset_shown(asset)
            return shown, shown

        answer, headers = once.answer(s, caller.site_id, make)
    return Answer(answer, 201, headers)


@_assets.get("", response_model=AssetList, summary="List packaged assets", dependencies=[LISTING])
def list_assets(services: Wired, caller: Authorised, query: Annotated[AssetPage, Query()]) -> Answer:
    """Ours: one page of the site's packaged assets, newest first."""
    with services.database.read() as s:
        total, page = packaged_assets.search(s, caller.site_id, page_unit=query.pageSize, page_index=query.page)
    shown = [asset_shown(asset) for asset in page]
    return Answer({"totalCount": total, "page": query.page, "pageSize": query.pageSize, "packagedAssets": shown})


@_assets.get("/{id}", response_model=AssetShown, summary="Get a packaged asset", dependencies=[BARE])
def get_asset(services: Wired, caller: Authorised, asset_id: IdInPath) -> Answer:
    """The asset with its status, for clients that wait for it."""
    with services.database.read() as s:
        return Answer(asset_shown(packaged_assets.get(s, caller.site_id, asset_id)))


@_assets.put("/{id}", response_model=AssetShown, summary="Update a packaged asset", dependencies=[WITH_BODY])
def update_asset(
    services: Wired,
    caller: Authorised,
    asset_id: IdInPath,
    body: Annotated[AssetUpdate, Body(openapi_examples=_UPDATE)],
) -> Answer:
    """Change what is sent. What decides the work can be changed while the asset is Scheduled only."""
    with services.database.write() as s:
        asset = packaged_assets.get(s, caller.site_id, asset_id, lock=True)
        if body.id not in (None, asset_id):
            raise TelecineError(ErrorKind.FIELD_INVALID, "it differs from the id in the path.", field="id")
        request = merged(asset.row.request, plain(body))
        whole = read_again(request)
        if decisive(request, asset.job.priority) == decisive(asset.row.request, asset.job.priority):
            packaged_assets.rename(s, asset, request, now=services.now())
        else:
            new = Resolver(s, services, caller.site_id).asset(whole, request)
            asset = packaged_assets.replace(s, asset, new, now=services.now())
        return Answer(asset_shown(asset))


@_assets.delete("/{id}", response_model=AssetShown, summary="Delete a packaged asset", dependencies=[DELETING])
def delete_asset(services: Wired, caller: Authorised, asset_id: IdInPath) -> Answer:
    """Stop the work, or remove what was published. A worker does it; the asset cannot be found from now on."""
    with services.database.write() as s:
        return Answer(deleted_shown(packaged_assets.request_delete(s, caller.site_id, asset_id, now=services.now())))
