"""Reads the payload of the documented delivery format from soft evidence, at a known or an unknown place.

By Bayes' rule over three explanations: the run was made for one viewer; it mixes several (their repetitions disagree);
it carries no mark of this format. The format has no check sum: of a run whose place is unknown, about one in eight
also fits at a wrong place, and one that holds no bit twice may be a mixture. Confidences say so, and a payload counts
only when it is one that was given out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark.delivery_format import DeliveryFormat
from telecine.core.watermark.evidence import Floats

READ_ERROR = 0.001
"""However clear a segment reads, this often its variant is taken to be the wrong one (cache mix-ups, edits)."""
PRIOR_ONE = 0.49
PRIOR_MIXED = 0.01
PRIOR_NONE = 0.5
_FLIPPED = 4
_LIKELY_PLACES = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """A payload that the evidence may carry. `start` is the lowest segment number that fits its first segment;
    `confidence` is the posterior probability, 0 to 1."""

    payload: bytes
    start: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Candidates, best first, and the probabilities, 0 to 1, that the run mixes viewers or has no mark. What is
    missing to 1 belongs to candidates that are not listed."""

    candidates: tuple[Candidate, ...]
    mixed: float
    unmarked: float


@dataclass(frozen=True, slots=True)
class _Place:
    """The evidence laid on the format at one place."""

    start: int
    fixed: float
    """Log likelihood of the segments that carry known bits, against one half for each."""
    ones: Floats
    zeros: Floats
    """Log likelihood, against one half for each segment, that a payload bit is 1 or 0."""

    def one_viewer(self) -> float:
        return self.fixed + float(np.sum(np.logaddexp(self.ones, self.zeros) - np.log(2)))

    def mixture(self) -> float:
        """Each payload bit is one on which the viewers agree, or one where every segment is a toss-up."""
        agreed = np.logaddexp(self.ones, self.zeros) - np.log(2)
        return self.fixed + float(np.sum(np.logaddexp(agreed, 0.0) - np.log(2)))


def read_payload(evidence: Floats, rule: DeliveryFormat, *, start: int | None = None, limit: int = 8) -> Reading:
    """The payloads, at most `limit`, that a run of consecutive segments may carry.

    `evidence` is log P(seen | 1) / P(seen | 0) of each segment, 0 where one is missing. `start` is the segment number
    of the first one, None where it is unknown.
    """
    starts = range(start, start + 1) if start is not None else _possible_starts(rule)
    places = _lay(evidence, rule, starts)
    one = np.array([place.one_viewer() for place in places]) + np.log(PRIOR_ONE / len(places))
    mixture = np.array([place.mixture() for place in places]) + np.log(PRIOR_MIXED / len(places))
    everything = np.logaddexp.reduce(np.concatenate([one, mixture, [np.log(PRIOR_NONE)]]))
    posterior = np.exp(one - everything)
    found: dict[bytes, Candidate] = {}
    for index in np.argsort(-posterior)[:_LIKELY_PLACES]:
        for payload, share in _payloads(places[index]):
            known = found.get(payload, Candidate(payload, places[index].start, 0.0))
            found[payload] = Candidate(payload, known.start, known.confidence + float(posterior[index]) * share)
    ranked = sorted(found.values(), key=lambda candidate: -candidate.confidence)
    return Reading(
        tuple(ranked[:limit]),
        mixed=float(np.exp(np.logaddexp.reduce(mixture) - everything)),
        unmarked=float(np.exp(np.log(PRIOR_NONE) - everything)),
    )


def _possible_starts(rule: DeliveryFormat) -> range:
    return range(rule.first_segment, rule.first_segment + rule.skipped + rule.period)


def _lay(evidence: Floats, rule: DeliveryFormat, starts: range) -> list[_Place]:
    furthest = np.log((1 - READ_ERROR) / READ_ERROR)
    clipped = np.clip(evidence, -furthest, furthest)
    one, zero = -np.logaddexp(0, -clipped) + np.log(2), -np.logaddexp(0, clipped) + np.log(2)
    slots = [rule.slot(segment) for segment in range(starts[0], starts[-1] + len(evidence))]
    payload_bit = np.array([-1 if slot.payload_bit is None else slot.payload_bit for slot in slots], dtype=np.int64)
    fixed = np.array([slot.fixed for slot in slots])
    places = []
    for start in starts:
        window = slice(start - starts[0], start - starts[0] + len(evidence))
        at, known = payload_bit[window], payload_bit[window] < 0
        places.append(
            _Place(
                start,
                float(np.sum(np.where(fixed[window], one, zero)[known])),
                _fold(one, at, rule),
                _fold(zero, at, rule),
            )
        )
    return places


def _fold(values: Floats, at: NDArray[np.int64], rule: DeliveryFormat) -> Floats:
    carried = at >= 0
    return np.bincount(at[carried], weights=values[carried], minlength=8 * rule.payload_bytes)


def _payloads(place: _Place) -> list[tuple[bytes, float]]:
    """The likeliest payloads at a place with their shares of its probability: the best one, and those that differ from
    it in some of the few least certain bits."""
    ratio = place.ones - place.zeros
    best = ratio > 0
    kept = -np.logaddexp(0, -np.abs(ratio))
    weakest = np.argsort(np.abs(ratio))[:_FLIPPED]
    found = []
    for choice in range(1 << len(weakest)):
        flipped = weakest[[bool(choice >> index & 1) for index in range(len(weakest))]]
        bits = best.copy()
        bits[flipped] ^= True
        share = float(np.exp(np.sum(kept) - np.sum(np.abs(ratio[flipped]))))
        found.append((np.packbits(bits).tobytes(), share))
    return found
