"""The frames of a source, found by decoding it once: when each is shown, where decoding can begin, and a check of each.

Containers tell less than one would like: edit lists hide frames, open GOPs have frames that cannot be decoded from
their keyframe, indexes lie. What really comes out of the decoder is the only count that holds, and with a check of
each frame it is known later whether seeking brought the right one.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telecine.core.enhance.frame_map import constant_rate, is_constant, shown_at
from telecine.core.errors import ErrorKind
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.pipeline import python_process, run_pipe
from telecine.media.workspace import Workspace, finish

SAY_EVERY = 0.5
"""Seconds between two reports of the process."""


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Every frame of a source, in the order of showing.

    `times` are in units of `time_base` seconds; `checks` as `reader.check_of` makes them; `keys` are numbers of
    keyframes. Not `timed` is a file that does not say when its frames are shown, or says it in disorder: it can only
    be read from its start, and `times` are then those of a constant rate.
    """

    times: NDArray[np.int64]
    checks: NDArray[np.uint32]
    keys: NDArray[np.int64]
    time_base: Fraction
    timed: bool
    broken: int = 0
    """Packets that could not be decoded."""

    @property
    def frames(self) -> int:
        """How many there are."""
        return len(self.times)

    @property
    def start(self) -> Fraction:
        """Seconds: when the first frame is shown."""
        return int(self.times[0]) * self.time_base

    def at_one_rate(self, average: Fraction) -> tuple[Fraction, int, bool]:
        """Rate and number of frames of the source at one constant rate, and whether frames must be repeated or left
        out for it. `average` is the rate that the probe found.
        """
        times = self.times.tolist()
        if not self.timed or is_constant(times, self.time_base, average):
            return average, self.frames, False
        rate = constant_rate(times, self.time_base, average)
        if is_constant(times, self.time_base, rate):
            return rate, self.frames, False
        return rate, len(self.shown(rate)), True

    def shown(self, rate: Fraction) -> list[int]:
        """For each tick of `rate`, the number of the frame that is shown then."""
        return shown_at(self.times.tolist(), self.time_base, rate)

    def save(self, path: Path) -> None:
        """Write it to `path`, in numpy's .npz form."""
        base = (self.time_base.numerator, self.time_base.denominator, int(self.timed), self.broken)
        with path.open("wb") as file:
            np.savez(file, times=self.times, checks=self.checks, keys=self.keys, about=np.array(base, np.int64))

    @classmethod
    def load(cls, path: Path) -> "FrameIndex":
        """Read what `save` wrote."""
        with np.load(path) as parts:
            numerator, denominator, timed, broken = (int(value) for value in parts["about"])
            time_base = Fraction(numerator, denominator)
            return cls(parts["times"], parts["checks"], parts["keys"], time_base, bool(timed), broken)


def index_path(workspace: Workspace) -> Path:
    """Where the work folder keeps the frame index of its input file 0."""
    return workspace.root / "frames.npz"


def index_frames(
    demuxer: str, stream: int, average: Fraction, expected: int, workspace: Workspace, context: Context
) -> FrameIndex:
    """Decode picture `stream` of input file 0 from beginning to end and keep what came out; at once where it is kept.

    `demuxer` is the sniffed one, `average` the rate that the probe found, `expected` about how many frames there
    are, for the progress, which counts frames. Raises INPUT_UNREADABLE where nothing can be decoded, and what
    `run_pipe` raises.
    """
    final = index_path(workspace)
    if not final.exists():
        temporary = workspace.temporary(final)
        try:
            _run(demuxer, stream, average, expected, temporary, workspace, context)
            finish(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)
    index = FrameIndex.load(final)
    context.report(Tick(1, 1))
    return index


def _run(
    demuxer: str, stream: int, average: Fraction, expected: int, target: Path, workspace: Workspace, context: Context
) -> None:
    asked = {
        "file": [
            workspace.relative(workspace.input_file(0)),
            *(demuxer, stream, context.limits.pixels, context.limits.streams),
        ],
        "average": [average.numerator, average.denominator],
        "target": workspace.relative(target),
    }
    process = python_process("the decoder", "telecine.media.enhance.frame_index", [json.dumps(asked)], workspace.root)
    run_pipe(
        [process],
        cwd=workspace.root,
        limits=context.limits,
        on_line=_counting(expected, context.report),
        log=context.log,
        poll=context.poll,
        failure=ErrorKind.INPUT_UNREADABLE,
    )


def _counting(expected: int, report: Callable[[Tick], None]) -> Callable[[str], None]:
    def take(line: str) -> None:
        done = int(line)
        report(Tick(float(done), float(max(expected, done, 1))))

    return take


def main(asked: dict[str, Any]) -> None:
    """Decode, and write the index; says on standard output how many frames there are so far."""
    from telecine.media.enhance.reader import SourceFile, check_of, open_source, time_of

    times: list[int | None] = []
    checks: list[int] = []
    keys: list[int] = []
    say_at = 0.0
    with open_source(SourceFile(*asked["file"])) as source:
        for frame in source.frames():
            if frame.key_frame:
                keys.append(len(times))
            times.append(time_of(frame))
            checks.append(check_of(frame))
            if time.monotonic() >= say_at:
                say_at = time.monotonic() + SAY_EVERY
                print(len(times), flush=True)
        if not times:
            sys.exit("the picture has no frame that can be decoded.")
        index = _index(times, checks, keys, source.time_base, Fraction(*asked["average"]), source.broken)
    index.save(Path(asked["target"]))


def _index(
    times: list[int | None], checks: list[int], keys: list[int], time_base: Fraction, average: Fraction, broken: int
) -> FrameIndex:
    known = [time for time in times if time is not None]
    timed = len(known) == len(times) and all(later > earlier for earlier, later in pairwise(known))
    if not timed:
        known = [round(number / average / time_base) for number in range(len(times))]
    keyframes = np.array(keys, np.int64)
    return FrameIndex(np.array(known, np.int64), np.array(checks, np.uint32), keyframes, time_base, timed, broken)


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except (OSError, IndexError, ValueError) as error:  # PyAV's errors are OSErrors or ValueErrors too
        sys.exit(f"the picture cannot be decoded: {error}")
