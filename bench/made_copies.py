"""Recipients' copies of a master, marked picture by picture in memory: the mark as distribution makes it, without its
way through plans, takes and splicing. What a detector makes of copies is tried on them, here and in the tests.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark.pattern import Field, field_of
from telecine.core.watermark.recipients import CHIPS, RecipientKeys, individual_field, words_of
from telecine.media.detect.reference import PICTURES, Facts, complete
from telecine.media.mark_args import REFERENCE_RATE
from telecine.media.mark_graph import REFERENCE_CRF
from telecine.media.mark_mask import FIXED, LOOK, MIDDLE, Marker, fixed_point
from telecine.media.tools import Tools

type Picture = NDArray[np.uint8]
"""As ffmpeg's `yuv420p` is written: all rows of luma, then those of both colours."""

NEARLY_LOSSLESS = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "12")
"""How copies are encoded where nothing else is said: a mezzanine is no stream."""
_SHORT = 8


@dataclass(frozen=True, slots=True)
class MadeMaster:
    """A film in a file (yuv420p, `size` wide and high) that is marked for recipients: `group` pictures are switched
    together, `rate` are shown in a second, and a group carries `chips` marks: 1, or `CHIPS`."""

    path: Path
    size: tuple[int, int]
    rate: Fraction
    frames: int
    group: int
    chips: int
    keys: RecipientKeys
    tools: Tools
    strength: float = 0.5

    @property
    def groups(self) -> int:
        return ceil(self.frames / self.group)

    def word(self, recipient: int) -> NDArray[np.int64]:
        """The recipient's signs, 1 where he has variant 0: what a reading is positive by."""
        bits = words_of(self.keys, [recipient], self.groups * self.chips)[0]
        return np.asarray(1 - 2 * bits.astype(np.int64))

    def pictures(self) -> Iterator[Picture]:
        """The master's pictures."""
        with av.open(self.path) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number == self.frames:
                    return
                yield np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)

    def marked(self, recipient: int) -> Iterator[Picture]:
        """The pictures of a recipient's copy."""
        marker = Marker(self.strength, self.rate)
        field_at = self._fields(recipient)
        for number, picture in enumerate(self.pictures()):
            if number % self.group == 0:
                marker.begin(field_at(number // self.group))
            yield _added(picture, self.size, marker.delta(_look(picture, self.size)))

    def _fields(self, recipient: int) -> Callable[[int], Field]:
        if self.chips == CHIPS:
            return lambda group: individual_field(self.keys, recipient, group)
        word = self.word(recipient)
        return lambda group: np.asarray(field_of(self.keys.mark, group) * word[group], np.float32)

    def write_copy(self, recipient: int, target: Path, encoder: Sequence[str] = NEARLY_LOSSLESS) -> Path:
        """The recipient's copy as a file."""
        return write(self.marked(recipient), self.size, self.rate, target, self.tools, encoder)

    def write_reference(self, folder: Path) -> Path:
        """The master's reference: every picture where groups are short or single pictures count, else some a second."""
        folder.mkdir(parents=True)
        step = 1 if self.group <= _SHORT or self.chips > 1 else max(1, round(self.rate / Fraction(REFERENCE_RATE)))
        looks = (
            np.concatenate([_look(picture, self.size), np.full((LOOK[0] // 2, LOOK[1]), 128, np.uint8)])
            for number, picture in enumerate(self.pictures())
            if number % step == 0
        )
        encoder = ("-c:v", "libx264", "-preset", "veryfast", "-crf", str(REFERENCE_CRF), "-g", "64")
        write(looks, LOOK[::-1], self.rate / step, folder / PICTURES, self.tools, encoder)
        facts = Facts(
            segment=self.group / self.rate,
            positions=self.groups,
            strength=self.strength,
            duration=self.frames / self.rate,
            rate=self.rate,
            aspect=self.size[0] / self.size[1],
            chips=self.chips,
        )
        complete(folder, facts)
        return folder


def write(
    pictures: Iterator[Picture], size: tuple[int, int], rate: Fraction, target: Path, tools: Tools,
    encoder: Sequence[str] = NEARLY_LOSSLESS,
) -> Path:  # fmt: skip
    """Encode pictures to the file `target`. Raises CalledProcessError where ffmpeg fails."""
    command = [
        *(str(tools.ffmpeg), "-hide_banner", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p"),
        *("-video_size", f"{size[0]}x{size[1]}", "-framerate", str(rate), "-i", "pipe:0", *encoder, str(target)),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for picture in pictures:
            process.stdin.write(picture.tobytes())
        process.stdin.close()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return target


def _look(picture: Picture, size: tuple[int, int]) -> Picture:
    """The small picture that the mask is made from."""
    luma = picture[: size[1]]
    return luma if luma.shape == LOOK else np.asarray(cv2.resize(luma, LOOK[::-1], interpolation=cv2.INTER_AREA))


def _added(picture: Picture, size: tuple[int, int], delta: NDArray[np.float32]) -> Picture:
    """The picture with the mark in its luma, by way of a delta track of 8 bits as ffmpeg's `blend` adds it."""
    track = cv2.resize(fixed_point(delta), size, interpolation=cv2.INTER_LINEAR).astype(np.int16)
    steps = np.rint((track - MIDDLE) / FIXED)
    changed = picture.copy()
    changed[: size[1]] = np.clip(picture[: size[1]] + steps, 0, 255).astype(np.uint8)
    return changed
