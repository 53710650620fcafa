"""Scores of a session against the evidence: which bit of it earns how much at each position.

A score is linear: the sum over positions of what the session's bit earns there. Earnings are rounded to whole numbers,
so that the distribution of an innocent session's score is known exactly (`pvalue`). Any earnings whatever give a valid
test; these give a strong one.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark.codebook import Bits
from telecine.core.watermark.evidence import Floats, certainty

type Whole = NDArray[np.int64]

SCALE = 8
"""Whole steps in one unit of score, which is about an innocent's deviation per position. The rounding adds 0.1 % to
the variance."""
ASSUMED_ERROR = 0.01
"""How often a joint score takes a segment to be read or delivered wrongly, so that one error acquits nobody."""


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """What a 1 and a 0 earn at each position, in steps, and how likely an innocent session has a 1 there."""

    one: Whole
    zero: Whole
    probability: Floats

    def scores(self, bits: Bits) -> Whole:
        """The scores of sessions, given their `bits` (sessions by positions)."""
        # Sums stay far below 2^53, so doubles are exact, and their product is a fast one.
        gain = (self.one - self.zero).astype(np.float64)
        return np.rint(bits @ gain).astype(np.int64) + int(self.zero.sum())

    def folded(self, units: Whole) -> Self:
        """The table of units, where several positions carry the same bit of a session: what they earn is added up.

        `units` is the number of each position's unit, from 0 with none left out; all positions of one are alike likely.
        """
        count = int(units.max(initial=-1)) + 1
        probability = np.empty(count)
        probability[units] = self.probability
        one, zero = (np.bincount(units, weights=earned, minlength=count) for earned in (self.one, self.zero))
        return type(self)(np.rint(one).astype(np.int64), np.rint(zero).astype(np.int64), probability)

    def negated(self) -> Self:
        """The table of which every score is the negative of this one's."""
        return type(self)(-self.one, -self.zero, self.probability)

    def mean(self) -> float:
        """The mean score of innocent sessions."""
        return float(np.sum(self.probability * self.one + (1 - self.probability) * self.zero))

    def deviation(self) -> float:
        """The standard deviation of innocent sessions' scores."""
        variance = self.probability * (1 - self.probability) * (self.one - self.zero).astype(np.float64) ** 2
        return float(np.sqrt(np.sum(variance)))


def symmetric(evidence: Floats, probability: Floats) -> ScoreTable:
    """The symmetric Tardos score, weighted by how certain each segment's variant is.

    Having the rarer bit where the leak has it earns most. The worst that colluders can do to it is known and mild.
    """
    weight = certainty(evidence)
    one = weight * np.sqrt((1 - probability) / probability)
    zero = -weight * np.sqrt(probability / (1 - probability))
    return _table(one, zero, probability)


def joint(evidence: Floats, probability: Floats, ones: Whole, known: int, coalition: int) -> ScoreTable:
    """How much likelier the evidence is where a session belongs to a coalition than where it does not.

    The coalition has `coalition` members who take segments from one another at random; `known` of them are supposed
    (0 or more, fewer than `coalition`), who together have `ones` ones at each position. The others but the session are
    unknown. A session that has nothing to do with the leak earns by chance, whoever the supposed members are.
    """
    if not 0 <= known < coalition:
        raise ValueError("known must be 0 or more and less than coalition")
    others = (coalition - known - 1) * probability
    with_one, with_zero, without = (
        ASSUMED_ERROR + (1 - 2 * ASSUMED_ERROR) * (ones + own + others) / coalition for own in (1.0, 0.0, probability)
    )
    seen_one, seen_zero = np.exp(-np.logaddexp(0, -evidence)), np.exp(-np.logaddexp(0, evidence))

    def likelihood(share: Floats) -> Floats:
        return seen_one * share + seen_zero * (1 - share)

    by_chance = likelihood(without)
    return _table(np.log(likelihood(with_one) / by_chance), np.log(likelihood(with_zero) / by_chance), probability)


def _table(one: Floats, zero: Floats, probability: Floats) -> ScoreTable:
    """Rounded so that an innocent's deviation per position is about `SCALE` steps, whatever the unit was."""
    spread = np.sqrt(np.mean(probability * (1 - probability) * (one - zero) ** 2)) if len(one) else 0.0
    factor = SCALE / spread if spread > 0 else 0.0
    return ScoreTable(
        np.rint(factor * one).astype(np.int64), np.rint(factor * zero).astype(np.int64), probability.astype(np.float64)
    )
