"""`filmgrain`: grain of a frame's own, the same whoever makes it: it depends on the seed and the frame's number alone.

A frame's grain is a field of Gaussian noise from a counter-based generator (Salmon and others, "Parallel Random
Numbers: As Easy as 1, 2, 3", SC11), softened to the size that grains would have in a print of this height. Emulsions
show most grain in shadows and mid-tones and little in highlights; so does this.
"""

import cv2
import numpy as np

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frame, Frames
from telecine.media.enhance.samples import Samples, packed, unpacked

STRENGTH = 12.0
"""Of 0 to 50: the deviation of luma at its most, in quarters of an 8-bit step."""
CHROMA_SHARE = 0.4
"""Deviation of chroma, as a part of luma's."""

_GRAIN_AT_1080 = 1.8
"""Diameter of a grain in samples of a picture 1,080 high, without a setting."""
_LEAST, _MOST = 1.2, 2.5
_LUMA = (0, 16, 48, 110, 180, 235, 256)
_SHARE = (0.55, 0.7, 1.0, 1.0, 0.65, 0.25, 0.2)
"""Of the full grain, what lies on each luma of 8 bits."""
_WIDTH = 3.33
"""Samples across a grain, where its likeness with itself falls to half, for a low-pass of deviation 1."""


def grain(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """The frames with grain added.

    Settings: `seed` (0 to 2**63 - 1; 0 if absent), `strength` (0 to 50, `STRENGTH` if absent), `size` (a grain's
    diameter in samples at 1,080 lines; 1.8 if absent, and what comes of it is held to 1.2 to 2.5).
    """
    seed = int(stage.settings.get("seed", 0))
    strength = float(stage.settings.get("strength", STRENGTH)) / 4
    diameter = float(stage.settings.get("size", _GRAIN_AT_1080)) * stage.after.height / 1080
    softness = min(max(diameter, _LEAST), _MOST) / _WIDTH
    for number, frame in enumerate(frames, given.first):
        if wanted.first <= number < wanted.end:
            yield _grained(frame, stage.after, (seed, number), strength, softness) if strength else frame


def _grained(frame: Frame, picture: Picture, key: tuple[int, int], strength: float, softness: float) -> Frame:
    noise = np.random.Generator(np.random.Philox(key=np.array(key, np.uint64)))
    planes = [unpacked(plane, picture.bits) for plane in frame]
    tones = np.interp(planes[0], _LUMA, _SHARE).astype(np.float32)
    y, u, v = (
        packed(
            plane + field(noise, plane.shape, softness) * np.float32(deviation) * _shaped(tones, plane), picture.bits
        )
        for plane, deviation in zip(planes, (strength, *[strength * CHROMA_SHARE] * 2), strict=True)
    )
    return y, u, v


def field(noise: np.random.Generator, size: tuple[int, ...], softness: float) -> Samples:
    """Gaussian noise of mean 0 and deviation 1 after a low-pass of deviation `softness`."""
    white = noise.standard_normal(size, dtype=np.float32)
    soft = cv2.GaussianBlur(white, (0, 0), softness, borderType=cv2.BORDER_REFLECT_101)
    line = cv2.getGaussianKernel(9, softness)  # what it leaves of the deviation, in each direction its root
    return (soft / np.float32(np.sum(line**2))).astype(np.float32)


def _shaped(tones: Samples, plane: Samples) -> Samples:
    """Shares of grain for a plane of another size."""
    if tones.shape == plane.shape:
        return tones
    shrunk = cv2.resize(tones, plane.shape[::-1], interpolation=cv2.INTER_AREA)
    return shrunk.astype(np.float32, copy=False)
