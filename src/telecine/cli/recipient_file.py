"""Recipients in a file: a name on each line, and where there is a comma, a description behind it."""

from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.recipient_names import LONGEST_DESCRIPTION, check_name, key_of


def read_recipients(path: Path, option: str = "--file") -> list[tuple[str, str]]:
    """Names and descriptions, each name once. Empty lines and those that begin with `#` are left out.

    Raises FIELD_INVALID, with the line's number, and FIELD_MISSING where there is nobody.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{path} cannot be read: {error}.", field=option) from error
    found: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, description = (part.strip() for part in line.partition(","))
        why = _fault(name, description, found)
        if why:
            raise TelecineError(ErrorKind.FIELD_INVALID, f"line {number} of {path}: {why}", field=option)
        found[key_of(name)] = (name, description)
    if not found:
        raise TelecineError(ErrorKind.FIELD_MISSING, f"{path} names nobody.", field=option)
    return list(found.values())


def _fault(name: str, description: str, before: dict[str, tuple[str, str]]) -> str:
    """What is wrong with a line; nothing where nothing is."""
    try:
        check_name(name)
    except TelecineError as error:
        return error.detail
    if len(description) > LONGEST_DESCRIPTION:
        return f"a description has at most {LONGEST_DESCRIPTION} characters."
    return f"{name} is there already." if key_of(name) in before else ""
