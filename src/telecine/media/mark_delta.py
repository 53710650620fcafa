"""Writes the delta tracks of a chunk: for each rendition a small raw picture per frame, which says what to add.

The first take of a rendition adds its track, the second takes it away. Which variant of a segment that makes is the
key's affair (`variant_of_first_take`): the sign is in the tracks, so neither the graph nor a log tells anything.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from telecine.core.plan import ChunkSpan, Plan, whole_frames
from telecine.core.watermark.pattern import MarkKey, field_of, variant_of_first_take
from telecine.media.mark_mask import LOOK, Marker, fixed_point, mirrored

LOOK_BYTES = LOOK[0] * LOOK[1]


class DeltaWriter:
    """Takes the small pictures of `chunk` as raw bytes and writes a delta track for each of `files`.

    `rate` is the pictures per second; `files` gives the open file of each rendition by its name.
    """

    def __init__(
        self, plan: Plan, chunk: ChunkSpan, rate: Fraction, key: MarkKey, files: Mapping[str, BinaryIO]
    ) -> None:
        assert plan.marking
        self.frames = 0
        """Pictures so far."""
        self.error = 0.0
        """Sum over the pictures of the mean square of what is added, in steps of 8 bits."""
        self.worst_error = 0.0
        """The most that one picture added to that."""
        self._key = key
        self._files = files
        self._first = chunk.first_frame(rate)
        self._segment = whole_frames(plan.segment * rate)
        self._marker = Marker(plan.marking.strength, rate)
        self._rest = bytearray()
        self._signs: dict[str, int] = {}

    def feed(self, data: bytes) -> None:
        """Take the next bytes of gray pictures of `LOOK`, and mark every picture that they complete."""
        self._rest += data
        while len(self._rest) >= LOOK_BYTES:
            look = np.frombuffer(bytes(self._rest[:LOOK_BYTES]), np.uint8).reshape(LOOK)
            del self._rest[:LOOK_BYTES]
            self._take(look)

    def _take(self, look: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
        position, offset = divmod(self._first + self.frames, self._segment)
        if offset == 0 or self.frames == 0:
            self._marker.begin(field_of(self._key, position))
            self._signs = {name: variant_of_first_take(self._key, name, position) for name in self._files}
        delta = self._marker.delta(look)
        error = float(np.mean(np.square(delta)))
        self.error += error
        self.worst_error = max(self.worst_error, error)
        plus = fixed_point(delta)
        pictures = (plus.tobytes(), mirrored(plus).tobytes())
        for name, file in self._files.items():
            file.write(pictures[self._signs[name]])
        self.frames += 1
