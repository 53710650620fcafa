"""Every route of the packaging dialect under its prefix, and where the dialect answers."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter

from telecine.apis.hosts import Dialect
from telecine.apis.packaging import (
    PREFIX,
    routes_detection,
    routes_job,
    routes_revocation,
    routes_session,
    routes_storage,
)
from telecine.apis.packaging.faults import API_VERSION, Fault, error_body, error_status
from telecine.apis.packaging.schema import Failure

_ERRORS = {
    401: "The credentials or the token in the Authorization header are not good.",
    400: "The envelope or a field in it is wrong; `errors` names it.",
    403: "The hash does not match or the data cannot be decrypted; or the site may not do this.",
    404: "There is no such site, path or version.",
    405: "The path does not know the method.",
    409: "The Idempotency-Key was used for another request.",
    413: "The body is too large.",
    429: "Too many failed attempts, or more detections than the site may ask for.",
    500: "Something went wrong on our side.",
    503: "The storage, or the database, does not answer.",
}


def dialect(hosts: Iterable[str]) -> Dialect:
    """Where the dialect answers; `hosts` are the names on which it does so without its prefix."""
    return Dialect(PREFIX, "/api/", frozenset(hosts), error_body, error_status)


def router() -> APIRouter:
    """Every route of the dialect."""
    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": Failure, "description": text} for status, text in _ERRORS.items()
    }
    whole = APIRouter(responses=errors)
    whole.include_router(routes_storage.routes)
    whole.include_router(routes_job.routes)
    whole.include_router(routes_session.routes)
    whole.include_router(routes_revocation.routes)
    whole.include_router(routes_detection.routes)
    whole.include_router(_versions)
    return whole


_versions = APIRouter(prefix=f"{PREFIX}/api/{{version}}", include_in_schema=False)


# After those of the version that there is, and with just their methods, so that a wrong method stays one.
@_versions.api_route("/storage/{siteId}", methods=["GET", "POST", "PUT"])
@_versions.api_route("/pack/{siteId}", methods=["GET", "POST"])
@_versions.api_route("/session/{call:path}", methods=["GET", "POST"])
@_versions.api_route("/detect/{siteId}/url", methods=["POST"])
@_versions.api_route("/detect/{siteId}/list", methods=["GET"])
@_versions.api_route("/detect/{siteId}/detail", methods=["GET"])
def refuse_version(version: str) -> None:
    """Answer for versions that are not there."""
    raise Fault(API_VERSION, "version", f"{version[:20]!r} is not there, but v2 is.")
