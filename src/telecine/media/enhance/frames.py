"""Frames as arrays, and how they travel raw from process to process."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage

type Plane = NDArray[np.uint8] | NDArray[np.uint16]
"""(height, width): uint8 of 8 bits, else uint16 with the value in the low bits."""

type Frame = tuple[Plane, Plane, Plane]
"""Y, U and V. Whoever changes a frame changes a copy."""

type Frames = Iterator[Frame]


class PythonEngine(Protocol):
    """An engine over arrays."""

    def __call__(self, stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
        """Make frames `wanted` of `stage.after` from `frames`, which are frames `given` of `stage.before`, in order.

        It takes no more of `frames` at a time than it must, and holds no more than it needs.
        """


def read_frames(stream: BinaryIO, picture: Picture) -> Frames:
    """Frames from a raw stream until its end. Raises EOFError where it ends within one."""
    while data := stream.read(picture.frame_bytes):
        if len(data) != picture.frame_bytes:
            raise EOFError("the stream ends within a frame")
        samples = np.frombuffer(data, np.uint8) if picture.bits == 8 else np.frombuffer(data, np.uint16)
        yield _planes(samples, picture)


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Add one frame to a raw stream."""
    for plane in frame:
        stream.write(np.ascontiguousarray(plane).data)


def _planes(samples: Plane, picture: Picture) -> Frame:
    planes, begin = [], 0
    for height, width in picture.plane_sizes:
        planes.append(samples[begin : begin + height * width].reshape(height, width))
        begin += height * width
    return planes[0], planes[1], planes[2]
