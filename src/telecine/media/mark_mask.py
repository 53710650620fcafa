"""How much a mark may change a picture, where: a just-noticeable-difference mask, and what it makes of a field.

Busy places hide more than smooth ones, and darkness and glare hide more than mid grey shows; flat ground beside an
edge counts as flat. The mask follows the picture frame by frame, smoothed in time, so that nothing flickers.
All numbers are in steps of an 8-bit picture in limited range.
"""

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark.pattern import Field

LOOK = (360, 640)
"""Rows and columns of the small picture that the mask is made from, whatever the aspect of the programme."""
MASK = (90, 160)
"""Rows and columns of the mask: a block of 4 x 4 of the small picture."""
DELTA = (180, 320)
"""Rows and columns in which a mark is written down: five steps to a cell of the field."""
FIXED = 32
"""Steps of a delta track for one step of the picture."""
MIDDLE = 128
"""What a delta track holds where the mark changes nothing."""

FLOOR = 0.55
"""Least amplitude above black, in steps. What is under half a step, the rounding of 8 bits takes away whole."""

BUSIEST = 20.0
PER_DEVIATION = 0.10
_BRIGHTNESS = (0, 16, 40, 90, 180, 235, 255)
_FORGIVEN = (0.3, 0.45, 0.85, 1.0, 1.0, 0.7, 0.4)
_BLACK = (17, 19)
"""No floor up to the first brightness, all of it from the second on: bars beside the picture stay black."""
_KEPT = 0.7
_KEPT_RATE = 25

type Picture = NDArray[np.uint8]
type Map = NDArray[np.float32]

_BY_BRIGHTNESS = np.interp(np.arange(256), _BRIGHTNESS, _FORGIVEN).astype(np.float32)
_FLOOR_BY_BRIGHTNESS = np.interp(np.arange(256), _BLACK, (0, FLOOR)).astype(np.float32)
_THREE = np.ones((3, 3), np.uint8)


def mask_of(look: Picture, strength: float = 0.5) -> Map:
    """Amplitude of the mark in each block of a picture of `LOOK` (luma), as a map of `MASK`, in steps of 8 bits.

    `strength` times what the eye forgives, but never less than `FLOOR` above black. It is also what a detector weights
    by, whatever the strength: how much of the mark to expect where.
    """
    return _Masks().of(look, strength)


class _Masks:
    """Makes masks, one after the other, in the same memory: fresh pages for each picture cost more than the sums."""

    def __init__(self) -> None:
        self._squares = np.empty(LOOK, np.uint16)
        self._mean, self._variance, self._square_of_mean = (np.empty(LOOK, np.float32) for _ in range(3))

    def of(self, look: Picture, strength: float) -> Map:
        """As `mask_of` has it."""
        brightness, deviation = self._statistics(look)
        floor = _FLOOR_BY_BRIGHTNESS[brightness]
        mask: Map = np.maximum(strength * _forgiven(brightness, deviation), floor)
        return mask

    def _statistics(self, look: Picture) -> tuple[Picture, Map]:
        """Mean and deviation of 5 x 5 surroundings for each block of `MASK`."""
        mean, variance = self._mean, self._variance
        cv2.boxFilter(look, cv2.CV_32F, (5, 5), dst=mean)
        np.multiply(look, look, out=self._squares, dtype=np.uint16)
        cv2.boxFilter(self._squares, cv2.CV_32F, (5, 5), dst=variance)
        cv2.subtract(variance, cv2.multiply(mean, mean, dst=self._square_of_mean), dst=variance)
        np.sqrt(np.maximum(variance, 0, out=variance), out=variance)
        brightness = np.rint(cv2.resize(mean, MASK[::-1], interpolation=cv2.INTER_AREA)).astype(np.uint8)
        deviation = cv2.resize(variance, MASK[::-1], interpolation=cv2.INTER_AREA)
        return brightness, deviation.astype(np.float32, copy=False)


def _forgiven(brightness: Picture, deviation: Map) -> Map:
    """The deviation, eroded so that the flat side of an edge stays flat, times a factor for the brightness.

    The factor is Weber's law, and little near black, where a screen shows steps most.
    """
    busy = cv2.GaussianBlur(cv2.erode(deviation, _THREE), (5, 5), 0)
    busy = np.minimum(busy, BUSIEST).astype(np.float32)
    return (1 + np.float32(PER_DEVIATION) * busy) * _BY_BRIGHTNESS[brightness]


def full_size_field(field: Field) -> Map:
    """`field` (36 x 64 cells) as a smooth map of `DELTA`."""
    return cv2.resize(field, DELTA[::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)


class Marker:
    """Makes the mark of each picture of one stretch, one after the other.

    `strength` is the mark's amplitude in units of what the eye forgives, `rate` the pictures per second.
    """

    def __init__(self, strength: float, rate: Fraction) -> None:
        self._strength = strength
        # The smoothing was chosen at 25 pictures a second; it lasts as long at any rate.
        self._kept = _KEPT ** (_KEPT_RATE / float(rate))
        self._masks = _Masks()
        self._mask: Map | None = None
        self._field: Map | None = None

    def begin(self, field: Field) -> None:
        """Begin a segment: a new field, and nothing of the mask's past."""
        self._field = full_size_field(field)
        self._mask = None

    def delta(self, look: Picture) -> Map:
        """What variant 0 adds to the picture whose small form is `look`: a map of `DELTA`, in steps of 8 bits."""
        if self._field is None:
            raise ValueError("no segment has begun")
        mask = self._masks.of(look, self._strength)
        if self._mask is not None:
            mask = self._kept * self._mask + (1 - self._kept) * mask
        self._mask = mask
        grown: Map = cv2.resize(mask, DELTA[::-1], interpolation=cv2.INTER_LINEAR) * self._field
        return grown


def fixed_point(delta: Map) -> Picture:
    """`delta` as a delta track holds it: 128 for nothing, 32 for a step; held at -3.97 and 3.97 steps.

    The same distance up and down, so that `fixed_point(-delta)` is its mirror image about 128.
    """
    most = MIDDLE - 1
    fixed: Picture = (np.clip(np.rint(FIXED * delta), -most, most) + MIDDLE).astype(np.uint8)
    return fixed


def mirrored(fixed: Picture) -> Picture:
    """The delta track's picture of the opposite mark."""
    opposite: Picture = (2 * MIDDLE - fixed.astype(np.int16)).astype(np.uint8)
    return opposite
