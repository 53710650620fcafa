"""Tries a storage in the way that a job will use it, so that a wrong key is found at registration, not at night."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Literal

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.store import Store

_LOOKED_AT = 1000
_CONTENT = b"Telecine tries whether it can write here. This object can be deleted.\n"


def try_storage(store: Store, io_type: Literal["input", "output"]) -> None:
    """List, and read what is there (input) or put, read and delete a small object (output).

    Raises STORAGE_REFUSED or STORAGE_UNREACHABLE, saying which of these failed and why.
    """
    with _step("list"):
        found = list(islice(store.list(), _LOOKED_AT))
    if io_type == "input":
        with _step("read"):
            for info in islice((info for info in found if info.size), 1):
                store.read(info.key, 0, 1)
        return
    key = f"telecine-check-{secrets.token_hex(8)}.txt"
    with _step("put"):
        store.upload(_CONTENT, key, "text/plain")
    with _step("read"):
        same = store.read(key) == _CONTENT
    with _step("delete"):
        store.delete([key])
    if not same:
        raise TelecineError(ErrorKind.STORAGE_REFUSED, "what was written came back different.")


@contextmanager
def _step(name: str) -> Iterator[None]:
    try:
        yield
    except TelecineError as error:
        kind = error.kind
        if kind not in (ErrorKind.STORAGE_REFUSED, ErrorKind.STORAGE_UNREACHABLE):
            kind = ErrorKind.STORAGE_REFUSED
        raise TelecineError(kind, f"trying to {name}: {error.detail or error.message}") from error
