"""Writes delta tracks: small raw pictures, one for each picture that is marked, which say what to add.

The first take of a picture adds its track, the second takes it away. Which variant that makes is the key's affair:
the sign is in the tracks, so neither the graph nor a log tells anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from telecine.core.watermark.pattern import Field
from telecine.media.mark_mask import LOOK, Marker, fixed_point, mirrored

LOOK_BYTES = LOOK[0] * LOOK[1]

type FieldAt = Callable[[int], Field]
type SignAt = Callable[[str, int], int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where the pictures to mark lie, and what their marks are.

    `first` is the number of the first picture; the field changes every `length` pictures, counted from number 0.
    `field_at` gives the field of each such position; `sign_at` says for a track's name and a position whether its
    mark is the field (0) or its negative (1).
    """

    first: int
    length: int
    field_at: FieldAt
    sign_at: SignAt


class DeltaWriter:
    """Takes the small pictures of `stretch` as raw bytes and writes a delta track to each of `files`, by name."""

    def __init__(self, marker: Marker, stretch: Stretch, files: Mapping[str, BinaryIO]) -> None:
        self.frames = 0
        """Pictures so far."""
        self.error = 0.0
        """Sum over the pictures of the mean square of what is added, in steps of 8 bits."""
        self.worst_error = 0.0
        """The most that one picture added to that."""
        self._marker = marker
        self._stretch = stretch
        self._files = files
        self._look = np.empty(LOOK_BYTES, np.uint8)
        self._filled = 0
        self._signs: dict[str, int] = {}

    def feed(self, data: bytes) -> None:
        """Take the next bytes of gray pictures of `LOOK`, and mark every picture that they complete."""
        news = np.frombuffer(data, np.uint8)
        while len(news):
            part = news[: LOOK_BYTES - self._filled]
            self._look[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            news = news[len(part) :]
            if self._filled == LOOK_BYTES:
                self._filled = 0
                self._take(self._look.reshape(LOOK))

    def _take(self, look: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
        position, offset = divmod(self._stretch.first + self.frames, self._stretch.length)
        if offset == 0 or self.frames == 0:
            self._marker.begin(self._stretch.field_at(position))
            self._signs = {name: self._stretch.sign_at(name, position) for name in self._files}
        delta = self._marker.delta(look)
        error = float(np.mean(np.square(delta)))
        self.error += error
        self.worst_error = max(self.worst_error, error)
        plus = fixed_point(delta)
        pictures = (plus.tobytes(), mirrored(plus).tobytes())
        for name, file in self._files.items():
            file.write(pictures[self._signs[name]])
        self.frames += 1
