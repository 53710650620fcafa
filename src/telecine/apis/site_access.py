"""Who may call for a site: the token that every route wants, and how the OpenAPI page shows it.

Both the site and the account are checked here, for every route, before it runs.
"""

from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPBasic, HTTPBearer
from pydantic import Field
from starlette.requests import HTTPConnection

from telecine.apis.bearer import Caller, caller_of
from telecine.apis.services import Wired
from telecine.apis.wire import Shown

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


def _caller(request: Request, services: Wired, site_id: SiteInPath) -> Caller:
    """Whoever the token names. Raises TOKEN_INVALID, TOKEN_EXPIRED, and FORBIDDEN for another site's token."""
    return caller_of(request, services, site_id)


Authorised = Annotated[Caller, Depends(_caller)]
"""Declare a parameter of this type in every route of a site."""


class TokenData(Shown):
    """A token, ready to be sent back as the Authorization header."""

    token: Annotated[str, Field(pattern="^Bearer .+", examples=["Bearer valid-token"])]
