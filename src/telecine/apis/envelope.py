"""The shape of every answer, good or bad, and the handlers that keep a failure inside it.

Clients parse the body before they look at the status, so no path may answer anything but JSON: unknown paths and
methods, bodies that are no JSON, and our own faults included.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from traceback import format_exception
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telecine.apis.findings import Problems
from telecine.apis.hosts import Dialect, host_of
from telecine.apis.invalid import translate
from telecine.catalog.database import unreachable
from telecine.core.errors import ErrorKind, TelecineError

_log = structlog.get_logger()

_SECONDS = re.compile(r"(\d+) s\b")


class Answer(JSONResponse):
    """A JSON answer as the documents print it, which no cache may keep."""

    media_type = "application/json;charset=UTF-8"

    def __init__(self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:  # noqa: ANN401
        fixed = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        super().__init__(content, status_code, {**fixed, **(headers or {})})

    def render(self, content: Any) -> bytes:  # noqa: ANN401
        """The bytes of `content`, three times as quickly as by the standard library; NaN becomes null."""
        return to_json(content, inf_nan_mode="null")


def failure(request: Request, error: TelecineError) -> Answer:
    """The answer that reports `error` in the words of the dialect that was called."""
    dialect = _dialect(request)
    return Answer(dialect.error_body(error), dialect.error_status(error), _headers(request, error))


def _dialect(request: Request) -> Dialect:
    """The dialect in whose paths the request lies, or on whose host; the first where there is none."""
    dialects: Sequence[Dialect] = request.app.state.dialects
    path, host = request.scope["path"], host_of(request.scope)
    owners = [dialect for dialect in dialects if dialect.owns(path)]
    return next(iter(owners + [dialect for dialect in dialects if host in dialect.hosts]), dialects[0])


def _headers(request: Request, error: TelecineError) -> dict[str, str]:
    if error.entry.status == 401:
        scheme = "Basic" if error.kind is ErrorKind.UNAUTHENTICATED else "Bearer"
        return {"WWW-Authenticate": f'{scheme} realm="telecine"'}
    if error.kind is ErrorKind.TOO_MANY_ATTEMPTS:
        seconds = _SECONDS.search(error.detail)
        return {"Retry-After": seconds[1] if seconds else "60"}
    if error.kind is ErrorKind.METHOD_NOT_ALLOWED:
        return {"Allow": ", ".join(_methods(request))}
    return {}


def _methods(request: Request) -> list[str]:
    """The methods that the path of the request knows."""
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.methods and route.path_regex.match(request.scope["path"]):
            found |= route.methods
    return sorted(found)


def install(app: FastAPI, dialects: Sequence[Dialect]) -> None:
    """Make `app` answer every failure in the envelope of the dialect that was called."""
    app.state.dialects = dialects

    def refused(request: Request, error: Exception) -> Answer:
        assert isinstance(error, TelecineError)
        if error.entry.status >= 500:
            _log.error("request failed", kind=error.kind.value, detail=error.detail, path=path_of(request.scope))
        return failure(request, error)

    def invalid(request: Request, error: Exception) -> Answer:
        assert isinstance(error, RequestValidationError)
        found = translate(error.errors())
        return failure(request, found[0] if len(found) == 1 else Problems(found))

    def http(request: Request, error: Exception) -> Answer:
        assert isinstance(error, HTTPException)
        return failure(request, _of_http(request, error))

    app.add_exception_handler(TelecineError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def _of_http(request: Request, error: HTTPException) -> TelecineError:
    """What the framework refused by itself, as one of ours."""
    path = request.scope["path"]
    match error.status_code:
        case 404:
            return TelecineError(ErrorKind.NOT_FOUND, f"The path {path}")
        case 405:
            return TelecineError(ErrorKind.METHOD_NOT_ALLOWED, f"{request.method} is not allowed on {path}.")
        case _:
            return TelecineError(ErrorKind.BODY_NOT_JSON, "it could not be read.")


SHOWN_PATH = "telecine.path"
"""Where a route puts the path of a request for the log, where the one that was sent holds a secret."""


def path_of(scope: Scope) -> str:
    """The path of a request for the log: as it was sent, so that no line break in it can make a line of its own."""
    shown: str | None = scope.get(SHOWN_PATH)
    return shown or bytes(scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")


class LastResort:
    """ASGI middleware that answers for an error nobody expected: says nothing of it, and writes it all in the log."""

    def __init__(self, app: ASGIApp, respond: Callable[[Request, TelecineError], Answer] = failure) -> None:
        self._app = app
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; where that raises, answer 500 with a number that finds the log line."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as unexpected:
            if unreachable(unexpected) and not begun:
                _log.error("database does not answer", error=type(unexpected).__name__, path=path_of(scope))
                error = TelecineError(ErrorKind.DATABASE_UNREACHABLE)
                await self._respond(Request(scope), error)(scope, receive, send)
                return
            number = uuid4().hex[:12]
            # As text: a renderer that prints the variables of every frame would print secrets, and takes minutes.
            trace = "".join(format_exception(unexpected))
            _log.error("unexpected error", number=number, path=path_of(scope), trace=trace)
            if begun:
                raise
            error = TelecineError(ErrorKind.INTERNAL, f"Its number is {number}.")
            await self._respond(Request(scope), error)(scope, receive, send)
