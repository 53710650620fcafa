"""Reads the chips of a group: many small marks in one, each in cells of its own.

A chip has 32 cells where a whole field has 2304. Student's t of so few has heavier tails than a bell curve, so it is
brought to the normal deviation that is as rare. Then everything that weighs readings holds for chips too.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark.evidence import Floats
from telecine.core.watermark.pattern import MarkKey, field_of
from telecine.core.watermark.recipients import chip_cells

FEWEST_CELLS = 4
"""A chip in which fewer cells bear all the weight says nothing. A third of its cells do where nothing is covered."""

_CLOSEST = 1 - 1e-6

type Rows = NDArray[np.float64]
"""A row for each chip, a column for each of its cells."""


def in_chips(cells: Floats, key: MarkKey, group: int) -> tuple[Rows, Rows]:
    """The 2304 `cells` of a group, and the field there, by chips as `key` has them: two of 72 x 32."""
    places = chip_cells(key, group)
    return cells[places], field_of(key, group).ravel()[places].astype(np.float64)


def chip_deviations(cells: Rows, fields: Rows) -> Floats:
    """The statistic of each row: positive where its cells agree with its field, standard normal for a wrong field.

    Noughts where the cells of a row are all alike.
    """
    seen, meant = (rows - rows.mean(axis=1, keepdims=True) for rows in (cells, fields))
    norms = np.linalg.norm(seen, axis=1) * np.linalg.norm(meant, axis=1)
    product = (seen * meant).sum(axis=1)
    correlation = np.divide(product, norms, out=np.zeros_like(product), where=norms > 0)
    return normal(correlation, cells.shape[1] - 2)


def normal(correlation: Floats, freedom: int) -> Floats:
    """Correlations as normal deviations that are as rare, `freedom` being the degrees of freedom of Student's t.

    Wallace's approximation (1959), right to some thousandths as far out as matters.
    """
    square = np.minimum(correlation**2, _CLOSEST)
    size = (8 * freedom + 1) / (8 * freedom + 3) * np.sqrt(-freedom * np.log1p(-square))
    deviations: Floats = np.sign(correlation) * size
    return deviations


def without_chips(cells: Floats, key: MarkKey, group: int) -> Floats:
    """`cells` with all taken out, chip by chip, that agrees with the field of `key`: noise alone, if it is the key."""
    seen, meant = in_chips(cells, key, group)
    share = (seen * meant).sum(axis=1) / (meant * meant).sum(axis=1)
    rest = cells.copy()
    rest[chip_cells(key, group)] -= share[:, None] * meant
    return rest


def chip_bearing(cells: Rows) -> Floats:
    """How many cells of each chip bear its weight: all of them where they count alike, one where it is all in one."""
    squares = (cells - cells.mean(axis=1, keepdims=True)) ** 2
    least = np.finfo(np.float64).tiny
    bearing: Floats = squares.sum(axis=1) ** 2 / np.maximum((squares**2).sum(axis=1), least)
    return bearing


def clearest(sums: Mapping[int, Floats], key: MarkKey) -> int:
    """In the cells of which group the chips of `key` are the clearest, whatever their signs; `sums` is not empty."""

    def size(group: int) -> float:
        return float(np.square(chip_deviations(*in_chips(sums[group], key, group))).sum())

    return max(sums, key=size)
