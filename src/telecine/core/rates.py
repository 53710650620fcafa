"""Frame rates as exact fractions.

Requests say 23.98, files say 2997/100; both mean 24000/1001 and 30000/1001. A rate that is a little off
makes audio drift and segments slip off the grid, so every rate goes through `snap` once.
"""

from fractions import Fraction

NTSC = tuple(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120))
_WHOLE = tuple(Fraction(n) for n in (*range(1, 61), 72, 90, 96, 100, 120))
_TOLERANCE = Fraction(1, 1500)  # separates 24 from 24000/1001 (1/1001 apart) yet takes 23.98 and 29.97

SLOWEST = Fraction(1)
FASTEST = Fraction(120)


def snap(rate: Fraction | float) -> Fraction:
    """The standard rate meant by `rate` in frames per second, or `rate` itself where none is near.

    NTSC rates win over whole ones only when they are nearer: 23.976, 23.98 → 24000/1001; 24 → 24.
    """
    exact = Fraction(rate).limit_denominator(100_000)
    nearest = min((*NTSC, *_WHOLE), key=lambda standard: abs(standard - exact))
    return nearest if abs(nearest - exact) <= exact * _TOLERANCE else exact.limit_denominator(1001)
