"""Who may call: the exchange of an access key for a token, and the check of that token on every route.

The site in the path must be the token's site, and the account behind the token must still have the access key that
the token was issued for. Both are checked here, for every route, before it runs.
"""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Path, Request
from fastapi.security import HTTPBasic, HTTPBearer
from starlette.requests import HTTPConnection

from telecine.apis.credentials import prove, read_credentials
from telecine.apis.services import Services, Wired
from telecine.apis.tokens import Claims, bare
from telecine.catalog import sites
from telecine.core.errors import ErrorKind, TelecineError

_log = structlog.get_logger()

SiteInPath = Annotated[str, Path(alias="siteId", description="Four letters or digits.", examples=["DEMO"])]


class _ShownBasic(HTTPBasic):
    """Says in the OpenAPI page how to authenticate. The header is read by ourselves, more tolerantly."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Leave the request alone."""


class _ShownBearer(HTTPBearer):
    """The same for tokens."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Leave the request alone."""


basic_scheme = _ShownBasic(scheme_name="accessKey", description="Email or account id, and access key.")
token_scheme = _ShownBearer(scheme_name="token", description="`data.token` of the token call.")


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that may act for a site."""

    site_id: str
    account_id: str


def _caller(request: Request, services: Wired, site_id: SiteInPath) -> Caller:
    """Whoever the token names. Raises TOKEN_INVALID, TOKEN_EXPIRED, and FORBIDDEN for another site's token."""
    token = bare(request.headers.get("authorization"))
    if not token:
        raise TelecineError(ErrorKind.TOKEN_INVALID, "There is none.")
    claims = services.tnp_tokens.read(token, services.now())
    with services.database.read() as s:
        account = sites.find_account(s, claims.site_id, claims.account_id)
    if account is None or account.key_version != claims.key_version:
        raise TelecineError(ErrorKind.TOKEN_INVALID, "Its access key was replaced or revoked.")
    if claims.site_id != site_id:
        _log.warning("token of another site", site=claims.site_id, asked_for=repr(site_id), account=claims.account_id)
        raise TelecineError(ErrorKind.FORBIDDEN)
    return Caller(claims.site_id, claims.account_id)


Authorised = Annotated[Caller, Depends(_caller)]
"""Declare a parameter of this type in every route of a site."""


def issue_token(request: Request, services: Services, site_id: str) -> str:
    """A token for the account whose Basic credentials the request carries, with `Bearer` before it.

    Raises UNAUTHENTICATED, the same for an unknown site, an unknown account and a wrong key, and TOO_MANY_ATTEMPTS.
    """
    login, key = read_credentials(request.headers.get("authorization", ""))
    address = request.client.host if request.client else "unknown"
    account = prove(services, [site_id], login, key, about=site_id, address=address)
    claims = Claims(account.site_id, account.account_id, account.key_version)
    return f"Bearer {services.tnp_tokens.issue(claims, services.now())}"
