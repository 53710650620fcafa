"""Where pieces of a leak begin and end, to about one picture, and which of them hold at all.

A piece grows as long as the leak goes on to show what the title shows then. Where two pieces meet, the one that is more
alike has the picture: a camera that never moves makes everything alike, and still one of the two is better.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from telecine.media.detect.geometry import apart
from telecine.media.detect.lens import distinct, likeness
from telecine.media.detect.pieces import Floats, LookSource, Piece, Poll
from telecine.media.detect.refine import finely, moments

SHORTEST = 1.0
"""Seconds of the shortest piece."""

SAME = 3.0
"""Pixels of `LOOK`: two pieces whose corners are nearer lie alike."""

_SAME_TIME = 0.06
_TOUCH = 0.1
_STRIDE = 0.5
_BATCH = 16
_GIVEN_UP = 3.0
_INSIDE = 4.0
_INTRUSION = 6.0
_NEAR = 0.75
_FINE_STEP = 0.01
_LEAST_CONTRAST = 0.1
_ROUNDS = 6
_GROWN = 1.25
_SAMPLES = 24
_BETTER = 0.002
_SURE = 2.0

type Gain = Callable[[Sequence[float]], Floats]
"""For times of the leak what speaks for going on (positive) or for stopping (negative)."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A piece that stood the test. `alike`: how alike its pictures are to the title's of the same moments (-1 to 1),
    `chance`: to those of other moments. `score`: how much spoke for it in the first place."""

    piece: Piece
    alike: float
    chance: float
    score: float

    def gain(self, alike: Floats) -> Floats:
        """What likenesses speak for (1) or against (-1) a picture's belonging to the piece."""
        most = max(self.alike - self.chance, _LEAST_CONTRAST)
        return np.clip(2 * (alike - self.alike) / most + 1, -1, 1)


class Film:
    """A leak and its title."""

    def __init__(self, leak: LookSource, title: LookSource, poll: Poll) -> None:
        self.leak, self.title, self.poll = leak, title, poll
        times = leak.thumbs.times
        self.begin, self.end = float(times[0]), float(times[-1] + np.median(np.diff(times)))

    def likeness(self, piece: Piece, times: Sequence[float]) -> Floats:
        """How alike leak and title are at `times` of the leak if `piece` held there."""
        self.poll()
        return likeness(self.leak, self.title, piece, times)


def settle(film: Film, found: Sequence[Found]) -> list[Found]:
    """The pieces that hold beside each other, in the order of the leak, with their ends set right."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: -one.score):
        if all(_better(film, one, other) for other in kept):
            kept.append(one)
    kept.sort(key=lambda one: one.piece.begin)
    grown = [_grown(film, one, *_room(film, kept, number)) for number, one in enumerate(kept)]
    grown = [one for one in grown if one.piece.end - one.piece.begin >= SHORTEST]
    for number in range(len(grown) - 1):
        grown[number], grown[number + 1] = _contest(film, grown[number], grown[number + 1])
    return _joined(film, [one for one in grown if one.piece.end - one.piece.begin >= SHORTEST])


def _same(one: Piece, other: Piece) -> bool:
    """Whether two pieces say the same of time and place."""
    late = [abs(one.title_time(moment) - other.title_time(moment)) for moment in (one.begin, one.end)]
    return one.mirrored == other.mirrored and max(late) < _SAME_TIME and apart(one.transform, other.transform) < SAME


def _joined(film: Film, found: Sequence[Found]) -> list[Found]:
    """Pieces that touch and say the same, as one."""
    joined: list[Found] = []
    for one in found:
        last = joined[-1] if joined else None
        if last and one.piece.begin - last.piece.end < _TOUCH and _same(one.piece, last.piece):
            longer = max(last, one, key=lambda each: each.piece.end - each.piece.begin)
            whole = replace(longer.piece, begin=last.piece.begin, end=one.piece.end)
            whole, alike = finely(film.leak, film.title, whole)
            joined[-1] = Found(whole, alike, longer.chance, last.score + one.score)
        else:
            joined.append(one)
    return joined


def _better(film: Film, one: Found, other: Found) -> bool:
    """Whether `one` explains its own stretch clearly better than `other`, a stronger piece, would; also where both say
    the same, for what lies between may be foreign."""
    if _same(one.piece, other.piece):
        return True
    times = moments(film.leak, one.piece, _SAMPLES)
    gain = film.likeness(one.piece, times) - film.likeness(other.piece, times)
    error = float(gain.std()) / np.sqrt(len(gain))
    return bool(gain.mean() > max(_BETTER, _SURE * error))


def _room(film: Film, kept: Sequence[Found], number: int) -> tuple[float, float]:
    """How far a piece may grow: some way into its neighbours, which defend themselves."""
    low = kept[number - 1].piece.end - _INTRUSION if number else film.begin
    high = kept[number + 1].piece.begin + _INTRUSION if number + 1 < len(kept) else film.end
    piece = kept[number].piece
    return min(max(low, film.begin), piece.end), max(min(high, film.end), piece.begin)


def _grown(film: Film, found: Found, low: float, high: float) -> Found:
    """The piece from where its likeness begins to where it ends, within `low` and `high`; its time set right anew
    whenever it has grown by a quarter."""
    piece = found.piece
    for _ in range(_ROUNDS):

        def gain(times: Sequence[float], piece: Piece = piece) -> Floats:
            return found.gain(film.likeness(piece, times))

        inside = min(_INSIDE, (piece.end - piece.begin) / 2)
        begin = _walk(gain, max(piece.begin, low) + inside, low)
        end = _walk(gain, min(piece.end, high) - inside, high)
        if end - begin < SHORTEST:
            return replace(found, piece=replace(piece, begin=begin, end=begin))
        grown_much = end - begin > _GROWN * (piece.end - piece.begin)
        piece = replace(piece, begin=begin, end=end)
        if not grown_much:
            break
        piece, _ = finely(film.leak, film.title, piece)
    begin, end = _exact(film, begin, low, gain, -1), _exact(film, end, high, gain, 1)
    return replace(found, piece=replace(piece, begin=begin, end=end))


def _walk(gain: Gain, start: float, limit: float) -> float:
    """From `start` towards `limit` as far as it pays, to half a second."""
    sign = 1.0 if limit >= start else -1.0
    total = best = 0.0
    reached = start
    steps = np.arange(0, abs(limit - start) + _STRIDE, _STRIDE)
    for first in range(0, len(steps), _BATCH):
        times = start + sign * np.minimum(steps[first : first + _BATCH], abs(limit - start))
        for moment, value in zip(times, gain([float(one) for one in times]), strict=True):
            total += float(value)
            if total > best:
                best, reached = total, float(moment)
        if best - total > _GIVEN_UP:
            break
    return reached


def _exact(film: Film, about: float, limit: float, gain: Gain, sign: int) -> float:
    """The edge of the picture near `about` where it stops to pay, going out from the piece (`sign` 1: to later)."""
    low, high = max(about - _NEAR, film.begin), min(about + _NEAR, film.end)
    low, high = (min(max(low, limit), high), high) if sign < 0 else (low, max(min(high, limit), low))
    if high - low < 2 * _FINE_STEP:
        return about
    pictures = distinct(film.leak, low, high, _FINE_STEP)
    edges = [begin for begin, _, _ in pictures] + [pictures[-1][1]]
    values = gain([(begin + end) / 2 for begin, end, _ in pictures])
    kept = np.concatenate([[0.0], np.cumsum(values if sign > 0 else values[::-1])])
    best = int(kept.argmax())
    return float(edges[best] if sign > 0 else edges[len(values) - best])


def _contest(film: Film, left: Found, right: Found) -> tuple[Found, Found]:
    """Both pieces with one edge between them, where they overlap."""
    if left.piece.end <= right.piece.begin:
        return left, right

    def gain(times: Sequence[float]) -> Floats:
        return film.likeness(left.piece, times) - film.likeness(right.piece, times)

    low, high = max(right.piece.begin, left.piece.begin), min(left.piece.end, right.piece.end)
    times = np.linspace(low, high, max(2, round((high - low) / (_STRIDE / 2)) + 1))
    kept = np.concatenate([[0.0], np.cumsum(gain([float(one) for one in times]))])
    about = float(np.interp(kept.argmax() - 0.5, np.arange(len(times)), times))
    edge = _exact(film, about, high, gain, 1)
    return (
        replace(left, piece=replace(left.piece, end=edge)),
        replace(right, piece=replace(right.piece, begin=edge)),
    )
