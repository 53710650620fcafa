"""Samples as numbers that arithmetic is done with: float32 in units of 8 bits, whatever the depth, and back again."""

import numpy as np
from numpy.typing import NDArray

from telecine.media.enhance.frames import Plane

type Samples = NDArray[np.float32]
"""(height, width): 0 to just below 256."""


def unpacked(plane: Plane, bits: int) -> Samples:
    """A plane of `bits` as numbers; exact, and always a copy."""
    return plane.astype(np.float32) * np.float32(2.0 ** (8 - bits))


def packed(plane: Samples, bits: int) -> Plane:
    """Rounded to steps of the depth, halves to the even one, and limited to what it can hold."""
    steps = np.clip(np.rint(plane * np.float32(2.0 ** (bits - 8))), 0, (1 << bits) - 1)
    return steps.astype(np.uint8) if bits == 8 else steps.astype(np.uint16)
