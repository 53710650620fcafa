"""The edge as an ASGI application: `telecine edge` serves it.

    app = create_app(Settings(), "DEMO")

It needs the database and the storages, and writes to neither.
"""

import time
from collections.abc import Iterator, Mapping, Sequence

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from telecine.edge.address import Address
from telecine.edge.edge import Edge, Found
from telecine.edge.numbers import Numbers
from telecine.edge.refusal import Outcome, Refused

_EXPOSED = "Accept-Ranges, Content-Length, Content-Range, ETag"
_EVERY = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "cross-origin"}

_log = structlog.get_logger()


def application(edge: Edge, origins: Sequence[str]) -> Starlette:
    """The application over an open edge. Pages of `origins` may read; `*` stands for all."""
    serving = _Serving(edge, origins)
    routes = [
        Route("/health/ready", serving.health),
        Route("/metrics", serving.metrics),
        Route("/{path:path}", serving.preflight, methods=["OPTIONS"]),
        Route("/{path:path}", serving.file),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: serving.refused_by_route})


class _Serving:
    """The routes. They are plain functions: Starlette runs them in threads, and stores wait in theirs."""

    def __init__(self, edge: Edge, origins: Sequence[str]) -> None:
        self._edge = edge
        self._origins = origins
        self._numbers = Numbers(edge.objects)

    def health(self, _: Request) -> Response:
        """Whether this edge can serve: the catalog answers."""
        try:
            self._edge.books.answers()
        except SQLAlchemyError as error:
            _log.error("database does not answer", error=type(error).__name__)
            return _plain(503, {"status": "not ready", "reason": "The database does not answer."})
        return _plain(200, {"status": "ready"})

    def metrics(self, _: Request) -> Response:
        """Numbers for Prometheus."""
        return Response(generate_latest(self._numbers.registry), media_type=CONTENT_TYPE_LATEST)

    def preflight(self, request: Request) -> Response:
        """What a browser asks before a page may read with headers of its own, such as Range."""
        allowed = {
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Allow-Headers": "*",
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=allowed | self._cors(request))

    def refused_by_route(self, request: Request, error: Exception) -> Response:
        """A method that files do not know."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        answer = _plain(status, {"error": "method", "reason": "Files are read with GET and HEAD."})
        answer.headers.update(self._cors(request))
        return answer

    def file(self, request: Request) -> Response:
        """A file of a title, in the variant of whoever asks."""
        begun = time.perf_counter()
        address: Address | None = None
        try:
            address = self._edge.address(request.scope["raw_path"])
            found = self._edge.find(address, dict(request.headers), with_body=request.method != "HEAD")
            answer, outcome, length = self._answer(request, found), found.outcome, found.part.length
        except Refused as refused:
            answer, outcome, length = _refusal(refused), refused.outcome, 0
        except SQLAlchemyError as error:
            _log.error("database does not answer", error=type(error).__name__)
            answer, outcome, length = _refusal(_CATALOG), _CATALOG.outcome, 0
        answer.headers.update(_EVERY | self._cors(request))
        seconds = time.perf_counter() - begun
        self._numbers.note(outcome, seconds)
        _log.info(
            "request",
            # Only what stands behind the token: an access log must not be a list of other people's tokens.
            path=address.path if address else "",
            status=answer.status_code,
            outcome=outcome.value,
            bytes=0 if request.method == "HEAD" else length,
            ms=round(seconds * 1000, 1),
        )
        return answer

    def _answer(self, request: Request, found: Found) -> Response:
        headers = dict(found.headers)
        if found.outcome is not Outcome.SERVED or request.method == "HEAD":
            return Response(status_code=found.part.status, headers=headers)
        return StreamingResponse(self._counted(found.body), found.part.status, headers)

    def _counted(self, body: Iterator[bytes]) -> Iterator[bytes]:
        for piece in body:
            self._numbers.sent(len(piece))
            yield piece

    def _cors(self, request: Request) -> dict[str, str]:
        """Said to whoever asks, page or not: a cache may keep the answer to one for the other."""
        exposed = {"Access-Control-Expose-Headers": _EXPOSED}
        if "*" in self._origins:
            return exposed | {"Access-Control-Allow-Origin": "*"}
        origin = request.headers.get("origin", "")
        allowed = {"Access-Control-Allow-Origin": origin} if origin in self._origins else {}
        return exposed | allowed | {"Vary": "Origin"}


_CATALOG = Refused(Outcome.CATALOG, "The catalog does not answer; try again.")


def _refusal(refused: Refused) -> Response:
    return _plain(refused.status, {"error": refused.outcome.value, "reason": refused.reason})


def _plain(status: int, said: Mapping[str, str]) -> Response:
    return JSONResponse(dict(said), status, headers={"Cache-Control": "no-store"})
