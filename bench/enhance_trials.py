"""What the benchmark of enhancement is made of: real clips, trials made from them, contenders, and claims.

A trial damages a clip in a known way, so that the clip itself is the truth. A contender is a chain of stages that
repairs it. A claim says which contender should do better than which. Modules named `bench.enhance_*` fill the lists:

    @trials("deinterlacing")
    def interlaced(material: Material) -> Iterator[Trial]: ...

    contend("deinterlacing", "`deint` (QTGMC)", lambda trial: [stage("qtgmc", trial.before, trial.after)])
    claim("deinterlacing", "`deint` (QTGMC)", "yadif")
"""

import io
import resource
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path

from telecine.core.enhance.engines import ENGINES
from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Setting, Stage
from telecine.media.enhance.frames import read_frames, write_frame
from telecine.media.tools import Tools


@dataclass(frozen=True, slots=True)
class Material:
    """A stretch of a real clip: progressive, 4:2:0, 8 bits."""

    name: str
    picture: Picture
    data: bytes

    def scaled(self, tools: Tools, width: int, height: int, kernel: str = "bicubic") -> "Material":
        """The same at another size."""
        after = self.picture.model_copy(update={"width": width, "height": height})
        return Material(self.name, after, repaired(tools, [stage(f"ffmpeg-{kernel}", self.picture, after)], self.data))


@dataclass(frozen=True, slots=True)
class Trial:
    """A damaged clip, what it was, and which of its frames are compared (all where there is no step)."""

    material: str
    damage: str
    before: Picture
    after: Picture
    damaged: bytes
    truth: bytes
    facts: dict[str, Setting]
    """What ingestion would have found out: the noise's `sigma`."""
    first: int = 0
    step: int = 1
    end: int | None = None

    def compared(self, data: bytes) -> bytes:
        """The frames that count of a timeline like `after`."""
        size = self.after.frame_bytes
        numbers = range(self.after.frames)[self.first : self.end : self.step]
        return b"".join(data[number * size : (number + 1) * size] for number in numbers)


type MakeTrials = Callable[[Material, Tools], Iterator[Trial]]
type MakeStages = Callable[[Trial], Sequence[Stage] | None]
"""None where the contender does not take part."""

TRIALS: dict[str, MakeTrials] = {}
CONTENDERS: dict[str, dict[str, MakeStages]] = defaultdict(dict)
CLAIMS: list[tuple[str, str, str]] = []


def trials(kind: str) -> Callable[[MakeTrials], MakeTrials]:
    """Makes a function the maker of the trials of a kind."""

    def register(made: MakeTrials) -> MakeTrials:
        TRIALS[kind] = made
        return made

    return register


def contend(kind: str, label: str, stages: MakeStages) -> None:
    CONTENDERS[kind][label] = stages


def claim(kind: str, ours: str, rival: str) -> None:
    """Say that `ours` should do better than `rival`; the benchmark prints whether it does."""
    CLAIMS.append((kind, ours, rival))


def stage(engine: str, before: Picture, after: Picture, **settings: Setting) -> Stage:
    """A stage as a plan would have it."""
    chosen = ENGINES[engine]
    form = {"host": chosen.host, "entry": chosen.entry, "radius": chosen.radius}
    return Stage(option="", value="", engine=engine, before=before, after=after, settings=settings, **form)


def cut(tools: Tools, path: Path, first: int, frames: int, size: tuple[int, int]) -> Material:
    """`frames` of a clip from `first` on, one by one whatever their times, at 25 a second, scaled to fill `size`."""
    width, height = size
    fill = f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=lanczos,crop={width}:{height}"
    graph = f"trim=start_frame={first}:end_frame={first + frames},setpts=N/(25*TB),{fill}"
    output = ["-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]
    command = [str(tools.ffmpeg), "-v", "error", "-i", str(path), "-vf", graph, *output]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    form = Picture(width=width, height=height, chroma=Chroma.C420, bits=8, rate=Fraction(25), frames=frames)
    if len(data) != frames * form.frame_bytes:
        raise SystemExit(f"{path.name} has no frames {first} to {first + frames}")
    return Material(path.stem, form, data)


def repaired(tools: Tools, stages: Sequence[Stage], data: bytes) -> bytes:
    """What a chain of stages makes of a whole timeline. Raises RuntimeError where frames are lost."""
    for one in stages:
        data = _run(tools, one, data)
        if len(data) != one.after.frames * one.after.frame_bytes:
            raise RuntimeError(f"{one.engine} made {len(data) / one.after.frame_bytes} frames of {one.after.frames}")
    return data


def timed(tools: Tools, stages: Sequence[Stage], data: bytes) -> tuple[bytes, float, float]:
    """The same, with seconds of wall clock and of CPU, decoding and encoding left out."""
    wall, cpu = time.monotonic(), _cpu()
    result = repaired(tools, stages, data)
    return result, time.monotonic() - wall, _cpu() - cpu


def _run(tools: Tools, made: Stage, data: bytes) -> bytes:
    given, wanted = Span(0, made.before.frames), Span(0, made.after.frames)
    module, function = made.entry.split(":")
    if made.host == "vapoursynth":
        from telecine.media.enhance import vs_host

        out = io.BytesIO()
        vs_host.run(made, io.BytesIO(data), out, given, wanted)
        return out.getvalue()
    engine = getattr(import_module(f"telecine.media.enhance.{module}"), function)
    if made.host == "ffmpeg":
        return _filtered(tools, made, engine(made, given, wanted), data)
    out = io.BytesIO()
    for frame in engine(made, read_frames(io.BytesIO(data), made.before), given, wanted):
        write_frame(out, frame)
    return out.getvalue()


def _filtered(tools: Tools, made: Stage, graph: str, data: bytes) -> bytes:
    size = f"{made.before.width}x{made.before.height}"
    source = ["-f", "rawvideo", "-pix_fmt", made.before.pixel_format, "-s", size, "-r", str(made.before.rate)]
    output = ["-fps_mode", "passthrough", "-pix_fmt", made.after.pixel_format, "-f", "rawvideo", "-"]
    command = [str(tools.ffmpeg), "-v", "error", *source, "-i", "-", "-filter_complex", graph, *output]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def _cpu() -> float:
    """CPU seconds of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
