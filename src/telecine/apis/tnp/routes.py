"""Every route of the T&P dialect under its prefix, and where the dialect answers."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter

from telecine.apis.hosts import Dialect
from telecine.apis.tnp import (
    PREFIX,
    routes_detection,
    routes_job,
    routes_notification,
    routes_site,
    routes_storage,
)
from telecine.apis.tnp.mapping import error_body
from telecine.apis.tnp.schema import Failure

_ERRORS = {
    400: "A field is missing, wrong or out of range; `error_message` names it.",
    401: "The credentials or the token are missing, wrong or expired.",
    403: "The token is of another site, or the site may not do this.",
    404: "There is no such thing in this site.",
    405: "The path does not know the method.",
    409: "The present state does not allow it.",
    413: "The body is too large.",
    429: "Too many failed attempts, after which `Retry-After` says how long to wait; or too many detections.",
    500: "Something went wrong on our side.",
    503: "The storage, or the database, does not answer.",
}


def dialect(hosts: Iterable[str]) -> Dialect:
    """Where the dialect answers; `hosts` are the names on which it does so without its prefix."""
    return Dialect(prefix=PREFIX, root="/api/", hosts=frozenset(hosts), error_body=error_body)


def router() -> APIRouter:
    """Every route of the dialect."""
    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": Failure, "description": text} for status, text in _ERRORS.items()
    }
    whole = APIRouter(responses=errors)
    whole.include_router(routes_site.token, tags=["T&P: token"])
    whole.include_router(routes_site.setting, tags=["T&P: setting"])
    whole.include_router(routes_job.routes, tags=["T&P: job"])
    whole.include_router(routes_storage.routes, tags=["T&P: storage"])
    whole.include_router(routes_notification.routes, tags=["T&P: notification"])
    whole.include_router(routes_detection.routes, tags=["T&P: detection"])
    return whole
