"""What a file system said, in the terms of a store."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from telecine.core.errors import ErrorKind, TelecineError

NO_FILE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
"""What opening raises where there is no such file."""


@contextmanager
def told(key: str, *, writing: bool = False) -> Iterator[None]:
    """Say what goes wrong in the block, which concerns the object `key`, as one of ours."""
    try:
        yield
    except OSError as error:
        raise _explain(error, key, writing) from error


def _explain(error: OSError, key: str, writing: bool) -> TelecineError:
    if isinstance(error, PermissionError):
        return TelecineError(ErrorKind.STORAGE_REFUSED, f"the server may not {_verb(writing)} {key!r}.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TelecineError(ErrorKind.STORAGE_REFUSED, f"there is no room left for {key!r}.")
    if error.errno == errno.ENAMETOOLONG:
        return TelecineError(ErrorKind.FIELD_INVALID, "a part of it is too long for a file name.", field=key)
    if isinstance(error, (*NO_FILE, FileExistsError)):
        if writing and not isinstance(error, FileNotFoundError):
            detail = f"{key!r} cannot be written: a file and a folder cannot have one name."
            return TelecineError(ErrorKind.STORAGE_REFUSED, detail)
        if not writing:
            return TelecineError(ErrorKind.OBJECT_MISSING, "there is no such object.", field=key)
    return TelecineError(ErrorKind.STORAGE_UNREACHABLE, f"cannot {_verb(writing)} {key!r}: {error.strerror}.")


def _verb(writing: bool) -> str:
    return "write" if writing else "read"
