"""The headers of the tus protocol 1.0.0, read strictly."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from telecine.apis.pixop.intake import Hash
from telecine.core.errors import ErrorKind, TelecineError

VERSION = "1.0.0"
PIECE = "application/offset+octet-stream"
"""The media type of a piece."""
ALGORITHMS = ("sha1", "sha256", "md5")
"""Checksums that a piece may have; the protocol asks for SHA-1."""

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checksum:
    """What checks a piece while it comes, and what must come out."""

    check: Hash
    expected: bytes


def number_of(request: Request, name: str) -> int:
    """A header that is a number of bytes. Raises FIELD_MISSING, FIELD_INVALID."""
    value = request.headers.get(name)
    if value is None:
        raise TelecineError(ErrorKind.FIELD_MISSING, field=name)
    if not _NUMBER.fullmatch(value):
        raise TelecineError(ErrorKind.FIELD_INVALID, "it is a number of bytes.", field=name)
    return int(value)


def checksum_of(request: Request) -> Checksum | None:
    """The checksum that a piece comes with, if any. Raises FIELD_INVALID."""
    value = request.headers.get("upload-checksum")
    if value is None:
        return None
    algorithm, _, encoded = value.partition(" ")
    if algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise TelecineError(ErrorKind.FIELD_INVALID, f"the algorithm is one of {known}.", field="Upload-Checksum")
    check = hashlib.new(algorithm, usedforsecurity=False)
    return Checksum(check, _decoded(encoded, "Upload-Checksum"))


def metadata_of(request: Request) -> dict[str, str]:
    """What `Upload-Metadata` says, by its keys. Raises FIELD_INVALID."""
    said = {}
    for pair in request.headers.get("upload-metadata", "").split(","):
        key, _, encoded = pair.strip().partition(" ")
        if key:
            said[key.lower()] = _decoded(encoded, "Upload-Metadata").decode(errors="replace")
    return said


def shown_metadata(said: Mapping[str, str]) -> str:
    """The same, to be sent."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())


def _decoded(encoded: str, field: str) -> bytes:
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, "it is not in Base64.", field=field) from error
