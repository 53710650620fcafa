"""Where in the title's picture the leak's picture lies: by features that survive scaling, turning and cropping.

SIFT features (Lowe 2004) of pictures that show the same moment are matched and all pairs of pictures of one piece vote
for one homography with MAGSAC++ (Barath et al. 2020). The corners of the picture say how far two transforms are apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.media.detect.pieces import Floats, Look, Pictures, Transform
from telecine.media.mark_mask import LOOK

FEATURES = 1200
RATIO = 0.75
"""A match must be this much nearer than the second best (Lowe's ratio test)."""
PRECISION = 1.5
"""Pixels of `LOOK` by which an inlier may miss."""
LEAST_INLIERS = 16
"""Features that must agree. Pictures that have nothing in common reach 4 to 9, whatever their number."""

_CONTRAST = 0.02  # half the usual: dark and soft pictures have features too
_ROUNDS = 5000
_CONFIDENCE = 0.9999
_SCALES = (0.2, 5.0)
_CORNERS = np.array([(0, 0), (LOOK[1] - 1, 0), (LOOK[1] - 1, LOOK[0] - 1), (0, LOOK[0] - 1)], dtype=np.float64)

type Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The features of one picture: places in it (n x 2) and descriptors (n x 128)."""

    places: Floats
    descriptors: Pictures


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A transform of leak to title, and how many features agree on it."""

    transform: Transform
    inliers: int


def features(look: Look, most: int = FEATURES) -> Features:
    """The `most` clearest features of a picture."""
    finder = cv2.SIFT.create(nfeatures=most, contrastThreshold=_CONTRAST)
    found, descriptors = finder.detectAndCompute(look, None)
    if not found:
        return Features(np.empty((0, 2)), np.empty((0, 128), np.float32))
    places = np.array([point.pt for point in found], dtype=np.float64)
    return Features(places, np.asarray(descriptors, np.float32))


def matches(leak: Features, title: Features) -> tuple[Floats, Floats]:
    """The places of features that match, in both pictures."""
    if len(leak.places) < 2 or len(title.places) < 2:
        return np.empty((0, 2)), np.empty((0, 2))
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(leak.descriptors, title.descriptors, k=2)
    good = [first for first, second in pairs if first.distance < RATIO * second.distance]
    return (
        leak.places[[match.queryIdx for match in good]].reshape(-1, 2),
        title.places[[match.trainIdx for match in good]].reshape(-1, 2),
    )


def fit(pairs: Iterable[tuple[Look, Look]]) -> Fit | None:
    """The transform that pictures of (leak, title), each of the same moment, agree on; None without clear evidence."""
    found = [matches(features(leak), features(title)) for leak, title in pairs]
    if not found:
        return None
    return fit_places(np.concatenate([leak for leak, _ in found]), np.concatenate([title for _, title in found]))


def fit_places(leak: Floats, title: Floats, least: int = LEAST_INLIERS) -> Fit | None:
    """The same for places that may match (n x 2 each)."""
    if len(leak) < least:
        return None
    cv2.setRNGSeed(1)  # the same leak gives the same report
    found, inliers = cv2.findHomography(
        leak, title, cv2.USAC_MAGSAC, PRECISION, maxIters=_ROUNDS, confidence=_CONFIDENCE
    )
    transform = np.asarray(found, np.float64)
    if transform.shape != (3, 3) or not plausible(transform):
        return None
    count = _different(leak[inliers.ravel() > 0])
    return Fit(transform, count) if count >= least else None


def _different(places: Floats) -> int:
    """How many places of 8 x 8 pixels: a logo that never moves does not count anew in every picture."""
    return len(np.unique(np.floor(places / 8), axis=0))


def corners(transform: Transform) -> Floats:
    """Where the corners of a picture come to lie (4 x 2, clockwise from the top left)."""
    return np.asarray(cv2.perspectiveTransform(_CORNERS[None], transform)[0])


def apart(one: Transform, other: Transform) -> float:
    """The farthest that two transforms put a corner apart, in pixels."""
    return float(np.linalg.norm(corners(one) - corners(other), axis=1).max())


def plausible(transform: Transform) -> bool:
    """Whether a leak may have been changed so: neither turned over nor folded, nor grown or shrunk out of reason."""
    if not np.isfinite(transform).all() or abs(np.linalg.det(transform)) < 1e-9:
        return False
    depths = transform[2] @ np.column_stack([_CORNERS, np.ones(4)]).T
    if depths.min() <= 0 < depths.max() or depths.min() * depths.max() <= 0:
        return False
    sides = np.roll(corners(transform), -1, axis=0) - corners(transform)
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    lengths = np.linalg.norm(sides, axis=1) / [LOOK[1], LOOK[0], LOOK[1], LOOK[0]]
    return bool((turns > 0).all() and _SCALES[0] < lengths.min() and lengths.max() < _SCALES[1])


def warp(look: Look, transform: Transform) -> Look:
    """The leak's picture as it lies in the title's; its edges run on outside, so that filters see no frame."""
    laid = cv2.warpPerspective(look, transform, LOOK[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, np.uint8)


def seen(transform: Transform, inset: float = 4.0) -> Mask:
    """The title's pixels that the leak's picture covers (255, else 0), but for `inset` leak pixels along its edges."""
    rows, columns = LOOK
    whole = np.zeros(LOOK, np.uint8)
    edge = round(inset)
    whole[edge : rows - edge, edge : columns - edge] = 255
    return np.asarray(cv2.warpPerspective(whole, transform, (columns, rows), flags=cv2.INTER_NEAREST), np.uint8)


def middle(transforms: Sequence[Transform]) -> Transform:
    """The transform that puts each corner at the median of where the given ones put it."""
    places = np.median([corners(transform) for transform in transforms], axis=0)
    return np.asarray(
        cv2.getPerspectiveTransform(_CORNERS.astype(np.float32), places.astype(np.float32)), dtype=np.float64
    )
