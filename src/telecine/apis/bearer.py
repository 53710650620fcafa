"""Site tokens, which more than one dialect takes: an access key is exchanged for one, and it says who calls.

The site in the path must be the token's site, and the account behind the token must still have the access key that
the token was issued for.
"""

from dataclasses import dataclass

import structlog
from fastapi import Request

from telecine.apis.credentials import prove, read_credentials
from telecine.apis.services import Services
from telecine.apis.tokens import Claims, bare
from telecine.catalog import sites
from telecine.core.errors import ErrorKind, TelecineError

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that may act for a site."""

    site_id: str
    account_id: str


def caller_of(request: Request, services: Services, site_id: str) -> Caller:
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


def issue_token(request: Request, services: Services, site_id: str) -> str:
    """A token for the account whose Basic credentials the request carries, with `Bearer` before it.

    Raises UNAUTHENTICATED, the same for an unknown site, an unknown account and a wrong key, and TOO_MANY_ATTEMPTS.
    """
    login, key = read_credentials(request.headers.get("authorization", ""))
    address = request.client.host if request.client else "unknown"
    account = prove(services, [site_id], login, key, about=site_id, address=address)
    claims = Claims(account.site_id, account.account_id, account.key_version)
    return f"Bearer {services.tnp_tokens.issue(claims, services.now())}"
