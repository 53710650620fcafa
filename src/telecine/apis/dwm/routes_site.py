"""DWM routes: the token. It is the same as the T&P API's: one account, one token for both."""

from fastapi import APIRouter, Request, Security

from telecine.apis.answers import Success, success_body
from telecine.apis.bearer import issue_token
from telecine.apis.bodies import JsonRoute
from telecine.apis.dwm import PREFIX
from telecine.apis.envelope import Answer
from telecine.apis.services import Wired
from telecine.apis.site_access import SiteInPath, TokenData, basic_scheme

routes = APIRouter(prefix=f"{PREFIX}/api/token", route_class=JsonRoute, dependencies=[Security(basic_scheme)])


@routes.get("/{siteId}", response_model=Success[TokenData], summary="Get a token")
def get_token(request: Request, services: Wired, site_id: SiteInPath) -> Answer:
    """Exchange `email:accessKey` or `accountId:accessKey` for a token."""
    return Answer(success_body({"token": issue_token(request, services, site_id)}))
