"""Answers with the bytes of something that is stored: whole, or the ranges that a client asks for (RFC 9110).

The bytes are read from the store while they are sent, a piece at a time, so their number does not matter.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from telecine.apis.byte_ranges import Span, Unsatisfiable, knows, may_continue, spans_of


@dataclass(frozen=True, slots=True)
class Content:
    """What is served: `etag` without its quotes, `disposition` by `disposition_of`, `read` from byte to byte."""

    size: int
    etag: str
    media_type: str
    disposition: str
    read: Callable[[int, int], Iterator[bytes]]


def disposition_of(name: str, kind: str = "attachment") -> str:
    """A Content-Disposition that names a file (RFC 6266). Clients that know no more than ASCII get a name in ASCII."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in name)
    named = f'{kind}; filename="{plain}"'
    return named if plain == name else f"{named}; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


def respond(request: Request, content: Content, refuse: Callable[[], Response]) -> Response:
    """The answer to a GET or HEAD for `content`. `refuse` makes the answer 416 where nothing of it was asked for."""
    headers = _headers(content)
    if knows(request.headers.get("if-none-match", ""), f'"{content.etag}"'):
        return Response(status_code=304, headers=headers)
    try:
        spans = _asked(request, content)
    except Unsatisfiable:
        answer = refuse()
        answer.headers["Content-Range"] = f"bytes */{content.size}"
        return answer
    if spans is None:
        return _whole(request, content, headers)
    if len(spans) == 1:
        shown = {"Content-Range": _range(spans[0], content), "Content-Length": str(spans[0].end - spans[0].start)}
        headers |= {"Content-Type": content.media_type} | shown
        return StreamingResponse(content.read(*spans[0]), 206, headers)
    boundary = secrets.token_hex(16)
    heads = [_part_head(span, content, boundary) for span in spans]
    tail = f"\r\n--{boundary}--\r\n".encode()
    length = sum(map(len, heads)) + sum(span.end - span.start for span in spans) + len(tail)
    headers |= {"Content-Type": f"multipart/byteranges; boundary={boundary}", "Content-Length": str(length)}
    return StreamingResponse(_parts(content, spans, heads, tail), 206, headers)


def _asked(request: Request, content: Content) -> Sequence[Span] | None:
    """The ranges to send, None for the whole. Raises Unsatisfiable."""
    asked = request.headers.get("range", "")
    if request.method != "GET" or not may_continue(request.headers.get("if-range", ""), f'"{content.etag}"'):
        return None
    return spans_of(asked, content.size)


def _whole(request: Request, content: Content, headers: dict[str, str]) -> Response:
    headers |= {"Content-Type": content.media_type, "Content-Length": str(content.size)}
    if request.method == "HEAD":
        return Response(status_code=200, headers=headers)
    return StreamingResponse(content.read(0, content.size), 200, headers)


def _headers(content: Content) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache, no-transform",
        "Content-Disposition": content.disposition,
        "ETag": f'"{content.etag}"',
        "X-Content-Type-Options": "nosniff",
    }


def _range(span: Span, content: Content) -> str:
    return f"bytes {span.start}-{span.end - 1}/{content.size}"


def _part_head(span: Span, content: Content, boundary: str) -> bytes:
    """What stands before one range, the line end after the range before it included."""
    lines = ("", f"--{boundary}", f"Content-Type: {content.media_type}", f"Content-Range: {_range(span, content)}", "")
    return "\r\n".join((*lines, "")).encode()


def _parts(content: Content, spans: Sequence[Span], heads: Sequence[bytes], tail: bytes) -> Iterator[bytes]:
    for span, head in zip(spans, heads, strict=True):
        yield head
        yield from content.read(*span)
    yield tail
