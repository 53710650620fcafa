"""How strongly what a leak shows of a segment agrees with a field, in deviations of what a wrong field gives.

What was gathered of a segment is a number for each cell of the field. Its correlation with a field whose chips are
coin flips is as likely to be positive as negative, whatever the footage and however it was damaged: the fields were
drawn without regard to it. Student's form of the correlation takes the mark itself out of the scale: otherwise a clear
mark would count as noise, and no segment could have more than the square root of its cells, 48 deviations.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark.evidence import Floats

FEWEST_CELLS = 64
"""A segment in which fewer cells bear all the weight says nothing: too few coins for a bell curve."""

_CLOSEST = 1 - 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What was gathered of a segment; sums of the same segment may be added.

    `cells` (36 x 64, row by row: 2304 numbers): residual times mark over noise, about positive with the field's sign
    where variant 0 was seen. `power`: what the correlation of `cells` with the right field would be for a mark of
    amplitude 1 that lost nothing. `pictures`: how many were looked at.
    """

    cells: Floats
    power: float
    pictures: int

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.cells + other.cells, self.power + other.power, self.pictures + other.pictures)

    @property
    def bearing(self) -> float:
        """How many cells bear the weight: all of them where they count alike, one where it is all in one."""
        squares = (self.cells - self.cells.mean()) ** 2
        return float(squares.sum() ** 2 / max(float((squares**2).sum()), np.finfo(np.float64).tiny))


def deviations(cells: Floats, fields: NDArray[np.float32]) -> Floats:
    """The statistic of `cells` (n numbers) for each of `fields` (k x n): standard normal for a wrong field.

    Student's t of the correlation with n - 2 degrees of freedom; noughts where the cells are all alike.
    """
    centred = cells - cells.mean()
    norms = np.linalg.norm(fields, axis=1).astype(np.float64) * float(np.linalg.norm(centred))
    product = (fields @ centred.astype(np.float32)).astype(np.float64)
    correlation = np.divide(product, norms, out=np.zeros_like(product), where=norms > 0)
    free = 1 - np.minimum(correlation**2, _CLOSEST)
    spread: Floats = correlation * np.sqrt((len(cells) - 2) / free)
    return spread


def without(cells: Floats, field: NDArray[np.float32]) -> Floats:
    """`cells` with all taken out that agrees with `field`: noise alone, if that is the right one."""
    chips = field.astype(np.float64)
    rest: Floats = cells - chips * (float(chips @ cells) / float(chips @ chips))
    return rest


def amplitude(sums: Sums, field: NDArray[np.float32]) -> float:
    """The part of the mark's amplitude that fits best, 1 where nothing was lost; its sign is the variant's."""
    return float(field.astype(np.float64) @ sums.cells) / sums.power if sums.power > 0 else 0.0


def clearness(power: float, rest: Floats) -> float:
    """How many deviations a mark of amplitude 1 would give, but for a factor that all segments share.

    `power` is that of the sums, `rest` their cells without the mark. It does not depend on which variant was seen.
    """
    noise = float(np.linalg.norm(rest - rest.mean()))
    return power / noise if noise > 0 else 0.0
