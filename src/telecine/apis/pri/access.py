"""Who may call, and for which site: by the caller's address, by credentials, by the relative path.

The document has no authentication, so a site lists networks. Credentials, where they are sent, must be right, and
name the site; where a site requires them they must be sent. A relative path that ends in a site's id
(`/pri/DEMO/cxf/…`) names it too. What is left is the one site whose list has the caller's address; where there are
two, none is.
"""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPBasic
from starlette.requests import HTTPConnection

from telecine.apis.credentials import prove, read_credentials
from telecine.apis.hosts import RELATIVE
from telecine.apis.services import Services, Wired
from telecine.catalog import pri_access, sites
from telecine.catalog.pri_access import Rule
from telecine.core.errors import ErrorKind, TelecineError

_log = structlog.get_logger()


class _ShownBasic(HTTPBasic):
    """Says on the OpenAPI page how to authenticate. The header is read by ourselves."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Leave the request alone."""


basic_scheme = _ShownBasic(scheme_name="siteAccount", description="Email or account id, and access key. Optional.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may act for a site."""

    site_id: str


def _caller(request: Request, services: Wired) -> Caller:
    """The site that the caller may act for. Raises ACCESS_REFUSED, UNAUTHENTICATED, TOO_MANY_ATTEMPTS."""
    address = request.client.host if request.client else ""
    with services.database.read() as s:
        rules = pri_access.rules(s)
        named = _named(request, {site.site_id for site in sites.every(s)})
    admitting = [rule for rule in rules if rule.admits(address) and named in ("", rule.site_id)]
    if not admitting:
        _log.warning("address is on no site's list", address=address, site=repr(named))
        raise TelecineError(ErrorKind.ACCESS_REFUSED, f"No site lets {address or 'this address'} call.")
    header = request.headers.get("authorization", "")
    if header:
        return _proven(services, admitting, header, address)
    return _alone(admitting, address, by_browser="origin" in request.headers)


def _named(request: Request, known: set[str]) -> str:
    """The site that the last part of the relative path names; empty where that is the id of none."""
    last = str(request.scope.get(RELATIVE, "")).rpartition("/")[2]
    return last if last in known else ""


def _proven(services: Services, rules: list[Rule], header: str, address: str) -> Caller:
    login, key = read_credentials(header, ("basic", "bearer"))
    site_ids = [rule.site_id for rule in rules]
    about = site_ids[0] if len(site_ids) == 1 else "pri"
    return Caller(prove(services, site_ids, login, key, about=about, address=address).site_id)


def _alone(rules: list[Rule], address: str, *, by_browser: bool) -> Caller:
    """The one site of these that may be called without credentials.

    A browser that sits at an admitted address may be led here by any page that it shows; it has to prove itself.
    """
    free = [rule.site_id for rule in rules if not rule.require_credentials]
    if not free:
        raise TelecineError(ErrorKind.UNAUTHENTICATED, "The site requires them.")
    if by_browser:
        raise TelecineError(ErrorKind.UNAUTHENTICATED, "The request comes from a web page.")
    if len(free) > 1:
        detail = (
            f"Several sites let {address} call: send credentials, name the site in the path (/pri/{free[0]}/cxf/…), "
            "or part their networks."
        )
        raise TelecineError(ErrorKind.ACCESS_REFUSED, detail)
    return Caller(free[0])


Authorised = Annotated[Caller, Depends(_caller)]
"""Declare a parameter of this type in every route."""
