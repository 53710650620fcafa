"""Conditional and partial requests, after RFC 9110 (sections 13 and 14), decided from the headers alone.

One range is answered and several are not: no player asks for several, and a server may ignore what it does not want.
Entity tags are strong and there are no modification times: those would tell which variant was written first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """What is sent: bytes `start` up to but without `end` of an object, with this status."""

    status: int
    start: int = 0
    end: int = 0

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.end - self.start


def choose(headers: Mapping[str, str], etag: str, size: int) -> Part:
    """What of an object of `size` bytes with the quoted `etag` answers a GET or HEAD with these headers.

    The status is 200, 206, 304, 412 or 416; the last three send nothing. Names of headers are lower-case.
    """
    if (wanted := headers.get("if-match")) is not None and not _names(wanted, etag):
        return Part(412)
    if (known := headers.get("if-none-match")) is not None and _names(known, etag, weak=True):
        return Part(304)
    asked = _RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if asked is None or asked[0].endswith("=-") or headers.get("if-range", etag) != etag:
        return Part(200, 0, size)
    return _part(asked[1], asked[2], size)


def _part(first: str, last: str, size: int) -> Part:
    if not first:  # so many bytes of the end
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:  # no range at all, which is as if there were none
            return Part(200, 0, size)
    return Part(206, start, end) if start < end else Part(416)


def _names(listed: str, etag: str, *, weak: bool = False) -> bool:
    tags = [tag.strip() for tag in listed.split(",")]
    return "*" in tags or etag in [tag.removeprefix("W/") if weak else tag for tag in tags]
