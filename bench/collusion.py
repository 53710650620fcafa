"""How long must a leak be to name one of a million viewers, and how long where several of them mixed their copies?

Simulates colluders with the watermark's own codes, scores and exact tails, and prints for each code the fewest segments
at which 95 % of the trials accuse at least one colluder, beside the figures of the research prototype. What innocents
do needs no simulation: their scores' tails are computed exactly for each trial's evidence.

Attacks: each segment from a random colluder; the variant that most, or fewest, of them have; variant 1 where any has
it; and both variants averaged, which a detector sees as nothing. The last column, `all tests`, is what a report does:
alone, pair and triple, one limit for all. There a colluder counts as a suspect, or as a partner, where fewer
than 17 of the innocents are expected to outrank him.

    python -m bench.collusion            all rows (a quarter of an hour and more on one core)
    python -m bench.collusion --quick    the first three rows, up to two colluders, fewer trials
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from telecine.core.watermark.accuse import SHORTLIST, Suspect, judge, shortlist
from telecine.core.watermark.bias import NODES, STEPS, Family
from telecine.core.watermark.codebook import Bits, codebook, probabilities
from telecine.core.watermark.evidence import Floats, log_likelihood_ratios
from telecine.core.watermark.pvalue import log_tail
from telecine.core.watermark.score import ScoreTable, joint, symmetric
from telecine.core.watermark.sequence import derive_key

NEEDED = 0.95
SURE = 20.0
"""The evidence of a segment that reads clearly, as a logarithm of odds."""
RANKED = 17
ATTACKS = ("interleave", "majority", "minority", "all ones", "average")
LENGTHS = [*range(8, 120, 2), *range(120, 512, 8), *range(512, 4097, 32)]


def score_symmetric(evidence: Floats, chance: Floats) -> ScoreTable:
    return symmetric(evidence, chance)


def score_interleaving(evidence: Floats, chance: Floats) -> ScoreTable:
    return joint(evidence, chance, np.zeros(len(chance), dtype=np.int64), 0, 3)


@dataclass(frozen=True)
class Row:
    """A line of the table. `research` are the prototype's segments for 1, 2, … colluders, worst attack.

    Segments are read clearly but for a share `error`, or, where `measured` is not empty, as clearly as those: values of
    the detector's statistic, positive where the bit was right.
    """

    family: Family
    score: str
    research: tuple[int, ...]
    population: int = 10**6
    limit: float = 1e-6
    error: float = 0.0
    measured: tuple[float, ...] = ()


ROWS = (
    Row(Family.UNIFORM, "sym", (40, 216)),
    Row(Family.UNIFORM, "int3", (50, 232)),
    Row(Family.UP_TO_4, "sym", (68, 328, 704, 1152)),
    Row(Family.UP_TO_4, "int3", (78, 288, 800, 1472)),
    Row(Family.UP_TO_6, "sym", (76, 360, 784, 1376)),
    Row(Family.UP_TO_6, "int3", (92, 312, 880, 1696)),
    Row(Family.UNIFORM, "sym", (64, 280), error=0.05),
    Row(Family.UNIFORM, "int3", (64, 272), error=0.05),
    Row(Family.UP_TO_4, "sym", (102, 408, 880, 1504), error=0.05),
    Row(Family.UP_TO_4, "int3", (104, 368, 880, 1664), error=0.05),
    Row(Family.UNIFORM, "int3", (60, 280), limit=1e-9),
    Row(Family.UP_TO_4, "int3", (98, 360, 960, 1856), limit=1e-9),
    Row(Family.UNIFORM, "int3", (42, 188), population=10**4),
    Row(Family.UP_TO_4, "int3", (64, 228, 640, 1184), population=10**4),
)
ALL_TESTS = (Row(Family.UNIFORM, "all", (40, 216)), Row(Family.UP_TO_4, "all", (68, 328, 704, 1152)))
SCORES: dict[str, Callable[[Floats, Floats], ScoreTable]] = {"sym": score_symmetric, "int3": score_interleaving}


@dataclass(frozen=True)
class Trial:
    """One leak: the evidence, the chances of a 1, and the colluders' bits (colluders by segments)."""

    evidence: Floats
    chance: Floats
    bits: Bits

    def cut(self, length: int) -> "Trial":
        return Trial(self.evidence[:length], self.chance[:length], self.bits[:, :length])


def collude(bits: Bits, attack: str, rng: np.random.Generator) -> Floats:
    """The evidence of each segment of a leak that colluders with these bits make."""
    colluders, length = bits.shape
    ones = bits.sum(axis=0)
    taken = bits[rng.integers(colluders, size=length), np.arange(length)]
    if attack == "average":
        return np.where(ones == 0, -SURE, np.where(ones == colluders, SURE, 0.0))
    differ = (ones > 0) & (ones < colluders)
    if attack == "majority":
        taken = np.where(2 * ones == colluders, taken, 2 * ones > colluders)
    elif attack == "minority":
        taken = np.where(differ & (2 * ones != colluders), 2 * ones < colluders, taken)
    elif attack == "all ones":
        taken = ones > 0
    return np.where(taken, SURE, -SURE)


def leak(row: Row, colluders: int, attack: str, length: int, seed: tuple[int, ...]) -> Trial:
    rng = np.random.default_rng(seed)
    thresholds = np.array([node.threshold for node in NODES[row.family]])
    until = np.array([node.until for node in NODES[row.family]])
    chance = thresholds[np.searchsorted(until, rng.integers(STEPS, size=length), side="right")] / STEPS
    bits = (rng.random((colluders, length)) < chance).astype(np.uint8)
    evidence = collude(bits, attack, rng)
    if row.measured:
        return Trial(as_measured(evidence, row.measured, rng), chance, bits)
    return Trial(np.where(rng.random(length) < row.error, -evidence, evidence), chance, bits)


def as_measured(evidence: Floats, measured: tuple[float, ...], rng: np.random.Generator) -> Floats:
    """The evidence of the same segments where each is read as one of `measured` was; averages are read as noise."""
    drawn = rng.choice(measured, len(evidence))
    return log_likelihood_ratios(np.where(evidence == 0, rng.standard_normal(len(evidence)), np.sign(evidence) * drawn))


def accuses(row: Row, trial: Trial) -> bool:
    """Whether at least one colluder is accused."""
    if row.score == "all":
        return accuses_by_all_tests(row, trial)
    table = SCORES[row.score](trial.evidence, trial.chance)
    needed = log(row.limit / row.population)
    return log_tail(table, int(table.scores(trial.bits).max()), worth=needed) <= needed


def accuses_by_all_tests(row: Row, trial: Trial) -> bool:
    table = symmetric(trial.evidence, trial.chance)
    suspects = [
        Suspect(str(index), int(score), trial.bits[index])
        for index, score in enumerate(table.scores(trial.bits))
        if log_tail(table, int(score)) + log(row.population) <= log(RANKED)
    ]
    suspects.sort(key=lambda suspect: -suspect.score)
    return judge(suspects, row.population, trial.evidence, trial.chance, row.limit).enough


def shortest(row: Row, colluders: int, attack: str, trials: int, seed: int) -> int | None:
    """The fewest segments that suffice in `NEEDED` of the trials; None where even the longest do not."""
    key = (seed, colluders, ATTACKS.index(attack))
    longest = [length for length in LENGTHS if length <= 2.5 * row.research[colluders - 1]]
    leaks = [leak(row, colluders, attack, longest[-1], (*key, number)) for number in range(trials)]

    def suffices(length: int) -> bool:
        missed = 0
        for trial in leaks:
            missed += not accuses(row, trial.cut(length))
            if missed > trials * (1 - NEEDED):
                return False
        return True

    low, high = 0, len(longest)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(longest[middle]) else (middle + 1, high)
    return longest[low] if low < len(longest) else None


def show(row: Row, most: int, trials: int, seed: int) -> None:
    name = f"n=1e{round(np.log10(row.population))} limit {row.limit:g} error {row.error:.0%} {row.family} {row.score}"
    for colluders in range(1, min(most, len(row.research)) + 1):
        began = time.perf_counter()
        attacks = ATTACKS if colluders > 1 else ATTACKS[:1]
        found = {attack: shortest(row, colluders, attack, trials, seed) for attack in attacks}
        worst = None if None in found.values() else max(length for length in found.values() if length)
        details = ", ".join(f"{attack} {length}" for attack, length in found.items())
        took = time.perf_counter() - began
        print(
            f"| {name} | {colluders} | {worst} | {row.research[colluders - 1]} | {details} | {took:.0f} s |", flush=True
        )


def scan(sessions: int, segments: int, seed: int) -> None:
    """Find two real sequences, mixed at random, among many: how long the sweep takes."""
    key = derive_key(np.random.default_rng(seed).bytes(32), "DEMO", "title", Family.UP_TO_4)
    at = np.arange(segments)
    guilty = [f"session-{sessions // 3}", f"session-{sessions // 2}"]
    rng = np.random.default_rng(seed)
    evidence, chance = collude(codebook(key, guilty, at), "interleave", rng), probabilities(key, at)
    began = time.process_time()
    names = ([f"session-{number}" for number in range(start, min(start + 4096, sessions))]
             for start in range(0, sessions, 4096))  # fmt: skip
    suspects, population = shortlist(((part, codebook(key, part, at)) for part in names), symmetric(evidence, chance))
    swept = time.process_time() - began
    verdict = judge(suspects, population, evidence, chance)
    judged = time.process_time() - began - swept
    print(
        f"\n{sessions} sessions, {segments} segments, two colluders: {swept:.1f} s CPU sweeping, {judged:.1f} s judging"
    )
    for finding in verdict.accused:
        right = "a colluder" if finding.session in guilty else "INNOCENT"
        print(f"  {finding.session} ({right}), {finding.method}, bound 1e{finding.log10_bound:.1f}")
    assert {finding.session for finding in verdict.accused} <= set(guilty)
    assert len(suspects) == SHORTLIST


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three rows, two colluders, 40 trials, fewer sessions")
    parser.add_argument("--trials", type=int, default=None, help="trials per point (150)")
    parser.add_argument("--seed", type=int, default=4)
    arguments = parser.parse_args()
    trials = arguments.trials or (40 if arguments.quick else 150)
    rows = (*ROWS[:3], ALL_TESTS[0]) if arguments.quick else (*ROWS, *ALL_TESTS)
    print(f"{trials} trials a point, seed {arguments.seed}; segments for {NEEDED:.0%} of them\n")
    print("| code and score | colluders | segments, worst attack | research | by attack | took |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        show(row, 2 if arguments.quick else 4, trials, arguments.seed)
    scan(10**4 if arguments.quick else 10**6, 336, arguments.seed)


if __name__ == "__main__":
    main()
