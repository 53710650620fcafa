"""Every route of the DWM dialect under its prefix, and where the dialect answers."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter

from telecine.apis.dwm import PREFIX, routes_copy, routes_detection, routes_job, routes_recipient, routes_site
from telecine.apis.dwm.mapping import error_body
from telecine.apis.dwm.schema import Failure
from telecine.apis.hosts import Dialect

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
    503: "The database does not answer.",
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
    whole.include_router(routes_site.routes, tags=["DWM: token"])
    whole.include_router(routes_job.routes, tags=["DWM: job"])
    whole.include_router(routes_copy.links, tags=["DWM: job"])
    whole.include_router(routes_copy.files)
    whole.include_router(routes_recipient.routes, tags=["DWM: recipient"])
    whole.include_router(routes_detection.routes, tags=["DWM: detection"])
    return whole
