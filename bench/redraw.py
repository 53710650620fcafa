"""The changes that a pirate makes to pictures and ffmpeg has no filter for: bending, and attempts to remove a mark.

A picture is an array of uint8 as ffmpeg's `yuv420p` is written: all rows of luma, then those of both colours.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import batched

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.attacks import Shape
from telecine.core.watermark.pattern import CELLS_HIGH, CELLS_WIDE, derive_mark_key, field_of
from telecine.media.mark_mask import LOOK, Marker

type Picture = NDArray[np.uint8]
type Map = NDArray[np.floating]
type Redraw = Callable[[Iterable[Picture], Shape], Iterator[Picture]]

BEND = 6.0
"""Greatest displacement in pixels of a picture 1280 wide."""
MOST_SUBTRACTED = 3.0
"""Steps of luma: a pirate who takes away more damages the picture more than the mark is worth."""
OTHER_STRENGTH = 0.7


def bend(pictures: Iterable[Picture], shape: Shape) -> Iterator[Picture]:
    """Each point displaced by a smooth field that stays the same, as in StirMark's random bending."""
    rows, columns = shape.height, shape.width
    aside, down = (_smooth_noise(rows, columns, seed) * BEND * columns / 1280 for seed in (1, 2))
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    x, y = (x + aside).astype(np.float32), (y + down).astype(np.float32)
    # Colours have half the size, so half the displacement.
    half_x, half_y = (cv2.resize(axis, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA) / 2 for axis in (x, y))
    for picture in pictures:
        luma, *colours = _planes(picture, shape)
        moved = [_moved(luma, x, y), *(_moved(colour, half_x, half_y) for colour in colours)]
        yield np.concatenate([plane.reshape(-1) for plane in moved]).reshape(picture.shape)


def subtract(pictures: Iterable[Picture], shape: Shape) -> Iterator[Picture]:
    """What stays the same over a segment, of the size of a mark's cells, is taken for the mark and taken away.

    The pirate knows from the delivered files where segments begin, and how large cells are, but not the key. What he
    takes for the mark holds the picture's own matter too where nothing moves.
    """
    cell = shape.width / CELLS_WIDE
    for segment in batched(pictures, shape.segment_frames):
        estimate = np.zeros((shape.height, shape.width), np.float32)
        for picture in segment:
            estimate += _band(picture[: shape.height], cell) / len(segment)
        estimate = np.clip(estimate, -MOST_SUBTRACTED, MOST_SUBTRACTED)
        for picture in segment:
            yield _with_luma(picture, picture[: shape.height] - estimate)


def mark_again(pictures: Iterable[Picture], shape: Shape) -> Iterator[Picture]:
    """A second mark of the same kind, of another secret, stronger than the first."""
    key = derive_mark_key(b"the pirate's own secret, which is as long as any", "PIRATE", "title")
    marker = Marker(OTHER_STRENGTH, Fraction(shape.rate).limit_denominator(1001))
    size = (shape.width, shape.height)
    for number, picture in enumerate(pictures):
        position, offset = divmod(number, shape.segment_frames)
        if offset == 0:
            marker.begin(field_of(key, position))
        luma = picture[: shape.height]
        delta = marker.delta(cv2.resize(luma, LOOK[::-1], interpolation=cv2.INTER_AREA).astype(np.uint8))
        yield _with_luma(picture, luma + cv2.resize(delta, size, interpolation=cv2.INTER_LINEAR))


REDRAWS: dict[str, Redraw] = {"bend": bend, "subtract": subtract, "mark_again": mark_again}


def _smooth_noise(rows: int, columns: int, seed: int) -> Map:
    """A smooth field of `rows` by `columns` between -1 and 1, a few waves across."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(-1, 1, (CELLS_HIGH // 6, CELLS_WIDE // 6)).astype(np.float32)
    fine = np.asarray(cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    return np.asarray(fine / np.abs(fine).max(), dtype=np.float32)


def _moved(plane: Picture, x: Map, y: Map) -> Picture:
    """The plane whose points come from places (`x`, `y`) of the one given."""
    moved = cv2.remap(plane, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return moved.astype(np.uint8, copy=False)


def _band(luma: Picture, cell: float) -> Map:
    """The part of a picture whose details are about as large as a cell."""
    smooth = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), cell / 4)
    coarse = cv2.GaussianBlur(
        cv2.resize(smooth, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), (0, 0), cell / 2
    )
    return np.asarray(smooth - cv2.resize(coarse, luma.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _planes(picture: Picture, shape: Shape) -> list[Picture]:
    rows, columns = shape.height, shape.width
    flat = picture.reshape(-1)
    quarter = rows * columns // 4
    blue, red = (flat[rows * columns + start : rows * columns + start + quarter] for start in (0, quarter))
    return [picture[:rows], *(plane.reshape(rows // 2, columns // 2) for plane in (blue, red))]


def _with_luma(picture: Picture, luma: Map) -> Picture:
    """`picture` with other luma, rounded and held in range."""
    changed = picture.copy()
    changed[: len(luma)] = np.clip(np.rint(luma), 0, 255).astype(np.uint8)
    return changed
