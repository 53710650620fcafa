"""From what was gathered of each segment to footage, which says how surely it read and whether it may be trusted.

Wrong keys are tried on the very same footage. They must give what chance gives: a standard normal distribution, in its
width and in its tails. A reading whose wrong keys do otherwise accuses nobody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark import chips as chip
from telecine.core.watermark.evidence import Floats
from telecine.core.watermark.pattern import MarkKey, decoy_key, field_of
from telecine.core.watermark.report import Footage
from telecine.core.watermark.statistic import FEWEST_CELLS, Sums, amplitude, clearness, deviations, without

DECOYS = 400
"""Wrong keys that are tried on each segment, at most."""
TRIALS = 400_000
"""Trials of wrong keys that are enough for the whole leak: where there are many segments, each gets fewer."""
FEWEST_DECOYS = 16
GLIMPSE = 0.25
"""A segment in which the mark could be seen by less than this part of the usual was hardly shown, and says nothing."""
FEWEST_PICTURES = 2

TAILS = {3.0: 0.0026997960632601866, 4.0: 6.334248366623996e-05}
"""How often a standard normal number is farther from nought than so many deviations."""
_DOUBT = 1e-6
"""How often a sound reading may be objected to for each thing that is looked at."""
_ERRORS = 5.0
"""Standard errors that come to about the same."""
_SLACK = 0.01
"""What the deviation of wrong keys may be off beside chance."""

NOT_LAID = "Nothing of the leak could be laid on the title: it shows something else, or too little of it."


@dataclass(frozen=True, slots=True)
class Null:
    """What wrong keys gave: how many numbers, their deviation and excess kurtosis, and how many lie beyond `TAILS`."""

    count: int = 0
    deviation: float = 1.0
    kurtosis: float = 0.0
    beyond: tuple[int, ...] = (0, 0)

    def objections(self) -> tuple[str, ...]:
        """Why the reading is not to be trusted, in words for people."""
        if not self.count:
            return ()
        if not np.isfinite([self.deviation, self.kurtosis]).all():
            return ("Wrong keys gave no numbers: the reading failed.",)
        found = []
        off = _SLACK + _ERRORS / sqrt(2 * self.count)
        if abs(self.deviation - 1) > off:
            found.append(
                f"Wrong keys deviate by {self.deviation:.3f} where chance gives 1 to within {off:.3f}, "
                f"in {self.count:,} trials."
            )
        for (limit, share), times in zip(TAILS.items(), self.beyond, strict=True):
            if poisson_tail(times, share * self.count) < _DOUBT:
                found.append(
                    f"Wrong keys lie beyond {limit:g} deviations {times:,} times in {self.count:,}; "
                    f"chance gives about {share * self.count:.1f}."
                )
        if self.kurtosis > _ERRORS * sqrt(24 / self.count) + _SLACK:
            found.append(f"Wrong keys have heavier tails than chance (kurtosis {self.kurtosis:.3f}).")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Reading(Footage):
    """Footage with how it was read. `pictures`: how many were looked at of each position; `amplitude`: the part
    of the mark's that was left, 1 where nothing was lost; `null`: what wrong keys gave."""

    pictures: tuple[int, ...] = ()
    amplitude: float = 0.0
    null: Null = Null()


def read_sums(
    sums: Mapping[int, Sums],
    key: MarkKey,
    positions: int,
    segment_seconds: float,
    poll: Callable[[], None],
    *,
    chips: int = 1,
    fewest: int = FEWEST_PICTURES,
) -> Reading:
    """The reading of what was gathered of a title with `positions` segments, under its `key`. `poll` may raise.

    Where a segment carries several `chips`, each of them is a position of the reading: chip c of segment s is position
    s * chips + c, and lasts a part of the segment. A segment of which fewer than `fewest` pictures were seen says
    nothing.
    """
    z = np.full((positions, chips), np.nan)
    clear = np.full(positions, np.nan)
    amplitudes: list[float] = []
    wrong = _Wrong()
    read = {
        place: seen
        for place, seen in sorted(sums.items())
        if 0 <= place < positions and seen.pictures >= fewest and seen.bearing >= FEWEST_CELLS
    }
    decoys = [decoy_key(key, number) for number in range(_decoys(len(read) * chips))]
    for position, seen in read.items():
        poll()
        said = (_say if chips == 1 else _say_chips)(seen, key, decoys, position)
        z[position], clear[position] = said.z, said.clear
        amplitudes.append(said.amplitude)
        wrong.add(said.wrong)
    null = wrong.null()
    return Reading(
        z=_without_glimpses(z, clear).ravel(),
        segment_seconds=segment_seconds / chips,
        objections=null.objections() if amplitudes else (NOT_LAID,),
        pictures=tuple(
            sums[place].pictures if place in sums else 0 for place in range(positions) for _ in range(chips)
        ),
        amplitude=float(np.median(amplitudes)) if amplitudes else 0.0,
        null=null,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What one segment says: the statistic of each of its marks, how clear they could be, what was left of their
    amplitude, and what wrong keys gave."""

    z: Floats
    clear: float
    amplitude: float
    wrong: Floats


def _decoys(marks: int) -> int:
    return int(np.clip(TRIALS // max(marks, 1), FEWEST_DECOYS, DECOYS))


def _say(seen: Sums, key: MarkKey, decoys: Sequence[MarkKey], position: int) -> _Said:
    field = field_of(key, position).ravel()
    wrong = np.stack([field_of(one, position).ravel() for one in decoys])
    return _Said(
        z=deviations(seen.cells, field[None]),
        clear=clearness(seen.power, without(seen.cells, field)),
        amplitude=abs(amplitude(seen, field)),
        wrong=deviations(without(seen.cells, field), wrong),
    )


def _say_chips(seen: Sums, key: MarkKey, decoys: Sequence[MarkKey], group: int) -> _Said:
    cells, fields = chip.in_chips(seen.cells, key, group)
    noise = chip.without_chips(seen.cells, key, group)
    z = np.where(chip.chip_bearing(cells) >= chip.FEWEST_CELLS, chip.chip_deviations(cells, fields), np.nan)
    others = [chip.in_chips(noise, one, group) for one in decoys]
    agreeing = float(np.median(np.abs((cells * fields).sum(axis=1)))) * len(cells)
    return _Said(
        z=z,
        clear=clearness(seen.power, noise),
        amplitude=agreeing / seen.power if seen.power > 0 else 0.0,
        wrong=chip.chip_deviations(*(np.concatenate(rows) for rows in zip(*others, strict=True))),
    )


def poisson_tail(count: int, mean: float) -> float:
    """How likely chance gives `count` or more of something of which it gives `mean`; 1 for no count."""
    if count <= mean:
        return 1.0
    total, number = 0.0, count
    while True:
        term = exp(number * log(mean) - mean - lgamma(number + 1)) if mean > 0 else 0.0
        total += term
        number += 1
        if term <= total * 1e-9:
            return min(total, 1.0)


def _without_glimpses(z: Floats, clear: Floats) -> Floats:
    """`z` (rows: segments) without segments of which the leak showed next to nothing; which variant it was has no part
    in that."""
    seen = np.isfinite(clear)
    if not seen.any():
        return z
    usual = float(np.median(clear[seen]))
    return np.where(np.nan_to_num(clear)[:, None] >= GLIMPSE * usual, z, np.nan)


class _Wrong:
    """Counts what wrong keys give, over all segments, without keeping it."""

    def __init__(self) -> None:
        self._count = 0
        self._powers = np.zeros(2)
        self._beyond = np.zeros(len(TAILS), dtype=np.int64)

    def add(self, z: NDArray[np.float64]) -> None:
        self._count += len(z)
        self._powers += [float((z**2).sum()), float((z**4).sum())]
        self._beyond += [int(np.count_nonzero(np.abs(z) > limit)) for limit in TAILS]

    def null(self) -> Null:
        if not self._count:
            return Null()
        square, fourth = self._powers / self._count
        kurtosis = float(fourth / square**2 - 3) if square > 0 else 0.0
        return Null(self._count, float(np.sqrt(square)), kurtosis, tuple(int(times) for times in self._beyond))
