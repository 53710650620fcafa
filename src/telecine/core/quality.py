"""From measurements of pictures to scores and labels that people read. Pure.

Every measure needs no reference: it judges the pictures alone. Each one reacts to one kind of damage and is explained
by one sentence (`docs/ingestion.md`). The curves were fitted to clips with known damage, not to viewers' opinions.
"""

from collections.abc import Callable, Mapping, Sequence
from math import log2
from statistics import fmean
from typing import Literal

from telecine.core.ingest import Metric

BEST = 5.0

type Label = Literal["excellent", "good", "fair", "poor", "bad"]

_LABELS: tuple[tuple[float, Label], ...] = ((4, "excellent"), (3, "good"), (2, "fair"), (1, "poor"))


def noise_score(sigma: float) -> float:
    """Score of noise of standard deviation `sigma` in 8-bit steps: 4.8 at 0.5, 3 at 4.6, half at 6.5, 1 at 20."""
    return float(BEST / (1 + (max(0.0, sigma) / 6.5) ** 1.2))


def details_score(ratio: float) -> float:
    """Score of the sharpness of edges: finest band over the next one.

    0.5 is the limit of blur, 0.7 a picture that was enlarged twice, 0.9 to 1.2 what cameras and renderers give.
    """
    return _within((ratio - 0.5) / 0.1)


def blocking_score(ratio: float) -> float:
    """Score of how far the edges of coding blocks stand out, as a factor of steps elsewhere: 1 where they do not."""
    return _within(BEST - 1.5 * log2(max(1.0, ratio)))


def colors_score(colourfulness: float) -> float:
    """Score of colourfulness, whose authors call 15 slight, 33 moderate, 59 quite and 82 high; 0 is grey."""
    return _within(BEST * (1 - 2 ** (-max(0.0, colourfulness) / 12)))


def naturalness_score(distance: float) -> float:
    """Score of the distance from clean pictures (NIQE): 3 is as clean as those it was learned from, 14 is spoilt."""
    return _within(BEST - (distance - 3) / 2.2)


SCORES: dict[str, Callable[[float], float]] = {
    "noise": noise_score,
    "details": details_score,
    "blocking": blocking_score,
    "colors": colors_score,
    "naturalness": naturalness_score,
}
"""By the names that the API gives: `noise`, `details` and `colors` as the service's clients know them, and ours."""


def label(score: float) -> Label:
    """What a score is called."""
    return next((name for least, name in _LABELS if score >= least), "bad")


def assess(measured: Mapping[str, Sequence[float]]) -> tuple[Metric, ...]:
    """The metrics of a video from the measurements of its sampled pictures; what was never measured is left out."""
    found = []
    for name, score_of in SCORES.items():
        if values := measured.get(name, ()):
            mean = fmean(values)
            score = round(score_of(mean), 3)
            found.append(Metric(name=name, mean=round(mean, 3), label=label(score), score=score))
    return tuple(found)


def _within(score: float) -> float:
    return min(BEST, max(0.0, score))
