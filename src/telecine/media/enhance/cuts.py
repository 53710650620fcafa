"""Whether something else begins from one frame to the next, so that nothing may be drawn between them."""

import cv2
import numpy as np

from telecine.media.enhance.frames import Plane
from telecine.media.enhance.samples import unpacked

_WIDTH, _HEIGHT = 64, 36
_DIFFERENCE = 24.0
"""Mean absolute difference, in steps of 8 bits, of the shrunk pictures."""
_OVERLAP = 0.6
"""Share that both histograms have in common: a pan moves things, a cut brings others."""


def is_cut(before: Plane, after: Plane, bits: int) -> bool:
    """By luma: pictures that differ much everywhere and do not have the same tones either."""
    first, second = (
        cv2.resize(unpacked(plane, bits), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA) for plane in (before, after)
    )
    if float(np.abs(first - second).mean()) < _DIFFERENCE:
        return False
    tones = [np.histogram(one, 32, (0, 256))[0] for one in (first, second)]
    return bool(np.minimum(*tones).sum() < _OVERLAP * first.size)
