"""How the frames of a target are cut into pieces that workers make alone."""

from fractions import Fraction
from math import ceil

from telecine.core.enhance.plan import EnhanceChunk

SHORTEST = 1
"""Seconds below which a piece costs more to start, and to run filters in, than it is worth."""


def cut_frames(frames: int, rate: Fraction, gop: int, seconds: float) -> tuple[EnhanceChunk, ...]:
    """Chunks of `frames` frames at `rate`, about `seconds` long, each beginning with a GOP of `gop` frames.

    None lasts less than a second, but for the only one of a shorter target: a short rest goes to the piece before it.
    """
    least = ceil(SHORTEST * rate / gop) * gop
    step = max(least, round(Fraction(seconds).limit_denominator(1000) * rate / gop) * gop)
    firsts = list(range(0, frames, step))
    if len(firsts) > 1 and frames - firsts[-1] < least:
        firsts.pop()
    ends = [*firsts[1:], frames]
    return tuple(
        EnhanceChunk(index=index, first=first, end=end)
        for index, (first, end) in enumerate(zip(firsts, ends, strict=True))
    )
