"""Everything that the checks judge, read once: manifests, files, samples.

A rendition that several manifests name (CMAF) is read once. Each rendition is decoded in one tree only; in the others
its samples must be the same, which costs a tenth of it.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePosixPath

from telecine.core.drm import Label
from telecine.core.layout import THUMBNAIL_MAP, track_files
from telecine.core.plan import Plan, variant_track
from telecine.core.progress import Tick
from telecine.cores import usable_cores
from telecine.media.bandwidth import Twin, no_twin
from telecine.media.context import Context
from telecine.media.encryption import Encryption
from telecine.media.manifests import Fault, Kind, Manifest, ManifestError, Piece, Segment, Track, read_text
from telecine.media.read_hls import read_hls
from telecine.media.read_mpd import read_mpd
from telecine.media.samples import Decode, Samples, read_file, read_samples
from telecine.media.structure import fault_in
from telecine.media.workspace import Workspace

_WAIT = 0.25
_MASTER_TAGS = ("#EXT-X-STREAM-INF", "#EXT-X-I-FRAME-STREAM-INF")


class _Stopped(Exception):  # noqa: N818 - ends a reading thread because its work is no longer wanted
    pass


@dataclass(slots=True)
class Rendition:
    """One set of segments, and every description of it. `id` is its folder within its tree (`video/avc1/1`).

    `read` are the segments that are whole; the places in `samples` are positions in it.
    """

    tree: str
    id: str
    kind: Kind
    uses: list[tuple[Manifest, Track]]
    read: tuple[Segment, ...] = ()
    samples: Samples | None = None
    encryption: Encryption = field(default_factory=Encryption)

    @property
    def track(self) -> Track:
        """One of its descriptions."""
        return self.uses[0][1]

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.tree}/{self.id}" if self.tree else self.id


@dataclass(slots=True)
class Evidence:
    """What was found below `root`.

    `names` gives the plan's name of a rendition by (tree, id), `keys` a content key by its id, `owners` its label;
    `twin` where the other variant of a segment is.
    """

    root: Path
    plan: Plan | None
    keys: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    owners: Mapping[bytes, Label] = field(default_factory=dict)
    manifests: list[Manifest] = field(default_factory=list)
    unreadable: list[Fault] = field(default_factory=list)
    missing: list[Fault] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    renditions: list[Rendition] = field(default_factory=list)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    encoded: dict[str, Samples] = field(default_factory=dict)
    twin: Twin = no_twin

    def of_kind(self, *kinds: Kind) -> list[Rendition]:
        """Renditions of some kinds."""
        return [rendition for rendition in self.renditions if rendition.kind in kinds]

    def read(self, *kinds: Kind) -> list[tuple[Rendition, Samples]]:
        """Renditions whose samples could be read, with them."""
        return [(r, r.samples) for r in self.of_kind(*kinds) if r.samples is not None and len(r.samples)]

    def opened(self, *kinds: Kind) -> list[tuple[Rendition, Samples]]:
        """The same without those that are encrypted and whose key is unknown."""
        return [(rendition, samples) for rendition, samples in self.read(*kinds) if not rendition.encryption.sealed]

    def name(self, rendition: Rendition) -> str:
        """The plan's name of a rendition, or empty."""
        return self.names.get((rendition.tree, rendition.id), "")

    def shift(self, tree: str) -> Fraction:
        """Where a tree's clock stands at the programme's zero, in seconds: at the first picture."""
        videos = [pair for pair in self.read("video") if pair[0].tree == tree]
        sounds = [pair for pair in self.read("audio") if pair[0].tree == tree]
        if not videos and not sounds:
            return Fraction(0)
        rendition, samples = (videos or sounds)[0]
        encoded = self.encoded.get(self.name(rendition))
        return samples.start - (encoded.start if encoded else Fraction(0))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known already of a tree that shows a marked one as some viewer gets it.

    `variant`: whose encoded pictures it holds. `encoded`: samples of encoded tracks, which are not read again.
    `shared`: another view of the same files; what is not a picture is taken from it. `twin` as in `Evidence`.
    """

    variant: int = 0
    encoded: Mapping[str, Samples] = field(default_factory=dict)
    shared: Evidence | None = None
    twin: Twin = no_twin


NOTHING = Known()


def gather(
    root: Path,
    plan: Plan | None,
    workspace: Workspace | None,
    context: Context,
    decode: Decode,
    keys: Mapping[bytes, bytes],
    owners: Mapping[bytes, Label],
    known: Known = NOTHING,
) -> Evidence:
    """Read everything below `root`, what is encrypted with `keys`. Reports bytes of media read."""
    evidence = Evidence(root, plan, keys, owners, encoded=dict(known.encoded), twin=known.twin)
    for path in _main_manifests(root):
        try:
            evidence.manifests.append(read_mpd(root, path) if path.endswith(".mpd") else read_hls(root, path))
        except ManifestError as error:
            evidence.unreadable.append(error.fault)
    evidence.renditions = _renditions(evidence.manifests)
    if plan:
        evidence.names = _names(plan)
    evidence.missing = [
        Fault(manifest.path, f"names {piece}, which does not exist")
        for manifest in evidence.manifests
        for piece in sorted(manifest.pieces())
        if not (root / piece).is_file()
    ]
    files = _encoded_files(plan, workspace, known.variant)
    _read_media(
        evidence,
        {name: file for name, file in files.items() if name not in known.encoded},
        known.shared,
        context,
        decode,
    )
    return evidence


def _main_manifests(root: Path) -> list[str]:
    """MPDs and multivariant playlists; media playlists are reached through the latter."""
    found = [path for path in sorted(root.rglob("*")) if path.suffix in (".mpd", ".m3u8") and path.is_file()]
    names = [path.relative_to(root).as_posix() for path in found]
    return [name for name in names if name.endswith(".mpd") or _is_master(root, name)]


def _is_master(root: Path, name: str) -> bool:
    if PurePosixPath(name).name.startswith("master"):
        return True
    try:
        return any(tag in read_text(root, name) for tag in _MASTER_TAGS)
    except ManifestError:
        return False


def _renditions(manifests: Iterable[Manifest]) -> list[Rendition]:
    by_pieces: dict[tuple[Piece, ...], Rendition] = {}
    for manifest in manifests:
        tree = PurePosixPath(manifest.path).parent
        for track in manifest.tracks:
            folder = PurePosixPath(track.segments[0].piece.path).parent
            inside = folder.relative_to(tree) if folder.is_relative_to(tree) else folder
            name = "" if str(tree) == "." else str(tree)
            found = by_pieces.setdefault(track.key, Rendition(name, str(inside), track.kind, []))
            found.uses.append((manifest, track))
    return list(by_pieces.values())


def _names(plan: Plan) -> dict[tuple[str, str], str]:
    return {(tree.folder, files.folder): name for tree in plan.trees for name, files in track_files(plan, tree).items()}


def _read_media(
    evidence: Evidence,
    encoded: Mapping[str, tuple[Path, Kind]],
    shared: Evidence | None,
    context: Context,
    decode: Decode,
) -> None:
    """Look into every media file, on all cores; only this thread reports, and whatever that raises ends the rest."""
    stop = threading.Event()
    done = _Counter(stop)
    fresh = [rendition for rendition in evidence.renditions if not _taken_over(evidence, rendition, shared)]
    total = sum(_size(evidence, rendition) for rendition in fresh)
    total += sum(path.stat().st_size for path, _ in encoded.values())
    with ThreadPoolExecutor(usable_cores(), "verify") as pool:
        jobs: list[Future[None]] = []
        decoded: set[str] = set()
        for rendition in sorted(fresh, key=lambda r: _size(evidence, r), reverse=True):
            first = evidence.plan is None or rendition.id not in decoded
            decoded.add(rendition.id)
            jobs.append(pool.submit(_read_rendition, evidence, rendition, decode if first else "none", done.add))
        for name, (path, kind) in encoded.items():
            jobs.append(pool.submit(_read_encoded, evidence, name, path, kind, done.add))
        try:
            waiting = set(jobs)
            while waiting:
                _, waiting = wait(waiting, _WAIT)
                context.poll()
                context.report(Tick(min(done.value, total), total))
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
        for job in jobs:
            job.result()


def _taken_over(evidence: Evidence, rendition: Rendition, shared: Evidence | None) -> bool:
    """Whether what another view has found of a rendition was taken from there. Pictures are each view's own."""
    if shared is None or rendition.kind == "video":
        return False
    found = next((one for one in shared.renditions if one.track.key == rendition.track.key), None)
    if found is None:
        return False
    rendition.read, rendition.samples, rendition.encryption = found.read, found.samples, found.encryption
    paths = {piece.path for piece in (*rendition.track.key, rendition.track.init) if piece}
    evidence.broken |= {path: what for path, what in shared.broken.items() if path in paths}
    return True


class _Counter:
    """Bytes read by all threads together."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self.value = 0

    def add(self, size: int) -> None:
        """Count `size` bytes. Raises where nobody wants the result any more."""
        if self._stop.is_set():
            raise _Stopped
        with self._lock:
            self.value += size


def _encoded_files(plan: Plan | None, workspace: Workspace | None, variant: int) -> dict[str, tuple[Path, Kind]]:
    """The encoder's files, which the trees must hold sample by sample; of the picture those of `variant`."""
    if plan is None or workspace is None:
        return {}
    pictures = {video.name: workspace.video(variant_track(video.name, variant)) for video in plan.video}
    files: dict[str, tuple[Path, Kind]] = {name: (path, "video") for name, path in pictures.items()}
    files |= {audio.name: (workspace.audio(audio.name), "audio") for audio in plan.audio}
    return {name: (path, kind) for name, (path, kind) in files.items() if path.is_file()}


def _read_rendition(evidence: Evidence, rendition: Rendition, decode: Decode, watch: Callable[[int], None]) -> None:
    """Judge every file of a rendition by itself, then read the samples of those that are whole."""
    init, encryption = rendition.track.init, rendition.encryption
    init_fits = init is None or _is_whole(evidence, rendition, init, is_init=True)
    whole: list[Segment] = []
    for segment in rendition.track.segments:
        watch(0)
        if _is_whole(evidence, rendition, segment.piece):
            whole.append(segment)
    rendition.read = tuple(whole)
    if rendition.kind == "text" or not whole or not init_fits:
        return
    pieces = [segment.piece for segment in whole]
    encryption.learn((mark for _, track in rendition.uses for mark in track.protection), evidence.keys)
    opening = encryption.opening(pieces, evidence.keys)
    if encryption.sealed:
        decode = "none"
    rendition.samples = read_samples(
        evidence.root, pieces, rendition.kind, init=init, decode=decode, watch=watch, opening=opening
    )


def _is_whole(evidence: Evidence, rendition: Rendition, piece: Piece, *, is_init: bool = False) -> bool:
    """Whether a file is there and whole. What it says of its encryption is taken in on the way."""
    path = evidence.root / piece.path
    if not path.is_file():
        return False
    content = _content(path, piece)
    fault = fault_in(piece.path, content, is_init=is_init)
    if fault:
        evidence.broken[piece.path] = fault
        return False
    see = rendition.encryption.see_init if is_init else rendition.encryption.see_segment
    try:
        see(piece, content)
    except (ValueError, LookupError):
        rendition.encryption.faults.append(Fault(piece.path, "has boxes of protection that cannot be read"))
    return True


def _content(path: Path, piece: Piece) -> bytes:
    with path.open("rb") as opened:
        opened.seek(piece.offset)
        return opened.read(-1 if piece.length is None else piece.length)


def _read_encoded(evidence: Evidence, name: str, path: Path, kind: Kind, watch: Callable[[int], None]) -> None:
    evidence.encoded[name] = read_file(path, kind, watch)


def _size(evidence: Evidence, rendition: Rendition) -> int:
    paths = {segment.piece.path for segment in rendition.track.segments}
    return sum((evidence.root / path).stat().st_size for path in paths if (evidence.root / path).is_file())


def published_files(root: Path) -> set[str]:
    """Every file below `root`."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def has_thumbnails(root: Path) -> bool:
    """Whether there is a map of thumbnails."""
    return (root / THUMBNAIL_MAP).is_file()
