"""One small model of what a DASH or HLS manifest promises, so that one set of checks holds for both.

`read_mpd` and `read_hls` fill it in. Names of files are relative to the folder that is read; a manifest that points
out of that folder, or to another server, is at fault.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

Kind = Literal["video", "audio", "text"]

NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that no name of a file may hold: controls, and what is no character."""

LONGEST_REFERENCE = 8192
"""Characters: a name, percent-encoded, with a query such as a signature."""
MOST_MANIFEST_BYTES = 64 * 2**20
MOST_SEGMENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with one published file, as a sentence that follows the file's name."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


class ManifestError(Exception):
    """A manifest that cannot be read at all."""

    def __init__(self, path: str, what: str) -> None:
        self.fault = Fault(path, what)
        super().__init__(str(self.fault))


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole file, or `length` bytes of it from `offset`."""

    path: str
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """What a player fetches at once, and when it says that this is shown (exact seconds)."""

    piece: Piece
    start: Fraction
    duration: Fraction


@dataclass(frozen=True, slots=True)
class SystemMark:
    """What a manifest tells one DRM system, as it stands there; parts that are not there are empty.

    `system` is the `schemeIdUri` of a ContentProtection element or the KEYFORMAT of a key line, in lower case.
    `pssh` and `playready` are a whole box and a PlayReady object; `kid` is a KEYID; `uri` is where HLS gets the key.
    """

    system: str
    pssh: bytes = b""
    playready: bytes = b""
    kid: bytes = b""
    uri: str = ""


@dataclass(frozen=True, slots=True)
class ProtectionMark:
    """What a manifest says of encrypted segments: those from number `first` up to and without `end`, counted from 0.

    `scheme` is `cenc` or `cbcs` in DASH and the METHOD in HLS, and empty where it is not said; `kid` is DASH's
    default_KID and `iv` HLS's IV, or empty. DASH does not say where a clear lead ends; there all segments are meant.
    """

    first: int
    end: int
    scheme: str
    systems: tuple[SystemMark, ...]
    kid: bytes = b""
    iv: bytes = b""

    def covers(self, number: int) -> bool:
        """Whether segment `number` is meant."""
        return self.first <= number < self.end


@dataclass(frozen=True, slots=True)
class Track:
    """One rendition as one manifest describes it. Values that the manifest leaves out are empty, 0 or None.

    `name` is its own playlist in HLS and the Representation's id in DASH; `bandwidth` and `average` are bits per
    second (HLS says them per variant instead); `target` is HLS's EXT-X-TARGETDURATION in seconds; `protection` is
    empty where the manifest calls it clear.
    """

    name: str
    kind: Kind
    segments: tuple[Segment, ...]
    init: Piece | None = None
    codecs: str = ""
    language: str = ""
    label: str = ""
    group: str = ""
    default: bool = False
    bandwidth: int = 0
    average: int = 0
    width: int = 0
    height: int = 0
    frame_rate: Fraction | None = None
    target: int | None = None
    protection: tuple[ProtectionMark, ...] = ()
    offset: Fraction = Fraction(0)
    """Seconds that the media's own clock shows at the presentation's zero (DASH says it; in HLS they are one)."""
    choice: int = 0
    """Position of its AdaptationSet: tracks of one set are the same content at several bitrates."""

    @property
    def duration(self) -> Fraction:
        """Sum of what the segments are said to last, in seconds."""
        return sum((segment.duration for segment in self.segments), Fraction(0))

    @property
    def end(self) -> Fraction:
        """When the last segment is said to end, in seconds."""
        return self.segments[-1].start + self.segments[-1].duration if self.segments else Fraction(0)

    @property
    def key(self) -> tuple[Piece, ...]:
        """Equal for two tracks that are made of the same pieces."""
        return tuple(segment.piece for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Variant:
    """One EXT-X-STREAM-INF: a playlist, what may be played with it, and what it says they need together."""

    playlist: str
    bandwidth: int
    average: int
    codecs: tuple[str, ...] = ()
    width: int = 0
    height: int = 0
    frame_rate: Fraction | None = None
    video_range: str = ""
    audio: str = ""
    subtitles: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One main manifest with everything that it leads to.

    `files` are the manifests themselves, playlists included; `session_keys` are HLS's EXT-X-SESSION-KEY lines.
    """

    path: str
    protocol: Literal["dash", "hls"]
    duration: Fraction
    tracks: tuple[Track, ...]
    files: tuple[str, ...]
    variants: tuple[Variant, ...] = ()
    iframes: tuple[Track, ...] = ()
    faults: tuple[Fault, ...] = field(default=())
    session_keys: tuple[SystemMark, ...] = ()

    def of_kind(self, kind: Kind) -> tuple[Track, ...]:
        """The tracks of one kind, in the manifest's order."""
        return tuple(track for track in self.tracks if track.kind == kind)

    def pieces(self) -> set[str]:
        """Every file that the manifest names: manifests, init segments and segments."""
        tracks = (*self.tracks, *self.iframes)
        named = {segment.piece.path for track in tracks for segment in track.segments}
        return named | {track.init.path for track in tracks if track.init} | set(self.files)


@contextmanager
def understood(path: str) -> Iterator[None]:
    """Turn whatever a strange value in the manifest `path` makes our code or a library raise into a ManifestError."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        raise ManifestError(path, f"holds a value that cannot be read: {str(error)[:200]}") from None


def resolve(base: str, reference: str) -> str:
    """The file that `reference` in the file `base` means, both relative to the folder that is read.

    Raises ManifestError, at `base`, for what is not a file below that folder, is longer than any name, or holds control
    characters, which do harm wherever such a name is shown.
    """
    if len(reference) > LONGEST_REFERENCE:
        raise ManifestError(base, f"'{reference[:200]}…' is too long for a file name")
    if NO_NAME.search(unquote(reference)):
        raise ManifestError(base, f"{reference[:200]!r} holds control characters")
    parts = urlsplit(reference)
    if parts.scheme or parts.netloc or parts.path.startswith("/") or not parts.path:
        raise ManifestError(base, f"'{reference[:200]}' is not a relative file name")
    steps: list[str] = []
    for step in (*PurePosixPath(base).parent.parts, *unquote(parts.path).split("/")):
        if step == "..":
            if not steps:
                raise ManifestError(base, f"'{reference[:200]}' points out of the published folder")
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def read_text(root: Path, path: str) -> str:
    """The text of a manifest below `root`. Raises ManifestError where it is missing, huge or not UTF-8."""
    file = root / path
    try:
        if file.stat().st_size > MOST_MANIFEST_BYTES:
            raise ManifestError(path, "is larger than any manifest should be")
        return file.read_bytes().decode("utf-8-sig")
    except OSError:
        raise ManifestError(path, "does not exist") from None
    except UnicodeDecodeError:
        raise ManifestError(path, "is not UTF-8 text") from None
