"""Interlaced frames from progressive ones: each takes its first field from one moment and its second from the next.

A field shows every other row, so detail of a row's height would flicker at half the rate: it must be taken away
before. How much is a choice between flicker and sharpness, `stage.settings["prefilter"]`:
`none`; `sharp`, (-1 2 6 2 -1) / 8, which keeps most of the vertical detail; `soft`, (1 2 1) / 4, which flickers least.
"""

from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frame, Frames, Plane
from telecine.media.enhance.rates import Forward

KERNELS: dict[str, tuple[int, ...]] = {"none": (1,), "sharp": (-1, 2, 6, 2, -1), "soft": (1, 2, 1)}
"""Weights of the rows around, of which the middle one is the row itself."""
DEFAULT = "sharp"

_TOP, _BOTTOM = 0, 1


def weave(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """Frames of `after` with the fields of two moments, half a frame apart, in its order of fields. A `PythonEngine`.

    Where `before` has the rate of `after`, both fields are of one frame. Raises ValueError where `after` is
    progressive or the prefilter has no such name.
    """
    order = _order(stage.after)
    kernel = _kernel(str(stage.settings.get("prefilter", DEFAULT)))
    source = Forward(frames, given)
    field_step = stage.before.rate / stage.after.rate / 2
    for number in range(wanted.first, wanted.end):
        first = source.at(_number(2 * number * field_step))
        second = source.at(_number((2 * number + 1) * field_step))
        yield _woven(first, second, order, kernel, stage.after.bits)


def _number(moment: Fraction) -> int:
    """The frame that is shown at a moment."""
    return floor(moment)


def _order(picture: Picture) -> tuple[int, int]:
    """Rows where the first and the second field begin."""
    if picture.fields == "progressive":
        raise ValueError("progressive frames have no fields to weave")
    return (_TOP, _BOTTOM) if picture.fields == "top_first" else (_BOTTOM, _TOP)


def _kernel(name: str) -> tuple[int, ...]:
    if name not in KERNELS:
        raise ValueError(f"the prefilter is one of {', '.join(KERNELS)}, not {name!r}")
    return KERNELS[name]


def _woven(first: Frame, second: Frame, order: tuple[int, int], kernel: tuple[int, ...], bits: int) -> Frame:
    planes = []
    for one, other in zip(first, second, strict=True):
        plane = np.empty_like(one)
        for start, source in zip(order, (one, other), strict=True):
            plane[start::2] = _field(source, start, kernel, bits)
        planes.append(plane)
    return planes[0], planes[1], planes[2]


def _field(plane: Plane, start: int, kernel: tuple[int, ...], bits: int) -> Plane:
    """Every second row from `start` on, each mixed with those above and below; edge rows stand for what is beyond."""
    if len(kernel) == 1:
        return plane[start::2]
    reach, rows = len(kernel) // 2, plane.shape[0]
    around = np.pad(plane, ((reach, reach), (0, 0)), "edge").astype(np.int32)
    total: NDArray[np.int32] = np.zeros_like(plane[start::2], np.int32)
    for shift, weight in enumerate(kernel):
        total += weight * around[start + shift : shift + rows : 2]
    whole = sum(kernel)
    mixed = np.clip((total + whole // 2) // whole, 0, 2**bits - 1)
    return mixed.astype(np.uint8) if bits == 8 else mixed.astype(np.uint16)
