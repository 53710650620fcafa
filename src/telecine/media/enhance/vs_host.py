"""Lets a VapourSynth engine work on frames that come through a pipe, and sends what it makes through another.

VapourSynth asks for frames by number, from several threads and not in order; a pipe has them once and in order. So
the last frames that came are kept: as many as can be asked for while the results are taken in order.
This module is for a stage's own process: it sets the one core that a process has.
"""

import os
import resource
from collections import deque
from collections.abc import Callable, Iterator
from importlib import import_module
from math import ceil
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
import vapoursynth as vs

from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.cores import usable_cores
from telecine.media.enhance.frames import Frame, Plane, read_frames

CACHED_FRAMES = 370
LEAST_CACHE, MOST_CACHE = 512 * 2**20, 8 * 2**30
"""What VapourSynth may keep between its filters: so many frames' worth, within these bytes, a quarter of the
machine's memory, and half of this process's limit. That is what QTGMC needs; with less it makes frames anew: at
1080p in 4:2:2 of 10 bits it took 1.0 CPU seconds a frame with 3 GiB, and 5.8 with one."""
MULTIPLE = 4
"""Width and height that engines see are multiples of this: fields of 4:2:0 must have whole rows of chroma."""
SMALLEST = 64
"""And at least this: MVTools divides by zero where it has but one row of blocks."""
MOST_THREADS = 16

type Clip = Any
"""A `vapoursynth.VideoNode`; its functions come from plugins, of which a type checker knows nothing."""
type VideoFrame = Any
"""A `vapoursynth.VideoFrame`."""
type Core = Any
type Engine = Callable[[Stage, Clip, Span, Span], Clip]

_SHIFTS = {Chroma.C420: (1, 1), Chroma.C422: (1, 0), Chroma.C440: (0, 1), Chroma.C444: (0, 0)}
_WIDER = {Chroma.C411: Chroma.C422, Chroma.C410: Chroma.C420}
"""What engines see instead of samplings that MVTools does not know."""
_SOURCES = {**_SHIFTS, Chroma.C411: (2, 0), Chroma.C410: (2, 2)}
_FIELDS = {"progressive": vs.FIELD_PROGRESSIVE, "bottom_first": vs.FIELD_BOTTOM, "top_first": vs.FIELD_TOP}
_MATRICES = {"bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "bt2020nc": 9, "bt2020c": 10}
"""Numbers of ITU-T H.273, table 4, by FFmpeg's names."""
_LARGEST_SD = 576


def run(
    stage: Stage,
    frames_in: BinaryIO,
    frames_out: BinaryIO,
    given: Span,
    wanted: Span,
    threads: int | None = None,
    cache: int | None = None,
) -> None:
    """Make frames `wanted` of `stage.after` from `frames_in`, which are frames `given` of `stage.before`, in order.

    `threads`: None takes the cores that this process may use. `cache`: bytes that VapourSynth keeps of frames, beside
    those in work; None takes `cache_bytes`. All of `frames_in` is read, so that nobody who writes it is cut off.
    Raises EOFError where it ends too early, LookupError where an engine looks further back than its stage's radius
    allows, ValueError where its result is not what the stage promises, and `vapoursynth.Error`.
    """
    core: Core = vs.core.core
    core.num_threads = threads or cores()
    core.max_cache_size = (cache or cache_bytes(stage)) // 2**20
    source = _PipeFrames(frames_in, stage.before, given.frames, _kept(stage, core.num_threads))
    clip = _widen(_clip_of(source, stage.before, given.frames), stage.before.chroma)
    try:
        made = _narrow(_engine(stage.entry)(stage, clip, given, wanted), stage.after)
        _check(made, stage.after, wanted)
        for frame in made.frames(prefetch=core.num_threads, backlog=core.num_threads, close=True):
            _write(frames_out, frame, stage.after)
    except vs.Error as error:
        if source.failure:
            raise source.failure from error
        raise
    source.drain()


def cores() -> int:
    """Cores that this process may use."""
    return min(MOST_THREADS, usable_cores())


def cache_bytes(stage: Stage) -> int:
    """What VapourSynth should keep of frames on this machine, in bytes."""
    wish = CACHED_FRAMES * max(stage.before.frame_bytes, stage.after.frame_bytes)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    bound = memory if limit == resource.RLIM_INFINITY else min(memory, limit // 2)
    return min(bound, MOST_CACHE, max(LEAST_CACHE, wish))


class _PipeFrames:
    """Frames of a pipe by number, from any thread; the last `kept` of them can be asked for again."""

    def __init__(self, stream: BinaryIO, picture: Picture, frames: int, kept: int) -> None:
        self.failure: Exception | None = None
        self._coming: Iterator[Frame] = read_frames(stream, picture)
        self._frames = frames
        self._last: deque[Frame] = deque(maxlen=kept)
        self._read = 0
        self._lock = Lock()

    def at(self, number: int) -> Frame:
        """Frame `number` of the pipe, which is read as far as that. Raises EOFError or LookupError."""
        with self._lock:
            while self._read <= number:
                self._advance()
            back = self._read - number
            if back > len(self._last):
                gone = LookupError(f"frame {number} was asked for after frame {self._read - 1}: it is gone")
                self.failure = self.failure or gone
                raise self.failure
            return self._last[-back]

    def drain(self) -> None:
        """Read what nobody asked for."""
        with self._lock:
            while self._read < self._frames:
                self._advance()

    def _advance(self) -> None:
        """Read one frame more. The first failure stays the failure: what is asked for after it fails for its sake."""
        if self.failure:
            raise self.failure
        try:
            frame = next(self._coming, None)
            if frame is None:
                raise EOFError(f"{self._read} frames came of {self._frames}")
        except (EOFError, OSError) as error:
            self.failure = error
            raise
        self._last.append(frame)
        self._read += 1


def _kept(stage: Stage, threads: int) -> int:
    """How many frames of the source to keep.

    At most `2 * threads` results are ahead of the one that is taken next (as many at work as finished and waiting),
    and each wants `radius` frames on both sides.
    """
    ahead = ceil(2 * threads * stage.before.rate / stage.after.rate)
    return 2 * stage.radius + ahead + 4


def _engine(entry: str) -> Engine:
    module, function = entry.split(":")
    engine: Engine = getattr(import_module(f"telecine.media.enhance.{module}"), function)
    return engine


def _clip_of(source: _PipeFrames, picture: Picture, frames: int) -> Clip:
    """A clip whose frames come from `source`, padded to sizes that engines can work with."""
    across, down = _SOURCES[picture.chroma]
    blank: Clip = vs.core.std.BlankClip(
        format=vs.core.query_video_format(vs.YUV, vs.INTEGER, picture.bits, across, down).id,
        width=_padded(picture.width),
        height=_padded(picture.height),
        length=frames,
        fpsnum=picture.rate.numerator,
        fpsden=picture.rate.denominator,
        keep=True,
    )
    props = _props(picture)

    def fill(n: int, f: VideoFrame) -> VideoFrame:
        made = f.copy()
        for index, plane in enumerate(source.at(n)):
            _copy_padded(plane, np.asarray(made[index]))
        made.props.update(props)
        return made

    return blank.std.ModifyFrame(blank, fill)


def _props(picture: Picture) -> dict[str, int]:
    """What VapourSynth's filters want to know of a frame's meaning; where the colours are unknown, the usual guess."""
    guess = _MATRICES["bt709"] if picture.height > _LARGEST_SD else _MATRICES["smpte170m"]
    return {
        "_FieldBased": int(_FIELDS[picture.fields]),
        "_Matrix": _MATRICES.get(picture.colour.matrix, guess),
        "_Range": 1 if picture.colour.range in ("pc", "full", "jpeg") else 0,
    }


def _padded(size: int) -> int:
    return max(SMALLEST, -(-size // MULTIPLE) * MULTIPLE)


def _copy_padded(plane: Plane, target: Plane) -> None:
    """Copy into a plane that may be larger. Mirrored without repeating the edge, so fields keep their parity."""
    beyond = [(0, large - small) for large, small in zip(target.shape, plane.shape, strict=True)]
    np.copyto(target, np.pad(plane, beyond, "reflect") if target.shape != plane.shape else plane)


def _widen(clip: Clip, chroma: Chroma) -> Clip:
    """The clip with a sampling that every engine knows."""
    return _resampled(clip, _SHIFTS[_WIDER[chroma]]) if chroma in _WIDER else clip


def _narrow(clip: Clip, picture: Picture) -> Clip:
    """The clip with the sampling of `picture`, where engines have seen a wider one."""
    return _resampled(clip, _SOURCES[picture.chroma]) if picture.chroma in _WIDER else clip


def _resampled(clip: Clip, shifts: tuple[int, int]) -> Clip:
    sampled = vs.core.query_video_format(vs.YUV, vs.INTEGER, clip.format.bits_per_sample, *shifts)
    return clip.resize.Bicubic(format=sampled.id)


def _check(clip: Clip, picture: Picture, wanted: Span) -> None:
    """Raise ValueError unless `clip` has the form of `picture` and as many frames as are wanted."""
    found = (clip.num_frames, clip.width, clip.height, clip.format.bits_per_sample)
    promised = (wanted.frames, _padded(picture.width), _padded(picture.height), picture.bits)
    shifts = (clip.format.subsampling_w, clip.format.subsampling_h)
    if found != promised or shifts != _SOURCES[picture.chroma]:
        raise ValueError(f"the engine makes (frames, width, height, bits) {found}, promised was {promised}")


def _write(stream: BinaryIO, frame: VideoFrame, picture: Picture) -> None:
    for index, (height, width) in enumerate(picture.plane_sizes):
        stream.write(np.ascontiguousarray(np.asarray(frame[index])[:height, :width]).data)
