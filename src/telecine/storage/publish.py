"""Puts a finished tree into a store so that nobody ever meets a manifest whose segments are not there, and takes
it away again.

A player that is in the middle of an older publication of the same tree keeps its old manifests while the new
segments replace those of the same name, so for the length of the upload it may get new segments by an old manifest:
the same programme, perhaps a rung of other quality, at worst one stall. It never gets a 404 from that, because
segments that only the old manifests name go last, when the new manifests are in place.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from pathlib import Path
from threading import Event

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.layout import own_folder
from telecine.storage.content_types import UNKNOWN, content_type
from telecine.storage.store import ObjectInfo, Report, Store, no_report

AT_ONCE = 8
"""Uploads at a time: segments are small, so waiting for answers is most of the time."""

_TICK = 0.25
"""Seconds between two reports."""

_MD5 = re.compile(r"[0-9a-f]{32}")


class _Rank(IntEnum):
    """The order of appearance: whatever names something comes after it."""

    MEDIA = 0
    TEXT = 1
    PLAYLIST = 2
    MASTER = 3


@dataclass(frozen=True, slots=True)
class Published:
    """How many files of how many bytes a publication has."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Item:
    """One file of the tree and the key under which it appears."""

    rank: _Rank
    key: str
    path: Path
    size: int


def publish(
    store: Store, tree: Path, prefix: str, report: Report = no_report, may_appear: Callable[[], None] = lambda: None
) -> Published:
    """Upload every file of the folder `tree` under the key `prefix/<its name in the tree>`.

    `report` counts bytes, in this thread, several times a second. `may_appear` is called before anything appears
    and again before the master manifests do. What either raises ends the work: when this returns or raises, no
    upload is under way. Called again after a failure, it does not send again what the store proves to have.
    Raises PUBLISH_FAILED, and whatever the store raises.
    """
    items = sorted(_items(tree, prefix), key=lambda item: (item.rank, item.key))
    if not items or items[-1].rank is not _Rank.MASTER:
        raise TelecineError(ErrorKind.PUBLISH_FAILED, "there is no manifest to publish.")
    may_appear()
    store.clear_unfinished(f"{prefix}/")
    there = {info.key: info for info in store.list(f"{prefix}/")}
    upload = _Upload(store, there, items, report)
    for rank, batch in groupby(items, key=lambda item: item.rank):
        if rank is _Rank.MASTER:
            _check_whole(store, prefix, [item for item in items if item.rank is not rank])
            may_appear()
        upload.send(list(batch))
    store.delete(_stale(there, prefix, [item.key for item in items]))
    return Published(len(items), sum(item.size for item in items))


def unpublish(store: Store, prefix: str, names: Iterable[str]) -> None:
    """Remove what `publish` put, or may have put, under `prefix`: the files of the tree called `names`.

    Manifests go first. Left-overs of an older publication in the same folders go too: nothing names them any more.
    """
    keys = {f"{prefix}/{name}" for name in names}
    store.clear_unfinished(f"{prefix}/")
    there = {info.key: info for info in store.list(f"{prefix}/")}
    keys.update(_stale(there, prefix, keys))
    manifests = {key for key in keys if key.endswith((".mpd", ".m3u8"))}
    store.delete(sorted(manifests))
    store.delete(sorted(keys - manifests))


def remove_trees(store: Store, prefix: str, folders: Iterable[str]) -> int:
    """Remove every file of the kinds that we publish in these folders of `prefix`, and return how many those were.

    For trees whose names nobody remembers file by file: a tree has its folder to itself. Manifests go first.
    """
    store.clear_unfinished(f"{prefix}/")
    keys = _in_folders((info.key for info in store.list(f"{prefix}/")), prefix, frozenset(folders))
    manifests = {key for key in keys if key.endswith((".mpd", ".m3u8"))}
    store.delete(sorted(manifests))
    store.delete(sorted(set(keys) - manifests))
    return len(keys)


class _Upload:
    """Sends batches of files, several at once, and counts the bytes that have arrived."""

    def __init__(self, store: Store, there: dict[str, ObjectInfo], items: Sequence[_Item], report: Report) -> None:
        self._store = store
        self._there = there
        self._report = report
        self._total = sum(item.size for item in items)
        self._arrived = {item.key: 0 for item in items}
        self._given_up = Event()

    def send(self, items: Sequence[_Item]) -> None:
        """Send all of `items`; where one fails, or the report raises, the others are given up and waited for."""
        with ThreadPoolExecutor(AT_ONCE, "publish") as pool:
            waiting = {pool.submit(self._send, item) for item in items}
            try:
                while waiting:
                    ended, waiting = wait(waiting, _TICK, FIRST_EXCEPTION)
                    for one in ended:
                        one.result()
                    self._report(sum(self._arrived.values()), self._total)
            except BaseException:
                self._given_up.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _send(self, item: _Item) -> None:
        if not _is_there(self._there.get(item.key), item):
            self._store.upload(item.path, item.key, content_type(item.key), lambda done, _: self._count(item, done))
        self._count(item, item.size)

    def _count(self, item: _Item, done: int) -> None:
        if self._given_up.is_set():
            raise Cancelled
        self._arrived[item.key] = done


def _items(tree: Path, prefix: str) -> Iterator[_Item]:
    for path in tree.rglob("*"):
        if path.is_file():
            name = path.relative_to(tree).as_posix()
            yield _Item(_rank(path), f"{prefix}/{name}", path, path.stat().st_size)


def _rank(path: Path) -> _Rank:
    if path.suffix == ".mpd":
        return _Rank.MASTER
    if path.suffix == ".m3u8":
        return _Rank.MASTER if b"#EXT-X-STREAM-INF" in path.read_bytes() else _Rank.PLAYLIST
    return _Rank.TEXT if path.suffix in (".vtt", ".json") else _Rank.MEDIA


def _is_there(info: ObjectInfo | None, item: _Item) -> bool:
    """Whether the store proves to have this very content: its etag is an MD5. Any doubt means sending it again."""
    if info is None or info.size != item.size or not _MD5.fullmatch(info.etag):
        return False
    with item.path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == info.etag


def _check_whole(store: Store, prefix: str, items: Sequence[_Item]) -> None:
    """The store's own word that all came whole, before anything points at it."""
    sizes = {info.key: info.size for info in store.list(f"{prefix}/")}
    for item in items:
        if sizes.get(item.key) != item.size:
            found = f"has {sizes[item.key]:,} of {item.size:,} bytes" if item.key in sizes else "is missing"
            raise TelecineError(ErrorKind.PUBLISH_FAILED, f"{item.key} {found} in the output storage.")


def _stale(there: Iterable[str], prefix: str, keys: Iterable[str]) -> list[str]:
    """What lies in the folders that `keys` fill and is none of them.

    Other folders under the prefix belong to other jobs of the same content, and files that are of none of the
    kinds that we publish to somebody else.
    """
    ours = set(keys)
    folders = {own_folder(key.removeprefix(f"{prefix}/")) for key in ours} - {""}
    return [key for key in _in_folders(there, prefix, folders) if key not in ours]


def _in_folders(there: Iterable[str], prefix: str, folders: Set[str]) -> list[str]:
    """What lies in these folders of `prefix` and is of a kind that we publish."""
    return [
        key
        for key in there
        if _folders_around(key.removeprefix(f"{prefix}/")) & folders and content_type(key) != UNKNOWN
    ]


def _folders_around(name: str) -> set[str]:
    """The outermost folder of a file, and the one that its tree has to itself."""
    return {name.partition("/")[0], own_folder(name)}
