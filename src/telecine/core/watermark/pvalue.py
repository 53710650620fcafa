"""How likely an innocent session scores as high as this: the exact tail of a sum of independent two-valued earnings.

Tails of 1e-12 and far below are out of reach of simulation and of plain convolution, whose rounding errors are larger.
So the distribution is tilted first, as in a saddle-point approximation: each position's probabilities are changed so
that the score in question becomes the ordinary one. Then, instead of approximating, the tilted distribution is had
exactly by one Fourier transform, scores being whole numbers, and the tilt is taken back term by term:

    P(S >= t) = exp(K(s) - s t) * sum over d >= 0 of exp(-s d) * P_s(S = t + d)

with K the cumulant generating function of S and P_s the tilted distribution. The identity holds for every s, so how
well the saddle point is found matters for rounding only.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from telecine.core.watermark.evidence import Floats
from telecine.core.watermark.score import ScoreTable, Whole

_BISECTIONS = 50
_SLACK = 8.0
"""Chernoff's bound is above a probability by less than this, as a logarithm, for thousands of positions."""
_WIDTH = 18.0
"""Deviations of the tilted score that the transform spans; what is beyond is below the rounding errors."""


def log_tail(table: ScoreTable, score: int, *, worth: float = 0.0) -> float:
    """The natural logarithm of P(S >= `score`) for a session whose bits were drawn without regard to the evidence.

    Minus infinity above the greatest possible score. Where the result is certain to be far above `worth`, which saves
    most of the time, Chernoff's bound is returned: no smaller than the probability.
    """
    groups = _Groups.of(table)
    lowest, highest = groups.range()
    if score > highest:
        return -np.inf
    if score <= lowest:
        return 0.0
    if score <= table.mean():  # not a tail: what is below is one
        return float(np.log1p(-np.exp(log_tail(table.negated(), 1 - score))))
    tilt = groups.saddle_point(score)
    bound = groups.cumulant(tilt) - tilt * score
    if bound > worth + _SLACK:
        return bound
    offsets = groups.tilted_offsets(tilt, score)
    kept = float(np.sum(np.exp(-tilt * np.arange(len(offsets))) * offsets))
    return min(0.0, bound + float(np.log(max(kept, np.finfo(float).tiny))))


@dataclass(frozen=True, slots=True)
class _Groups:
    """Positions with equal earnings and probability, counted together: with hard evidence there are but few kinds."""

    one: Whole
    zero: Whole
    probability: Floats
    count: Whole

    @classmethod
    def of(cls, table: ScoreTable) -> Self:
        kinds, count = np.unique(
            np.stack([table.one.astype(np.float64), table.zero.astype(np.float64), table.probability]),
            axis=1,
            return_counts=True,
        )
        return cls(kinds[0].astype(np.int64), kinds[1].astype(np.int64), kinds[2], count.astype(np.int64))

    def range(self) -> tuple[int, int]:
        """The lowest and the highest possible score."""
        lowest, highest = np.minimum(self.one, self.zero), np.maximum(self.one, self.zero)
        return int(self.count @ lowest), int(self.count @ highest)

    def cumulant(self, tilt: float) -> float:
        """K(tilt), the logarithm of E[exp(tilt * S)]."""
        return float(self.count @ np.logaddexp(*self._log_weights(tilt)))

    def saddle_point(self, score: int) -> float:
        """The tilt, 0 or more, under which the mean score is `score`; a large one where only the limit has it."""
        gaps = np.abs(self.one - self.zero)
        low, high = 0.0, 50.0 / float(gaps[gaps > 0].min())
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            chance = self._tilted(middle)
            if float(self.count @ (chance * self.one + (1 - chance) * self.zero)) < score:
                low = middle
            else:
                high = middle
        return low

    def tilted_offsets(self, tilt: float, score: int) -> Floats:
        """P_s(S = score + d) for d = 0, 1, … as far as it matters."""
        chance, gap = self._tilted(tilt), self.one - self.zero
        deviation = float(np.sqrt(self.count @ (chance * (1 - chance) * gap.astype(np.float64) ** 2)))
        span = 1 << int(_WIDTH * deviation + 2 * np.abs(gap).max()).bit_length()
        turns = np.arange(span // 2 + 1)
        shift = int(self.count @ self.zero) - score
        logarithm = np.zeros(len(turns), dtype=np.complex128)
        with np.errstate(divide="ignore"):  # a factor may vanish; its logarithm is minus infinity, its exponential 0
            for step, likely, times in zip(gap, chance, self.count, strict=True):
                logarithm += times * np.log(1 - likely + likely * _circle(turns * int(step), span))
        spectrum = np.exp(logarithm) * _circle(turns * (shift % span), span)
        return np.maximum(np.fft.irfft(spectrum, n=span)[: span // 2], 0.0)

    def _log_weights(self, tilt: float) -> tuple[Floats, Floats]:
        return np.log(self.probability) + tilt * self.one, np.log1p(-self.probability) + tilt * self.zero

    def _tilted(self, tilt: float) -> Floats:
        """The tilted probabilities of a 1."""
        one, zero = self._log_weights(tilt)
        return np.exp(one - np.logaddexp(one, zero))


def _circle(turns: Whole, span: int) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
    """exp(-2 pi i turns / span), the whole turns taken off first so that no precision is lost."""
    return np.exp(-2j * np.pi * (turns % span) / span)
