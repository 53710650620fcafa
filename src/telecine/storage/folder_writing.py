"""An object of a folder store that comes piece by piece: a file beside its place, renamed when it is whole."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Self

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.folder_errors import NO_FILE, told
from telecine.storage.parts import is_part, part_beside
from telecine.storage.store import ObjectInfo, Position

type Ended = Callable[[str], ObjectInfo | None]
"""Told the key when a writing has ended; says what is there."""


class FolderWriting:
    """See `Writing`. `file` is unbuffered and stands at `size`, its end; `target` is where it goes."""

    def __init__(self, key: str, target: Path, part: Path, file: BinaryIO, size: int, ended: Ended) -> None:
        self._key = key
        self._target = target
        self._part = part
        self._file = file
        self._size = size
        self._ended = ended

    @classmethod
    def begin(cls, key: str, target: Path, ended: Ended) -> Self:
        """A new one. Raises STORAGE_REFUSED where no file can be made there."""
        with told(key, writing=True):
            part = part_beside(target)
            return cls(key, target, part, part.open("xb", buffering=0), 0, ended)

    @classmethod
    def resume(cls, position: Position, target: Path, ended: Ended) -> Self:
        """One that was begun before. Raises OBJECT_MISSING."""
        key, name, size = str(position["key"]), str(position["part"]), int(position["size"])
        part = target.parent / name
        try:
            file = part.open("r+b", buffering=0) if is_part(name) and "/" not in name else None
        except NO_FILE:
            file = None
        if file is None or os.fstat(file.fileno()).st_size < size:
            raise _gone(key)
        with told(key, writing=True):
            file.truncate(size)
            file.seek(size)
        return cls(key, target, part, file, size, ended)

    @property
    def size(self) -> int:
        """See `Writing.size`."""
        return self._size

    def write(self, data: bytes | memoryview) -> None:
        """See `Writing.write`."""
        with told(self._key, writing=True), memoryview(data) as view:
            done = 0
            while done < len(view):
                done += self._file.write(view[done:])
        self._size += done

    def position(self) -> Position:
        """See `Writing.position`."""
        with told(self._key, writing=True):
            os.fsync(self._file.fileno())
        return {"key": self._key, "part": self._part.name, "size": self._size}

    def finish(self) -> ObjectInfo:
        """See `Writing.finish`."""
        with told(self._key, writing=True):
            self._file.truncate(self._size)
            os.fsync(self._file.fileno())
            self._file.close()
            try:
                self._part.replace(self._target)
            except FileNotFoundError as error:
                raise _gone(self._key) from error
        info = self._ended(self._key)
        if info is None:
            raise TelecineError(ErrorKind.OBJECT_MISSING, "it was removed at once.", field=self._key)
        return info

    def abort(self) -> None:
        """See `Writing.abort`."""
        self._file.close()
        with told(self._key, writing=True):
            self._part.unlink(missing_ok=True)
        self._ended(self._key)

    def close(self) -> None:
        """See `Writing.close`."""
        self._file.close()


def _gone(key: str) -> TelecineError:
    return TelecineError(ErrorKind.OBJECT_MISSING, "what had come of it is gone.", field=key)
