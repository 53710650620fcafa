"""The bank of filters that the package ships, and how it is kept: a .npz with its own story. See decision 0021."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from telecine.media.enhance.raisr_hash import ANGLES, BUCKETS, COHERENCES, STRENGTHS

PATCH = 9
"""Samples of the small picture, across and down, that an enlarged sample is made of."""
PHASES = 4
"""Samples of the enlarged picture that one of the small picture becomes: above left, above right, below left, …"""
TAPS = PATCH * PATCH
LANES = 96
"""Weights of a filter as kept: the taps, row by row, then zeros up to a whole number of vectors of the CPU."""

_FILE = "raisr_x2.npz"


@dataclass(frozen=True, eq=False)
class Bank:
    """`filters`: (BUCKETS, PHASES, LANES) float32; `about`: what it was made of, by what, under which terms."""

    filters: NDArray[np.float32]
    about: dict[str, object]


def parameters() -> dict[str, object]:
    """What a bank must have been trained for so that this code can use it."""
    return {"patch": PATCH, "angles": ANGLES, "strengths": list(STRENGTHS), "coherences": list(COHERENCES)}


def pack(filters: NDArray[np.float64], about: dict[str, object]) -> bytes:
    """A bank's file. `filters`: (BUCKETS, TAPS, PHASES), rows of which each phase's sum to 1."""
    kept = BytesIO()
    story = json.dumps({**about, "parameters": parameters()})
    np.savez_compressed(kept, filters=filters.transpose(0, 2, 1).astype(np.float32), about=np.array(story))
    return kept.getvalue()


def unpack(data: bytes) -> Bank:
    """A bank from its file. Raises ValueError where it was trained for other parameters."""
    with np.load(BytesIO(data), allow_pickle=False) as kept:
        taps, about = kept["filters"], json.loads(str(kept["about"]))
    if about["parameters"] != parameters() or taps.shape != (BUCKETS, PHASES, TAPS):
        raise ValueError(f"the bank of filters was trained for {about['parameters']}, not for {parameters()}")
    filters = np.zeros((BUCKETS, PHASES, LANES), np.float32)
    filters[..., :TAPS] = taps
    return Bank(filters, about)


@cache
def bank() -> Bank:
    """The package's own."""
    return unpack(files("telecine.media.enhance").joinpath(_FILE).read_bytes())
