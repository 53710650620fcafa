"""`steady`: the shake of a hand-held camera is taken out; where it was meant to go, it still goes.

From frame to frame the picture's move (shift, turn, zoom) is found by corners that are tracked. The moves joined make
the camera's path; a frame is moved from the path to a smoothed one, and enlarged a little, so that few borders show.

A frame's place on the smoothed path depends on the moves within `REACH` frames of it, and on nothing before: so it is
the same whichever chunk it is made in.
"""

from collections import deque
from collections.abc import Iterator
from itertools import accumulate, takewhile

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frame, Frames
from telecine.media.enhance.samples import packed, unpacked

SMOOTH = 12.0
"""Deviation, in frames, of the window that smooths the path."""
REACH = 36
"""Frames on each side that the window reaches."""
ZOOM = 1.04
"""How much larger the picture is shown; 1 shows all of it, and borders that are drawn from its edge."""

_CORNERS = 400
_FEWEST = 12
"""Tracked corners below which two frames are taken to show different scenes: no move is known."""
_SEEN_AT = 640
"""Samples across at which moves are looked for: more takes longer and finds nothing more."""
_GREATEST = 0.25
"""Part of the picture's width that no camera moves between two frames; a cut may pretend to."""

type Move = NDArray[np.float64]
"""(4): shift across and down in samples of luma, turn in radians, zoom as a logarithm; about the picture's middle."""
type Moves = list[Move | None]
type Grey = NDArray[np.uint8]
_STILL = np.zeros(4)


def steady(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """The wanted frames, each moved to the smoothed path.

    Settings: `zoom` (1 to 1.5, `ZOOM` if absent). Holds `REACH` + 1 frames at most.
    """
    picture, zoom = stage.before, float(stage.settings.get("zoom", ZOOM))
    for number, frame, before, after in _surrounded(frames, given.first, picture):
        if wanted.first <= number < wanted.end:
            yield moved(frame, _correction(before, after), zoom, picture)


def moved(frame: Frame, move: Move, zoom: float, picture: Picture) -> Frame:
    """The frame moved and zoomed about its middle, by Lanczos' kernel; beyond its borders the edge goes on."""
    planes = []
    for plane in frame:
        matrix = _matrix(move, zoom, frame[0].shape, plane.shape)
        turned = cv2.warpAffine(
            unpacked(plane, picture.bits),
            matrix,
            plane.shape[::-1],
            flags=cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        planes.append(packed(turned.astype(np.float32, copy=False), picture.bits))
    return planes[0], planes[1], planes[2]


def move_between(one: Grey, other: Grey, scale: float = 1.0) -> Move | None:
    """How the picture moves from one grey frame to the next; None where they do not show the same.

    `scale`: samples of luma to a sample of these.
    """
    corners = cv2.goodFeaturesToTrack(one, _CORNERS, 0.01, 8)
    if corners is None or len(corners) < _FEWEST:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        one, other, corners, np.empty_like(corners), winSize=(21, 21), maxLevel=3
    )
    back, returned, _ = cv2.calcOpticalFlowPyrLK(other, one, there, np.empty_like(there), winSize=(21, 21), maxLevel=3)
    near = np.abs(back - corners).reshape(-1, 2).max(1) < 0.5
    kept = (found.ravel() == 1) & (returned.ravel() == 1) & near
    if kept.sum() < _FEWEST:
        return None
    middle = np.array([one.shape[1] - 1, one.shape[0] - 1]) / 2
    cv2.setRNGSeed(0)  # the samples that RANSAC draws are the same for the same two frames
    matrix, _ = cv2.estimateAffinePartial2D(
        corners.reshape(-1, 2)[kept] - middle, there.reshape(-1, 2)[kept] - middle, ransacReprojThreshold=1.5
    )
    if matrix is None or np.abs(matrix[:, 2]).max() > _GREATEST * one.shape[1]:
        return None
    turn, zoom = np.arctan2(matrix[1, 0], matrix[0, 0]), np.hypot(matrix[0, 0], matrix[1, 0])
    return np.array([matrix[0, 2] * scale, matrix[1, 2] * scale, turn, np.log(zoom)])


def _surrounded(frames: Frames, first: int, picture: Picture) -> Iterator[tuple[int, Frame, Moves, Moves]]:
    """Each frame with its number, the moves that led to it, the last one first, and those that follow it."""
    held: deque[tuple[int, Frame]] = deque()
    moves: Moves = []
    last: Grey | None = None

    def next_one() -> tuple[int, Frame, Moves, Moves]:
        number, frame = held.popleft()
        place = number - first
        return number, frame, moves[max(0, place - REACH) : place][::-1], moves[place : place + REACH]

    for number, frame in enumerate(frames, first):
        grey = _grey(frame, picture)
        if last is not None:
            moves.append(move_between(last, grey, picture.width / grey.shape[1]))
        last = grey
        held.append((number, frame))
        if len(held) > REACH:
            yield next_one()
    while held:
        yield next_one()


def _correction(before: Moves, after: Moves) -> Move:
    """From a frame's place, which is 0, to the smoothed path there.

    The path is smoothed by a line through the places around, near ones weighing more (Cleveland, "Robust Locally
    Weighted Regression", 1979): a camera that pans evenly is not held back, not at the ends either.
    """
    back, forth = _places(before), _places(after)
    places = np.array([*(-place for place in back[::-1]), _STILL, *forth])
    away = np.arange(-len(back), len(forth) + 1)
    weights = np.exp(-0.25 * (away / SMOOTH) ** 2)  # of the root: the squares are weighed
    line = np.stack([np.ones_like(weights), away], 1)
    found, *_ = np.linalg.lstsq(line * weights[:, None], places * weights[:, None], rcond=None)
    return np.asarray(found[0], np.float64)


def _places(moves: Moves) -> list[Move]:
    """Moves joined, up to the first that is not known: there another scene begins."""
    known = takewhile(lambda move: move is not None, moves)
    return list(accumulate(move for move in known if move is not None))


def _grey(frame: Frame, picture: Picture) -> Grey:
    """Luma in 8 bits, small."""
    luma = (frame[0] >> (picture.bits - 8)).astype(np.uint8)
    share = _SEEN_AT / picture.width
    if share >= 1:
        return luma
    size = (_SEEN_AT, max(1, round(picture.height * share)))
    return cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _matrix(move: Move, zoom: float, luma: tuple[int, ...], plane: tuple[int, ...]) -> NDArray[np.float64]:
    """From a sample of a plane to make to where it is taken from: the opposite of the move and the zoom."""
    share = np.array([plane[1] / luma[1], plane[0] / luma[0]])
    middle = (np.array([plane[1], plane[0]]) - 1) / 2
    cos, sin = np.cos(move[2]), np.sin(move[2])
    turn = np.array([[cos, sin], [-sin, cos]]) / (zoom * np.exp(move[3]))
    turn = share[:, None] * turn / share
    return np.column_stack([turn, middle - turn @ (middle + share * move[:2])])
