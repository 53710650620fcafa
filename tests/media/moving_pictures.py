"""Pictures whose every moment is known: a rough ground that moves evenly, drawn at any fraction of a frame.

So what an engine makes of a moment between two frames, or of a row that an interlaced frame has not, can be compared
with the truth, and a result that is a frame or a field late cannot pass.
"""

import io
import os
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from importlib import import_module

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.clips import tools

from telecine.core.enhance.engines import ENGINES
from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Setting, Stage
from telecine.media.enhance.frames import Frame, read_frames, write_frame

SPEED = (1.2, 2.4)
"""Rows and columns that the ground moves between two frames of a rate of 25."""
REQUIRED = os.environ.get("CI") == "true" or os.environ.get("TELECINE_REQUIRE_ALL") == "1"
"""Whether a missing engine is a failure."""


def require_vapoursynth() -> None:
    """Skip, or fail in CI, where the optional engines are not installed."""
    complain = pytest.fail if REQUIRED else pytest.skip
    try:
        import vapoursynth

        missing = {"mv", "bwdif", "znedi3", "vszip", "resize2"} - {p.namespace for p in vapoursynth.core.plugins()}
        import_module("vsdeinterlace")
    except ImportError as error:
        complain(f"the optional engines are not installed (telecine[enhance]): {error}")
    if missing:
        complain(f"VapourSynth lacks the plugins {', '.join(sorted(missing))} (telecine[enhance])")


def picture(
    frames: int,
    rate: Fraction = Fraction(25),
    size: tuple[int, int] = (160, 96),
    chroma: Chroma = Chroma.C420,
    bits: int = 8,
    fields: str = "progressive",
) -> Picture:
    return Picture.model_validate(
        {
            "width": size[0],
            "height": size[1],
            "chroma": chroma,
            "bits": bits,
            "rate": rate,
            "frames": frames,
            "fields": fields,
        }
    )


def stage(engine: str, before: Picture, after: Picture, **settings: Setting) -> Stage:
    chosen = ENGINES[engine]
    form = {"host": chosen.host, "entry": chosen.entry, "radius": chosen.radius}
    return Stage(option="", value="", engine=engine, before=before, after=after, settings=settings, **form)


def frame_at(form: Picture, seconds: Fraction | float, scene: int = 0) -> Frame:
    """The picture at a moment. Another `scene` is another ground."""
    elapsed = float(seconds) * 25
    planes = []
    for plane, (height, width) in enumerate(form.plane_sizes):
        scale = (height / form.height, width / form.width)
        ground = _ground(height, width, 10 * scene + plane)
        moved = _moved(ground, (height, width), SPEED[0] * scale[0] * elapsed, SPEED[1] * scale[1] * elapsed)
        value = np.clip(128 + 28 * moved, 1, 254) * 2 ** (form.bits - 8)
        planes.append(np.rint(value).astype(np.uint8 if form.bits == 8 else np.uint16))
    return planes[0], planes[1], planes[2]


def stream(form: Picture, cut: int | None = None) -> bytes:
    """All frames of a timeline; from frame `cut` on they are of another scene."""
    frames = [
        frame_at(form, number / form.rate, int(cut is not None and number >= cut)) for number in range(form.frames)
    ]
    return b"".join(map(packed, frames))


def woven(form: Picture) -> bytes:
    """Interlaced frames: each field at its own moment."""
    made = []
    for number in range(form.frames):
        first, second = (frame_at(form, Fraction(2 * number + late) / form.rate / 2) for late in (0, 1))
        top, bottom = (first, second) if form.fields == "top_first" else (second, first)
        for one, other in zip(top, bottom, strict=True):
            one[1::2] = other[1::2]
        made.append(packed(top))
    return b"".join(made)


def noisy(form: Picture, data: bytes, sigma: float) -> bytes:
    """With white noise, `sigma` steps of 8 bits in each plane."""
    assert form.bits == 8
    samples = np.frombuffer(data, np.uint8)
    noise = np.random.default_rng(1).normal(0, sigma, samples.size)
    return np.clip(np.rint(samples + noise), 0, 255).astype(np.uint8).tobytes()


def run(made: Stage, data: bytes, given: Span, wanted: Span) -> bytes:
    """What the stage's engine makes of frames `given` of `data`, which is its whole timeline."""
    size = made.before.frame_bytes
    part = data[given.first * size : given.end * size]
    module, function = made.entry.split(":")
    if made.host == "vapoursynth":
        from telecine.media.enhance import vs_host

        out = io.BytesIO()
        vs_host.run(made, io.BytesIO(part), out, given, wanted)
        return out.getvalue()
    engine = getattr(import_module(f"telecine.media.enhance.{module}"), function)
    if made.host == "ffmpeg":
        return _filtered(made, engine(made, given, wanted), part)
    frames = engine(made, read_frames(io.BytesIO(part), made.before), given, wanted)
    return b"".join(map(packed, frames))


def whole(made: Stage, data: bytes) -> bytes:
    """The whole timeline in one run, which must have every frame."""
    result = run(made, data, Span(0, made.before.frames), Span(0, made.after.frames))
    assert len(result) == made.after.frames * made.after.frame_bytes
    return result


def in_chunks(made: Stage, data: bytes, *cuts: int) -> bytes:
    """The whole timeline in pieces that end at `cuts`; each is given no more than the plan says."""
    parts = []
    for first, end in zip((0, *cuts), (*cuts, made.after.frames), strict=True):
        wanted = Span(first, end)
        parts.append(run(made, data, made.given(wanted), wanted))
        assert len(parts[-1]) == wanted.frames * made.after.frame_bytes
    return b"".join(parts)


def packed(frame: Frame) -> bytes:
    out = io.BytesIO()
    write_frame(out, frame)
    return out.getvalue()


def psnr(form: Picture, result: bytes, wanted: bytes) -> list[float]:
    """Decibels of each frame, all planes; 99 where it is the same."""
    assert len(result) == len(wanted)
    kind = np.uint8 if form.bits == 8 else np.uint16
    samples = form.frame_bytes // form.sample_bytes
    one, other = (np.frombuffer(data, kind).reshape(-1, samples).astype(np.float64) for data in (result, wanted))
    errors = ((one - other) ** 2).mean(axis=1)
    peak = float(2**form.bits - 1)
    return [99.0 if error == 0 else float(10 * np.log10(peak**2 / error)) for error in errors]


def late(form: Picture, by: Fraction | float) -> bytes:
    """The timeline as it would be if every frame came `by` frames late."""
    return b"".join(packed(frame_at(form, (number - by) / form.rate)) for number in range(form.frames))


def assert_in_time(form: Picture, result: bytes, by: Sequence[float] = (-0.5, 0.5), skip: int = 0) -> None:
    """Every frame, but `skip` at each end, is nearer to its own moment than to one `by` frames earlier or later."""
    own = psnr(form, result, late(form, 0))
    for shift in by:
        other = psnr(form, result, late(form, shift))
        worse = [n for n in range(skip, form.frames - skip) if own[n] <= other[n]]
        assert not worse, f"frames {worse} are rather {shift} frames late: {own} {other}"


def _filtered(made: Stage, graph: str, data: bytes) -> bytes:
    before = made.before
    raw = ["-f", "rawvideo", "-pix_fmt", before.pixel_format, "-s", f"{before.width}x{before.height}"]
    command = [str(tools().ffmpeg), "-v", "error", *raw, "-r", str(before.rate), "-i", "-", "-filter_complex", graph]
    command += ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", made.after.pixel_format, "-"]
    done = subprocess.run(command, input=data, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@cache
def _ground(height: int, width: int, seed: int) -> NDArray[np.complex128]:
    """Spectrum of a ground of mean 0 and deviation 1 that repeats at its edges, rough but not row by row."""
    white = np.fft.rfft2(np.random.default_rng(seed).normal(size=(height, width)))
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.hypot(down, across)
    shaped = white * np.exp(-((frequency / 0.13) ** 2)) / (frequency + 0.02)
    shaped[0, 0] = 0
    return shaped / np.fft.irfft2(shaped, (height, width)).std()


def _moved(ground: NDArray[np.complex128], size: tuple[int, int], down: float, across: float) -> NDArray[np.float64]:
    """The ground of a spectrum, (rows, columns), so far from where it began."""
    height, width = size
    shift = np.fft.fftfreq(height)[:, None] * down + np.fft.rfftfreq(width)[None] * across
    return np.fft.irfft2(ground * np.exp(-2j * np.pi * shift), size)
