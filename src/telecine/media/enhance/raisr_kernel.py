"""Twice the size by a bank of filters: the loop that RAISR's time is spent in, compiled where numba is there.

Without numba numpy does the same, sample for sample, at a tenth of the speed.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from telecine.media.enhance.raisr_bank import LANES, PATCH, PHASES, TAPS
from telecine.media.enhance.samples import Samples

type Numbers = NDArray[np.int32]
type Filters = NDArray[np.float32]
type RowsMaker = Callable[[Samples, Numbers, Filters, Samples, int, int], None]
"""(padded plane, buckets, filters, enlarged plane, first row, end row): fills in two rows for each of the plane's."""

_EDGE = PATCH // 2
_AT_ONCE = 1 << 16
"""Samples whose patches numpy gathers at a time."""


def enlarge(plane: Samples, numbers: Numbers, filters: Filters, rows: RowsMaker | None = None) -> Samples:
    """Twice as high and wide; each sample becomes four by its number's filter. `rows`: one of the makers below."""
    height, width = plane.shape
    padded = np.pad(plane, _EDGE, mode="edge")
    enlarged = np.empty((2 * height, 2 * width), np.float32)
    make, bands = rows or best(), min(height, len(os.sched_getaffinity(0)))
    borders = [height * band // bands for band in range(bands + 1)]
    with ThreadPoolExecutor(bands) as threads:
        work = [
            threads.submit(make, padded, numbers, filters, enlarged, first, end) for first, end in pairwise(borders)
        ]
        for band in work:
            band.result()
    return enlarged


@cache
def best() -> RowsMaker:
    """The compiled loop, or numpy's where there is no compiler."""
    try:
        return compiled()
    except ImportError:
        return by_numpy


@cache
def compiled() -> RowsMaker:
    """The loop by numba, kept from process to process where it has a folder for that. Raises ImportError without it."""
    from numba import njit

    try:
        return njit(nogil=True, fastmath=True, cache=True)(_loop)
    except RuntimeError:  # no folder to keep it in
        return njit(nogil=True, fastmath=True)(_loop)


def _loop(padded: Samples, numbers: Numbers, filters: Filters, enlarged: Samples, first: int, end: int) -> None:
    """Written for a compiler: the patch is laid out in one row so that a filter is one run of products."""
    patch = np.zeros(LANES, np.float32)
    for y in range(first, end):
        for x in range(numbers.shape[1]):
            for row in range(PATCH):
                for column in range(PATCH):
                    patch[row * PATCH + column] = padded[y + row, x + column]
            bank = filters[numbers[y, x]]
            for phase in range(PHASES):
                weights = bank[phase]
                total = np.float32(0)
                for lane in range(LANES):
                    total += weights[lane] * patch[lane]
                enlarged[2 * y + (phase >> 1), 2 * x + (phase & 1)] = total


def by_numpy(padded: Samples, numbers: Numbers, filters: Filters, enlarged: Samples, first: int, end: int) -> None:
    """The same: patches are gathered filter by filter."""
    width = numbers.shape[1]
    step = max(1, _AT_ONCE // width)
    for top in range(first, end, step):
        bottom = min(end, top + step)
        windows = np.lib.stride_tricks.sliding_window_view(padded[top : bottom + PATCH - 1], (PATCH, PATCH))
        patches = windows.reshape(-1, TAPS)
        wanted = numbers[top:bottom].ravel()
        order = np.argsort(wanted, kind="stable")
        made = np.empty((wanted.size, PHASES), np.float32)
        for group in np.split(order, np.flatnonzero(np.diff(wanted[order])) + 1):
            made[group] = patches[group] @ filters[wanted[group[0]], :, :TAPS].T
        phases = made.reshape(bottom - top, width, 2, 2).transpose(0, 2, 1, 3)
        enlarged[2 * top : 2 * bottom] = phases.reshape(2 * (bottom - top), 2 * width)
