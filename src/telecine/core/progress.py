"""Honest progress: how far each piece of work is, weighed by what it costs, and what that means for the whole."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """The pieces of a job that take time, in their usual order."""

    STAGE_IN = "stage_in"
    PROBE = "probe"
    IMPORT = "import"
    ENCODE = "encode"
    AUDIO = "audio"
    JOIN = "join"
    PACKAGE = "package"
    VERIFY = "verify"
    PUBLISH = "publish"
    COPY = "copy"
    LOOK = "look"
    EXAMINE = "examine"
    ENHANCE = "enhance"


WEIGHTS = {
    Phase.STAGE_IN: 3.0,
    Phase.PROBE: 1.0,
    Phase.ENCODE: 78.0,
    Phase.AUDIO: 2.0,
    Phase.JOIN: 1.0,
    Phase.PACKAGE: 4.0,
    Phase.VERIFY: 7.0,
    Phase.PUBLISH: 4.0,
}
"""Share of a typical job's time, in percent."""

IMPORT_WEIGHTS = {
    Phase.STAGE_IN: 25.0,
    Phase.PROBE: 10.0,
    Phase.IMPORT: 25.0,
    Phase.PACKAGE: 10.0,
    Phase.VERIFY: 15.0,
    Phase.PUBLISH: 15.0,
}
"""The same of a job that encodes nothing."""

COPY_WEIGHTS = {
    Phase.STAGE_IN: 5.0,
    Phase.PROBE: 1.0,
    Phase.ENCODE: 64.0,
    Phase.JOIN: 5.0,
    Phase.VERIFY: 10.0,
    Phase.COPY: 15.0,
}
"""The same of a job that makes copies of a master."""

INDIVIDUAL_WEIGHTS = {Phase.STAGE_IN: 3.0, Phase.PROBE: 1.0, Phase.COPY: 96.0}
"""The same of a job whose copies are an encode each."""

LIGHT_WEIGHTS = {Phase.STAGE_IN: 70.0, Phase.LOOK: 25.0, Phase.PUBLISH: 5.0}
"""The same of a light ingestion."""

INGEST_WEIGHTS = {Phase.STAGE_IN: 25.0, Phase.LOOK: 5.0, Phase.EXAMINE: 65.0, Phase.PUBLISH: 5.0}
"""The same of an ingestion that looks at the pictures."""

ENHANCE_WEIGHTS = {
    Phase.STAGE_IN: 2.0,
    Phase.PROBE: 4.0,
    Phase.ENHANCE: 82.0,
    Phase.JOIN: 3.0,
    Phase.VERIFY: 6.0,
    Phase.PUBLISH: 3.0,
}
"""The same of an enhancement."""

_BY_PHASE = {
    Phase.ENHANCE: ENHANCE_WEIGHTS,
    Phase.EXAMINE: INGEST_WEIGHTS,
    Phase.LOOK: LIGHT_WEIGHTS,
    Phase.IMPORT: IMPORT_WEIGHTS,
}
"""The weights of jobs that have such a phase; the first that is found counts."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What running work reports: `done` of `total` in its own unit (media seconds, bytes, files).

    `speed` is media seconds made per second of wall time, where that means something.
    """

    done: float
    total: float
    speed: float | None = None

    @property
    def fraction(self) -> float:
        """Between 0 and 1; 1 where there is nothing to do."""
        return 1.0 if self.total <= 0 else min(1.0, max(0.0, self.done / self.total))


def percent(units: dict[Phase, list[tuple[float, float]]]) -> float:
    """Percent of the whole job from `(done, total)` of every unit of every phase that is known.

    A phase with no unit yet counts as not begun. The result has one decimal and is 100 only when all is done.
    """
    got = 0.0
    weights = _weights(units)
    for phase, weight in weights.items():
        parts = units.get(phase, [])
        total = sum(total for _, total in parts)
        if parts:
            got += weight * (sum(min(done, total) for done, total in parts) / total if total > 0 else 1.0)
    whole = sum(weights.values())
    exact = 100.0 * got / whole
    return 100.0 if exact > 100 - 1e-9 else min(99.9, round(exact, 1))


def _weights(units: dict[Phase, list[tuple[float, float]]]) -> dict[Phase, float]:
    """What kind of job it is shows as soon as it is known what has to be done."""
    if units.get(Phase.COPY):
        return COPY_WEIGHTS if units.get(Phase.ENCODE) else INDIVIDUAL_WEIGHTS
    return next((weights for phase, weights in _BY_PHASE.items() if units.get(phase)), WEIGHTS)


def remaining_seconds(done_percent: float, elapsed: float) -> float | None:
    """Seconds to go at the average pace so far; None while it is too early to say (under 2 percent)."""
    if done_percent < 2 or elapsed <= 0:
        return None
    return elapsed * (100 - done_percent) / done_percent
