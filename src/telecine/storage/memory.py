"""A store in memory, for tests and for trying things out. It keeps every promise of `Store` and nothing on disk."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.names import check_key
from telecine.storage.parts import whole
from telecine.storage.ranges import RangeFile
from telecine.storage.store import STREAMED, ObjectInfo, Position, Report, Source, no_report


class MemoryStore:
    """A bucket that lives as long as this object does. `content_types` remembers what each upload said."""

    def __init__(self) -> None:
        self.content_types: dict[str, str] = {}
        self._objects: dict[str, bytes] = {}
        self._unfinished: dict[str, _Unfinished] = {}
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
        """See `Store.clear_unfinished`."""
        with self._lock:
            self._unfinished = {name: one for name, one in self._unfinished.items() if not one.key.startswith(prefix)}

    def stream(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """See `Store.stream`."""
        body = self.read(key)
        if end > len(body):
            raise TelecineError(ErrorKind.OBJECT_MISSING, "it has become shorter.", field=key)
        yield from (body[at : min(at + STREAMED, end)] for at in range(start, end, STREAMED))

    def begin(self, key: str, content_type: str, most: int) -> "MemoryWriting":  # noqa: ARG002 - a part of the Protocol
        """See `Store.begin`."""
        name = uuid.uuid4().hex
        self._unfinished[name] = _Unfinished(check_key(key), content_type, bytearray())
        return MemoryWriting(self, name)

    def resume(self, position: Position) -> "MemoryWriting":
        """See `Store.resume`."""
        writing = MemoryWriting(self, str(position["name"]))
        del writing.unfinished().content[int(position["size"]) :]
        return writing


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """What has come of an object."""

    key: str
    content_type: str
    content: bytearray


class MemoryWriting:
    """See `Writing`: the one that the store has under `name`."""

    def __init__(self, store: MemoryStore, name: str) -> None:
        self._store = store
        self._name = name

    @property
    def size(self) -> int:
        """See `Writing.size`."""
        return len(self.unfinished().content)

    def write(self, data: bytes | memoryview) -> None:
        """See `Writing.write`."""
        self.unfinished().content.extend(data)

    def position(self) -> Position:
        """See `Writing.position`."""
        return {"key": self.unfinished().key, "name": self._name, "size": self.size}

    def finish(self) -> ObjectInfo:
        """See `Writing.finish`."""
        one = self.unfinished()
        body = bytes(one.content)
        self._store.upload(body, one.key, one.content_type)
        self.abort()
        return _info(one.key, body)

    def abort(self) -> None:
        """See `Writing.abort`."""
        self._store._unfinished.pop(self._name, None)

    def close(self) -> None:
        """See `Writing.close`."""

    def unfinished(self) -> _Unfinished:
        """What has come. Raises OBJECT_MISSING where somebody has removed it."""
        one = self._store._unfinished.get(self._name)
        if one is None:
            raise TelecineError(ErrorKind.OBJECT_MISSING, "what had come of it is gone.", field=self._name)
        return one


def _body(source: Source) -> bytes:
    if isinstance(source, RangeFile):
        source.seek(0)
        return source.readall()
    return source if isinstance(source, bytes) else source.read_bytes()


def _info(key: str, body: bytes) -> ObjectInfo:
    return ObjectInfo(key, len(body), hashlib.md5(body, usedforsecurity=False).hexdigest())
