"""Where the keyframes of a stranger's picture are: one more look at its packets with ffprobe in the sandbox.

`probe` has judged the file before; here is only what the plan of an imported picture needs besides.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from telecine.core.asset_cuts import refused
from telecine.core.errors import ErrorKind
from telecine.core.media_info import MediaInfo
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.safe_input import safe_input

LONGEST_HOLE = Fraction(1)
"""Seconds without a picture that are taken for a slow moment rather than for something lost."""
LONGEST_STEP_BACK = Fraction(2)
"""Seconds by which a picture may be shown before one that comes earlier in the file."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Presentation times in seconds of the file: every keyframe, and when the last picture ends."""

    time_base: Fraction
    keyframes: tuple[Fraction, ...]
    end: Fraction
    average_rate: Fraction
    """Pictures per second on average."""


@dataclass(slots=True)
class _Scan:
    """Takes ffprobe's lines: the time base first or last, a packet's pts, duration and flags otherwise."""

    times: array[int] = field(default_factory=lambda: array("q"))
    keys: array[int] = field(default_factory=lambda: array("q"))
    time_base: Fraction | None = None
    last: tuple[int, int] | None = None
    """Time and duration of the picture that is shown last."""
    stepped_back: int = 0

    def line(self, text: str) -> None:
        kind, *values = text.split(",")
        if kind == "stream":
            self.time_base = Fraction(values[0])
        elif kind == "packet" and len(values) >= 3 and values[0].lstrip("-").isdecimal() and "D" not in values[2]:
            pts = int(values[0])
            if "K" in values[2]:
                self.keys.append(pts)
            if self.keys and pts >= self.keys[0]:
                self.times.append(pts)
                now = (pts, int(values[1]) if values[1].isdecimal() else 0)
                latest = self.last or now
                self.stepped_back = max(self.stepped_back, latest[0] - pts)
                self.last = max(latest, now)


def scan_pictures(name: str, path: Path, info: MediaInfo, context: Context, alive: Callable[[], None]) -> Pictures:
    """The keyframes of the picture in the file at `path`, which was probed as `info` and is called `name`.

    `alive` is called several times a second and may raise `Cancelled`. Raises ASSET_REFUSED where pictures are
    missing or the timestamps begin anew.
    """
    assert info.video
    scan = _Scan()
    shown = ("-show_entries", "packet=pts,duration,flags:stream=time_base", "-of", "csv=p=1")
    sandbox.run(
        [
            *(context.tools.ffprobe, "-hide_banner", "-v", "error", *shown),
            *("-select_streams", str(info.video.index)),
            *safe_input(info.demuxer, path.name, context.limits),
        ],
        cwd=path.parent,
        limits=context.limits,
        on_line=scan.line,
        poll=alive,
        failure=ErrorKind.INPUT_UNREADABLE,
    )
    if scan.last is None or scan.time_base is None:
        raise refused(f"the picture of '{name}' has no keyframe.")
    base = scan.time_base
    times = sorted(scan.times)
    hole = next(((a, b) for a, b in pairwise(times) if (b - a) * base > LONGEST_HOLE), None)
    if scan.stepped_back * base > LONGEST_STEP_BACK:
        raise refused(f"the timestamps of '{name}' begin anew within it, as at a discontinuity that nobody declared.")
    if hole:
        begin, end = (float((time - times[0]) * base) for time in hole)
        raise refused(f"the picture of '{name}' has a hole from {begin:.3f} to {end:.3f} s.")
    last, duration = scan.last
    return Pictures(
        time_base=base,
        keyframes=tuple(key * base for key in sorted(set(scan.keys)) if key >= scan.keys[0]),
        end=last * base + (duration * base or 1 / info.video.frame_rate),
        average_rate=(len(times) - 1) / ((times[-1] - times[0]) * base) if len(times) > 1 else info.video.frame_rate,
    )
