"""What one picture of a leak says of the mark: what remains of it when the title's own picture has been explained away.

The leak's brightness is fitted by the title's (its curve, contrast that changes across the picture, vignette); what is
left over is the mark, noise, and whatever has been laid over the picture. Each place counts by how well the mark can be
seen there against what else is left over in its surroundings.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark.pattern import CELLS_HIGH, CELLS_WIDE
from telecine.media.detect.geometry import seen
from telecine.media.detect.pieces import Look, Transform
from telecine.media.mark_mask import DELTA, MASK, Map, mask_of

FITTED = 5
"""Each so many-th place that is seen takes part in the fit."""
REFITS = 2
TRIMMED = 2.5
"""Deviations beyond which a place is left out of the next fit."""
CLIPPED = 4.0
"""Deviations at which what is left over is held."""
COVERED = 0.5
"""Where so much of a place's surroundings is off by more than that, something else lies over the picture."""
NOISE = 0.1
"""Square of the deviation, in steps of luma, that is always reckoned with."""
SURROUNDINGS = 4.0
"""Deviation, in places of the mask (a cell is 2.5), of the window that is a place's surroundings."""
_DEVIATION = 1.4826
_RIDGE = 1e-7
_LEAST_NEAR = 1e-3
_EDGE = 6
_WHOLE = 250
_FEWEST = 400
"""Places that must be seen for a picture to say anything: about a thirtieth of it."""


type Places = NDArray[np.bool_]
"""Places of the mask's grid: 90 rows, 160 columns."""


@dataclass(frozen=True, slots=True, eq=False)
class TitleView:
    """A picture of the title on the grid of the mask: its luma, and how much the mark changed it there."""

    luma: Map
    mark: Map


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What places say: `seen` is the sum of residual times mark over noise, `weight` that of mark squared over noise.

    Both are maps of `MASK` and may be added over pictures.
    """

    seen: Map
    weight: Map


def small(look: Look | Map) -> Map:
    """A picture of `LOOK` on the grid of the mask."""
    return np.asarray(cv2.resize(look, MASK[::-1], interpolation=cv2.INTER_AREA), np.float32)


def title_view(look: Look, strength: float) -> TitleView:
    """Prepare a picture of the title, which was marked at `strength`."""
    return TitleView(small(look), mask_of(look, strength))


def visible(transform: Transform) -> Places:
    """The places that a leak's picture covers when it is laid on the title's, but for some pixels along its edges."""
    shown = cv2.resize(seen(transform, _EDGE), MASK[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(shown >= _WHOLE)


def evidence(leak: Map, visible: Places, title: TitleView) -> Evidence | None:
    """What the picture `leak`, laid on the title's and on the same grid, says where it is `visible`.

    What is left over is held at four deviations, and freed of its local mean, since the mark is finer than that. Its
    local square is the noise: it includes the mark, hardly, and whatever covers the picture, so that a logo or a line
    of text counts next to nothing, edge and all. None where too little is visible.
    """
    if np.count_nonzero(visible) < _FEWEST:
        return None
    left = leak - _fit(leak, visible, title.luma)
    most = CLIPPED * _DEVIATION * float(np.median(np.abs(left[visible])))
    covered = _surroundings((np.abs(left) >= most).astype(np.float32)) > COVERED
    shown = (visible & ~covered).astype(np.float32)
    near = np.maximum(_surroundings(shown), np.float32(_LEAST_NEAR))
    left = np.asarray(np.clip(left, -most, most) * shown, np.float32)
    left = np.asarray((left - _surroundings(left) / near) * shown, np.float32)
    noise = np.float32(NOISE) + _surroundings(left * left) / near
    mark = np.asarray(title.mark * shown / noise, np.float32)
    return Evidence(left * mark, title.mark * mark)


def misfit(leak: Map, visible: Places, title: TitleView) -> float:
    """How much of `leak` the title's picture leaves unexplained in most places, in steps of luma.

    It is the median, so a logo, which pulls an alignment that is made by eye, has no say in it. Infinite where nothing
    is visible.
    """
    if np.count_nonzero(visible) < _FEWEST:
        return float("inf")
    return float(np.median(np.abs(leak - _fit(leak, visible, title.luma))[visible]))


def _fit(leak: Map, visible: Places, luma: Map) -> Map:
    """The leak's luma as far as the title's explains it: least squares over 13 terms, twice without what is far off."""
    terms = _terms(luma)
    places = np.flatnonzero(visible)[::FITTED]
    some, wanted = terms[:, places].T.astype(np.float64), leak.ravel()[places].astype(np.float64)
    kept = np.ones(len(places), bool)
    for _ in range(1 + REFITS):
        chosen = some[kept]
        # A flat picture makes terms that say the same; the ridge keeps the system solvable and changes nothing else.
        square = chosen.T @ chosen + _RIDGE * len(chosen) * np.eye(chosen.shape[1])
        solution = np.linalg.solve(square, chosen.T @ wanted[kept])
        off = np.abs(wanted - some @ solution)
        kept = off <= TRIMMED * max(_DEVIATION * float(np.median(off[kept])), 0.5)
    fitted: Map = (solution.astype(np.float32) @ terms).reshape(MASK)
    return fitted


def _terms(luma: Map) -> Map:
    """1, o, o2, o3, x, y, x2, y2, xy, ox, oy, ox2, oy2 for luma o and place (x, y), each about -1 to 1: 13 rows."""
    x, y = _places()
    o = (luma.ravel() - 126) / 110
    return np.stack([np.ones_like(o), o, o * o, o**3, x, y, x * x, y * y, x * y, o * x, o * y, o * x * x, o * y * y])


@cache
def _places() -> tuple[Map, Map]:
    rows, columns = MASK
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    return x.ravel(), y.ravel()


def _surroundings(picture: Map) -> Map:
    """The weighted mean of every place's surroundings."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), SURROUNDINGS), np.float32)


def to_cells(seen: Map) -> Map:
    """What each cell of a field has in `seen`: `sum(to_cells(seen) * field)` is `sum(seen * enlarged field)`."""
    return np.asarray(_rows().T @ seen @ _columns(), np.float32)


def power(weight: Map) -> float:
    """What `sum(weight * enlarged field squared)` is on average over fields."""
    return float((_rows() ** 2).sum(1) @ weight @ (_columns() ** 2).sum(1))


@cache
def _rows() -> Map:
    """How the rows of a field make those of the mask's grid, as a matrix: enlarged as for marking, then averaged."""
    return _enlarging(CELLS_HIGH, DELTA[0], MASK[0])


@cache
def _columns() -> Map:
    return _enlarging(CELLS_WIDE, DELTA[1], MASK[1])


def _enlarging(cells: int, full: int, grid: int) -> Map:
    enlarged = cv2.resize(np.eye(cells, dtype=np.float32), (cells, full), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.resize(enlarged, (cells, grid), interpolation=cv2.INTER_AREA), np.float32)
