"""Another frame rate without looking at motion: frames repeated or left out, or mixed by nearness in time.

Moments are exact fractions of absolute frame numbers, so nothing drifts, however long the programme is.
"""

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor

import numpy as np

from telecine.core.enhance.picture import Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frame, Frames, Plane

_ONE = 2**15
"""A whole weight of a mix; with samples of 16 bits the sum still fits into 32."""


class Forward:
    """Frames by absolute number, from a stream that is read once: numbers that are asked for must not fall."""

    def __init__(self, frames: Frames, given: Span) -> None:
        self._frames = frames
        self._given = given
        self._next = given.first
        self._last: deque[Frame] = deque(maxlen=2)

    def at(self, number: int) -> Frame:
        """Frame `number`, or the last of all where the stream ends before.

        Raises EOFError where frames that were given do not come, LookupError of a frame before the last two.
        """
        number = min(number, self._given.end - 1)
        while self._next <= number:
            frame = next(self._frames, None)
            if frame is None:
                raise EOFError(f"frame {self._next} did not come; given were {self._given}")
            self._last.append(frame)
            self._next += 1
        back = self._next - number
        if number < self._given.first or back > len(self._last):
            raise LookupError(f"frame {number} was asked for after frame {self._next - 1}")
        return self._last[-back]


def repeat(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """The frame whose moment is nearest, the earlier one of two equally near. A `PythonEngine`."""
    source = Forward(frames, given)
    for moment in _moments(stage, wanted):
        yield source.at(ceil(moment - Fraction(1, 2)))


def blend(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """The two frames around each moment, each by its nearness, in steps of the samples' values. A `PythonEngine`."""
    source = Forward(frames, given)
    for moment in _moments(stage, wanted):
        number = floor(moment)
        weight = round((moment - number) * _ONE)
        before = source.at(number)
        yield before if not weight else _mixed(before, source.at(number + 1), weight)


def _moments(stage: Stage, wanted: Span) -> Iterator[Fraction]:
    """Where in frames of `before` each wanted frame is."""
    step = stage.before.rate / stage.after.rate
    return (number * step for number in range(wanted.first, wanted.end))


def _mixed(before: Frame, after: Frame, weight: int) -> Frame:
    y, u, v = (_mix(one, other, weight) for one, other in zip(before, after, strict=True))
    return y, u, v


def _mix(before: Plane, after: Plane, weight: int) -> Plane:
    """`weight / _ONE` of `after`, the rest of `before`, rounded half up."""
    total = before.astype(np.uint32) * np.uint32(_ONE - weight) + after.astype(np.uint32) * np.uint32(weight)
    mixed = (total + np.uint32(_ONE // 2)) // np.uint32(_ONE)
    return mixed.astype(np.uint8) if before.dtype == np.uint8 else mixed.astype(np.uint16)
