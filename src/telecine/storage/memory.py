"""A store in memory, for tests and for trying things out. It keeps every promise of `Store` and nothing on disk."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.names import check_key
from telecine.storage.parts import whole
from telecine.storage.ranges import RangeFile
from telecine.storage.store import ObjectInfo, Report, Source, no_report


class MemoryStore:
    """A bucket that lives as long as this object does. `content_types` remembers what each upload said."""

    def __init__(self) -> None:
        self.content_types: dict[str, str] = {}
        self._objects: dict[str, bytes] = {}
        self._lock = Lock()

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See `Store.list`."""
        with self._lock:
            found = [(key, body) for key, body in sorted(self._objects.items()) if key.startswith(prefix)]
        return (_info(key, body) for key, body in found)

    def head(self, key: str) -> ObjectInfo | None:
        """See `Store.head`."""
        body = self._objects.get(check_key(key))
        return None if body is None else _info(key, body)

    def download(self, key: str, target: Path, report: Report = no_report) -> None:
        """See `Store.download`."""
        body = self.read(key)
        with whole(target) as file:
            report(0, len(body))
            file.write(body)

    def upload(self, source: Source, key: str, content_type: str, report: Report = no_report) -> None:
        """See `Store.upload`."""
        check_key(key)
        body = _body(source)
        report(0, len(body))
        with self._lock:
            self._objects[key] = body
            self.content_types[key] = content_type

    def delete(self, keys: Iterable[str]) -> None:
        """See `Store.delete`."""
        with self._lock:
            for key in keys:
                self._objects.pop(check_key(key), None)
                self.content_types.pop(key, None)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """See `Store.read`."""
        body = self._objects.get(check_key(key))
        if body is None:
            raise TelecineError(ErrorKind.OBJECT_MISSING, "there is no such object.", field=key)
        return body[start : None if length is None else start + length]

    def clear_unfinished(self, prefix: str) -> None:
        """See `Store.clear_unfinished`; an upload into memory leaves nothing."""


def _body(source: Source) -> bytes:
    if isinstance(source, RangeFile):
        source.seek(0)
        return source.readall()
    return source if isinstance(source, bytes) else source.read_bytes()


def _info(key: str, body: bytes) -> ObjectInfo:
    return ObjectInfo(key, len(body), hashlib.md5(body, usedforsecurity=False).hexdigest())
