"""What every object store of ours can do, and nothing more, so that the rooms that use one do not know its kind."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from telecine.storage.ranges import RangeFile

type Report = Callable[[int, int], None]
"""Told how many of how many bytes have passed: once before any, then several times a second until the end.

Called in the thread that called the store. What it raises goes on to the caller and ends the transfer, which leaves
nothing behind unless it had ended at that very moment."""


type Source = Path | bytes | RangeFile
"""What can be uploaded."""

type Position = dict[str, Any]
"""What a store needs to go on with an unfinished object: JSON without secrets, for a database to keep."""

STREAMED = 2**20
"""Bytes of a piece in which `Store.stream` gives an object, at most."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object. `size` is bytes; `etag` changes whenever the content does, and is empty where none is known."""

    key: str
    size: int
    etag: str = ""


def no_report(done: int, total: int) -> None:
    """Report to nobody."""


class Writing(Protocol):
    """An object that comes piece by piece and appears when it is finished; `size` is how many bytes have come.

    One thread at a time may use it. Its calls raise what those of a `Store` do, and OBJECT_MISSING where somebody else
    has removed what had come. After `finish`, `abort` or `close` only the last two may be called.
    """

    @property
    def size(self) -> int:
        """Bytes that have come."""

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`."""

    def position(self) -> Position:
        """Make all that has come durable, and say how `Store.resume` goes on from here.

        Of earlier positions the last one stays good, until the object is resumed from this one.
        """

    def finish(self) -> ObjectInfo:
        """Let the object appear under its key, in the place of any that is there."""

    def abort(self) -> None:
        """Leave nothing of it behind."""

    def close(self) -> None:
        """Let go of it as it is: what has come since the last position may be lost."""


class Store(Protocol):
    """One bucket. Safe to share between threads.

    Every call raises STORAGE_REFUSED where the store says no, with its reason; STORAGE_UNREACHABLE where it did not
    answer after several tries; FIELD_INVALID for a key that cannot be. No error holds a secret.
    """

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object whose key begins with `prefix`, in no promised order."""

    def head(self, key: str) -> ObjectInfo | None:
        """What is known of an object; None where there is none."""

    def download(self, key: str, target: Path, report: Report = no_report) -> None:
        """Fetch an object to `target`, which appears only when it is whole. Raises OBJECT_MISSING."""

    def upload(self, source: Source, key: str, content_type: str, report: Report = no_report) -> None:
        """Store `source` under `key`, replacing what is there; readers see the old object or the new one.

        A `RangeFile` is stored whole, wherever its position is, and stays open; nobody else may read it meanwhile.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are not there do not matter."""

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Up to `length` bytes from offset `start`, into memory; empty past the end. Raises OBJECT_MISSING."""

    def clear_unfinished(self, prefix: str) -> None:
        """Remove what killed uploads of keys that begin with `prefix` left unseen. None may be under way there."""

    def stream(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Bytes `start` to `end` (not included) of an object, in pieces of `STREAMED` bytes at most.

        Raises OBJECT_MISSING, and fails where the object becomes another on the way.
        """

    def begin(self, key: str, content_type: str, most: int) -> Writing:
        """Begin an object of `most` bytes at most, of which a part of a multipart upload at most is held in memory."""

    def resume(self, position: Position) -> Writing:
        """Go on where `Writing.position` was called, forgetting what came later. Raises OBJECT_MISSING."""
