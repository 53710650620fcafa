"""Resampling of planes to any size by Lanczos' kernel: with a low-pass where it shrinks, with chroma kept in its place.

Where a plane grows, the kernel has its three lobes on either side; where it shrinks, the kernel is stretched, so that
nothing aliases (Turkowski, "Filters for Common Resampling Tasks", Graphics Gems I, 1990).
"""

from fractions import Fraction
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.media.enhance.samples import Samples

LOBES = 3


def resize(plane: Samples, height: int, width: int, shift: Fraction = Fraction(0)) -> Samples:
    """The plane in another size; both cover the same area.

    `shift` says where samples lie across: 0 in the middle of the area that each stands for, -1/4 for chroma that lies
    on the left luma sample of its pair, as in MPEG-2 and everything after it, of planes before and after alike.
    """
    if plane.shape == (height, width):
        return plane
    upright = _rows(np.ascontiguousarray(plane), height, Fraction(0))
    return _turned(_rows(_turned(upright), width, shift))


def _turned(plane: Samples) -> Samples:
    return cv2.transpose(plane).astype(np.float32, copy=False)


def _rows(plane: Samples, height: int, shift: Fraction) -> Samples:
    """Resampled along the first axis: each row to make is a weighted sum of a few neighbouring rows."""
    if plane.shape[0] == height:
        return plane
    firsts, weights = _taps(plane.shape[0], height, shift)
    made = np.empty((height, plane.shape[1]), np.float32)
    for row, (first, weight) in enumerate(zip(firsts, weights, strict=True)):
        np.dot(weight, plane[first : first + len(weight)], out=made[row])
    return made


@lru_cache(maxsize=32)
def _taps(source: int, target: int, shift: Fraction) -> tuple[list[int], list[Samples]]:
    """For each sample to make: the first source sample that counts, and the weights from there on, which sum to 1.

    Weights of samples beyond an end are given to the sample at that end, as if it went on.
    """
    step = Fraction(source, target)
    stretch = max(1.0, float(step))
    centres = np.array([float((n + Fraction(1, 2) + shift) * step - Fraction(1, 2) - shift) for n in range(target)])
    reach = int(np.ceil(LOBES * stretch))
    firsts, weights = [], []
    for centre in centres:
        places = np.arange(int(np.floor(centre)) - reach + 1, int(np.floor(centre)) + reach + 1)
        weight = lanczos((places - centre) / stretch)
        inside = np.clip(places, 0, source - 1)
        first = int(inside[0])
        folded = np.bincount(inside - first, weight / weight.sum())
        firsts.append(first)
        weights.append(folded.astype(np.float32))
    return firsts, weights


def lanczos(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The kernel: sinc(x) sinc(x / 3) within three samples, nothing beyond."""
    return np.where(np.abs(x) < LOBES, np.sinc(x) * np.sinc(x / LOBES), 0.0)
