"""Every route of the dialect under its prefix, and where the dialect answers."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter

from telecine.apis.hosts import Dialect
from telecine.apis.pixop import PREFIX, routes_account, routes_media, routes_process, routes_project, routes_video
from telecine.apis.pixop.envelope import error_body, error_status
from telecine.apis.pixop.schema import Failure

_ERRORS = {
    400: "A field is missing, wrong or out of range; `errorMessage` names it.",
    401: "Token, or email and password, are missing or not good; `exception` says why.",
    403: "The team's site may not do this.",
    404: "The team has no such thing.",
    405: "The path does not know the method.",
    409: "The present state does not allow it.",
    413: "The body is too large.",
    422: "The media or what is asked of it cannot be used.",
    429: "Too many failed attempts; `Retry-After` says how long to wait.",
    500: "Something went wrong on our side.",
    503: "The storage, or the database, does not answer.",
}

SERVICES = (
    routes_account.routes,
    routes_project.routes,
    routes_video.routes,
    routes_process.routes,
    *routes_media.ROUTERS,
)
"""The routers of the three services, in the order of the OpenAPI page."""


def dialect(hosts: Iterable[str]) -> Dialect:
    """Where the dialect answers; `hosts` are the names on which it does so without its prefix."""
    more = ("/videos/v1/", "/media/v1/")
    return Dialect(PREFIX, "/accounts/v1/", frozenset(hosts), error_body, error_status, more_roots=more)


def router() -> APIRouter:
    """Every route of the dialect."""
    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": Failure, "description": text} for status, text in _ERRORS.items()
    }
    whole = APIRouter(responses=errors)
    for service in SERVICES:
        whole.include_router(service)
    return whole
