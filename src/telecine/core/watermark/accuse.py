"""Who leaked, with a bound on accusing anybody wrongly, or an honest 'not enough'.

Three tests of each session, each sound by itself. *Alone*: its symmetric score. *Pair* and *triple*: the joint score
given one or two others as supposed partners, which needs a shorter leak where several colluded. Its null hypothesis
is that this session's bits are chance, whatever the partners did. So a guilty partner does not incriminate an innocent
one, and a wrong partner makes a weak test but not a wrong one.

Partners are the sessions with the highest scores alone among the others: a choice on which the tested session has no
influence. The bound of an accusation is its p-value times all sessions times all choices of partners, divided by the
test's share. The shares add up to one, so the chance that a report accuses anybody wrongly is at most its limit.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from math import comb, log

import numpy as np

from telecine.core.watermark.codebook import Bits
from telecine.core.watermark.evidence import Floats
from telecine.core.watermark.pvalue import log_tail
from telecine.core.watermark.score import ScoreTable, Whole, joint, symmetric


class Method(StrEnum):
    """How a session was found."""

    ALONE = "alone"
    PAIR = "pair"
    TRIPLE = "triple"


SHARES = {Method.ALONE: 0.92, Method.PAIR: 0.06, Method.TRIPLE: 0.02}
"""The parts of the limit that each test may use up. The first is large because single leakers are most frequent."""
PARTNERS = {Method.ALONE: 0, Method.PAIR: 99, Method.TRIPLE: 19}
"""Of how many sessions the partners of a tested one are chosen."""
SHORTLIST = PARTNERS[Method.PAIR] + 1


@dataclass(frozen=True, slots=True)
class Suspect:
    """A session with a high score, and its bits at the positions of the evidence."""

    session: str
    score: int
    bits: Bits


@dataclass(frozen=True, slots=True)
class Finding:
    """The test of one session that settled it. Partners are not named: they need not be guilty.

    `log10_p`: how likely a session that has nothing to do with the leak does as well in this test.
    `log10_bound`: the same for any session of the population in any test, which is what the limit is held against.
    """

    session: str
    method: Method
    log10_p: float
    log10_bound: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report may say. `accused` is empty where the evidence does not suffice.

    `population`: sessions that could have leaked. `limit`: the allowed probability of accusing anybody wrongly.
    `positions`: segments that said anything. `log10_best_bound`: the bound of the best session, accused or not; how
    near an insufficient leak came, without a name. Zero where no session stood out.
    """

    accused: tuple[Finding, ...]
    population: int
    limit: float
    positions: int
    log10_best_bound: float

    @property
    def enough(self) -> bool:
        """Whether the evidence suffices to accuse somebody."""
        return bool(self.accused)


def shortlist(
    blocks: Iterable[tuple[Sequence[str], Bits]], table: ScoreTable, size: int = SHORTLIST
) -> tuple[list[Suspect], int]:
    """The `size` sessions with the highest scores, best first, and how many there were in all.

    `blocks` are sessions with their bits (sessions by positions), as many at a time as fit in memory.
    """
    best: list[Suspect] = []
    population = 0
    for sessions, bits in blocks:
        population += len(sessions)
        scores = table.scores(bits)
        for index in np.argsort(-scores, kind="stable")[:size]:
            best.append(Suspect(sessions[index], int(scores[index]), bits[index].copy()))
        best = sorted(best, key=lambda suspect: -suspect.score)[:size]
    return best, population


def judge(
    suspects: Sequence[Suspect],
    population: int,
    evidence: Floats,
    probability: Floats,
    limit: float = 1e-6,
    units: Whole | None = None,
) -> Verdict:
    """Accuse those of `suspects` (a `shortlist` by the symmetric score, best first) whom the evidence proves guilty.

    `population` is the number of sessions that the shortlist was chosen from; `evidence` and `probability` are those of
    the positions of the suspects' bits. `limit` bounds the probability of accusing anybody wrongly. `units` is for
    codes that repeat their bits: which of the suspects' bits each position carries (see `ScoreTable.folded`). Raises
    ValueError where one of them is impossible.
    """
    if len(suspects) > SHORTLIST:
        raise ValueError(f"suspects must be {SHORTLIST} or fewer")
    if population < len(suspects):
        raise ValueError("population must be no less than the suspects")
    if not 0 < limit < 1:
        raise ValueError("limit must be between 0 and 1")
    best: dict[str, Finding] = {}
    for finding in _findings(suspects, population, _Evidence(evidence, probability, units), limit):
        known = best.get(finding.session)
        if known is None or finding.log10_bound < known.log10_bound:
            best[finding.session] = finding
    ranked = sorted(best.values(), key=lambda finding: finding.log10_bound)
    return Verdict(
        tuple(finding for finding in ranked if finding.log10_bound <= np.log10(limit)),
        population,
        limit,
        positions=int(np.count_nonzero(evidence)),
        log10_best_bound=min(0.0, ranked[0].log10_bound) if ranked else 0.0,
    )


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What was seen, and which bit of a session each position carries: its own where `units` is None."""

    evidence: Floats
    probability: Floats
    units: Whole | None

    def alone(self) -> ScoreTable:
        return self._folded(symmetric(self.evidence, self.probability))

    def given(self, partners: Bits) -> ScoreTable:
        """The joint score given the bits of `partners` (rows)."""
        ones: Whole = partners.sum(axis=0, dtype=np.int64)
        carried = ones if self.units is None else ones[self.units]
        return self._folded(joint(self.evidence, self.probability, carried, len(partners), len(partners) + 1))

    def _folded(self, table: ScoreTable) -> ScoreTable:
        return table if self.units is None else table.folded(self.units)


def _findings(suspects: Sequence[Suspect], population: int, seen: _Evidence, limit: float) -> Iterator[Finding]:
    """The tests that came out well enough to be worth a tail. Whom one test proves guilty is not tested again."""
    if not suspects:
        return
    bits = np.stack([suspect.bits for suspect in suspects])
    settled: set[int] = set()
    for method, size in ((Method.ALONE, 0), (Method.PAIR, 1), (Method.TRIPLE, 2)):
        choices = comb(min(PARTNERS[method], population - 1), size)
        if not choices:  # there are too few sessions for so many partners
            continue
        for partners in combinations(range(min(len(suspects), PARTNERS[method] + 1)), size):
            table = seen.given(bits[list(partners)]) if size else seen.alone()
            open_cases = [at for at in _may_be_tested(len(suspects), partners, PARTNERS[method]) if at not in settled]
            factor = log(population) + log(choices) - log(SHARES[method])
            for index, log_p in _tails(table, bits, open_cases, log(limit) - factor):
                log_bound = log_p + factor
                if log_bound <= log(limit):
                    settled.add(index)
                yield Finding(suspects[index].session, method, log_p / log(10), log_bound / log(10))


def _may_be_tested(suspects: int, partners: tuple[int, ...], choices: int) -> list[int]:
    """Those whose best `choices` others include the partners. A suspect is not among its own others, so to those who
    rank above a partner it counts one place better."""
    worst = max(partners, default=-1)
    return [index for index in range(suspects) if index not in partners and (worst < choices or index < worst)]


def _tails(table: ScoreTable, bits: Bits, tested: list[int], needed: float) -> Iterator[tuple[int, float]]:
    """Suspects with the logarithm of their p-value, best first, until one is above `needed`."""
    scores: Whole = table.scores(bits[tested])
    # A normal score would have to lie sqrt(-2 needed) deviations above the mean. Tails that are shorter than normal
    # ones need somewhat less, by any of our biases no less than seven tenths.
    least = table.mean() + 0.7 * np.sqrt(-2.0 * needed) * table.deviation()
    for at in np.argsort(-scores, kind="stable"):
        if scores[at] <= least:
            return
        log_p = log_tail(table, int(scores[at]), worth=needed)
        yield tested[at], log_p
        if log_p > needed:
            return
