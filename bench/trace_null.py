"""How wrong keys do: on footage marked under another key, and on footage without a mark, they must give chance."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from pathlib import Path

import numpy as np

from telecine.core.limits import MediaLimits
from telecine.core.watermark.evidence import Floats
from telecine.core.watermark.pattern import MarkKey, decoy_key, field_of
from telecine.core.watermark.reading import DECOYS
from telecine.core.watermark.statistic import deviations
from telecine.media.context import Context
from telecine.media.detect.anchor import find_pieces
from telecine.media.detect.gather import gather
from telecine.media.detect.reference import Reference
from telecine.media.detect.small_copy import copy_small
from telecine.media.tools import Tools

TOLERANCE = 0.02
"""What the deviation may be off."""
LIMITS = (3, 4)
"""Deviations beyond which trials are counted."""
_ERRORS = 4.0
"""Standard errors that a count may be off."""


@dataclass(frozen=True, slots=True)
class Null:
    """What `count` trials gave: mean, deviation, excess kurtosis, how many lie beyond `LIMITS`, and the farthest."""

    count: int
    mean: float
    deviation: float
    kurtosis: float
    beyond: tuple[int, ...]
    farthest: float

    def __str__(self) -> str:
        tails = ", ".join(
            f"{found} beyond {limit} (chance: {self.count * _share(limit):.0f})"
            for limit, found in zip(LIMITS, self.beyond, strict=True)
        )
        return (
            f"{self.count:,} wrong keys: mean {self.mean:.4f}, deviation {self.deviation:.4f}, "
            f"kurtosis {self.kurtosis:.3f}, {tails}, farthest {self.farthest:.2f}"
        )

    def complaints(self) -> list[str]:
        """In what the trials are not what chance gives."""
        found = []
        if abs(self.deviation - 1) > TOLERANCE:
            found.append(f"wrong keys deviate by {self.deviation:.3f}")
        for limit, times in zip(LIMITS, self.beyond, strict=True):
            expected = self.count * _share(limit)
            if abs(times - expected) > _ERRORS * sqrt(expected):
                found.append(f"{times} wrong keys lie beyond {limit}, chance gives {expected:.0f}")
        return found


def measure(film: Path, reference: Path, key: MarkKey, tools: Tools, wrong_keys: int) -> Null:
    """Lay `film` on its title and read each segment that it shows with `wrong_keys` keys.

    They are other keys than those that a reading compares with.
    """
    title = Reference.open(reference)
    with tempfile.TemporaryDirectory() as folder:
        small = copy_small(film, Path(folder), Context(tools, MediaLimits()))
        sums = gather(small, title, find_pieces(small, title, lambda: None), lambda _: None)
    keys = [decoy_key(key, DECOYS + number) for number in range(wrong_keys)]
    return summed_up([_trials(keys, position, said.cells) for position, said in sums.items()])


def summed_up(trials: Sequence[Floats]) -> Null:
    """The null of all trials together."""
    z = np.concatenate(trials)
    spread = float(z.std())
    return Null(
        count=len(z),
        mean=float(z.mean()),
        deviation=spread,
        kurtosis=float(((z - z.mean()) ** 4).mean() / spread**4 - 3),
        beyond=tuple(int(np.count_nonzero(np.abs(z) > limit)) for limit in LIMITS),
        farthest=float(np.abs(z).max()),
    )


def _trials(keys: Sequence[MarkKey], position: int, cells: Floats) -> Floats:
    return deviations(cells, np.stack([field_of(key, position).ravel() for key in keys]))


def _share(limit: float) -> float:
    """How often chance lies beyond so many deviations, on either side."""
    return erfc(limit / sqrt(2))
