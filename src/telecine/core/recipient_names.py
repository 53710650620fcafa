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


def is_name(text: str) -> bool:
    """Whether a recipient may be called so, its length apart: a name becomes a folder's too."""
    return _NAME.fullmatch(text) is not None and text not in (".", "..")


def check_name(name: str, field: str = "name") -> str:
    """`name` itself. Raises FIELD_INVALID for characters that it may not have, FIELD_OUT_OF_RANGE for its length."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"1 to {LONGEST_NAME} characters.", field=field)
    if not is_name(name):
        detail = "it may hold English letters, digits, '-', '_' and '.', and must not be '.' or '..'."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field=field)
    return name


def file_name(content_id: str, recipient: str, suffix: str) -> str:
    """What the file of a recipient's copy is called; `suffix` has its dot."""
    return f"{content_id}_{recipient}{suffix}"
