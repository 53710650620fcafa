"""A published tree on some HTTP server → a folder, so that it can be verified as if it were here.

Only what manifests name is fetched: files of the manifest's own folder and below, from its own origin, within limits.
A file that the server does not have stays missing, for verification to say so. Of marked trees variant 1 is fetched
too where the server shows it: an origin does, an edge for viewers does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import httpx

from telecine.core.drm import TrackType
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format
from telecine.core.layout import (
    MASTER,
    MPD,
    PACE_INFO,
    PACE_INFO_SIDECAR,
    VARIANT_FOLDERS,
    for_screens,
    second_variant,
)

if TYPE_CHECKING:
    from telecine.media.manifests import Manifest

_FULL = (MPD, MASTER)
MANIFESTS = tuple(
    f"{folder}{name}"
    for folder in ("", *(f"{kind.value}/" for kind in Format))
    for name in (*_FULL, *(for_screens(full, kind) for kind in TrackType for full in _FULL))
)
"""What is looked for where an address ends in a slash."""
_AT_ONCE = 8
_SECONDS = 30.0
_GONE = frozenset({403, 404, 410})
"""What servers answer for a file that is not there; object stores say 403 to those who may not list."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is fetched at most."""

    bytes: int
    files: int


def download(address: str, folder: Path, limits: Limits) -> None:
    """Fetch the tree of a manifest, or all usual manifests of a folder, into `folder`.

    A query string is sent with every request, as signed addresses need it. Raises NOT_FOUND where there is no
    manifest, FIELD_INVALID for an address that is none or answers with a redirection, STORAGE_UNREACHABLE and
    INPUT_OVER_LIMIT.
    """
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise _wrong(f"{error}.") from None
    name = unquote(url.path.rpartition("/")[2])
    if name and PurePosixPath(name).suffix not in (".mpd", ".m3u8"):
        raise _wrong("an address ends in .mpd, .m3u8 or, for a folder, in a slash.")
    with httpx.Client(timeout=_SECONDS, follow_redirects=False) as client:
        fetcher = _Fetcher(client, url, folder, limits)
        found = fetcher.fetch_first([name] if name else MANIFESTS)
        if not found and not name:
            found = fetcher.fetch_first(_below(VARIANT_FOLDERS[0]))
            found += fetcher.fetch_first(_below(VARIANT_FOLDERS[1])) if found else []
        if not found:
            raise TelecineError(ErrorKind.NOT_FOUND, f"A manifest at {address}")
        for main in found:
            fetcher.fetch_tree(main)


def _below(folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in MANIFESTS]


class _Fetcher:
    """Fetches files of one folder of a server, each once."""

    def __init__(self, client: httpx.Client, url: httpx.URL, folder: Path, limits: Limits) -> None:
        self._client = client
        self._url = url
        self._base = url.path.rpartition("/")[0] + "/"
        self._folder = folder
        self._limits = limits
        self._lock = Lock()
        self._asked: set[str] = set()
        self._named = 0
        self._bytes = 0

    def fetch_first(self, names: Iterable[str]) -> list[str]:
        """Main manifests; gives those that the server has. The ones that it has not count for nothing."""
        return [name for name in names if self._fetch(name, counts=False)]

    def fetch_tree(self, main: str) -> None:
        """Everything that the main manifest names, which is here already."""
        from telecine.media.manifests import ManifestError
        from telecine.media.read_hls import playlists_of

        try:
            if main.endswith(".m3u8"):
                self._fetch_all(playlists_of(self._folder, main))
            manifest = self._read(main)
            self._fetch_all(sorted(manifest.pieces()))
            self._fetch_second_variant(manifest)
        except ManifestError:
            return  # verification reads it again, and says what is wrong

    def _fetch_second_variant(self, manifest: Manifest) -> None:
        """Variant 1 of every picture, and what edges are told of it, where there is that of the first."""
        for track in manifest.of_kind("video"):
            names = [segment.piece.path for segment in track.segments]
            if self._fetch(second_variant(names[0]), counts=False):
                beside = PurePosixPath(names[0]).parent / PACE_INFO / PACE_INFO_SIDECAR
                self._fetch_all([*map(second_variant, names), str(beside)])

    def _fetch(self, name: str, *, counts: bool = True) -> bool:
        """One file; whether the server has it."""
        with self._lock:
            if name in self._asked:
                return (self._folder / name).is_file()
            self._asked.add(name)
            self._named += counts
            if self._named > self._limits.files:
                raise _over(f"more than {self._limits.files} files (--max-files).")
        url = self._url.copy_with(path=self._base + quote(name))
        try:
            with self._client.stream("GET", url) as answer:
                return self._keep(name, answer)
        except httpx.HTTPError as error:
            where = f"{self._url.scheme}://{self._url.netloc.decode()}"
            raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, f"{where}: {error or type(error).__name__}.") from error

    def _read(self, main: str) -> Manifest:
        from telecine.media.read_hls import read_hls
        from telecine.media.read_mpd import read_mpd

        return read_hls(self._folder, main) if main.endswith(".m3u8") else read_mpd(self._folder, main)

    def _fetch_all(self, names: Iterable[str]) -> None:
        with ThreadPoolExecutor(_AT_ONCE, "fetch") as pool:
            try:
                list(pool.map(self._fetch, names))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _keep(self, name: str, answer: httpx.Response) -> bool:
        if answer.status_code in _GONE:
            return False
        if answer.is_redirect:
            raise _wrong(f"{name} has moved to {answer.headers.get('location', '?')}; name the tree's real address.")
        if not answer.is_success:
            said = f"{name}: {answer.status_code} {answer.reason_phrase}."
            raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, said)
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as kept:
            for part in answer.iter_bytes():
                self._count(len(part))
                kept.write(part)
        return True

    def _count(self, size: int) -> None:
        with self._lock:
            self._bytes += size
            if self._bytes > self._limits.bytes:
                raise _over(f"more than {self._limits.bytes / 1e9:g} GB (--max-gb).")


def _wrong(detail: str) -> TelecineError:
    return TelecineError(ErrorKind.FIELD_INVALID, detail, field="PATH_OR_URL")


def _over(detail: str) -> TelecineError:
    return TelecineError(ErrorKind.INPUT_OVER_LIMIT, f"the tree has {detail}")
