"""Gives the frames of a track that passes through their places on the programme's clock. Pure.

Untouched frames can be neither cut nor stretched, but there is room for exactly one in every slot of a frame's
length. Each goes into the slot nearest to its time; holes are for silence. So every frame plays within one frame of
its true time, and the track has no gap that would make a player stop or jump.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from statistics import median_low

FRAME_LENGTHS = (256, 512, 768, 960, 1024, 1536, 1920, 2048)
"""Samples in a frame of AAC, HE-AAC, AC-3 or E-AC-3."""


def frame_length(times: Iterable[int]) -> int:
    """Samples per frame, from the times in samples of some consecutive frames.

    Coarse timestamps (milliseconds) blur the steps between them; the nearest possible length is meant.
    """
    known = list(times)
    steps = [after - before for before, after in pairwise(known) if after > before]
    step = median_low(steps) if steps else 1024
    return min(FRAME_LENGTHS, key=lambda length: abs(length - step))


def fill_slots(times: Iterable[int], length: int, total: int) -> Iterator[int | None]:
    """What goes into each slot of `length` samples, up to `total` samples: the number of a frame, or None for silence.

    `times` are the frames' presentation times in samples, ascending; 0 is the programme's beginning. A frame follows
    its predecessor unless it is a whole frame off there; so jitter does not matter, and drift is put right.
    """
    slot, slots = 0, -(-total // length)
    begun = False
    for number, time in enumerate(times):
        due = slot * length
        if not begun or abs(time - due) >= length:
            target = (time + length // 2) // length
            if target < slot:
                continue  # before the beginning, or a place that is taken
            yield from [None] * (min(target, slots) - slot)
            slot = target
        if slot >= slots:
            return
        begun = True
        yield number
        slot += 1
    yield from [None] * (slots - slot)
