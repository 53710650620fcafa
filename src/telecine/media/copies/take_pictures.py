"""The coded pictures of a take, chunk after chunk, as one list: which picture of the master each is, and its bytes.

The chunks are our own encodes, QuickTime files with one picture track. Only their tables are kept; the bytes of a
picture are read when it is written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import MasterChunk, MasterPlan
from telecine.media.copies.movie_boxes import read_place, top_boxes
from telecine.media.copies.sample_entry import configuration
from telecine.media.copies.sample_tables import Numbers, Track, read_tracks
from telecine.media.structure import BrokenError
from telecine.media.workspace import Workspace


@dataclass(frozen=True, slots=True)
class TakePictures:
    """The pictures of one take in decoding order, in parallel arrays of `plan.frames` each.

    `shown` are their numbers in the order of showing, `files` which of `paths` holds each and `places` where in it;
    `keys` which stand alone. `configuration` is what a decoder needs before the first (`avcC`, `hvcC`), or empty.
    """

    name: str
    paths: tuple[Path, ...]
    shown: Numbers
    files: Numbers
    places: Numbers
    sizes: Numbers
    keys: NDArray[np.bool_]
    configuration: bytes

    def check_groups(self, group: int) -> None:
        """Raise ENCODE_FAILED where the pictures of a group do not lie together, or do not begin with a key."""
        numbers = np.arange(len(self.shown))
        mixed = np.flatnonzero(self.shown // group != numbers // group)
        if len(mixed):
            raise self.refusal(f"mixes groups at picture {mixed[0]}")
        open_groups = np.flatnonzero(~self.keys[::group])
        if len(open_groups):
            raise self.refusal(f"has no key picture at the beginning of group {open_groups[0]}")

    def refusal(self, what: str) -> TelecineError:
        """ENCODE_FAILED, naming the take."""
        return TelecineError(ErrorKind.ENCODE_FAILED, f"take {self.name} {what}.")


def take_pictures(plan: MasterPlan, workspace: Workspace, name: str) -> TakePictures:
    """The pictures of `workspace.take(name, …)` of every chunk.

    Raises ENCODE_FAILED where a chunk is missing, has not exactly its pictures, or other parameters than the first.
    """
    paths = tuple(workspace.take(name, chunk.index) for chunk in plan.chunks)
    read = [_read_chunk(plan, chunk, path, name) for chunk, path in zip(plan.chunks, paths, strict=True)]
    first = read[0][0]
    for chunk, (setup, *_) in zip(plan.chunks, read, strict=True):
        if setup != first:
            raise _refusal(name, chunk, "was encoded with other parameters than the first")
    tracks = [track for _, track, _ in read]
    pictures = TakePictures(
        name=name,
        paths=paths,
        shown=np.concatenate([shown for *_, shown in read]),
        files=np.repeat(np.arange(len(paths)), [track.count for track in tracks]),
        places=np.concatenate([track.places() for track in tracks]),
        sizes=np.concatenate([track.sizes() for track in tracks]),
        keys=np.concatenate([track.keys() for track in tracks]),
        configuration=first,
    )
    pictures.check_groups(plan.group)
    return pictures


class PictureReader:
    """Reads pictures of a take by number; each file stays open while pictures are read from it."""

    def __init__(self, pictures: TakePictures) -> None:
        self._pictures = pictures
        self._file: BinaryIO | None = None
        self._open = -1

    def read(self, number: int) -> bytes:
        """The bytes of picture `number` in decoding order."""
        which = int(self._pictures.files[number])
        if self._file is None or which != self._open:
            self.close()
            self._file, self._open = self._pictures.paths[which].open("rb"), which
        self._file.seek(int(self._pictures.places[number]))
        return self._file.read(int(self._pictures.sizes[number]))

    def close(self) -> None:
        """Close the file that is open."""
        if self._file:
            self._file.close()
        self._file = None


@contextmanager
def reading(pictures: TakePictures) -> Iterator[PictureReader]:
    """A reader that leaves no file open."""
    reader = PictureReader(pictures)
    try:
        yield reader
    finally:
        reader.close()


def _read_chunk(plan: MasterPlan, chunk: MasterChunk, path: Path, name: str) -> tuple[bytes, Track, Numbers]:
    """A chunk's configuration, its track, and the numbers of its pictures."""
    if not path.exists():
        raise _refusal(name, chunk, "is missing")
    try:
        with path.open("rb") as file:
            moov = next((place for place in top_boxes(file) if place.kind == b"moov"), None)
            tracks = (
                [track for track in read_tracks(read_place(file, moov)) if track.handler == b"vide"] if moov else []
            )
    except BrokenError as error:
        raise _refusal(name, chunk, str(error)) from error
    if len(tracks) != 1:
        raise _refusal(name, chunk, f"has {len(tracks)} picture tracks")
    track = tracks[0]
    if track.count != chunk.frames:
        raise _refusal(name, chunk, f"has {track.count} of its {chunk.frames} pictures")
    times = track.shown_times()
    ticks = track.timescale / plan.rate
    numbers = (2 * (times - times.min()) * ticks.denominator + ticks.numerator) // (2 * ticks.numerator)
    if not np.array_equal(np.sort(numbers), np.arange(chunk.frames)):
        raise _refusal(name, chunk, "is not picture after picture")
    return configuration(track.entries[0]), track, numbers + chunk.first


def _refusal(name: str, chunk: MasterChunk, what: str) -> TelecineError:
    return TelecineError(ErrorKind.ENCODE_FAILED, f"chunk {chunk.index} of take {name} {what}.")
