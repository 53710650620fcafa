"""Packaging routes that block leakers: what the published session blocker calls when a detection names somebody.

It gets a site's token by Basic credentials, and with it asks whether the watermarking token of a message is one of
this site's before it blocks its bearer.
"""

from fastapi import APIRouter, Request

from telecine.apis.bearer import issue_token
from telecine.apis.envelope import Answer
from telecine.apis.packaging import PREFIX
from telecine.apis.packaging.access import OpenedOrPlain, SiteInPath, read_as
from telecine.apis.packaging.faults import success_body
from telecine.apis.packaging.schema_session import TokenIssued, Verification, Verified
from telecine.apis.services import Wired
from telecine.catalog import mark_sessions
from telecine.core.errors import TelecineError
from telecine.core.watermark.ticket import TokenRefused

routes = APIRouter(prefix=f"{PREFIX}/api", tags=["Packaging: revocation"])


@routes.get("/token/{siteId}", response_model=TokenIssued, summary="Get a site's token")
def get_token(request: Request, services: Wired, site_id: SiteInPath) -> Answer:
    """Exchange Basic credentials, `email:accessKey` or `accountId:accessKey`, for a token of the site."""
    return Answer(success_body(data={"token": issue_token(request, services, site_id)}))


@routes.post("/v2/detect/{siteId}/revoke-token/verify", response_model=Verified, summary="Look up a token")
def verify(services: Wired, data: OpenedOrPlain) -> Answer:
    """Whether a watermarking token is one of the site's, expired and revoked ones among them."""
    body = read_as(Verification, data)
    try:
        with services.database.read() as s:
            mark_sessions.by_token(s, services.sealer, data.site_id, body.revoke_token)
    except (TelecineError, TokenRefused):
        return Answer(success_body(data={"is_valid": False}))
    return Answer(success_body(data={"is_valid": True}))
