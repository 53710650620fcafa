"""A master in MP4 or QuickTime as it is taken apart to get another picture: its boxes, its tracks, the picture's track.

What cannot be put together again byte for byte with another picture is refused here, by name.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import MasterPlan
from telecine.media.copies.movie_boxes import Place, child, read_place, top_boxes
from telecine.media.copies.movie_tables import PictureTimes, picture_times
from telecine.media.copies.sample_entry import DOLBY_VISION, parts_of
from telecine.media.copies.sample_tables import Chunks, Numbers, Track, read_tracks
from telecine.media.structure import BrokenError

_NOT_KEPT = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})
_FRAGMENTS = frozenset({b"moof", b"mfra", b"sidx", b"styp"})

SECONDS_OF_A_STILL = 10
"""Where pictures follow each other more slowly, they are no film."""


@dataclass(frozen=True, slots=True)
class MovieMaster:
    """A master's boxes and tables."""

    file_type: bytes
    """The whole `ftyp`; empty in files of old."""
    moov: bytes
    """Its body."""
    aside: bytes
    """Other boxes at the top of the file that are kept (`uuid`, `meta`, ...), whole, in their order."""
    tracks: tuple[Track, ...]
    chunks: tuple[Chunks, ...]
    """Of each track."""
    picture: int
    """Which of the tracks is the picture."""
    times: PictureTimes


def open_master(path: Path, plan: MasterPlan) -> MovieMaster:
    """The master at `path`, of which `plan` was made.

    Raises MASTER_REFUSED, naming what cannot be kept, and INPUT_UNREADABLE where the boxes contradict each other.
    """
    try:
        with path.open("rb") as file:
            return _read(file, plan)
    except BrokenError as error:
        raise TelecineError(ErrorKind.INPUT_UNREADABLE, f"the master {error}.") from error


def _read(file: BinaryIO, plan: MasterPlan) -> MovieMaster:
    places = top_boxes(file)
    kinds = {place.kind for place in places}
    movies = [place for place in places if place.kind == b"moov"]
    if len(movies) != 1:
        raise BrokenError(f"has {len(movies)} moov boxes")
    moov = read_place(file, movies[0])
    if kinds & _FRAGMENTS or child(moov, "mvex") is not None:
        raise _refused("it is in fragments.")
    if child(moov, "cmov") is not None:
        raise _refused("its moov box is compressed.")
    tracks = tuple(read_tracks(moov))
    _check_tracks(tracks, plan)
    chunks = tuple(track.chunks() for track in tracks)
    _check_places(chunks, max(place.end for place in places))
    _check_order(chunks[plan.stream].offsets)
    return MovieMaster(
        file_type=b"".join(_whole(file, place) for place in places if place.kind == b"ftyp"),
        moov=moov,
        aside=b"".join(_whole(file, place) for place in places if place.kind not in _NOT_KEPT),
        tracks=tracks,
        chunks=chunks,
        picture=plan.stream,
        times=picture_times(tracks[plan.stream]),
    )


def _whole(file: BinaryIO, place: Place) -> bytes:
    return read_place(file, place, whole=True)


def _check_tracks(tracks: tuple[Track, ...], plan: MasterPlan) -> None:
    if plan.stream >= len(tracks) or tracks[plan.stream].handler != b"vide":
        raise BrokenError(f"has no picture in track {plan.stream}")
    if any(not track.within for track in tracks):
        raise _refused("some of its media lie in other files.")
    if any(track.encrypted for track in tracks):
        raise _refused("it is encrypted.")
    if any(_unmarked(track, plan) for number, track in enumerate(tracks) if number != plan.stream):
        raise _refused("it has a second picture, which would go out without marks.")
    track = tracks[plan.stream]
    if len(track.entries) != 1:
        raise _refused(f"its picture has {len(track.entries)} descriptions (stsd) instead of one.")
    if DOLBY_VISION & {kind for kind, _ in parts_of(track.entries[0])[0]}:
        raise _refused("its Dolby Vision metadata would be lost.")
    if track.count != plan.frames:
        raise _refused(f"its picture has {track.count} samples, of which {plan.frames} are shown.")


def _unmarked(track: Track, plan: MasterPlan) -> bool:
    """Whether this other track shows a film; pictures of chapters and covers are few."""
    return track.handler == b"vide" and track.count > 1 + plan.frames / plan.rate / SECONDS_OF_A_STILL


def _check_places(chunks: tuple[Chunks, ...], size: int) -> None:
    for one in chunks:
        if len(one.offsets) and (int(one.offsets.min()) < 0 or int((one.offsets + one.lengths).max()) > size):
            raise BrokenError("has samples outside the file")


def _check_order(offsets: Numbers) -> None:
    if (np.diff(offsets) < 0).any():
        raise _refused("its pictures do not lie in their order.")


def _refused(detail: str) -> TelecineError:
    return TelecineError(ErrorKind.MASTER_REFUSED, detail)
