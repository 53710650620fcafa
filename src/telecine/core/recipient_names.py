"""What a recipient may be called. A name is unique without regard to case, and the first spelling is kept."""

import re

from telecine.core.errors import ErrorKind, TelecineError

LONGEST_NAME = 128
LONGEST_DESCRIPTION = 50
"""Both in characters."""

_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


def key_of(name: str) -> str:
    """By what a name is known: the same for `Test` and `TEST`."""
    return name.lower()


def check_name(name: str, field: str = "name") -> str:
    """`name` itself. Raises FIELD_INVALID for characters that it may not have, FIELD_OUT_OF_RANGE for its length."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"1 to {LONGEST_NAME} characters.", field=field)
    if not _NAME.fullmatch(name):
        detail = "it may hold English letters, digits, '-', '_' and '.'."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field=field)
    if name in (".", ".."):
        detail = "it becomes a folder's name and must not be '.' or '..'."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field=field)
    return name
