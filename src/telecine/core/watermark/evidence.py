"""Evidence of one segment: how much likelier variant 1 was seen than variant 0.

Everything that decodes takes one number per segment, the natural logarithm of P(seen | 1) / P(seen | 0). Nought says
nothing: a segment that was lost, or one whose two variants were averaged. So lost segments need no special case.
"""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

CLEAR_MEDIAN = 6.0
"""Deviations; where the median is above, a weak segment is not a badly read one but one without a mark."""
CLEAR_LEAST = 2.0


def log_likelihood_ratios(deviations: Floats) -> Floats:
    """Evidence from a detector's statistic per segment, in standard deviations of its null; NaN where none was seen.

    A mark is taken to shift the statistic by plus or minus the median of its absolute values. In a leak that reads
    clearly, segments with hardly any deviation have lost their mark, as averaging two variants does, and say nothing.
    """
    seen = np.isfinite(deviations)
    if not seen.any():
        return np.zeros(len(deviations))
    values = np.where(seen, deviations, 0.0)
    shift = float(np.median(np.abs(values[seen])))
    if shift > CLEAR_MEDIAN:
        values = np.where(np.abs(values) < CLEAR_LEAST, 0.0, values)
    return 2.0 * shift * values


def certainty(evidence: Floats) -> Floats:
    """P(1) - P(0) of each segment, -1 to 1, both variants being equally likely beforehand."""
    return np.tanh(evidence / 2.0)
