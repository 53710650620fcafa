"""Reads objects of any store in pieces, and keeps in memory what many viewers ask for.

The unit that is kept is a piece of one version of one object: no token, session or viewer is part of its name, so each
variant of a segment is kept once, and nobody can be given another's variant by what somebody else has asked for.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from telecine.edge.fresh import Fresh
from telecine.storage.store import ObjectInfo, Store

PIECE = 2**20
"""Bytes."""
FRESH_SECONDS = 5.0
"""How long an object is taken to be as it was. Published files change only where a title is published again."""

_MOST_OBJECTS = 20_000


class Changed(Exception):  # noqa: N818 - not an error of ours
    """The object is not the one any more whose size and tag have been told."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """An open store, and the name by which it is told from others."""

    name: str
    store: Store


@dataclass(slots=True)
class Counts:
    """How often a piece was there, and how often it had to be fetched."""

    hits: int = 0
    misses: int = 0


class Objects:
    """Reads through a memory of `capacity` bytes, of which those go first that were not read for longest."""

    def __init__(self, capacity: int) -> None:
        self.counts = Counts()
        self._capacity = capacity
        self._used = 0
        self._pieces: OrderedDict[tuple[str, str, str, int], bytes] = OrderedDict()
        self._infos: Fresh[tuple[str, str], ObjectInfo | None] = Fresh(FRESH_SECONDS, _MOST_OBJECTS)
        self._lock = Lock()

    def head(self, bucket: Bucket, key: str) -> ObjectInfo | None:
        """As `Store.head`, up to `FRESH_SECONDS` old."""
        return self._infos.get((bucket.name, key), lambda: bucket.store.head(key))

    def read(self, bucket: Bucket, info: ObjectInfo, start: int, end: int) -> Iterator[bytes]:
        """Bytes `start` up to but without `end` of the object of `info`. Raises Changed, and as `Store.read`.

        The first piece is fetched when it is asked for.
        """
        for number in range(start // PIECE, -(-end // PIECE)):
            piece = self._piece(bucket, info, number)
            yield piece[max(0, start - number * PIECE) : end - number * PIECE]

    def _piece(self, bucket: Bucket, info: ObjectInfo, number: int) -> bytes:
        name = (bucket.name, info.key, info.etag, number)
        with self._lock:
            kept = self._pieces.get(name)
            if kept is not None:
                self._pieces.move_to_end(name)
                self.counts.hits += 1
                return kept
            self.counts.misses += 1
        piece = self._fetch(bucket, info, number)
        if info.etag:
            self._keep(name, piece)
        return piece

    def _fetch(self, bucket: Bucket, info: ObjectInfo, number: int) -> bytes:
        """The piece from the store. An object that is the same before and after was the same in between."""
        start = number * PIECE
        length = min(PIECE, info.size - start)
        piece = bucket.store.read(info.key, start, length)
        if len(piece) != length or bucket.store.head(info.key) != info:
            self._infos.forget((bucket.name, info.key))
            raise Changed
        return piece

    def _keep(self, name: tuple[str, str, str, int], piece: bytes) -> None:
        with self._lock:
            before = self._pieces.pop(name, b"")
            self._pieces[name] = piece
            self._used += len(piece) - len(before)
            while self._used > self._capacity:
                self._used -= len(self._pieces.popitem(last=False)[1])
