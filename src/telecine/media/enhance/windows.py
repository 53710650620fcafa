"""Which frames of source and target show the same moment, so that the two can be compared. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import EnhanceChunk, EnhancePlan

WINDOWS = 6
"""Places of the target that are looked at, evenly spread."""
PAIRS = 8
"""Frames at each, one after the other: a measure that counts motion needs neighbours."""
LEAD = 2
"""Pairs before them that are decoded for a deinterlacer to begin with, and thrown away."""

_SIMPLE = 6
"""Steps up to which frames that coincide are near enough to each other to be neighbours."""


@dataclass(frozen=True, slots=True)
class Window:
    """Frames to read: `source` of the plan's source, `target` of the chunk `chunk`, counted from its first frame.

    Both begin at the same moment. Of the views (see `view_rate`) every `steps[0]`-th frame of the source shows the
    same moment as every `steps[1]`-th of the target; `lead` pairs come before the `pairs` that count.
    """

    chunk: EnhanceChunk
    source: Span
    target: Span
    steps: tuple[int, int]
    lead: int
    pairs: int
    second: Fraction
    """When its first frame is shown in the target."""


def view_rate(picture: Picture) -> Fraction:
    """Frames per second of what is compared: of pictures in fields, a frame of each field."""
    return picture.rate if picture.fields == "progressive" else 2 * picture.rate


def windows(plan: EnhancePlan) -> list[Window]:
    """Up to `WINDOWS` windows, each within one chunk; empty where no two frames show the same moment.

    Where the rates have no near common frames, such as 24 and 25 frames a second, each window is one pair: the one
    nearest in time around its place.
    """
    chunks = plan.chunks
    places = sorted({(2 * number + 1) * len(chunks) // (2 * WINDOWS) for number in range(WINDOWS)})
    found: list[Window] = []
    for place in places:
        each = max(1, min(WINDOWS // len(places), chunks[place].wanted.frames // (2 * PAIRS)))
        for part in range(each):
            window = _window(plan, chunks[place], Fraction(2 * part + 1, 2 * each))
            if window and window not in found:
                found.append(window)
    return found


def _window(plan: EnhancePlan, chunk: EnhanceChunk, part: Fraction) -> Window | None:
    """The window at `part` of the chunk."""
    source, target = plan.source.picture, plan.target.picture
    ratio = view_rate(source) / view_rate(target)
    steps = ratio.as_integer_ratio()
    wanted = (chunk.first + part * chunk.wanted.frames) / target.rate
    if max(steps) > _SIMPLE:
        return _nearest(plan, chunk, wanted)
    pair = steps[0] / view_rate(source)
    # Both must begin with a whole frame, which may hold two pictures of a view.
    grid = _common(1 / source.rate, 1 / target.rate)
    lead = 0 if source.fields == target.fields == "progressive" else LEAD
    # A pair's moment must be one of the grid's too, so that the lead is whole frames.
    earliest = ceil(chunk.first / target.rate / grid) * grid
    end = min(chunk.end / target.rate, source.seconds)
    pairs = min(PAIRS, int((end - earliest) / pair) - lead)
    if pairs < 1:
        return None
    latest = end - (lead + pairs) * pair
    begin = max(earliest, min(wanted, latest) // grid * grid)
    length = (lead + pairs) * pair
    first = int(begin * target.rate) - chunk.first
    return Window(
        chunk,
        _frames(begin, length, source),
        Span(first, first + ceil(length * target.rate)),
        steps,
        lead,
        pairs,
        begin + lead * pair,
    )


def _frames(begin: Fraction, length: Fraction, picture: Picture) -> Span:
    first = int(begin * picture.rate)
    return Span(first, min(first + ceil(length * picture.rate), picture.frames))


def _nearest(plan: EnhancePlan, chunk: EnhanceChunk, wanted: Fraction) -> Window | None:
    """One frame of each, as near to each other in time as there are within a second of `wanted`."""
    source, target = plan.source.picture, plan.target.picture
    around = round(target.rate)
    first = max(chunk.first, int(wanted * target.rate) - around // 2)
    numbers = range(first, min(first + around, chunk.end))

    def apart(number: int) -> Fraction:
        return abs(number / target.rate - round(number * source.rate / target.rate) / source.rate)

    number = min(numbers, key=apart, default=None)
    if number is None:
        return None
    shown = min(round(number * source.rate / target.rate), source.frames - 1)
    at = number - chunk.first
    return Window(chunk, Span(shown, shown + 1), Span(at, at + 1), (1, 1), 0, 1, number / target.rate)


def _common(one: Fraction, other: Fraction) -> Fraction:
    """The least time that is a whole number of both."""
    denominator = lcm(one.denominator, other.denominator)
    return Fraction(lcm(int(one * denominator), int(other * denominator)), denominator)
