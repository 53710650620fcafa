"""Request bodies, read within bounds and strictly, before anything looks inside.

JSON as Python reads it is wider than JSON as others do: NaN, numbers without end, half surrogate pairs, any depth.
What passes here can be stored by every database and given back as it came. The content type matters little: clients
send it with every charset, or not at all.
"""

import json
import math
from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Annotated, Any, NoReturn

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from telecine.catalog.text import LARGEST_ID, storable
from telecine.core.errors import ErrorKind, TelecineError

DEEPEST = 32
"""Levels of nesting; the documents need eight."""

CHARSETS = frozenset({"iso-8859-1", "us-ascii", "windows-1252", "euc-kr", "ks_c_5601-1987", "cp949", "shift_jis"})
"""What a body that is no UTF may be in, where its content type says so. Python knows codecs that are slow traps."""

_KEPT = "telecine.body"

SENT_TYPE = "telecine.content-type"
"""Where the scope of a request with a body keeps the content type as it was sent; None where none was."""


class JsonRoute(APIRoute):
    """A route whose body, where it has one, is one JSON object of bounded size."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler behind a strict reader of the body."""
        usual = super().get_route_handler()
        if self.body_field is None:
            return usual

        async def handler(request: Request) -> Response:
            return await usual(await _strict(request))

        return handler


def _sent(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = request.scope.get(_KEPT, {})
    return body


SentBody = Annotated[dict[str, Any], Depends(_sent)]
"""Declare a parameter of this type to have the body as it was sent, before any model read it."""


class _ParsedRequest(Request):
    """A request whose body was parsed already. FastAPI is told that it is JSON, whatever the client called it."""

    async def json(self) -> Any:  # noqa: ANN401 - that is what JSON is
        return self.scope[_KEPT]


async def _strict(request: Request) -> Request:
    """The request with its body checked and parsed. Raises BODY_TOO_LARGE, BODY_NOT_JSON."""
    raw = await _bounded(request, request.app.state.services.settings.body_bytes)
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
    scope = {**request.scope, "headers": [*headers, (b"content-type", b"application/json")]}
    scope[SENT_TYPE] = request.headers.get("content-type")
    if raw:
        scope[_KEPT] = parse(raw, _charset(request.headers.get("content-type")))
    parsed = _ParsedRequest(scope, request.receive)
    parsed._body = raw  # the stream was read above and cannot be read again
    return parsed


async def _bounded(request: Request, limit: int) -> bytes:
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


def parse(raw: bytes, charset: str = "utf-8") -> dict[str, Any]:
    """The JSON object in `raw`: UTF-8, UTF-16 or UTF-32, else `charset` where it is one of `CHARSETS`.

    Raises BODY_NOT_JSON where it is none, or holds what cannot be kept.
    """
    try:
        value = json.loads(_decoded(raw, charset), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _not_json(f"{error.msg} (line {error.lineno}, column {error.colno}).") from error
    except RecursionError as error:
        raise _not_json("it is nested too deeply.") from error
    except ValueError as error:  # a constant that is no JSON, an integer of thousands of digits
        raise _not_json("it holds a number that is none.") from error
    if not isinstance(value, dict):
        raise _not_json("it is not an object.")
    _check(value, DEEPEST)
    return value


def _decoded(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(json.detect_encoding(raw)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if charset in CHARSETS:
            return raw.decode(charset, errors="replace")
        raise _not_json("it is not UTF-8.") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check(value: object, depth: int) -> None:
    """Raise BODY_NOT_JSON where `value` cannot be stored everywhere or is nested more than `depth` levels deep."""
    if depth < 0:
        raise _not_json("it is nested too deeply.")
    if isinstance(value, str):
        if not storable(value):
            raise _not_json("it holds a character that cannot be stored.")
    elif isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > LARGEST_ID:
            raise _not_json("it holds a number that is too large.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check(key, depth)
            _check(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth - 1)


def _not_json(detail: str) -> TelecineError:
    return TelecineError(ErrorKind.BODY_NOT_JSON, detail)
