"""Bringing an asset into the work folder: its manifests first, then what they name, many small files at once.

What has been fetched is written down line by line, so that a worker that takes over fetches only the rest. Where an
object has changed in the storage since, everything is made anew.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event, Lock

from telecine.core.asset_cuts import FIELD, refused
from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.progress import Tick
from telecine.media.asset import Contents, files_of, keep_contents
from telecine.media.asset_manifest import candidates, is_master, playlists_of, read_lead, role
from telecine.media.context import Context
from telecine.media.manifests import NO_NAME
from telecine.media.workspace import Workspace
from telecine.storage.store import ObjectInfo, Store

AT_ONCE = 8
"""Transfers under way at a time: segments are small, and asking for one takes as long as fetching it."""
AT_HAND = 4 * AT_ONCE
"""Transfers that are under way or next."""
_LOOK = 0.25
_HEAD_BYTES = 64 * 2**10
_LONGEST_NAME = 255
_LONGEST_KEY = 1024
"""Bytes, as S3 has it."""
_LARGEST_MANIFEST = 16 * 2**20
"""Bytes. Twelve hours in segments of a second take a third of it; reading one takes up to eighty times its size."""


class ChangedError(Exception):
    """An object is no longer the one that was fetched."""


def stage_asset(key: str, store: Store, workspace: Workspace, context: Context) -> None:
    """Fetch the asset `key` and write down what it consists of. `context.report` counts bytes.

    Raises `ChangedError` where an object has changed since it was fetched; OBJECT_MISSING, naming the object;
    INPUT_OVER_LIMIT; ASSET_REFUSED; and whatever the storage raises.
    """
    folder, _, name = key.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    fetcher = _Fetcher(store, prefix, workspace, context)
    if name:
        lead = name if role(name) in ("mpd", "playlist") else ""
        files = [] if lead else [name]
    else:
        fetcher.list_all()
        lead = _leading(sorted(fetcher.known), fetcher)
        files = [] if lead else _renditions(sorted(fetcher.known), key)
    if lead:
        files = _named_by(lead, fetcher, workspace, context)
    fetcher.fetch(files)
    keep_contents(workspace, Contents(lead=lead, files=tuple(files)))


def _leading(names: Sequence[str], fetcher: "_Fetcher") -> str:
    """The manifest that leads a folder; empty where there is none.

    Raises ASSET_REFUSED where there are media playlists and nothing says how they belong together.
    """
    found = candidates(names)
    if not found or role(found[0]) == "mpd":
        return found[0] if found else ""
    for name in found:
        if is_master(fetcher.head_of(name)):
            return name
    if len(found) == 1:
        return found[0]
    raise refused(f"its folder has {len(found)} media playlists and no multivariant one; name the one that is meant.")


def _renditions(names: Sequence[str], key: str) -> list[str]:
    """Files of a folder without a manifest that are renditions by themselves."""
    found = [name for name in names if "/" not in name and role(name) in ("media", "text")]
    if not any(role(name) == "media" for name in found):
        raise TelecineError(ErrorKind.OBJECT_MISSING, f"{key} holds no manifest and no MP4 file.", field=FIELD)
    return found


def _named_by(lead: str, fetcher: "_Fetcher", workspace: Workspace, context: Context) -> list[str]:
    """Fetch a manifest and the playlists below it; the media files that they name, in order."""
    root = files_of(workspace)
    fetcher.fetch([lead], _LARGEST_MANIFEST)
    fetcher.fetch(playlists_of(root, lead, context.limits), _LARGEST_MANIFEST)
    tracks = read_lead(root, lead, context.limits).manifest.tracks
    pieces = (piece for track in tracks for piece in (track.init, *(s.piece for s in track.segments)) if piece)
    return list(dict.fromkeys(piece.path for piece in pieces))


@dataclass(slots=True)
class _Fetcher:
    """Fetches objects below `prefix`, each once."""

    store: Store
    prefix: str
    workspace: Workspace
    context: Context
    known: dict[str, ObjectInfo] = field(default_factory=dict)
    """What a listing or a look said, by name below the prefix."""
    done: float = 0.0
    _stop: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _fetched: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._fetched = dict(_journal(self._journal_path))

    @property
    def _journal_path(self) -> Path:
        return self.workspace.asset / "fetched.jsonl"

    def list_all(self) -> None:
        """Learn of everything below the prefix."""
        for there in self.store.list(self.prefix):
            self.known[there.key.removeprefix(self.prefix)] = there
            self._check_count(len(self.known))
        if not self.known:
            raise TelecineError(ErrorKind.OBJECT_MISSING, f"{self.prefix} holds nothing.", field=FIELD)

    def head_of(self, name: str) -> str:
        """The beginning of a small text."""
        return self.store.read(f"{self.prefix}{name}", 0, _HEAD_BYTES).decode("utf-8-sig", "replace")

    def fetch(self, names: Sequence[str], most: int | None = None) -> None:
        """Bring objects to the work folder, those that are not there yet. `most` is the largest size of each."""
        self._check_count(len(names))
        for name in names:
            _check_name(name, self.prefix)
        self._together(self._look(name) for name in names if name not in self.known)
        large = next((name for name in names if most is not None and self.known[name].size > most), None)
        if large is not None:
            detail = f"'{large}' has {self.known[large].size:,} bytes, the limit for a manifest is {most:,}."
            raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, detail, field=FIELD)
        total = sum(self.known[name].size for name in names)
        if total > self.context.limits.input_bytes:
            detail = f"the asset has {total:,} bytes, the limit is {self.context.limits.input_bytes:,}."
            raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, detail, field=FIELD)
        self.done = 0.0
        self._together((self._bring(name) for name in names), float(total))

    def _look(self, name: str) -> Callable[[], None]:
        def look() -> None:
            there = self.store.head(f"{self.prefix}{name}")
            if there is None:
                raise TelecineError(ErrorKind.OBJECT_MISSING, f"{self.prefix}{name}", field=FIELD)
            self.known[name] = there

        return look

    def _bring(self, name: str) -> Callable[[], None]:
        def bring() -> None:
            there = self.known[name]
            target = files_of(self.workspace) / name
            before = self._fetched.get(name)
            if before not in (None, _identity(there)):
                raise ChangedError
            if before is None or not target.is_file():
                self._download(name, there, target)
            with self._lock:
                self.done += there.size

        return bring

    def _download(self, name: str, there: ObjectInfo, target: Path) -> None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self.store.download(there.key, target, self._unless_stopped)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise refused(f"'{name}' is the name of a file and of a folder.") from None
        size = target.stat().st_size
        if size != there.size:
            detail = f"{there.key} was replaced while it was being read ({size:,} of {there.size:,} bytes)."
            raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, detail)
        line = json.dumps([name, *_identity(there)])
        with self._lock, self._journal_path.open("a", encoding="utf-8") as journal:
            journal.write(f"{line}\n")

    def _unless_stopped(self, _done: int, _size: int) -> None:
        if self._stop.is_set():
            raise Cancelled

    def _together(self, work: Iterable[Callable[[], None]], total: float | None = None) -> None:
        """Do the work in threads; only this thread reports. The first failure ends the rest."""
        rest = iter(work)
        with ThreadPoolExecutor(AT_ONCE, "asset") as pool:
            waiting: set[Future[None]] = set()
            try:
                # A few at a time: to wait for a hundred thousand takes longer than to fetch them.
                while waiting := waiting | {pool.submit(one) for one in islice(rest, AT_HAND - len(waiting))}:
                    done, waiting = wait(waiting, _LOOK, FIRST_COMPLETED)
                    for one in done:
                        one.result()
                    self.context.poll()
                    self.context.report(Tick(0.0, 1.0) if total is None else Tick(min(self.done, total), total))
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _check_count(self, count: int) -> None:
        if count > self.context.limits.asset_objects:
            detail = f"the asset has more than {self.context.limits.asset_objects:,} files."
            raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, detail, field=FIELD)


def _check_name(name: str, prefix: str) -> None:
    """Refuse names that no file here can have; readers make sure that they are below the asset's folder."""
    parts = name.split("/")
    if (
        NO_NAME.search(name)
        or any(part in ("", ".", "..") or len(part.encode()) > _LONGEST_NAME for part in parts)
        or len(f"{prefix}{name}".encode()) > _LONGEST_KEY
    ):
        raise refused(f"it names {name[:200]!r}, which cannot be the name of a file.")


def _identity(there: ObjectInfo) -> list[str]:
    return [str(there.size), there.etag]


def _journal(path: Path) -> Iterable[tuple[str, list[str]]]:
    """Names and identities of what was fetched; a last line that a crash cut off does not count."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            name, *identity = json.loads(line)
        except ValueError:
            continue
        yield name, identity
