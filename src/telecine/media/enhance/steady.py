"""`steady`: a shaking camera made calm. What moved from frame to frame is measured, the camera's path is smoothed, and
each frame is moved to where a calm camera would have seen it, a little enlarged so that no border shows.

Corners are tracked (Lucas and Kanade, by pyramids), the motion that most of them agree on is taken (RANSAC, a
similarity), and the path is smoothed by a Gaussian window. A frame's place depends on differences within it alone.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.cuts import is_cut
from telecine.media.enhance.frames import Frame, Frames, Plane
from telecine.media.enhance.samples import Samples, packed, unpacked

SIGMA = 12.0
"""Frames: deviation of the window."""
REACH = 36
"""Frames on either side that count. The stage's radius is one more."""
ZOOM = 1.05
"""How much frames are enlarged, if the stage has no setting `zoom`."""
_LOOK = 480
"""Pixels across at which motion is measured."""
_CORNERS, _QUALITY, _APART = 300, 0.01, 8.0
_FEW = 12
"""Corners below which nothing is known of the motion."""
_GRAIN = 2.0**20
"""Motions are multiples of its inverse, so that sums of them do not depend on where they begin."""

type Motion = NDArray[np.float64]
"""Across and down (pixels of the frame), clockwise turn (radians), growth (logarithm), of the scene between frames."""

_STILL: Motion = np.zeros(4)


class _Seen(NamedTuple):
    """A frame, and how far the scene has moved until it, counted from the first frame given."""

    frame: Frame
    place: Motion


def steady(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """The wanted frames, moved. Holds the frames of half a window; of those behind, their places alone."""
    zoom = float(stage.settings.get("zoom", ZOOM))
    ahead: deque[_Seen] = deque()
    places: dict[int, Motion] = {}
    coming = _tracked(frames, stage.before)
    read = given.first
    for number in range(given.first, wanted.end):
        while read <= min(number + REACH, given.end - 1):
            ahead.append(next(coming))
            places[read] = ahead[-1].place
            read += 1
        now = ahead.popleft()
        if number >= wanted.first:
            yield _moved(now.frame, _correction(places, number), zoom, stage.before)
        places.pop(number - REACH, None)


def motion_between(before: Plane, after: Plane, bits: int) -> Motion:
    """How the scene moves from one frame's luma to the next's; nothing across a cut, or where nothing is tracked."""
    if is_cut(before, after, bits):
        return _STILL
    scale = max(1.0, before.shape[1] / _LOOK)
    first, second = (_shrunk(plane, bits, scale) for plane in (before, after))
    corners = cv2.goodFeaturesToTrack(first, _CORNERS, _QUALITY, _APART)
    if corners is None or len(corners) < _FEW:
        return _STILL
    moved, found, _ = cv2.calcOpticalFlowPyrLK(first, second, corners, np.zeros_like(corners))
    kept = found.ravel() == 1
    if kept.sum() < _FEW:
        return _STILL
    middle = np.array([first.shape[1] / 2, first.shape[0] / 2], np.float32)
    matrix, _ = cv2.estimateAffinePartial2D(corners[kept] - middle, moved[kept] - middle, ransacReprojThreshold=1.0)
    if matrix is None:
        return _STILL
    turn = np.arctan2(matrix[1, 0], matrix[0, 0])
    growth = np.log(np.hypot(matrix[0, 0], matrix[1, 0]))
    motion = np.array([matrix[0, 2] * scale, matrix[1, 2] * scale, turn, growth])
    return np.rint(motion * _GRAIN) / _GRAIN


def _tracked(frames: Frames, picture: Picture) -> Iterator[_Seen]:
    place, last = _STILL, None
    for frame in frames:
        if last is not None:
            place = place + motion_between(last[0], frame[0], picture.bits)
        yield _Seen(frame, place)
        last = frame


def _correction(places: dict[int, Motion], number: int) -> Motion:
    """What brings frame `number` to the smoothed path, which goes on at the film's ends as it came, so that a pan does
    not slow down there.
    """
    first, last = min(places), max(places)
    around = range(number - REACH, number + REACH + 1)
    weights = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / SIGMA) ** 2)
    moved = np.array([_place(places, n, first, last) - places[number] for n in around])
    smoothed: Motion = weights @ moved / weights.sum()
    return smoothed


def _place(places: dict[int, Motion], number: int, first: int, last: int) -> Motion:
    """Where the scene is at a frame; beyond an end, as far behind the end's place as the mirrored frame is before."""
    edge = min(max(number, first), last)
    mirrored = min(max(2 * edge - number, first), last)
    return 2 * places[edge] - places[mirrored]


def _moved(frame: Frame, by: Motion, zoom: float, picture: Picture) -> Frame:
    """The frame turned and enlarged about its middle, then moved."""
    grown = zoom * np.exp(by[3])
    cos, sin = np.cos(by[2]) * grown, np.sin(by[2]) * grown
    turn = np.array([[cos, -sin], [sin, cos]])
    planes = [_warped(unpacked(plane, picture.bits), turn, by[:2], picture) for plane in frame]
    y, u, v = (packed(plane, picture.bits) for plane in planes)
    return y, u, v


def _warped(plane: Samples, turn: NDArray[np.float64], shift: Motion, picture: Picture) -> Samples:
    """One plane; `turn` and `shift` are of the picture's pixels, of which a sample of chroma may cover several."""
    height, width = plane.shape
    share = np.diag([width / picture.width, height / picture.height])
    own_turn = share @ turn @ np.linalg.inv(share)
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.column_stack([own_turn, middle + share @ shift - own_turn @ middle])
    made = cv2.warpAffine(plane, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return made.astype(np.float32, copy=False)


def _shrunk(plane: Plane, bits: int, scale: float) -> NDArray[np.uint8]:
    luma = unpacked(plane, bits)
    size = (round(plane.shape[1] / scale), round(plane.shape[0] / scale))
    small = luma if scale == 1 else cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(small), 0, 255).astype(np.uint8)
