"""What pydantic finds wrong in a request, as errors of ours. Knows no web framework, as `strict_json` does not."""

from collections.abc import Iterable, Mapping
from typing import Any

from telecine.core.errors import ErrorKind, TelecineError

_RANGES = frozenset(
    {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "too_short", "too_long"}
    | {"string_too_short", "string_too_long", "finite_number"}
)


def translate(errors: Iterable[Mapping[str, Any]]) -> list[TelecineError]:
    """What pydantic found wrong, field by field, in the client's own spelling of the fields."""
    return [_translated(error) for error in errors]


def _translated(error: Mapping[str, Any]) -> TelecineError:
    where, *inside = error["loc"]
    field = spell(inside)
    if not inside and where == "body":
        return TelecineError(ErrorKind.BODY_NOT_JSON, "there is none.")
    if error["type"] == "missing" or (error.get("input", 0) is None and error["type"] != "finite_number"):
        return TelecineError(ErrorKind.FIELD_MISSING, field=field)
    said = error["msg"].removeprefix("Value error, ").rstrip(".")
    detail = f"it{said.removeprefix('Input')}." if said.startswith("Input") else f"{said}."
    kind = ErrorKind.FIELD_OUT_OF_RANGE if error["type"] in _RANGES else ErrorKind.FIELD_INVALID
    return TelecineError(kind, detail, field=field)


def spell(parts: Iterable[str | int]) -> str:
    """A field's place in JSON as people write it: `input.files[0].file_path`."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")
