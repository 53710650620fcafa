"""Samples of pictures in, measures of the whole programme out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from telecine.media.ingest.metrics import Luma, measure
from telecine.media.ingest.naturalness import distance, features, model
from telecine.media.ingest.pass_args import Cut

NATURAL_EVERY = 3
"""Naturalness, the dearest measure, is taken of one sample in so many."""


class Measuring:
    """Collects what samples measure. Of interlaced pictures naturalness is left out: fields are not natural."""

    def __init__(self, *, interlaced: bool) -> None:
        self._interlaced = interlaced
        self._values: dict[str, list[float]] = {}
        self._patches: list[Luma] = []
        self._samples = 0

    def take(self, file: Path, cut: Cut) -> None:
        """Measure all whole samples in a raw file."""
        for luma, blue, red in _samples(file, cut):
            found = measure(luma, blue, red, interlaced=self._interlaced)
            for name in ("noise", "details", "blocking", "colors"):
                value = getattr(found, name)
                if value is not None:
                    self._values.setdefault(name, []).append(value)
            if not self._interlaced and self._samples % NATURAL_EVERY == 0:
                self._patches.append(features(luma))
            self._samples += 1

    def values(self) -> dict[str, Sequence[float]]:
        """By metric: what each sample measured, and one value for naturalness, which is of all samples together."""
        natural = distance(np.concatenate(self._patches), model()) if self._patches else None
        return {**self._values, "naturalness": [] if natural is None else [natural]}

    @property
    def noise(self) -> float | None:
        """Standard deviation of the usual noise in 8-bit steps."""
        found = self._values.get("noise")
        return median(found) if found else None


def _samples(file: Path, cut: Cut) -> Iterator[tuple[Luma, Luma, Luma]]:
    """Luma and both chromas of every sample, in 8-bit steps."""
    kind, scale = (np.dtype("<u2"), np.float32(1 / 256)) if cut.deep else (np.dtype("u1"), np.float32(1))
    luma, half = cut.width * cut.height, (cut.height // 2, cut.width // 2)
    with file.open("rb") as stream:
        while len(data := stream.read(cut.bytes)) == cut.bytes:
            values = np.frombuffer(data, kind).astype(np.float32) * scale
            chroma = values[luma:].reshape(2, *half)
            yield values[:luma].reshape(cut.height, cut.width), chroma[0], chroma[1]
