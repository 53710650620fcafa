"""Which bucket names and object keys can be. Checked before a name reaches a file system or a signed URL."""

import re

from telecine.core.errors import ErrorKind, TelecineError

LONGEST_KEY = 1024
"""Bytes of UTF-8, the limit of S3."""

_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]", re.ASCII)
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def check_bucket(name: str) -> str:
    """`name` itself where it can be a bucket by the rules of S3. Raises STORAGE_REFUSED."""
    if not _BUCKET.fullmatch(name) or _ADDRESS.fullmatch(name):
        detail = f"{name!r} cannot be a bucket: its name has 3 to 63 of a-z, 0-9, '-' and '.', as S3 has it."
        raise TelecineError(ErrorKind.STORAGE_REFUSED, detail)
    return name


def check_key(key: str) -> str:
    """`key` itself where it can name an object in every store. Raises FIELD_INVALID.

    S3 would take `..` in a key; a file system, a CDN or a browser behind it would not mean the same object.
    """
    if not key:
        raise _invalid(key, "a key cannot be empty.")
    if _CONTROL.search(key):
        raise _invalid(key, "a key cannot have control characters.")
    if len(key.encode()) > LONGEST_KEY:
        raise _invalid(key[:40] + "…", f"a key has {LONGEST_KEY} bytes at most.")
    if any(part in (".", "..") for part in key.split("/")):
        raise _invalid(key, "a key cannot have the parts '.' and '..'.")
    return key


def _invalid(key: str, why: str) -> TelecineError:
    return TelecineError(ErrorKind.FIELD_INVALID, why, field=_CONTROL.sub("�", key))
