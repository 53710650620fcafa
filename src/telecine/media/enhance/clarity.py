"""`clarityBoost`: how much local contrast is added after scaling: an unsharp mask that may only overshoot a little.

A line that is sharpened without a limit gets a halo. Here each sample stays within the range of its neighbours, widened
by a share of that range which grows with the level.
"""

import cv2
import numpy as np

from telecine.core.enhance.options import Clarity
from telecine.media.enhance.samples import Samples

AMOUNTS = {
    Clarity.NONE: 0.0,
    Clarity.MARGINAL: 0.1,
    Clarity.VERY_LOW: 0.2,
    Clarity.LOW: 0.35,
    Clarity.MEDIUM: 0.55,
    Clarity.HIGH: 0.8,
    Clarity.VERY_HIGH: 1.1,
}
"""How much of what a blur would take away is added."""
OVERSHOOT = 0.35
"""By which share of its neighbours' range, times the amount, a sample may leave that range on either side."""

_SIGMA = 1.5
_NEIGHBOURS = np.ones((3, 3), np.uint8)


def clarify(luma: Samples, level: Clarity) -> Samples:
    """Luma of any unit with the level's contrast; the same array where that is none."""
    amount = AMOUNTS[level]
    if not amount:
        return luma
    blurred = cv2.GaussianBlur(luma, (0, 0), _SIGMA, borderType=cv2.BORDER_REPLICATE)
    sharp = luma + np.float32(amount) * (luma - blurred)
    low, high = cv2.erode(luma, _NEIGHBOURS), cv2.dilate(luma, _NEIGHBOURS)
    room = np.float32(OVERSHOOT * amount) * (high - low)
    return np.clip(sharp, low - room, high + room)
