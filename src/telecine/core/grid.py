"""The keyframe grid and the chunks that are cut on it.

Segments of different renditions can only be switched between when they begin at the same instant. So one grid
in exact time is chosen for the whole job: every rendition has a closed GOP begin at every multiple of
`gop` seconds, and a segment is a whole number of GOPs. Chunks, the unit of work and of loss, are whole segments.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import ChunkSpan, whole_frames

LONGEST_GOP = Fraction(10)
"""Seconds; a grid coarser than this makes seeking and switching unusable."""


@dataclass(frozen=True, slots=True)
class Grid:
    """`gop` and `segment` in exact seconds; `segment` is a whole multiple of `gop`."""

    gop: Fraction
    segment: Fraction

    def gop_frames(self, rate: Fraction) -> int:
        """Frames of one GOP at `rate` frames per second."""
        return whole_frames(self.gop * rate)

    def segment_frames(self, rate: Fraction) -> int:
        """Frames of one full segment at `rate` frames per second."""
        return whole_frames(self.segment * rate)


def make_grid(rates: list[Fraction], gop_seconds: float, gops_per_segment: int) -> Grid:
    """The grid nearest to `gop_seconds` on which every rate of `rates` (frames per second) has whole frames.

    Raises GRID_IMPOSSIBLE where the rates meet less often than every ten seconds.
    """
    step = _common_period(rates)
    if step > LONGEST_GOP:
        wanted = ", ".join(f"{float(rate):.3f}" for rate in sorted(set(rates)))
        raise TelecineError(
            ErrorKind.GRID_IMPOSSIBLE,
            f"{wanted} fps meet only every {float(step):.2f} s.",
            field="frame_rate",
        )
    multiples = max(1, round(Fraction(gop_seconds).limit_denominator(1000) / step))
    gop = step * min(multiples, LONGEST_GOP // step)
    return Grid(gop=gop, segment=gop * gops_per_segment)


def cut_chunks(grid: Grid, duration: Fraction, chunk_seconds: float) -> list[ChunkSpan]:
    """Cut `duration` seconds into chunks of about `chunk_seconds`, each a whole number of segments, all about as long.

    A short chunk at the end would be all overhead, and the last worker's work while the others have none. What is left
    after the last whole segment belongs to the last chunk.
    """
    each = max(1, round(Fraction(chunk_seconds).limit_denominator(1000) / grid.segment))
    segments = duration // grid.segment
    count = max(1, round(Fraction(segments, each)))
    ends = [*(grid.segment * (segments * number // count) for number in range(1, count)), duration]
    starts = [Fraction(0), *ends[:-1]]
    return [
        ChunkSpan(index=index, start=start, end=end)
        for index, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _common_period(rates: list[Fraction]) -> Fraction:
    """The shortest time that is a whole number of frames at every rate: lcm of the frame durations."""
    periods = [1 / rate for rate in rates]
    return Fraction(lcm(*(p.numerator for p in periods)), gcd(*(p.denominator for p in periods)))
