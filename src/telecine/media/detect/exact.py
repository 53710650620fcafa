"""Sets the time of a piece right to the very picture, for titles whose marks change with every few pictures.

Pictures of the leak are compared with those of the title that come just before and after the one they should show, by
what the title's picture leaves unexplained: that tells neighbouring pictures apart far better than likeness does, if
anything moves. Where leak and title have as many pictures a second, each of the leak's shows one whole picture of the
title, so what is left of a picture then is error.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from telecine.media.detect.frames import Film
from telecine.media.detect.geometry import warp
from telecine.media.detect.pieces import Floats, Piece, mirror
from telecine.media.detect.residual import Places, TitleView, misfit, small, visible
from telecine.media.mark_mask import MASK, Map

REACH = 3
"""Pictures of the title by which a piece may be wrong."""
MOMENTS = 24
"""Pictures of the leak that are compared."""
SAME_RATE = 0.0005
"""By which two rates may differ and be the same."""

_NO_MARK = np.zeros(MASK, np.float32)


def to_the_picture(leak: Film, title: Film, piece: Piece, rate: float, poll: Callable[[], None]) -> Piece:
    """`piece` of `leak` with its offset right to a part of a picture, `rate` being the title's pictures a second.

    The title must have every picture. Where nothing moves, all is alike, and the offset stays as it is.
    """
    shifts = np.arange(-REACH, REACH + 1, dtype=np.float64)
    costs = np.zeros(len(shifts))
    for misfits in _misfits(leak, title, piece, shifts / rate):
        poll()
        if np.isfinite(misfits).all():
            costs += np.log(misfits / misfits.min())
    piece = replace(piece, offset=piece.offset + _lowest(shifts, costs) / rate)
    if abs(piece.speed * leak.step * rate - 1) > SAME_RATE:
        return piece
    middle = piece.title_time(float(leak.nearest([(piece.begin + piece.end) / 2])[0])) * rate
    return replace(piece, offset=piece.offset - (middle - round(middle)) / rate)


def _misfits(leak: Film, title: Film, piece: Piece, shifts: Floats) -> Iterator[Floats]:
    """For some of the piece's pictures, how much of them the title's pictures leave unexplained that are `shifts`
    (seconds) from the one they should show."""
    times = leak.times[(leak.times >= piece.begin) & (leak.times <= piece.end)]
    if not len(times):
        return
    covered = visible(piece.transform)
    for time in times[np.unique(np.linspace(0, len(times) - 1, MOMENTS).astype(int))]:
        (look,) = leak.looks([float(time)])
        laid = small(warp(mirror(look) if piece.mirrored else look, piece.transform))
        meant = title.looks([piece.title_time(float(time)) + float(shift) for shift in shifts])
        yield np.array([_misfit(laid, covered, small(one)) for one in meant])


def _misfit(laid: Map, covered: Places, meant: Map) -> float:
    return max(misfit(laid, covered, TitleView(meant, _NO_MARK)), np.finfo(np.float64).tiny)


def _lowest(shifts: Floats, costs: Floats) -> float:
    """Where the costs are lowest: of a parabola through the lowest and its neighbours."""
    best = int(costs.argmin())
    if not 0 < best < len(costs) - 1:
        return float(shifts[best]) if costs.any() else 0.0
    before, least, after = costs[best - 1 : best + 2]
    bend = before - 2 * least + after
    return float(shifts[best] + (0.5 * (before - after) / bend if bend > 0 else 0.0))
