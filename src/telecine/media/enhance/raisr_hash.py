"""Which filter a sample is enlarged with: the hash of RAISR, from the local gradients' direction, strength and unity.

Romano, Isidoro, Milanfar, "RAISR: Rapid and Accurate Image Super Resolution", IEEE Transactions on Computational
Imaging 3, 2017, section III. Ours is taken of the small picture, one for each of its samples, and not of a cheaply
enlarged one: the gradients are the same, and there are a fourth of them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.media.enhance.samples import Samples

ANGLES = 24
"""Directions, of 7.5 degrees each, from across to across again: a gradient and its opposite are one."""
STRENGTHS = (1.5, 5.0, 15.0)
"""Borders between classes of strength: the greater eigenvalue's root, in 8-bit steps a sample."""
COHERENCES = (0.3, 0.6)
"""Borders between classes of unity: 0 where the gradients go every way, 1 where all go one way."""
BUCKETS = ANGLES * (len(STRENGTHS) + 1) * (len(COHERENCES) + 1)

_WINDOW, _SIGMA = 7, 1.6
_SLOPE = np.array([-0.5, 0.0, 0.5], np.float32)
_ONE = np.array([1.0], np.float32)


def buckets(plane: Samples) -> NDArray[np.int32]:
    """The number of its filter for each sample: 0 to `BUCKETS` - 1, angle first, then strength, then coherence."""
    xx, xy, yy = _tensor(plane)
    spread = cv2.magnitude(xx - yy, 2 * xy)
    strong = cv2.sqrt(np.maximum((xx + yy + spread) / 2, 0))
    weak = cv2.sqrt(np.maximum((xx + yy - spread) / 2, 0))
    unity = (strong - weak) / (strong + weak + np.float32(1e-6))
    turns = cv2.phase(xx - yy, 2 * xy) * np.float32(ANGLES / (2 * np.pi))
    number = np.clip(turns.astype(np.int32), 0, ANGLES - 1)
    for value, borders in ((strong, STRENGTHS), (unity, COHERENCES)):
        number *= len(borders) + 1
        for border in borders:
            number += value >= np.float32(border)
    return number


def _tensor(plane: Samples) -> tuple[Samples, Samples, Samples]:
    """The structure tensor: means of products of the gradients around each sample."""
    across = cv2.sepFilter2D(plane, cv2.CV_32F, _SLOPE, _ONE, borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(plane, cv2.CV_32F, _ONE, _SLOPE, borderType=cv2.BORDER_REPLICATE)
    products = (across * across, across * down, down * down)
    means = [cv2.GaussianBlur(one, (_WINDOW, _WINDOW), _SIGMA, borderType=cv2.BORDER_REPLICATE) for one in products]
    return means[0], means[1], means[2]  # type: ignore[return-value]
