"""Trials of scaling, of displaced lines and of shaking cameras, and the house's own engines that contend in them."""

import io
import subprocess
from collections.abc import Iterator

import cv2
import numpy as np

from bench.enhance_trials import Material, Trial, claim, contend, stage, trials
from telecine.core.enhance.options import Clarity
from telecine.core.enhance.picture import Picture
from telecine.media.enhance.dejit import shifted
from telecine.media.enhance.frames import Frame, read_frames
from telecine.media.enhance.samples import packed, unpacked
from telecine.media.tools import Tools

SCALED_FRAMES = 16
JITTER = (1, 2, 3)
"""Standard deviations of a line's place, in samples."""
SHAKE = 3.0
"""Standard deviation of the camera's place from frame to frame, in samples."""

RAISR, LANCZOS, BICUBIC, NOTHING = "**pabsr1** (RAISR)", "lanczos", "scale (bicubic)", "as it is"
DEJIT, STEADY = "**dejit**", "**steady**"


@trials("scaling")
def small(material: Material, tools: Tools) -> Iterator[Trial]:
    """A half and a quarter of the size, by a bicubic kernel; as it is, and coded by x264 at crf 26."""
    for factor, part in ((2, "half"), (4, "a quarter")):
        width, height = (
            side // (2 * factor) * 2 * factor for side in (material.picture.width, material.picture.height)
        )
        form = material.picture.model_copy(update={"frames": min(SCALED_FRAMES, material.picture.frames)})
        whole = Material(material.name, form, material.data[: form.frames * form.frame_bytes])
        truth = whole if (width, height) == (form.width, form.height) else _cropped(whole, width, height)
        less = truth.scaled(tools, width // factor, height // factor)
        yield Trial(material.name, f"{part} of the size", less.picture, truth.picture, less.data, truth.data, {})
        coded = _coded(tools, less)
        name = f"{part} of the size, x264 crf 26"
        yield Trial(material.name, name, less.picture, truth.picture, coded, truth.data, {})


@trials("displaced lines")
def jittered(material: Material, tools: Tools) -> Iterator[Trial]:
    """Each line moved sideways by a distance of its own; chroma by half of that of the line it belongs to."""
    del tools
    form = material.picture.model_copy(update={"frames": min(8, material.picture.frames)})
    truth = material.data[: form.frames * form.frame_bytes]
    for deviation in JITTER:
        chance = np.random.default_rng(deviation)
        frames = [_displaced(frame, chance.normal(0, deviation, form.height)) for frame in _frames(truth, form)]
        yield Trial(material.name, f"line jitter of {deviation}", form, form, _bytes(frames), truth, {})


@trials("shaking")
def shaken(material: Material, tools: Tools) -> Iterator[Trial]:
    """The picture moved by a random distance from frame to frame; the truth is the unmoved one."""
    del tools
    form = material.picture
    places = np.random.default_rng(5).normal(0, SHAKE, (form.frames, 2))
    frames = [_moved(frame, place) for frame, place in zip(_frames(material.data, form), places, strict=True)]
    yield Trial(material.name, f"shake of {SHAKE:g}", form, form, _bytes(frames), material.data, {})


def _frames(data: bytes, form: Picture) -> Iterator[Frame]:
    return read_frames(io.BytesIO(data), form)


def _bytes(frames: list[Frame]) -> bytes:
    return b"".join(np.ascontiguousarray(plane).tobytes() for frame in frames for plane in frame)


def _cropped(material: Material, width: int, height: int) -> Material:
    form = material.picture.model_copy(update={"width": width, "height": height})
    frames = [
        tuple(plane[:high, :wide] for plane, (high, wide) in zip(frame, form.plane_sizes, strict=True))
        for frame in _frames(material.data, material.picture)
    ]
    return Material(material.name, form, _bytes(frames))


def _coded(tools: Tools, material: Material) -> bytes:
    form = material.picture
    raw = ["-f", "rawvideo", "-pix_fmt", form.pixel_format, "-s", f"{form.width}x{form.height}", "-r", "25"]
    quiet = [str(tools.ffmpeg), "-v", "error"]
    encode = [*quiet, *raw, "-i", "-", "-c:v", "libx264", "-crf", "26", "-f", "matroska", "-"]
    decode = [*quiet, "-i", "-", "-fps_mode", "passthrough", "-pix_fmt", form.pixel_format, "-f", "rawvideo", "-"]
    kept = subprocess.run(encode, input=material.data, capture_output=True, check=True).stdout
    return subprocess.run(decode, input=kept, capture_output=True, check=True).stdout


def _displaced(frame: Frame, lines: np.ndarray) -> Frame:
    luma, *chroma = frame
    moved = [packed(shifted(unpacked(plane, 8), lines[::2][: len(plane)] / 2), 8) for plane in chroma]
    return packed(shifted(unpacked(luma, 8), lines), 8), moved[0], moved[1]


def _moved(frame: Frame, place: np.ndarray) -> Frame:
    planes = []
    for plane, part in zip(frame, (1, 2, 2), strict=True):
        matrix = np.array([[1, 0, place[0] / part], [0, 1, place[1] / part]])
        flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
        planes.append(cv2.warpAffine(plane, matrix, plane.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE))
    return planes[0], planes[1], planes[2]


contend("scaling", RAISR, lambda trial: [stage("raisr", trial.before, trial.after)])
contend(
    "scaling",
    "pabsr1, clarityBoost low",
    lambda trial: [stage("raisr", trial.before, trial.after, clarity=str(Clarity.LOW))],
)
contend("scaling", LANCZOS, lambda trial: [stage("ffmpeg-lanczos", trial.before, trial.after)])
contend("scaling", BICUBIC, lambda trial: [stage("ffmpeg-bicubic", trial.before, trial.after)])
contend("displaced lines", DEJIT, lambda trial: [stage("line-align", trial.before, trial.after)])
contend("displaced lines", NOTHING, lambda _: [])
# shown at its own size: a zoom would be compared with a picture that has none
contend("shaking", STEADY, lambda trial: [stage("smooth-path", trial.before, trial.after, zoom=1.0)])
contend("shaking", NOTHING, lambda _: [])

claim("scaling", RAISR, LANCZOS)
claim("scaling", RAISR, BICUBIC)
claim("displaced lines", DEJIT, NOTHING)
claim("shaking", STEADY, NOTHING)
