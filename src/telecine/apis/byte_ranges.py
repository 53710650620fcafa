"""Range requests as RFC 9110 has them: which bytes a client asks for, and whether it has them already."""

import re
from typing import NamedTuple

_RANGE = re.compile(r"(\d{0,19})-(\d{0,19})", re.ASCII)


class Span(NamedTuple):
    """Bytes `start` to `end`, which is not included."""

    start: int
    end: int


class Unsatisfiable(Exception):  # noqa: N818 - not an error of ours
    """Raised where a client asks for bytes behind the end."""


def span_of(header: str, size: int) -> Span | None:
    """The one range of a file of `size` bytes that a Range header asks for; None where the whole is to be sent.

    That is where there is no header, where it is malformed or in another unit than bytes, and where it asks for several
    ranges, which a server may answer with the whole. Raises Unsatisfiable.
    """
    unit, _, spec = header.strip().partition("=")
    match = _RANGE.fullmatch(spec.strip())
    if unit.strip().lower() != "bytes" or match is None or match[0] == "-":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, end)


def knows(if_none_match: str, etag: str) -> bool:
    """Whether a client that sent this If-None-Match header has what is called `etag` (with its quotes)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def may_continue(if_range: str, etag: str) -> bool:
    """Whether a range is still of what the client has the beginning of: no If-Range, or this strong `etag`."""
    return if_range.strip() in ("", etag)
