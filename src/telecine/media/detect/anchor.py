"""Lays a leak on its title: finds the pieces of which it is made, each with its map of time and of place.

Views are tried one after the other on what no piece explains yet: the picture as it is, mirrored, and those that are
found by features. Through a view thumbnails propose lines in time; each line is put to the test with whole pictures:
features must agree on a transform, or the details must be alike without one. What fails is foreign.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from telecine.media.detect import refine
from telecine.media.detect.ends import SHORTEST, Film, Found, settle
from telecine.media.detect.geometry import seen, warp
from telecine.media.detect.lens import Lens, chance
from telecine.media.detect.pieces import LookSource, Piece, Poll, Thumbs, cells, mirror, thumb
from telecine.media.detect.retrieve import ASKED, View, views
from telecine.media.detect.timing import STEP, Line, propose, restrict

ALIKE = 0.25
"""Likeness of details that a piece must have where features agree on it."""
VERY_ALIKE = 0.5
"""The same where no features do, beyond what pictures of other moments have."""
GAP = 2.0
"""Seconds that must be unexplained to be looked at again."""

_LEAST = 4
_MOST_LINES = 24
_FIRST_PAIRS = 4
_CHANCES = 12
_CLEAR = 200
_MOST_VIEWS = 6
_MOST_PASSES = 30
_LEAST_CELLS = 40
_WHOLE = 254.0
_AT_ONCE = 64
_GLANCES = 8
"""Pictures that are compared where features say nothing: most such lines are false."""

type Gap = tuple[float, float]
"""From and to, in seconds of the leak."""


def find_pieces(leak: LookSource, title: LookSource, poll: Poll) -> list[Piece]:
    """The pieces of `leak` that show `title`, in the order of the leak, not overlapping; none where nothing fits.

    `poll` is called often and may raise.
    """
    if len(leak.thumbs.times) < _LEAST or len(title.thumbs.times) < _LEAST:
        return []
    film = Film(leak, title, poll)
    waiting = deque([View(False, np.eye(3)), View(True, np.eye(3))])
    tried: list[tuple[View, Gap]] = []
    found: list[Found] = []
    retrieved = False
    for _ in range(_MOST_PASSES):
        gaps = _gaps(film, found)
        if gaps and not waiting and not retrieved:
            retrieved = True
            waiting.extend(views(leak, title, _spread(gaps), poll)[:_MOST_VIEWS])
        if not gaps or not waiting:
            break
        view = waiting.popleft()
        gaps = [gap for gap in gaps if not _tried(view, gap, tried)]
        tried += [(view, gap) for gap in gaps]
        new = [one for gap in gaps for one in _through(film, view, *gap)]
        found = settle(film, [*found, *new]) if new else found
        waiting.extendleft(View(one.piece.mirrored, one.piece.transform) for one in new)
    return [one.piece for one in found]


def _tried(view: View, gap: Gap, tried: Sequence[tuple[View, Gap]]) -> bool:
    """Whether the gap was looked at through such a view before. What is left of a longer one may show more when it is
    looked at alone, so that does not count."""
    return any(
        view.like(other) and max(abs(gap[0] - begin), abs(gap[1] - end)) < SHORTEST for other, (begin, end) in tried
    )


def _gaps(film: Film, found: Sequence[Found]) -> list[Gap]:
    """Stretches of the leak, in seconds, that no piece explains."""
    edges = [film.begin, *(edge for one in found for edge in (one.piece.begin, one.piece.end)), film.end]
    return [(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if end - begin >= GAP]


def _spread(gaps: Sequence[Gap]) -> list[float]:
    """Times spread over all gaps."""
    lengths = np.array([end - begin for begin, end in gaps])
    reached = (np.arange(ASKED) + 0.5) / ASKED * lengths.sum()
    passed = np.concatenate([[0.0], np.cumsum(lengths)])
    gap = np.searchsorted(passed, reached, side="right") - 1
    return [float(gaps[one][0] + at - passed[one]) for one, at in zip(gap, reached, strict=True)]


def _through(film: Film, view: View, begin: float, end: float) -> Iterator[Found]:
    """What is found between `begin` and `end` of the leak through a view."""
    leak, title = _thumbs(film, view, begin, end)
    lines = sorted(propose(leak, title, film.poll), key=lambda line: -line.score)
    for line in lines[:_MOST_LINES]:
        film.poll()
        found = _examine(film, line, _piece(line, view, begin, end))
        if found:
            yield found


def _piece(line: Line, view: View, begin: float, end: float) -> Piece:
    return Piece(max(line.begin, begin), min(line.end, end), line.offset, line.speed, view.mirrored, view.transform)


def _thumbs(film: Film, view: View, begin: float, end: float) -> tuple[Thumbs, Thumbs]:
    """Thumbnails of leak and title that show the same part of the title's picture."""
    thumbs = film.leak.thumbs
    inside = (thumbs.times >= begin) & (thumbs.times <= end)
    own = Thumbs(thumbs.times[inside], thumbs.pictures[inside])
    if np.array_equal(view.transform, np.eye(3)):
        return own.mirrored() if view.mirrored else own, film.title.thumbs
    covered = _covered(view)
    if np.count_nonzero(covered) < _LEAST_CELLS:
        return Thumbs(own.times[:0], own.pictures[:0]), film.title.thumbs
    times = own.times[np.unique(np.searchsorted(own.times, np.arange(begin, end, STEP)).clip(0, len(own.times) - 1))]
    laid = Thumbs(times, np.array(list(_laid(film, view, times)), dtype=np.float32))
    return restrict(laid, covered), restrict(film.title.thumbs, covered)


def _laid(film: Film, view: View, times: NDArray[np.float64]) -> Iterator[NDArray[np.float32]]:
    for first in range(0, len(times), _AT_ONCE):
        film.poll()
        for look in film.leak.looks([float(one) for one in times[first : first + _AT_ONCE]]):
            yield thumb(warp(mirror(look) if view.mirrored else look, view.transform))


def _covered(view: View) -> NDArray[np.bool_]:
    """The cells of a thumbnail that the leak covers."""
    return np.asarray(cells(seen(view.transform)) >= _WHOLE)


def _examine(film: Film, line: Line, piece: Piece) -> Found | None:
    """The piece that the line proposes, with place and time set right, if it stands the test."""
    first = refine.place(film.leak, film.title, piece, _FIRST_PAIRS)
    if first:
        piece = replace(piece, transform=first.transform)
    if not Lens(piece.mirrored, piece.transform).sees:
        return None
    piece, alike = refine.roughly(film.leak, film.title, piece, refine.MOMENTS if first else _GLANCES)
    if alike < (ALIKE if first else VERY_ALIKE):
        return None
    by_chance = chance(film.leak, film.title, piece, refine.moments(film.leak, piece, _CHANCES))
    if not first and alike < by_chance + VERY_ALIKE:
        return None
    piece, _ = refine.finely(film.leak, film.title, piece)
    clear = first is not None and first.inliers >= _CLEAR
    second = None if clear else refine.place(film.leak, film.title, piece)
    if second:
        piece = replace(piece, transform=second.transform)
    piece = refine.polish(film.leak, film.title, piece)
    piece, alike = refine.finely(film.leak, film.title, piece)
    return Found(piece, alike, by_chance, line.score)
