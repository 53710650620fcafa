"""T&P routes: token, and the integration setting of a site."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Security

from telecine.apis.bearer import issue_token
from telecine.apis.bodies import JsonRoute
from telecine.apis.envelope import Answer
from telecine.apis.services import Wired
from telecine.apis.site_access import Authorised, SiteInPath, TokenData, basic_scheme, token_scheme
from telecine.apis.tnp import PREFIX, samples
from telecine.apis.tnp.mapping import success_body
from telecine.apis.tnp.schema import Success
from telecine.apis.tnp.schema_site import Setting, SettingRegion, SettingUpdate
from telecine.catalog import sites

token = APIRouter(prefix=f"{PREFIX}/api/token", route_class=JsonRoute, dependencies=[Security(basic_scheme)])
setting = APIRouter(prefix=f"{PREFIX}/api/setting", route_class=JsonRoute, dependencies=[Security(token_scheme)])


@token.get("/{siteId}", response_model=Success[TokenData], summary="Get a token")
@token.post("/{siteId}", response_model=Success[TokenData], summary="Get a token (as one client's source has it)")
def get_token(request: Request, services: Wired, site_id: SiteInPath) -> Answer:
    """Exchange `email:accessKey` or `accountId:accessKey` for a token."""
    return Answer(success_body({"token": issue_token(request, services, site_id)}))


@setting.get("/{siteId}", response_model=Success[Setting], summary="Get the integration setting")
def get_setting(services: Wired, caller: Authorised) -> Answer:
    """Region, service status and trial count of the site."""
    with services.database.read() as s:
        site = sites.get(s, caller.site_id)
        account = sites.find_account(s, caller.site_id, caller.account_id)
    shown = site.show_storage_secrets and account is not None
    return Answer(
        success_body(
            {
                "site_id": site.site_id,
                "region": site.region,
                "service_status": "SE000" if site.in_service else "SE001",
                "trial_pack_cnt": site.trial_used,
                "site_key": sites.site_key(services.sealer, site) if shown else None,
                "access_key": sites.access_key(services.sealer, account) if shown and account else None,
            }
        )
    )


@setting.put("/{siteId}", response_model=Success[SettingRegion], summary="Update the integration setting")
def update_setting(
    services: Wired,
    caller: Authorised,
    body: Annotated[SettingUpdate, Body(openapi_examples={"document": {"value": samples.SETTING_UPDATE}})],
) -> Answer:
    """Set the region in which the site's new jobs run."""
    with services.database.write() as s:
        site = sites.set_region(s, caller.site_id, body.region)
    return Answer(success_body({"site_id": site.site_id, "region": site.region}))
