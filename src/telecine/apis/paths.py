"""Paths in a storage as requests give them: normalised, and nothing that could lead out of the storage."""

from telecine.apis.findings import Findings

LONGEST_PATH = 512
"""Bytes."""


def folder(path: str, at: str, found: Findings) -> str:
    """`path` with single slashes and none at its ends. What could leave the folder is an error."""
    parts = [part for part in path.strip().split("/") if part]
    if any(part in (".", "..") for part in parts):
        found.invalid(at, "it must not hold '.' or '..' as a folder.")
    if "\\" in path or not path.isprintable():
        found.invalid(at, "it must not hold backslashes or control characters.")
    if len(path.encode()) > LONGEST_PATH:
        found.out_of_range(at, f"at most {LONGEST_PATH} bytes.")
    return "/".join(parts)


def file_key(path: str, at: str, found: Findings) -> str:
    """`path` as a key of the input storage, which begins with no slash."""
    key = path.lstrip("/")
    if not key or key.endswith("/"):
        found.invalid(at, "it names a folder, not a file.")
    if any(part in (".", "..") for part in key.split("/")):
        found.invalid(at, "it must not hold '.' or '..' as a folder.")
    return key
