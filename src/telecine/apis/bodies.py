"""Request bodies, read within bounds and strictly, before anything looks inside.

The content type matters little: clients send it with every charset, or not at all.
"""

from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Annotated, Any, ClassVar

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from telecine.apis.strict_json import parse
from telecine.core.errors import ErrorKind, TelecineError

_KEPT = "telecine.body"

SENT_TYPE = "telecine.content-type"
"""Where the scope of a request with a body keeps the content type as it was sent; None where none was."""


class JsonRoute(APIRoute):
    """A route whose body, where it has one, is one JSON object of bounded size."""

    any_type: ClassVar[bool] = False
    """Whether the body may have another content type than JSON's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler behind a strict reader of the body."""
        usual = super().get_route_handler()
        if self.body_field is None:
            return usual

        async def handler(request: Request) -> Response:
            return await usual(await _strict(request, any_type=self.any_type))

        return handler


class AnyTypeRoute(JsonRoute):
    """The same under any content type: players call a licence request by all sorts of names."""

    any_type = True


def _sent(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = request.scope.get(_KEPT, {})
    return body


SentBody = Annotated[dict[str, Any], Depends(_sent)]
"""Declare a parameter of this type to have the body as it was sent, before any model read it."""


class _ParsedRequest(Request):
    """A request whose body was parsed already. FastAPI is told that it is JSON, whatever the client called it."""

    async def json(self) -> Any:  # noqa: ANN401 - that is what JSON is
        return self.scope[_KEPT]


async def _strict(request: Request, *, any_type: bool) -> Request:
    """The request with its body checked and parsed. Raises BODY_TOO_LARGE, BODY_NOT_JSON."""
    raw = await bounded(request, request.app.state.services.settings.body_bytes)
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
    scope = {**request.scope, "headers": [*headers, (b"content-type", b"application/json")]}
    scope[SENT_TYPE] = request.headers.get("content-type")
    if raw:
        scope[_KEPT] = parse(raw, "utf-8" if any_type else _charset(request.headers.get("content-type")))
    parsed = _ParsedRequest(scope, request.receive)
    parsed._body = raw  # the stream was read above and cannot be read again
    return parsed


async def bounded(request: Request, limit: int) -> bytes:
    """The body of the request, read once. Raises BODY_TOO_LARGE where it has more than `limit` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def _too_large(limit: int) -> TelecineError:
    return TelecineError(ErrorKind.BODY_TOO_LARGE, f"at most {limit} bytes.")


def _charset(content_type: str | None) -> str:
    """The charset that the content type names, UTF-8 where none. Raises BODY_NOT_JSON for another type than JSON."""
    if not content_type:
        return "utf-8"
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    if message.get_content_maintype() != "application" or not (subtype == "json" or subtype.endswith("+json")):
        raise TelecineError(ErrorKind.BODY_NOT_JSON, "its content type is not application/json.")
    return message.get_content_charset("utf-8")
