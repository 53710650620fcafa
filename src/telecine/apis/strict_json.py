"""A stranger's JSON, read strictly. Knows no web framework, so that the command line reads jobs as the API does.

JSON as Python reads it is wider than JSON as others do: NaN, numbers without end, half surrogate pairs, any depth.
What passes here can be stored by every database and given back as it came.
"""

import json
import math
from typing import Any, NoReturn

from telecine.catalog.text import LARGEST_ID, storable
from telecine.core.errors import ErrorKind, TelecineError

DEEPEST = 32
"""Levels of nesting; the documents need eight."""

CHARSETS = frozenset({"iso-8859-1", "us-ascii", "windows-1252", "euc-kr", "ks_c_5601-1987", "cp949", "shift_jis"})
"""What a body that is no UTF may be in, where its content type says so. Python knows codecs that are slow traps."""


def parse(raw: bytes, charset: str = "utf-8") -> dict[str, Any]:
    """The JSON object in `raw`: UTF-8, UTF-16 or UTF-32, else `charset` where it is one of `CHARSETS`.

    Raises BODY_NOT_JSON where it is none, or holds what cannot be kept.
    """
    try:
        value = json.loads(_decoded(raw, charset), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _not_json(f"{error.msg} (line {error.lineno}, column {error.colno}).") from error
    except RecursionError as error:
        raise _not_json("it is nested too deeply.") from error
    except ValueError as error:  # a constant that is no JSON, an integer of thousands of digits
        raise _not_json("it holds a number that is none.") from error
    if not isinstance(value, dict):
        raise _not_json("it is not an object.")
    _check(value, DEEPEST)
    return value


def _decoded(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(json.detect_encoding(raw)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if charset in CHARSETS:
            return raw.decode(charset, errors="replace")
        raise _not_json("it is not UTF-8.") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check(value: object, depth: int) -> None:
    """Raise BODY_NOT_JSON where `value` cannot be stored everywhere or is nested more than `depth` levels deep."""
    if depth < 0:
        raise _not_json("it is nested too deeply.")
    if isinstance(value, str):
        if not storable(value):
            raise _not_json("it holds a character that cannot be stored.")
    elif isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > LARGEST_ID:
            raise _not_json("it holds a number that is too large.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check(key, depth)
            _check(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth - 1)


def _not_json(detail: str) -> TelecineError:
    return TelecineError(ErrorKind.BODY_NOT_JSON, detail)
