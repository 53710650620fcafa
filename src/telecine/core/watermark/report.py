"""From what a leak shows, segment by segment, to a report: who leaked, how sure that is, or that it is not enough.

The sessions of a title may follow several codes, of which the leak may show any: each code in use is tried, and the
limit on accusing anybody wrongly is split evenly among them. In the delivery format a session's bits are those of its
payload, which is drawn at random, so the same tests hold for it: a payload bit that several segments repeat is one bit.

A reading whose own check against decoy keys failed, or that could not be laid on the title, accuses nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import batched

import numpy as np

from telecine.core.watermark.accuse import Finding, Method, Verdict, judge, shortlist
from telecine.core.watermark.bias import Family
from telecine.core.watermark.codebook import Bits, Positions, codebook, probabilities
from telecine.core.watermark.delivery_decode import read_payload
from telecine.core.watermark.delivery_format import DeliveryFormat
from telecine.core.watermark.evidence import Floats, log_likelihood_ratios
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.score import Whole, symmetric
from telecine.core.watermark.sequence import SequenceKey

LEAD_LIMIT = 1e-6
"""The default bound on accusing anybody wrongly: enough to look closer at somebody."""
EVIDENCE_LIMIT = 1e-9
"""At or below this bound an accusation may be called evidence."""
CLEAR_PAYLOAD = 0.99
"""How probable a payload must be to be shown as read."""
DELIVERY = DeliveryFormat()
"""The rule of our tokens. A tree that numbers its segments from 1 has the same bits at the same positions."""

MOST_BITS = 1 << 24
"""Bits that are made at once: they take eight bytes each while they are scored."""

type Block = tuple[Sequence[str], Sequence[str]]
"""Sessions and their payloads (hexadecimal), as many as fit in memory at once."""
type Sessions = Callable[[SessionCode], Iterable[Block]]
"""All sessions of the title that follow a code."""
type Keys = Callable[[Family], SequenceKey]


class Outcome(StrEnum):
    """What came of a detection."""

    NAMED = "named"
    NOT_ENOUGH = "not_enough"
    UNRELIABLE = "unreliable"
    """The reading itself is not to be trusted: its null check or its alignment failed."""


class Strength(StrEnum):
    """How an accusation may be used."""

    LEAD = "lead"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Footage:
    """What reading a leak gave. `z`: the statistic of each position of the title in deviations of its null, positive
    where variant 0 was seen, NaN where the leak has nothing. `segment_seconds`: how long a position is.

    `objections`: why the reading is not to be trusted, in words for people; empty where it is.
    """

    z: Floats
    segment_seconds: float
    objections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accused:
    """A session that the leak was made from. `log10_p` is how likely an innocent session does as well in the same
    test, `log10_bound` how likely any of all sessions does in any test of the report."""

    session: str
    code: SessionCode
    method: Method
    log10_p: float
    log10_bound: float

    @property
    def strength(self) -> Strength:
        """Whether the bound is that of evidence or of a lead."""
        return Strength.EVIDENCE if self.log10_bound <= np.log10(EVIDENCE_LIMIT) else Strength.LEAD


@dataclass(frozen=True, slots=True)
class DeliveryReading:
    """What the leak says in the delivery format, whoever has that payload: the likeliest payload (hexadecimal, empty
    where none is clear) and the probabilities that it is the payload, that the leak mixes viewers, that it has no mark
    of this format."""

    payload: str
    confidence: float
    mixed: float
    unmarked: float


@dataclass(frozen=True, slots=True)
class Report:
    """What a detection may say. `positions` is how many segments said something, `seconds` how long they last.

    `log10_best_bound`: the bound of the best session, accused or not: how near a leak that is not enough came.
    """

    outcome: Outcome
    accused: tuple[Accused, ...]
    population: int
    codes: tuple[SessionCode, ...]
    limit: float
    positions: int
    seconds: float
    median_z: float
    log10_best_bound: float
    delivery: DeliveryReading | None = None
    objections: tuple[str, ...] = ()


def make_report(
    footage: Footage, codes: Sequence[SessionCode], sessions: Sessions, keys: Keys, limit: float = LEAD_LIMIT
) -> Report:
    """The report on `footage`, given the `codes` that sessions of the title follow (each has at least one session).

    `limit` bounds the probability that the report accuses anybody wrongly. Memory is that of one block of sessions, and
    of no more than `MOST_BITS` of their bits.
    """
    trusted = not footage.objections
    evidence = log_likelihood_ratios(-footage.z)
    verdicts = {code: _verdict(code, evidence, sessions, keys, limit / len(codes)) for code in codes if trusted}
    accused = sorted(
        (_accused(code, finding, len(codes)) for code, verdict in verdicts.items() for finding in verdict.accused),
        key=lambda one: one.log10_bound,
    )
    best = min((verdict.log10_best_bound for verdict in verdicts.values()), default=0.0)
    used = int(np.count_nonzero(evidence)) if trusted else 0
    seen = np.abs(footage.z[np.isfinite(footage.z)])
    return Report(
        outcome=_outcome(trusted=trusted, named=bool(accused)),
        accused=tuple(accused),
        population=sum(verdict.population for verdict in verdicts.values()),
        codes=tuple(codes),
        limit=limit,
        positions=used,
        seconds=used * footage.segment_seconds,
        median_z=float(np.median(seen)) if len(seen) else 0.0,
        log10_best_bound=min(0.0, best + float(np.log10(max(1, len(codes))))),
        delivery=_delivery_reading(evidence) if trusted and SessionCode.DELIVERY in codes else None,
        objections=footage.objections,
    )


def bits_of(code: SessionCode, session: str, payload: str, positions: int, keys: Keys) -> Bits:
    """The variants that a session gets at each of the title's positions."""
    if code is SessionCode.DELIVERY:
        word = bytes.fromhex(payload)
        return np.array([DELIVERY.bit(word, position) for position in range(positions)], dtype=np.uint8)
    bits: Bits = codebook(keys(Family(code.value)), [session], np.arange(positions, dtype=np.int64))[0]
    return bits


def _outcome(*, trusted: bool, named: bool) -> Outcome:
    if not trusted:
        return Outcome.UNRELIABLE
    return Outcome.NAMED if named else Outcome.NOT_ENOUGH


def _accused(code: SessionCode, finding: Finding, codes: int) -> Accused:
    """The finding, its bound counted over all codes."""
    bound = finding.log10_bound + float(np.log10(codes))
    return Accused(finding.session, code, finding.method, finding.log10_p, bound)


def _verdict(code: SessionCode, evidence: Floats, sessions: Sessions, keys: Keys, limit: float) -> Verdict:
    if code is SessionCode.DELIVERY:
        return _by_payload(evidence, sessions(code), limit)
    return _by_sequence(keys(Family(code.value)), evidence, sessions(code), limit)


def _by_sequence(key: SequenceKey, evidence: Floats, blocks: Iterable[Block], limit: float) -> Verdict:
    positions: Positions = np.flatnonzero(evidence).astype(np.int64)  # the others neither accuse nor acquit
    seen, chance = evidence[positions], probabilities(key, positions)

    def with_bits() -> Iterator[tuple[Sequence[str], Bits]]:
        for names, _ in blocks:
            for some in batched(names, max(1, MOST_BITS // max(1, len(positions)))):
                yield some, codebook(key, some, positions)

    suspects, population = shortlist(with_bits(), symmetric(seen, chance))
    return judge(suspects, population, seen, chance, limit)


def _by_payload(evidence: Floats, blocks: Iterable[Block], limit: float) -> Verdict:
    """The same test for payloads, whose bits are fair coins. Segments that are alike for all viewers say nothing."""
    slots = [DELIVERY.slot(position).payload_bit for position in range(len(evidence))]
    carried = np.array([-1 if slot is None else slot for slot in slots], dtype=np.int64)
    positions = np.flatnonzero((evidence != 0) & (carried >= 0))
    seen, chance = evidence[positions], np.full(len(positions), 0.5)
    places, units = np.unique(carried[positions], return_inverse=True)
    numbers: Whole = units.astype(np.int64)

    def with_bits() -> Iterator[tuple[Sequence[str], Bits]]:
        for names, payloads in blocks:
            words = np.frombuffer(bytes.fromhex("".join(payloads)), dtype=np.uint8)
            yield names, np.unpackbits(words.reshape(len(names), -1), axis=1)[:, places]

    suspects, population = shortlist(with_bits(), symmetric(seen, chance).folded(numbers))
    return judge(suspects, population, seen, chance, limit, numbers)


def _delivery_reading(evidence: Floats) -> DeliveryReading:
    read = read_payload(evidence, DELIVERY, start=DELIVERY.first_segment)
    best = read.candidates[0]
    clear = best.confidence >= CLEAR_PAYLOAD
    return DeliveryReading(best.payload.hex() if clear else "", best.confidence, read.mixed, read.unmarked)
