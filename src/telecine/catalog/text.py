"""What text a database can hold. PostgreSQL refuses the NUL character, and half a surrogate pair is no UTF-8."""

import json
from hashlib import sha256
from typing import Any

from telecine.core.errors import ErrorKind, TelecineError

LARGEST_ID = 2**63 - 1


def storable(value: str) -> bool:
    """Whether every database takes `value`."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def checked(value: str, field: str, longest: int) -> str:
    """`value` itself. Raises FIELD_INVALID where it cannot be stored, FIELD_OUT_OF_RANGE where it is too long."""
    if not storable(value):
        raise TelecineError(ErrorKind.FIELD_INVALID, "it holds a character that cannot be stored.", field=field)
    if len(value) > longest:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"at most {longest} characters.", field=field)
    return value


def checked_json(value: Any, field: str) -> Any:  # noqa: ANN401 - any JSON value
    """`value` itself. Raises FIELD_INVALID where it is no JSON that every database and every reader takes."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, "it is no valid JSON value.", field=field) from error
    return value


def digest(*parts: str) -> str:
    """SHA-256 of `parts` in hex: a key of fixed length from text that a stranger sent."""
    return sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


def within(number: int) -> int:
    """`number`, or the nearest that a database's integer holds; no row has that one."""
    return max(-LARGEST_ID, min(LARGEST_ID, number))
