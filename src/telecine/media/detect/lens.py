"""How alike two pictures are in their details, through a transform: the measure that settles time, ends and truth.

Details are a band of middle frequencies of a picture of 160 x 90: brightness, contrast, gradients of light and coding
noise are outside it. The likeness of two pictures is their correlation where the leak's covers the title's.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from telecine.media.detect.geometry import seen, warp
from telecine.media.detect.pieces import Floats, Look, LookSource, Pictures, Piece, Transform, mirror, unit
from telecine.media.mark_mask import MASK

FINEST = 0.8
COARSEST = 5.0
"""The band, as the deviations of two Gaussian filters in pixels of 160 x 90."""
LEAST_SEEN = 0.02
"""Part of the title's picture that a leak must cover to be compared."""

_EDGE = 8
"""Pixels of `LOOK` along the leak's edges that are left out: borders, and where the filters reach past the picture."""
_AT_ONCE = 64
_OTHERWISE = (0.3, 0.7)


class Lens:
    """Sees pictures of a leak and of its title as they lie in the title's picture, where both show something."""

    def __init__(self, mirrored: bool, transform: Transform) -> None:
        self._mirrored, self._transform = mirrored, transform
        small = cv2.resize(seen(transform, _EDGE), MASK[::-1], interpolation=cv2.INTER_AREA)
        self._cells = np.flatnonzero(small == np.uint8(255))

    @property
    def sees(self) -> bool:
        """Whether the leak covers enough of the title's picture."""
        return len(self._cells) >= LEAST_SEEN * MASK[0] * MASK[1]

    def laid(self, look: Look) -> Look:
        """A leak's picture as it lies in the title's."""
        return warp(mirror(look) if self._mirrored else look, self._transform)

    def of_leak(self, look: Look) -> Pictures:
        """The details of a leak's picture: mean nought, norm one; noughts where it is flat."""
        return self.of_title(self.laid(look))

    def of_title(self, look: Look) -> Pictures:
        """The details of a title's picture, to be multiplied with those of a leak's."""
        shown = details(look).ravel()[self._cells]
        return unit(shown - shown.mean())


def details(look: Look) -> Pictures:
    """The middle frequencies of a picture, 90 x 160."""
    small = cv2.resize(look, MASK[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    band = cv2.GaussianBlur(small, (0, 0), FINEST) - cv2.GaussianBlur(small, (0, 0), COARSEST)
    return np.asarray(band, np.float32)


def likeness(leak: LookSource, title: LookSource, piece: Piece, times: Sequence[float]) -> Floats:
    """How alike (-1 to 1) the leak at each of `times` is to what the title shows then, if `piece` held there too."""
    lens = Lens(piece.mirrored, piece.transform)
    found = np.zeros(len(times))
    for first in range(0, len(times), _AT_ONCE):
        some = times[first : first + _AT_ONCE]
        pairs = zip(leak.looks(some), title.looks([piece.title_time(time) for time in some]), strict=True)
        for number, (shown, meant) in enumerate(pairs, first):
            found[number] = lens.of_leak(shown) @ lens.of_title(meant)
    return found


def chance(leak: LookSource, title: LookSource, piece: Piece, times: Sequence[float]) -> float:
    """How alike the leak at `times` is to what the title shows at quite other moments: a frame around both, or a camera
    that never moves, is always alike. The median."""
    begin = float(title.thumbs.times[0])
    length = float(title.thumbs.times[-1]) - begin
    parts = np.linspace(*_OTHERWISE, len(times))
    others = [
        begin + (piece.title_time(time) - begin + part * length) % length
        for time, part in zip(times, parts, strict=True)
    ]
    lens = Lens(piece.mirrored, piece.transform)
    pairs = zip(leak.looks(times), title.looks(others), strict=True)
    return float(np.median([lens.of_leak(shown) @ lens.of_title(other) for shown, other in pairs]))


def distinct(source: LookSource, begin: float, end: float, step: float) -> list[tuple[float, float, Look]]:
    """The pictures from `begin` to `end` (seconds), each with the times from and to which it is the nearest one.

    `step` is how finely that is found out; the first and the last may really last longer.
    """
    count = max(1, round((end - begin) / step))
    times = begin + (np.arange(count) + 0.5) * (end - begin) / count
    half = (end - begin) / count / 2
    found: list[tuple[float, float, Look]] = []
    for time, look in zip(times, source.looks(list(times)), strict=True):
        if found and (found[-1][2] is look or np.array_equal(found[-1][2], look)):
            found[-1] = (found[-1][0], float(time + half), found[-1][2])
        else:
            found.append((float(time - half), float(time + half), look))
    return found
