"""`POST /licence/clearkey`: keys for browsers, to whoever shows a playback token that opens them.

A key is given only if it is of the token's site and content, and of a label within the token's tracks. Which of the
KIDs exist at all is not told.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPBearer
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from telecine.apis.bodies import AnyTypeRoute
from telecine.apis.envelope import Answer
from telecine.apis.hosts import Dialect
from telecine.apis.licence import PREFIX
from telecine.apis.licence.schema import Failure, Jwk, Licence, LicenceRequest, error_body
from telecine.apis.playback import Playback
from telecine.apis.services import Services, Wired
from telecine.apis.tokens import bare
from telecine.catalog import content_keys
from telecine.core.errors import ErrorKind, TelecineError

_log = structlog.get_logger()

_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Failure, "description": "The request is no ClearKey request."},
    401: {"model": Failure, "description": "There is no playback token, or it is wrong or has expired."},
    403: {"model": Failure, "description": "The token opens none of these keys."},
    405: {"model": Failure, "description": "The path does not know the method."},
    413: {"model": Failure, "description": "The body is too large."},
    500: {"model": Failure, "description": "Something went wrong on our side."},
    503: {"model": Failure, "description": "The database does not answer."},
}


class _ShownBearer(HTTPBearer):
    """Says in the OpenAPI page how to authenticate. The header is read by ourselves, more tolerantly."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Leave the request alone."""


_scheme = _ShownBearer(scheme_name="playback token", description="Printed by `telecine token`.")
_QueryToken = Annotated[str, Query(description="The playback token, for players that cannot set headers.")]


def _playback(request: Request, services: Wired, token: _QueryToken = "") -> Playback:
    """What the caller's token opens; one in the header goes before one in the query. TOKEN_INVALID, TOKEN_EXPIRED."""
    shown = bare(request.headers.get("authorization")) or token
    if not shown:
        raise TelecineError(ErrorKind.TOKEN_INVALID, "There is none.")
    return services.playback_tokens.read(shown, services.now())


routes = APIRouter(prefix=PREFIX, tags=["Licence"], route_class=AnyTypeRoute, responses=_ERRORS)


@routes.post("/clearkey", response_model=Licence, summary="ClearKey licence", dependencies=[Depends(_scheme)])
def clearkey(asked: LicenceRequest, services: Wired, playback: Annotated[Playback, Depends(_playback)]) -> Answer:
    """The keys that the token opens, of those that the browser asks for; 403 where it opens none."""
    keys = _opened(services, playback, asked.binary())
    _log.info(
        "licence", site=playback.site_id, content=repr(playback.content_id), tracks=playback.tracks, keys=len(keys)
    )
    if not keys:
        raise TelecineError(ErrorKind.LICENCE_REFUSED, "the token opens none of these keys.")
    return Answer(Licence(keys=keys).model_dump())


def _opened(services: Services, playback: Playback, kids: Sequence[bytes]) -> list[Jwk]:
    with services.database.read() as s:
        rows = [content_keys.find(s, playback.site_id, kid) for kid in kids]
    return [
        Jwk.of(content_keys.opened(services.sealer, row))
        for row in rows
        if row is not None and playback.opens(row.content_id, row.label)
    ]


def dialect() -> Dialect:
    """Where licences are answered."""
    return Dialect(prefix=PREFIX, root=f"{PREFIX}/", hosts=frozenset(), error_body=error_body)


class LicenceCors:
    """ASGI middleware by which pages of `origins` may get licences; `*` stands for all. Refusals carry it too."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._shared = CORSMiddleware(app, allow_origins=origins, allow_methods=["POST"], allow_headers=["*"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, through CORS where it is for a licence."""
        ours = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        await (self._shared if ours else self._app)(scope, receive, send)
