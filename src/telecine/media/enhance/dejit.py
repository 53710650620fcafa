"""`dejit`: scan lines that a bad time base shifted sideways, each by an amount of its own, are put back.

How far each line lies from those above it is measured. A slanted edge moves from line to line too, but by a little
that stays the same for many lines, while jitter comes and goes. So the measured steps are joined to one path down the
picture; what of it is smooth is kept, and the rest is taken to be jitter and undone. A frame that this would make
hardly calmer has no jitter, and stays as it is. Nothing depends on any other frame.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frame, Frames
from telecine.media.enhance.samples import Samples, packed, unpacked

type Offsets = NDArray[np.float64]
"""(height): samples of luma by which each line lies too far to the right."""

REACH = 12
"""Samples by which a line may lie beside the one above: three deviations of two lines' jitter of deviation 2.8."""
CALMER = 0.9
"""What must at most be left of the differences between lines for a frame to be taken to have jitter."""

_ROUNDS = ((REACH, (1,)), (3, (1, 2, 3)), (2, (1, 2, 3)))
"""How far is searched, and which of the lines above each is compared with: each round measures what is left."""
_PARTS = 8
"""Parts of a line that are measured apart, so that a part in which something moves or is slanted does not decide."""
_NOISE = 2.0
"""Squared 8-bit steps of difference that say nothing."""
_TREND = 4.0
"""Deviation, in lines, of the window in which a path's smooth part is found."""
_HOLD = 1e-3
"""Weight of 'as the line above' where lines are flat and show nothing."""


def dejit(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """The wanted frames, whole ones (not interlaced), each with its lines in place."""
    for number, frame in enumerate(frames, given.first):
        if wanted.first <= number < wanted.end:
            yield straightened(frame, stage.before)


def straightened(frame: Frame, picture: Picture) -> Frame:
    """One frame with its lines in place; the same object where they are already."""
    luma = unpacked(frame[0], picture.bits)
    offsets = jitter(luma)
    if _roughness(shifted(luma, offsets)) > CALMER * _roughness(luma):
        return frame
    made = [packed(shifted(luma, offsets), picture.bits)]
    for plane in frame[1:]:
        down, across = luma.shape[0] / plane.shape[0], luma.shape[1] / plane.shape[1]
        lines = np.interp((np.arange(plane.shape[0]) + 0.5) * down - 0.5, np.arange(len(offsets)), offsets)
        made.append(packed(shifted(unpacked(plane, picture.bits), lines / across), picture.bits))
    return made[0], made[1], made[2]


def jitter(luma: Samples) -> Offsets:
    """How far each line lies from where it belongs."""
    soft = cv2.GaussianBlur(luma, (7, 1), 1.0, borderType=cv2.BORDER_REPLICATE).astype(np.float32, copy=False)
    found = np.zeros(len(luma))
    for reach, above in _ROUNDS:
        found += _uneven(_path(shifted(soft, found), reach, above))
    return found


def shifted(plane: Samples, offsets: Offsets) -> Samples:
    """Every line moved to the left by its offset, by Lanczos' kernel; its ends go on beyond the borders."""
    height, width = plane.shape
    across = np.arange(width, dtype=np.float32)[None] + offsets.astype(np.float32)[:, None]
    down = np.repeat(np.arange(height, dtype=np.float32)[:, None], width, 1)
    moved = cv2.remap(plane, across, down, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(np.float32, copy=False)


def _path(luma: Samples, reach: int, lines_above: Sequence[int]) -> Offsets:
    """Where each line lies, jitter, slant and all: least squares over what each pair of near lines says."""
    height = len(luma)
    system, told = np.zeros((height, height)), np.zeros(height)
    for above in (one for one in lines_above if one < height):
        steps, weights = _steps(luma, above, reach)
        lower, upper = np.arange(above, height), np.arange(height - above)
        weights = weights + _HOLD * (above == 1)
        np.add.at(system, (lower, lower), weights)
        np.add.at(system, (upper, upper), weights)
        system[lower, upper] -= weights
        system[upper, lower] -= weights
        np.add.at(told, lower, weights * steps)
        np.add.at(told, upper, -weights * steps)
    system[0, 0] += 1  # the path begins at 0: only its steps are known
    return np.linalg.solve(system, told)


def _steps(luma: Samples, above: int, reach: int) -> tuple[Offsets, Offsets]:
    """For each line from the `above`-th on: how far to the right of the one so far above it is, and how surely."""
    lower, upper = luma[above:], luma[:-above]
    width = luma.shape[1]
    costs = np.empty((2 * reach + 1, len(lower)))
    for index, step in enumerate(range(-reach, reach + 1)):
        beside = lower[:, reach + step : width - reach + step] - upper[:, reach : width - reach]
        parts = cv2.resize(beside * beside, (_PARTS, len(lower)), interpolation=cv2.INTER_AREA)
        costs[index] = np.log(parts + _NOISE).sum(1)
    best = np.clip(costs.argmin(0), 1, 2 * reach - 1)
    lines = np.arange(len(lower))
    left, middle, right = costs[best - 1, lines], costs[best, lines], costs[best + 1, lines]
    bend = np.maximum(left - 2 * middle + right, 1e-6)
    return best - reach + np.clip((left - right) / (2 * bend), -0.5, 0.5), bend


def _uneven(path: Offsets) -> Offsets:
    """A path without its smooth part. Beyond its ends it goes on turned about them, so that a slant stays a slant."""
    reach = min(int(3 * _TREND), len(path) - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _TREND) ** 2)
    before, after = 2 * path[0] - path[reach:0:-1], 2 * path[-1] - path[-2 : -reach - 2 : -1]
    trend = np.convolve(np.concatenate([before, path, after]), kernel / kernel.sum(), "valid")
    return path - trend


def _roughness(luma: Samples) -> float:
    """Mean difference between a line and the one above it."""
    return float(np.mean(np.abs(np.diff(luma, axis=0))))
