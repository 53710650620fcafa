"""Engines for tests of what carries engines: small, exact, and some of them bad."""

import os
import time
from pathlib import Path

import numpy as np

from telecine.core.enhance.picture import Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frame, Frames


def negative(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """Every sample turned round; a frame needs nothing but itself."""
    most = 2**stage.before.bits - 1
    for frame in frames:
        yield frame_of(most - plane for plane in frame)


def around(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """The mean of each frame and `stage.radius` on each side, as far as the film has them, plus its number."""
    kept = dict(zip(range(*given), frames, strict=True))
    for number in range(*wanted):
        near = [kept[n] for n in range(number - stage.radius, number + stage.radius + 1) if n in kept]
        yield frame_of((np.mean([one[p] for one in near], 0) + number) % 256 for p in range(3))


def twice(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """Frames at a higher rate: what was there at the time."""
    kept = dict(zip(range(*given), frames, strict=True))
    for number in range(*wanted):
        yield kept[int(number * stage.before.rate / stage.after.rate)]


def slow(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """As it is, but it takes its time; notes in a file that it was here."""
    with Path("slow.txt").open("a") as notes:
        notes.write(f"{wanted.first}\n")
    for frame in frames:
        time.sleep(float(stage.settings["seconds"]))
        yield frame


def greedy_for_memory(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """Takes more memory than anybody may."""
    bytearray(2**40)
    yield from frames


def crashing(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """Ends with a signal after its first frame."""
    yield next(frames)
    os.kill(os.getpid(), 11)


def sparing(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """One frame too few."""
    yield from list(frames)[:-1]


def misshapen(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """A row is missing."""
    for y, u, v in frames:
        yield y[:-1], u, v


def mirror(stage: Stage, given: Span, wanted: Span) -> str:
    """FFmpeg's: left and right exchanged, at the size that is wanted, and no more frames than are wanted."""
    first = wanted.first - given.first
    cut = f"trim=start_frame={first}:end_frame={first + wanted.frames}"
    return f"hflip,scale={stage.after.width}:{stage.after.height}:flags=neighbor,{cut},setpts=N"


def frame_of(planes: object) -> Frame:
    y, u, v = (np.asarray(plane).astype(np.uint8) for plane in planes)  # type: ignore[attr-defined]
    return y, u, v
