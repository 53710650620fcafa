"""What laying a leak on its title works with and what it gives: small pictures, where they come from, and pieces.

A leak need not be the title from end to end: it may be an excerpt, be cut up and put together anew, run faster, be
mirrored, cropped, turned or filmed from a screen. Each stretch of it that runs on in the title is a piece, with one
map of time and one of place. All pictures are of `mark_mask.LOOK` whatever the aspect of the file, so a mere squeeze
changes nothing here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.media.mark_mask import LOOK

THUMB = (14, 24)
"""Rows and columns of a thumbnail."""
CENTRE = 0.8
"""The part of a picture, about its middle, that its thumbnail shows: borders and most logos are outside."""

type Look = NDArray[np.uint8]
"""A picture of `LOOK` (360 rows, 640 columns), luma."""
type Poll = Callable[[], None]
"""Called often during long work; may raise, which ends it."""
type Floats = NDArray[np.float64]
type Pictures = NDArray[np.float32]
type Transform = NDArray[np.float64]
"""3 x 3, acts on (column, row, 1) of `LOOK` pictures; a pixel's centre has whole coordinates."""

_TOP, _LEFT = (round(side * (1 - CENTRE) / 2) for side in LOOK)
_FLAT = 1e-3


@dataclass(frozen=True, slots=True)
class Thumbs:
    """Thumbnails of a film in the order of time: `times` in seconds from the film's beginning, n of them, growing;
    `pictures` n x 336, as `thumb` makes them. Five a second are enough; more do no harm."""

    times: Floats
    pictures: Pictures

    def mirrored(self) -> "Thumbs":
        """The thumbnails of the film's mirror image (left for right)."""
        pictures = self.pictures.reshape(-1, *THUMB)[:, :, ::-1]
        return Thumbs(self.times, np.ascontiguousarray(pictures).reshape(len(self.times), -1))


class LookSource(Protocol):
    """A film that can be looked at."""

    @property
    def thumbs(self) -> Thumbs:
        """Thumbnails from beginning to end."""
        ...

    def looks(self, times: Sequence[float]) -> list[Look]:
        """For each time (seconds, any order, also before the beginning and past the end) the picture nearest to it."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A stretch of a leak that runs on in the title: `begin` to `end` in seconds of the leak.

    `transform` maps coordinates in the leak's picture, mirrored back if it is `mirrored`, to those in the title's.
    """

    begin: float
    end: float
    offset: float
    speed: float
    mirrored: bool
    transform: Transform

    def title_time(self, leak_time: float) -> float:
        """The second of the title that the leak shows at `leak_time`."""
        return self.offset + self.speed * leak_time


def thumb(look: Look) -> Pictures:
    """The thumbnail of a picture: its middle by 24 x 14 means, row by row: 336 numbers of mean nought and norm one.

    All noughts where the picture is flat.
    """
    small = cells(look)
    return unit(small - small.mean())


def cells(look: Look) -> Pictures:
    """The mean of a picture in each of the 336 cells of its thumbnail, row by row."""
    rows, columns = LOOK
    middle = look[_TOP : rows - _TOP, _LEFT : columns - _LEFT]
    small = cv2.resize(middle.astype(np.float32), THUMB[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small.ravel(), np.float32)


def unit(pictures: Pictures) -> Pictures:
    """Each picture (along the last axis) at norm one; flat ones at nought."""
    norms = np.linalg.norm(pictures, axis=-1, keepdims=True)
    return np.divide(pictures, norms, out=np.zeros_like(pictures), where=norms > _FLAT).astype(np.float32, copy=False)


def mirror(look: Look) -> Look:
    """The picture with left and right exchanged."""
    return np.ascontiguousarray(look[:, ::-1])
