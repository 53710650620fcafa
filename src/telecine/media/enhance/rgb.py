"""From planes of YUV to the RGB that networks were trained on, and to luma again.

Matrices by ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance), full or limited range, by the picture's colour
tags; where those say nothing, BT.709 from 720 lines on, else BT.601.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.core.enhance.picture import Picture
from telecine.media.enhance.frames import Frame
from telecine.media.enhance.samples import Samples, unpacked

type Colours = NDArray[np.float32]
"""(3, height, width) of red, green and blue, 0 to 1 within the gamut."""

_SHARES = {
    "bt709": (0.2126, 0.0722),
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "fcc": (0.299, 0.114),
    "bt2020nc": (0.2627, 0.0593),
}
"""Of red and of blue in luma, by FFmpeg's name of the matrix."""
HD_LINES = 720
FULL_RANGE = ("pc", "jpeg", "full")


def to_rgb(frame: Frame, picture: Picture) -> Colours:
    """The frame's colours, nothing clipped."""
    red_share, blue_share = _shares(picture)
    levels = _levels(picture)
    luma, u, v = (unpacked(plane, picture.bits) for plane in frame)
    y = (luma - levels.black) / levels.contrast
    size = (picture.width, picture.height)
    if u.shape != y.shape:
        u, v = (np.asarray(cv2.resize(plane, size), np.float32) for plane in (u, v))
    red = y + 2 * (1 - red_share) * (v - levels.middle) / levels.spread
    blue = y + 2 * (1 - blue_share) * (u - levels.middle) / levels.spread
    green = (y - red_share * red - blue_share * blue) / (1 - red_share - blue_share)
    return np.stack([red, green, blue]).astype(np.float32)


def luma_of(rgb: Colours, picture: Picture) -> Samples:
    """Luma of the colours, in the units of `samples`; `picture` says by which matrix and range."""
    levels = _levels(picture)
    return _luma(rgb, picture) * levels.contrast + levels.black


class _Levels(NamedTuple):
    """In units of 8 bits: black, from black to white, the middle of colour differences, and what 1 of them is."""

    black: np.float32
    contrast: np.float32
    middle: np.float32
    spread: np.float32


def _levels(picture: Picture) -> _Levels:
    if picture.colour.range not in FULL_RANGE:
        return _Levels(np.float32(16), np.float32(219), np.float32(128), np.float32(224))
    most = np.float32(((1 << picture.bits) - 1) * 2.0 ** (8 - picture.bits))
    return _Levels(np.float32(0), most, np.float32(128), most)


def _shares(picture: Picture) -> tuple[np.float32, np.float32]:
    usual = "bt709" if picture.height >= HD_LINES else "smpte170m"
    red, blue = _SHARES.get(picture.colour.matrix, _SHARES[usual])
    return np.float32(red), np.float32(blue)


def _luma(rgb: Colours, picture: Picture) -> Samples:
    red, blue = _shares(picture)
    made: Samples = red * rgb[0] + (1 - red - blue) * rgb[1] + blue * rgb[2]
    return made
