"""Which frame of a source is shown at which tick of a constant rate: what makes variable frame rates workable.

Times are integers in units of a stream's time base, in the order of showing.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median_low

STANDARD_RATES = (
    *(Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(48)),
    *(Fraction(50), Fraction(60000, 1001), Fraction(60), Fraction(100), Fraction(120000, 1001), Fraction(120)),
)
"""Rates that a variable one is turned into, where one of them is near."""

NEAR = Fraction(1, 50)
"""How far from a standard rate, as a share of it, a measured one may be to be taken for it."""


def is_constant(times: Sequence[int], time_base: Fraction, rate: Fraction) -> bool:
    """Whether every frame is shown within half a frame's time of where a constant `rate` would show it.

    So it stays in step with the sound to the end, and no frame is missing.
    """
    tick = time_base * rate
    ticks, units = tick.numerator, tick.denominator
    first = times[0] if times else 0
    return all(2 * abs((time - first) * ticks - number * units) < units for number, time in enumerate(times))


def constant_rate(times: Sequence[int], time_base: Fraction, average: Fraction) -> Fraction:
    """The rate into which frames at `times` are best turned: that of most of them, snapped to a standard near it.

    `average` is taken where there are too few frames to tell. A coarse time base (milliseconds in Matroska) rounds
    equal steps to unequal ones, so the mean of all that are like the usual one counts.
    """
    steps = [later - earlier for earlier, later in pairwise(times) if later > earlier]
    usual = median_low(steps) if steps else 0
    alike = [step for step in steps if abs(step - usual) <= max(Fraction(1), usual * NEAR)]
    rate = len(alike) / (sum(alike) * time_base) if alike else average
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return nearest if abs(nearest - rate) <= nearest * NEAR else rate.limit_denominator(1001)


def shown_at(times: Sequence[int], time_base: Fraction, rate: Fraction) -> list[int]:
    """For each tick of `rate`, the number of the frame that is shown then; tick 0 shows frame 0, the last the last.

    A frame begins at the tick nearest to its time. Of several that begin at one tick the last is shown.
    """
    tick = time_base * rate
    numerator, denominator = tick.numerator, tick.denominator
    shown: list[int] = []
    for number, time in enumerate(times):
        begins = (2 * (time - times[0]) * numerator + denominator) // (2 * denominator)
        while len(shown) <= begins:
            shown.append(max(0, number - 1))
        shown[begins] = max(shown[begins], number)
    return shown
