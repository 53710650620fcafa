"""Where in a title the stretches of a leak may come from, by thumbnails alone: proposals that others put to the test.

Windows of five seconds are slid along the whole title. Two likenesses are summed: that of the pictures, which tells one
shot from another, and that of their changes within the window, which tells moments of one shot, or of a camera that
never moves, and cares for neither brightness nor contrast. The best places of all windows are joined to lines by
dynamic programming (Viterbi), which likes a place that follows from the one before: within a window and from one to the
next the title may run up to six per cent faster or slower than the leak.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telecine.media.detect.pieces import Floats, Pictures, Poll, Thumbs, unit

STEP = 0.25
"""Seconds between the thumbnails that are compared."""
WINDOW = 20
"""Thumbnails in a window."""
MOST_WINDOWS = 1000
MOST_SPEED = 1.06

_LEAST = 4
_HOPS = (4, 20)
_BEST = 8
_APART = 4
_DIMENSIONS = 48
_STILL = 0.01
_NOTHING = 0.3
_JUMP = 0.6
_SLACK = 0.4
_STRAY = 0.35

type Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of the leak, in seconds, and the map that its windows agree on. `score` grows with windows."""

    begin: float
    end: float
    offset: float
    speed: float
    score: float


@dataclass(frozen=True, slots=True)
class _Places:
    """For each window its middle in the leak (seconds), its best places in the title (seconds), how good they are."""

    middles: Floats
    times: Floats
    scores: Floats


def propose(leak: Thumbs, title: Thumbs, poll: Poll) -> list[Line]:
    """Lines by which `leak` may lie on `title`, in the order of the leak; empty where nothing stands out.

    Thumbnails may be restricted to any part of the picture, the same on both sides. Two hours on two hours take about
    eight seconds of one core. `poll` is called often and may raise.
    """
    if len(leak.times) < _LEAST or len(title.times) < _LEAST:
        return []
    places = _search(_evenly(leak), _evenly(title), float(leak.times[0]), float(title.times[0]), poll)
    return [line for chain in _chains(places) for line in _straight(places, chain)]


def _evenly(thumbs: Thumbs) -> Pictures:
    """The thumbnails nearest to every `STEP` seconds."""
    grid = np.arange(thumbs.times[0], thumbs.times[-1] + STEP / 2, STEP)
    after = np.searchsorted(thumbs.times, grid).clip(1, len(thumbs.times) - 1)
    nearer = after - (grid - thumbs.times[after - 1] < thumbs.times[after] - grid)
    return np.asarray(thumbs.pictures[nearer], np.float32)


def _reduced(leak: Pictures, title: Pictures) -> tuple[Pictures, Pictures]:
    """Both in the principal directions of the title: likenesses with it are kept, a fifth of the work remains."""
    if leak.shape[1] <= _DIMENSIONS:
        return leak, title
    _, directions = np.linalg.eigh(title.T @ title)
    chosen = np.ascontiguousarray(directions[:, -_DIMENSIONS:])
    return leak @ chosen, title @ chosen


def _search(leak: Pictures, title: Pictures, leak_begin: float, title_begin: float, poll: Poll) -> _Places:
    """The best places of every window. A window may hang half over either end of the title."""
    window = min(WINDOW, len(leak))
    hop = int(np.clip(len(leak) // MOST_WINDOWS, *_HOPS))
    starts = np.unique([*range(0, len(leak) - window + 1, hop), len(leak) - window])
    hang = window // 2
    leak, title = _reduced(leak, title)
    title = np.pad(title, ((hang, hang), (0, 0)))
    gauge = _TitleWindows(title, window)
    times, scores = np.empty((len(starts), _BEST)), np.empty((len(starts), _BEST))
    for number, start in enumerate(starts):
        if number % 16 == 0:
            poll()
        likeness = gauge.likeness(leak[start : start + window])
        best = _peaks(likeness)
        times[number] = title_begin + (best - hang + (window - 1) / 2) * STEP
        scores[number] = likeness[best] - np.median(likeness)
    return _Places(leak_begin + (starts + (window - 1) / 2) * STEP, times, scores)


class _TitleWindows:
    """All windows of a title, ready to be compared with one of a leak."""

    def __init__(self, title: Pictures, window: int) -> None:
        self._title, self._window = title, window
        sums = np.cumsum(np.pad(title, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
        squares = np.cumsum(np.pad(np.square(title).sum(axis=1), (1, 0)), dtype=np.float64)
        means = np.square(sums[window:] - sums[:-window]).sum(axis=1) / window
        self._changes = np.sqrt(np.maximum(squares[window:] - squares[:-window] - means, 0) + window * _STILL**2)

    def likeness(self, shown: Pictures) -> Floats:
        """Likeness of pictures plus likeness of changes (each at most 1), for every place of the window `shown`."""
        window = self._window
        products = shown @ self._title.T
        places = products.shape[1] - window + 1
        along = np.zeros(places, dtype=np.float32)
        for row in range(window):
            along += products[row, row : row + places]
        sums = np.cumsum(np.pad(products.mean(axis=0), (1, 0)), dtype=np.float64)
        common = sums[window:] - sums[:-window]
        change = np.square(shown - shown.mean(axis=0)).sum() + window * _STILL**2
        return np.asarray(along / window + (along - common) / (self._changes * np.sqrt(change)))


def _peaks(likeness: Floats) -> Whole:
    """The `_BEST` highest places that are the highest within a second; fewer are filled up with the best."""
    padded = np.pad(likeness, _APART, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _APART + 1).max(axis=1)
    tops = np.flatnonzero(likeness >= around)
    order = tops[np.argsort(likeness[tops])[::-1][:_BEST]]
    return np.asarray(np.pad(order, (0, _BEST - len(order)), mode="edge"), dtype=np.int64)


def _chains(places: _Places) -> Iterator[list[tuple[int, int]]]:
    """Runs of (window, place) that follow from one another, as the best path through all windows has them.

    A window may also be nothing, for a small reward. Every change of mind costs, so a lone chance likeness is nothing.
    """
    path = _best_path(places)
    chain: list[tuple[int, int]] = []
    for window, place in enumerate(path):
        breaks = place < 0 or (chain and not _follows(places, chain[-1], (window, place)))
        if breaks and chain:
            yield chain
            chain = []
        if place >= 0:
            chain.append((window, int(place)))
    if chain:
        yield chain


def _best_path(places: _Places) -> Whole:
    """For each window the number of its place, -1 for nothing."""
    count = len(places.middles)
    nothing = places.scores.shape[1]
    reward = np.column_stack([places.scores, np.full(count, _NOTHING)])
    total, back = reward[0].copy(), np.zeros((count, nothing + 1), dtype=np.int64)
    for window in range(1, count):
        cost = np.full((nothing + 1, nothing + 1), _JUMP)
        leak_step = places.middles[window] - places.middles[window - 1]
        title_steps = places.times[window][None] - places.times[window - 1][:, None]
        cost[:nothing, :nothing][_may_follow(leak_step, title_steps)] = 0
        cost[nothing, nothing] = 0
        cost[:nothing, nothing] = 0  # leaving costs nothing, so that coming back costs once
        arrived = total[:, None] - cost
        back[window] = arrived.argmax(axis=0)
        total = arrived.max(axis=0) + reward[window]
    path = np.empty(count, dtype=np.int64)
    path[-1] = total.argmax()
    for window in range(count - 1, 0, -1):
        path[window - 1] = back[window][path[window]]
    return np.where(path == nothing, -1, path)


def _may_follow(leak_step: float, title_steps: Floats) -> NDArray[np.bool_]:
    return np.abs(title_steps - leak_step) <= (MOST_SPEED - 1) * leak_step + _SLACK


def _follows(places: _Places, before: tuple[int, int], after: tuple[int, int]) -> bool:
    leak_step = float(places.middles[after[0]] - places.middles[before[0]])
    return bool(_may_follow(leak_step, places.times[after] - places.times[before]))


def _straight(places: _Places, chain: list[tuple[int, int]]) -> Iterator[Line]:
    """The chain as one line, or as several where something short was cut out of it."""
    windows, numbers = (np.array(part) for part in zip(*chain, strict=True))
    leak, title = places.middles[windows], places.times[windows, numbers]
    score = float(places.scores[windows, numbers].sum())
    half = WINDOW * STEP / 2
    speed, offset = _fit(leak, title)
    off = np.abs(title - offset - speed * leak)
    if len(leak) >= _LEAST and off.max() > _STRAY:
        cut = _cut(leak, title)
        yield from _straight(places, chain[:cut])
        yield from _straight(places, chain[cut:])
    else:
        yield Line(float(leak[0]) - half, float(leak[-1]) + half, offset, speed, score)


def _cut(leak: Floats, title: Floats) -> int:
    """Where two lines fit best, at least one point to a line."""

    def misfit(leak: Floats, title: Floats) -> float:
        speed, offset = _fit(leak, title)
        return float(np.abs(title - offset - speed * leak).sum())

    tries = np.unique(np.linspace(1, len(leak) - 1, 40).astype(int))
    return int(min(tries, key=lambda cut: misfit(leak[:cut], title[:cut]) + misfit(leak[cut:], title[cut:])))


def _fit(leak: Floats, title: Floats) -> tuple[float, float]:
    """Speed and offset; speed 1 where the stretch is too short to tell."""
    if len(leak) < 2 or leak[-1] - leak[0] < WINDOW * STEP:
        return 1.0, float(np.median(title - leak))
    steepness, _ = np.polyfit(leak, title, 1)
    speed = float(np.clip(steepness, 1 / MOST_SPEED, MOST_SPEED))
    return speed, float(np.median(title - speed * leak))


def restrict(thumbs: Thumbs, seen: NDArray[np.bool_]) -> Thumbs:
    """The thumbnails by their cells that are `seen` (336 truths) alone, again of mean nought and norm one."""
    pictures = thumbs.pictures[:, seen]
    return Thumbs(thumbs.times, unit(pictures - pictures.mean(axis=1, keepdims=True)))
