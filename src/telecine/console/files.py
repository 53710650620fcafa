"""Serves what jobs published, where the bucket store is a folder: the embedded default's own content server.

Only buckets that are registered as output are served, and none that is also somebody's input: sources are private.
An S3 store publishes by itself; there these routes answer 404.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from telecine.core.errors import TelecineError
from telecine.storage.content_types import content_type
from telecine.storage.names import check_bucket, check_key
from telecine.storage.parts import is_part

_EXPOSED = "Accept-Ranges, Content-Length, Content-Range, ETag"


def router(root: Path, is_public: Callable[[str], bool], origins: Sequence[str]) -> APIRouter:
    """Routes under `/files/{bucket}/{key}` for the buckets under `root` that `is_public` admits.

    `origins` may read the files from a browser; `*` stands for all.
    """
    routes = APIRouter(prefix="/files", include_in_schema=False)

    @routes.api_route("/{bucket}/{key:path}", methods=["GET", "HEAD"])
    def read(bucket: str, key: str, request: Request) -> Response:
        path = _path(root, bucket, key)
        if path is None or not is_public(bucket):
            raise HTTPException(404, f"{bucket}/{key} is not published here.")
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", **_cors(request, origins)}
        answer = FileResponse(path, media_type=content_type(key), headers=headers, stat_result=path.stat())
        known = request.headers.get("if-none-match", "")
        if answer.headers["etag"] in [tag.strip().removeprefix("W/") for tag in known.split(",")]:
            return Response(status_code=304, headers={**headers, "ETag": answer.headers["etag"]})
        return answer

    @routes.options("/{bucket}/{key:path}")
    def preflight(request: Request) -> Response:
        allowed = {"Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Allow-Headers": "*"}
        return Response(status_code=204, headers={**allowed, **_cors(request, origins)})

    return routes


def _path(root: Path, bucket: str, key: str) -> Path | None:
    """The file of `key`, or None where there is none, or where the name would lead out of the bucket's folder."""
    try:
        folder = (root / check_bucket(bucket)).resolve()
        path = folder.joinpath(*check_key(key).split("/")).resolve()
        inside = folder.parent == root.resolve() and path.is_relative_to(folder)
        return path if inside and path.is_file() and not is_part(path.name) else None
    except (TelecineError, OSError, RuntimeError):  # no such name can be; too long; links in a circle
        return None


def _cors(request: Request, origins: Sequence[str]) -> dict[str, str]:
    origin = request.headers.get("origin", "")
    if "*" in origins:
        return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
    if origin in origins:
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _EXPOSED, "Vary": "Origin"}
    return {"Vary": "Origin"}
