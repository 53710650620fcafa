"""Aligns single pictures: where a leak was filmed by hand, and every picture lies a little differently.

The enhanced correlation coefficient (Evangelidis and Psarakis 2008) is raised step by step from a transform that is
nearly right already. What still bends (a curved screen, a lens) a smooth dense flow straightens.
"""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.media.detect.geometry import apart, plausible, seen, warp
from telecine.media.detect.pieces import Look, Pictures, Transform
from telecine.media.mark_mask import LOOK, MASK

MOST_MOVED = 24.0
"""Pixels of `LOOK` by which a correction may move a corner; beyond, the alignment went astray."""

_STEPS = 40
_PRECISION = 1e-5
_SOFT = 5
_COARSEST = 6.0
_EDGE = 6
_FLOW_SMOOTH = 6.0
_MOST_FLOW = 12.0

type Model = Literal["affine", "perspective"]


def follow(leak_look: Look, title_look: Look, transform: Transform) -> Transform:
    """The transform of this one picture of a leak (mirrored back) to the title's picture of the same moment.

    `transform` is the piece's. It is returned as it is where the pictures do not say better. About 4 ms.
    """
    correction = correct(warp(leak_look, transform), title_look, seen(transform, _EDGE), MASK, "affine")
    return transform if correction is None else correction @ transform


def correct(
    laid: Look, title_look: Look, covered: NDArray[np.uint8], size: tuple[int, int], model: Model
) -> Transform | None:
    """What moves `laid`, a leak's picture as it lies in the title's, to where it belongs; None where nothing is found.

    `covered` says where `laid` shows anything; compared are pictures of `size` (rows, columns). The transform is one of
    `LOOK` pixels: the grids' first pixels do not have the same centre.
    """
    columns_rows = size[::-1]
    mask = cv2.resize(covered, columns_rows, interpolation=cv2.INTER_NEAREST)
    motion = cv2.MOTION_AFFINE if model == "affine" else cv2.MOTION_HOMOGRAPHY
    start = np.eye(3, dtype=np.float32)[: 2 if model == "affine" else 3]
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _STEPS, _PRECISION)
    try:
        _, found = cv2.findTransformECC(
            _band(title_look, columns_rows), _band(laid, columns_rows), start, motion, stop, mask, _SOFT
        )
    except cv2.error:  # no correlation to climb: a flat or a foreign picture
        return None
    small = np.eye(3)
    small[: len(found)] = found
    grid = between_grids(LOOK[0] / size[0])
    if abs(np.linalg.det(small)) < 1e-6:
        return None
    correction = grid @ np.linalg.inv(small) @ np.linalg.inv(grid)
    good = plausible(correction) and apart(correction, np.eye(3)) <= MOST_MOVED
    return correction / correction[2, 2] if good else None


def between_grids(ratio: float) -> Transform:
    """From pixels of a picture that is `ratio` times smaller to those of the large one: centres are not corners."""
    return np.array([[ratio, 0, (ratio - 1) / 2], [0, ratio, (ratio - 1) / 2], [0, 0, 1]])


def straighten(laid: Look, title_look: Look) -> Look:
    """`laid` (a leak's picture as it lies in the title's) bent smoothly to where the title has the same details.

    Farnebäck's flow of 160 x 90, smoothed over six of its pixels; nothing moves farther than 12 pixels of `LOOK`.
    About 8 ms.
    """
    size = MASK[::-1]
    ratio = LOOK[0] / MASK[0]
    flow = cv2.calcOpticalFlowFarneback(_grey(title_look, size), _grey(laid, size), None, 0.5, 3, 15, 3, 5, 1.1, 0)  # type: ignore[call-overload]
    smooth = cv2.GaussianBlur(flow, (0, 0), _FLOW_SMOOTH).clip(-_MOST_FLOW / ratio, _MOST_FLOW / ratio)
    moved = cv2.resize(smooth * ratio, LOOK[::-1], interpolation=cv2.INTER_LINEAR)
    rows, columns = np.indices(LOOK, dtype=np.float32)
    return np.asarray(cv2.remap(laid, columns + moved[..., 0], rows + moved[..., 1], cv2.INTER_LINEAR), np.uint8)


def _band(look: Look, size: tuple[int, int]) -> Pictures:
    """The picture at `size` (columns, rows) without its broad gradients of light."""
    small = cv2.resize(look, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(small - cv2.GaussianBlur(small, (0, 0), _COARSEST * size[0] / MASK[1]), np.float32)


def _grey(look: Look, size: tuple[int, int]) -> Look:
    """The same as 8 bits about 128, its contrast stretched: flow needs structure, and equal brightness."""
    band = _band(look, size)
    scale = 40 / max(float(band.std()), 1.0)
    return np.asarray(np.clip(128 + scale * band, 0, 255), np.uint8)
