"""The one pass over an upload's pictures: ffmpeg's arguments, and where it looks. Pure.

Every picture of a window goes through `idet`, whose verdicts ffmpeg prints. A few of them go on: a part of each, cut
out on the grid of coding blocks at another place every time, becomes the raw samples that quality is measured in.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from telecine.core.ingest import Findings
from telecine.core.limits import MediaLimits
from telecine.media.safe_input import safe_input

SAMPLES = 24
"""Pictures in which quality is measured."""
WIDEST, HIGHEST = 512, 288
"""Pixels of a picture that are measured, so that the cost is the same for all sizes."""
SMALLEST = 32
"""A picture with a shorter side is not measured."""
GRID = 16

LONGEST_WHOLE = 3600
"""Seconds. Of a longer programme not every picture is decoded."""
WINDOWS = 60
WINDOW_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the programme, in seconds from its first picture."""

    start: Fraction
    length: Fraction


@dataclass(frozen=True, slots=True)
class Cut:
    """How samples are cut out of pictures: `width` x `height`, of `count` pictures, one in `step`."""

    width: int
    height: int
    step: int
    count: int
    deep: bool
    """Whether a sample has two bytes, little-endian, 256 of whose steps are one of 8 bits."""

    @property
    def bytes(self) -> int:
        """Of one cut: luma, and two planes of a quarter each."""
        return self.width * self.height * 3 // 2 * (2 if self.deep else 1)


def windows(duration: Fraction) -> list[Window]:
    """The whole of a programme of `duration` seconds, or evenly spread parts of a long one."""
    if duration <= LONGEST_WHOLE:
        return [Window(Fraction(0), duration)]
    length = Fraction(WINDOW_SECONDS)
    gap = (duration - WINDOWS * length) / (WINDOWS - 1)
    return [Window(number * (length + gap), length) for number in range(WINDOWS)]


def cut(findings: Findings, window: Window, parts: int) -> Cut | None:
    """What is cut out of the pictures of one of `parts` windows; None where they are too small to be measured."""
    video = findings.media.video
    assert video
    width, height = (side // GRID * GRID for side in (min(video.width, WIDEST), min(video.height, HIGHEST)))
    if min(width, height) < SMALLEST:
        return None
    count = ceil(SAMPLES / parts)
    return Cut(width, height, max(1, int(window.length * findings.average_rate) // count), count, video.bit_depth > 8)


def pass_arguments(
    findings: Findings, window: Window, samples: Cut | None, source: str, target: str, limits: MediaLimits
) -> list[str]:
    """Arguments of ffmpeg that print the verdicts on the pictures of `window` and write `samples` of them to `target`.

    `source` and `target` are relative to the folder that ffmpeg runs in.
    """
    video = findings.media.video
    assert video
    seek = ["-ss", f"{float(window.start):.3f}"] if window.start else []
    length = ["-t", f"{float(window.length):.3f}"] if window.length < video.duration else []
    graph = ["idet", "metadata=mode=print:file=-"]
    graph += _sampling(samples, video.width, video.height) if samples else []
    read = [*seek, *length, "-noautorotate", *safe_input(findings.media.demuxer, source, limits)]
    out = ["-fps_mode", "passthrough", "-f", "rawvideo", "-y", f"file:{target}"] if samples else ["-f", "null", "-"]
    stream = f"0:{video.index}"
    quiet = ["-hide_banner", "-nostdin", "-v", "error", "-max_error_rate", "1"]
    return [*quiet, *read, "-map", stream, "-vf", ",".join(graph), "-an", *out]


def _sampling(samples: Cut, width: int, height: int) -> list[str]:
    """Filters that pick pictures and cut a part out of each.

    The parts lie on a golden-ratio lattice, which covers the picture evenly after any number of them. A stream may
    change its size on the way; then it is scaled to its first.
    """
    picked = f"select='not(mod(n-{samples.step // 2},{samples.step}))*lt(selected_n,{samples.count})'"
    across = f"{GRID}*floor((in_w-{samples.width}+{GRID})*mod(0.5+n*0.6180,1)/{GRID})"
    down = f"{GRID}*floor((in_h-{samples.height}+{GRID})*mod(0.5+n*0.3820,1)/{GRID})"
    return [
        picked,
        f"scale={width}:{height}",
        f"crop={samples.width}:{samples.height}:'min({across},in_w-{samples.width})':'min({down},in_h-{samples.height})'",
        f"format={'yuv420p16le' if samples.deep else 'yuv420p'}",
    ]
