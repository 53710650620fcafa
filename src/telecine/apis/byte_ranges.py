"""Range requests as RFC 9110 has them: which bytes a client asks for, and whether it has them already."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

MOST_RANGES = 64
"""Ranges of one request that are answered one by one."""
_NEAR = 128
"""Bytes between two ranges that cost less than the framing of another part."""

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


def spans_of(header: str, size: int) -> Sequence[Span] | None:
    """The ranges of a file of `size` bytes that a Range header asks for, in its order; None for the whole.

    Ranges that lie behind the end are left out, those that overlap or almost touch become one, and then all are in
    the order of the file. The whole is also the answer to a set that would cost more than it (RFC 9110, section 14.2):
    more than `MOST_RANGES`, or bytes that are asked for three times. Raises Unsatisfiable where nothing is left.
    """
    unit, _, listed = header.strip().partition("=")
    specs = [spec for spec in (spec.strip() for spec in listed.split(",", MOST_RANGES + 1)) if spec]
    if not 0 < len(specs) <= MOST_RANGES:
        return None
    spans = []
    for spec in specs:
        try:
            span = span_of(f"{unit}={spec}", size)
        except Unsatisfiable:
            continue
        if span is None:
            return None
        spans.append(span)
    if not spans:
        raise Unsatisfiable
    return None if _thrice(spans) else _merged(spans)


def _thrice(spans: Sequence[Span]) -> bool:
    """Whether some byte lies in three of the ranges."""
    steps = sorted([(span.start, 1) for span in spans] + [(span.end, -1) for span in spans])
    depth = 0
    for _, step in steps:
        depth += step
        if depth > 2:
            return True
    return False


def _merged(spans: Sequence[Span]) -> Sequence[Span]:
    """The ranges as they are; where two are close, all in order, with those that are as one."""
    ordered = sorted(spans)
    if all(second.start - first.end > _NEAR for first, second in pairwise(ordered)):
        return spans
    merged = ordered[:1]
    for span in ordered[1:]:
        last = merged[-1]
        if span.start - last.end > _NEAR:
            merged.append(span)
        else:
            merged[-1] = Span(last.start, max(last.end, span.end))
    return merged


def knows(if_none_match: str, etag: str) -> bool:
    """Whether a client that sent this If-None-Match header has what is called `etag` (with its quotes)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def may_continue(if_range: str, etag: str) -> bool:
    """Whether a range is still of what the client has the beginning of: no If-Range, or this strong `etag`."""
    return if_range.strip() in ("", etag)
