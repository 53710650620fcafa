"""The document's addresses of objects: `s3://` and `as3://`, with or without the name of S3's own host."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from telecine.apis.findings import Findings

_URI = re.compile(r"(?:a?s3)://([^/]+)(?:/(.*))?", re.IGNORECASE | re.DOTALL)
_S3_HOST = re.compile(r"s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?", re.IGNORECASE)
_FILES = frozenset({".m3u8", ".mpd", ".mp4", ".m4v", ".m4a", ".mov", ".cmfv", ".cmfa"})
"""Ends of names that mean a file; another name without a slash at its end is taken for a folder."""

LONGEST_KEY = 900
"""Bytes; S3 takes 1024, and the names of a tree come behind a destination."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket and a key in it, without a slash at its beginning."""

    bucket: str
    key: str


def read_uri(text: str, at: str, endpoint_host: str, found: Findings) -> Place | None:
    """The place that `text` names. `endpoint_host` is that of the deployment's own S3, beside Amazon's.

    Nothing in it is decoded: an S3 key is what it looks like.
    """
    match = _URI.fullmatch(text.strip())
    if match is None:
        found.invalid(at, "it must look like s3://bucket/key or s3://s3.amazonaws.com/bucket/key.")
        return None
    host, rest = match[1], match[2] or ""
    if _S3_HOST.fullmatch(host) or host.partition(":")[0].lower() == endpoint_host.lower() != "":
        host, _, rest = rest.partition("/")
    if not host:
        found.invalid(at, "it names no bucket.")
        return None
    return Place(host, rest) if _fits(rest, at, found) else None


def asset_key(place: Place, at: str, found: Findings) -> str:
    """The key of a source as a job has it: that of a file, or of a folder with a slash at its end."""
    key = place.key
    if not key.strip("/"):
        found.invalid(at, "it names a whole bucket; name the asset's folder or file in it.")
    if key.endswith("/") or PurePosixPath(key).suffix.lower() in _FILES:
        return key
    return f"{key}/"


def folder(place: Place) -> str:
    """The key of a destination as a job has it, without slashes at its ends."""
    return place.key.strip("/")


def _fits(key: str, at: str, found: Findings) -> bool:
    """Whether every store can have such a key."""
    parts = key.removesuffix("/").split("/") if key else []
    if not all(parts) or any(part in (".", "..") for part in parts) or "\\" in key or not key.isprintable():
        found.invalid(at, "its key must not hold '//', backslashes, control characters, or '.' or '..' as a folder.")
        return False
    if len(key.encode()) > LONGEST_KEY:
        found.out_of_range(at, f"its key may have {LONGEST_KEY} bytes.")
        return False
    return True
