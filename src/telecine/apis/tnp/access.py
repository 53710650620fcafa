"""Who may call: the exchange of an access key for a token, and the check of that token on every route.

The site in the path must be the token's site, and the account behind the token must still have the access key that
the token was issued for. Both are checked here, for every route, before it runs.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Path, Request
from fastapi.security import HTTPBasic, HTTPBearer
from starlette.requests import HTTPConnection

from telecine.apis.services import Services, Wired
from telecine.apis.tokens import Claims, bare
from telecine.catalog import logins, sites
from telecine.catalog.models import Account
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
    login, key = _credentials(request.headers.get("authorization", ""))
    address = request.client.host if request.client else "unknown"
    counted = (f"login:{site_id}:{login.lower()}", f"address:{address}")
    account = _proven(services, site_id, login, key, counted)
    if account is None:
        with services.database.write() as s:
            for name in counted:
                logins.failed(s, name, services.now())
        _log.warning("wrong credentials", site=repr(site_id), address=address)
        raise TelecineError(ErrorKind.UNAUTHENTICATED)
    with services.database.write() as s:
        logins.succeeded(s, counted[0])  # the address stays counted: its owner may be guessing at other accounts
    claims = Claims(account.site_id, account.account_id, account.key_version)
    return f"Bearer {services.tnp_tokens.issue(claims, services.now())}"


def _proven(services: Services, site_id: str, login: str, key: str, counted: tuple[str, ...]) -> Account | None:
    """The account of `login` where `key` is its access key."""
    with services.database.read() as s:
        for name in counted:
            logins.check(s, name, services.now())
        account = sites.find_account(s, site_id, login)
    expected = sites.access_key(services.sealer, account) if account else ""
    same = hmac.compare_digest(expected.encode(), key.encode())
    return account if same and expected else None


def _credentials(header: str) -> tuple[str, str]:
    """Login and access key of a Basic header, its scheme in any case. Raises UNAUTHENTICATED."""
    scheme, _, encoded = header.strip().partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError
        login, colon, key = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        if not (login and colon and key):
            raise ValueError
    except (binascii.Error, ValueError) as error:
        why = "There is no Authorization header with Basic credentials of the form login:accessKey."
        raise TelecineError(ErrorKind.UNAUTHENTICATED, why) from error
    return login, key
