"""Buckets as folders of the local file system: the embedded default, which needs no server and no keys.

No key can name anything outside the bucket's folder: neither by its own text nor through a symbolic link.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.folder_errors import NO_FILE, told
from telecine.storage.folder_writing import FolderWriting
from telecine.storage.names import check_bucket, check_key
from telecine.storage.parts import copy, is_part, whole
from telecine.storage.ranges import RangeFile
from telecine.storage.store import STREAMED, ObjectInfo, Position, Report, Source, no_report


def create_bucket(bucket_dir: Path, bucket: str) -> Path:
    """Make the folder of a bucket, where it is not there yet, and return it. Raises STORAGE_REFUSED for its name."""
    folder = bucket_dir / check_bucket(bucket)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class FolderStore:
    """The bucket whose objects are the files below `root`. The folder itself must exist at every call."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See `Store.list`. Symbolic links to folders are not followed."""
        root = self._bucket()
        for folder, _, names in os.walk(self._folder_of(prefix)):
            for name in names:
                key = Path(folder, name).relative_to(root).as_posix()
                if key.startswith(prefix) and not is_part(name) and (info := self._listed(key)):
                    yield info

    def head(self, key: str) -> ObjectInfo | None:
        """See `Store.head`."""
        path = self._path(key)
        with told(key):
            return _info(key, path.stat()) if path.is_file() else None

    def download(self, key: str, target: Path, report: Report = no_report) -> None:
        """See `Store.download`."""
        with self._open(key) as source, whole(target) as file:
            copy(source, file, os.fstat(source.fileno()).st_size, report)

    def upload(
        self,
        source: Source,
        key: str,
        content_type: str,  # noqa: ARG002 - a part of the Protocol
        report: Report = no_report,
    ) -> None:
        """See `Store.upload`. A file has no content type; whoever serves it goes by its name."""
        path = self._path(key)
        if isinstance(source, bytes):
            with told(key, writing=True), whole(path) as file:
                report(0, len(source))
                file.write(source)
            return
        if isinstance(source, RangeFile):
            with told(key, writing=True):
                source.copy_to(path, report)
            return
        with source.open("rb") as content, told(key, writing=True), whole(path) as file:
            copy(content, file, os.fstat(content.fileno()).st_size, report)

    def delete(self, keys: Iterable[str]) -> None:
        """See `Store.delete`. Folders that this empties go too: in a bucket there are none."""
        for key in keys:
            path = self._path(key)
            with told(key), suppress(*NO_FILE):
                path.unlink()
            self._prune(path.parent)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """See `Store.read`."""
        with self._open(key) as file, told(key):
            file.seek(start)
            return file.read(-1 if length is None else length)

    def clear_unfinished(self, prefix: str) -> None:
        """See `Store.clear_unfinished`."""
        root = self._bucket()
        for folder, _, names in os.walk(self._folder_of(prefix)):
            for part in (Path(folder, name) for name in names if is_part(name)):
                # The part does not show which key of the folder it was for: the folder decides.
                if f"{part.parent.relative_to(root).as_posix()}/".startswith(prefix):
                    part.unlink(missing_ok=True)
                    self._prune(part.parent)

    def stream(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """See `Store.stream`. The file that was opened is read to the end, whatever happens to its name."""
        with self._open(key) as file, told(key):
            file.seek(start)
            while start < end:
                piece = file.read(min(STREAMED, end - start))
                if not piece:
                    raise TelecineError(ErrorKind.OBJECT_MISSING, "it has become shorter.", field=key)
                start += len(piece)
                yield piece

    def begin(self, key: str, content_type: str, most: int) -> FolderWriting:  # noqa: ARG002 - as in `upload`
        """See `Store.begin`. What has come lies beside the object, under a name of its own, and not in memory."""
        return FolderWriting.begin(key, self._path(key), self._ended)

    def resume(self, position: Position) -> FolderWriting:
        """See `Store.resume`."""
        key = str(position["key"])
        return FolderWriting.resume(position, self._path(key), self._ended)

    def _ended(self, key: str) -> ObjectInfo | None:
        """What is there after a writing has ended; the folders that it was the last to fill are removed."""
        info = self.head(key)
        if info is None:
            self._prune(self._path(key).parent)
        return info

    def _bucket(self) -> Path:
        if not self._root.is_dir():
            name = self._root.name
            detail = f"bucket {name!r} does not exist: make the folder {name!r} in this server's folder of buckets."
            raise TelecineError(ErrorKind.STORAGE_REFUSED, detail)
        return self._root.resolve()

    def _path(self, key: str) -> Path:
        """Where the object lies. Raises FIELD_INVALID for a key that no file here can have."""
        root = self._bucket()
        parts = check_key(key).split("/")
        if not all(parts) or any(map(is_part, parts)):
            raise TelecineError(ErrorKind.FIELD_INVALID, "a folder store cannot have such a key.", field=key)
        path = root.joinpath(*parts)
        if not _inside(path, root):
            raise TelecineError(ErrorKind.FIELD_INVALID, "it leads out of the bucket.", field=key)
        return path

    def _open(self, key: str) -> BinaryIO:
        """The object's file. Raises OBJECT_MISSING, also for what is not a plain file: a pipe would wait for ever."""
        if self.head(key) is None:
            raise TelecineError(ErrorKind.OBJECT_MISSING, "there is no such object.", field=key)
        with told(key):
            return self._path(key).open("rb")

    def _folder_of(self, prefix: str) -> Path:
        """The deepest folder that holds every key with this prefix."""
        folder = prefix.rpartition("/")[0]
        return self._path(folder) if folder else self._bucket()

    def _listed(self, key: str) -> ObjectInfo | None:
        """What a listing says of a file; nothing of one that is gone again or is none of the bucket's."""
        try:
            return self.head(key)
        except TelecineError:
            return None

    def _prune(self, folder: Path) -> None:
        root = self._bucket()
        with suppress(OSError):  # not empty, or somebody was quicker
            while folder != root:
                folder.rmdir()
                folder = folder.parent


def _inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # links that lead in a circle, or a name that is too long
        return False


def _info(key: str, stat: os.stat_result) -> ObjectInfo:
    return ObjectInfo(key, stat.st_size, f"{stat.st_ino:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}")
