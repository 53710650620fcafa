"""How far the statistics of pictures are from those of clean ones: NIQE, with a model of our own.

A. Mittal, R. Soundararajan, A. Bovik, "Making a 'Completely Blind' Image Quality Analyzer", IEEE Signal Processing
Letters 20 (2013). The model is what `scripts/train_naturalness.py` made of pictures whose licences are clear.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import lgamma, sqrt

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float32]

PATCH = 96
"""Side of the patches in luma samples; half of it on the second scale."""
FEATURES = 36
MODEL = "naturalness.npz"

_TAPS = 7
_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""To the neighbours with which products are taken: right, below, and both diagonals."""


@dataclass(frozen=True, slots=True)
class Model:
    """Mean (36) and covariance (36, 36) of the features of clean patches."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


@cache
def model() -> Model:
    """The model that comes with the package."""
    with (files(__package__) / MODEL).open("rb") as file, np.load(file) as arrays:
        return Model(arrays["mean"].astype(np.float64), arrays["covariance"].astype(np.float64))


def features(luma: Array) -> Array:
    """Features of every whole patch of a picture: (patches, 36). `luma` is (height, width) in 8-bit steps."""
    rows, columns = (side // PATCH for side in luma.shape)
    image = luma[: rows * PATCH, : columns * PATCH]
    if not image.size:
        return np.empty((0, FEATURES), np.float32)
    quarters = image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]
    half = np.asarray(quarters / 4, np.float32)
    scales = [_scale(_normalised(part), side) for part, side in ((image, PATCH), (half, PATCH // 2))]
    return np.concatenate(scales, axis=1)


def sharpness(luma: Array) -> Array:
    """Mean local deviation of every whole patch, by which training chooses them: (patches,)."""
    _, deviation = _local(luma)
    return np.asarray(_patches(deviation, PATCH).mean(1), np.float32)


def distance(found: Array, clean: Model) -> float | None:
    """NIQE of patches with the features `found`: about 3 for clean pictures, 10 and more for spoilt ones.

    None where there are too few patches for a covariance.
    """
    usable = found[np.isfinite(found).all(1)].astype(np.float64)
    if len(usable) < 2:
        return None
    away = usable.mean(0) - clean.mean
    pooled = (np.cov(usable, rowvar=False) + clean.covariance) / 2
    return sqrt(max(0.0, float(away @ np.linalg.pinv(pooled) @ away)))


def _normalised(image: Array) -> Array:
    """Mean-subtracted, contrast-normalised coefficients."""
    mean, deviation = _local(image)
    return np.asarray((image - mean) / (deviation + 1), np.float32)


def _local(image: Array) -> tuple[Array, Array]:
    """Gaussian-weighted mean and deviation around every sample."""
    mean = _gaussian(image)
    return mean, np.asarray(np.sqrt(np.abs(_gaussian(image * image) - mean * mean)), np.float32)


def _gaussian(image: Array) -> Array:
    """Smoothed by a window of 7 x 7 with deviation 7/6; edges are repeated."""
    at = np.arange(_TAPS) - _TAPS // 2
    taps = np.exp(-(at**2) / (2 * (_TAPS / 6) ** 2)).astype(np.float32)
    padded = np.pad(image, _TAPS // 2, mode="edge")
    return _weighted(_weighted(padded, taps / taps.sum()).T, taps / taps.sum()).T


def _weighted(image: Array, taps: Array) -> Array:
    """Weighted sums of as many rows as there are taps."""
    total = np.zeros((image.shape[0] - len(taps) + 1, image.shape[1]), np.float32)
    for first, tap in enumerate(taps):
        total += tap * image[first : first + len(total)]
    return total


def _patches(image: Array, side: int) -> Array:
    """(patches, samples) of whole patches, row by row."""
    rows, columns = image.shape[0] // side, image.shape[1] // side
    cut = image[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return cut.transpose(0, 2, 1, 3).reshape(rows * columns, side * side)


def _scale(coefficients: Array, side: int) -> Array:
    """18 features of every patch: shape and width of the coefficients, and four of each product with a neighbour."""
    shape, left, right = _asymmetric(_patches(coefficients, side))
    columns = [shape, np.asarray((left + right) / 2, np.float32)]
    for down, across in _SHIFTS:
        product = coefficients * np.roll(coefficients, (down, across), (0, 1))
        shape, left, right = _asymmetric(_patches(product, side))
        mean = (right - left) * _gamma_ratio(shape)
        columns += [shape, mean, left, right]
    return np.stack(columns, axis=1).astype(np.float32)


def _asymmetric(samples: Array) -> tuple[Array, Array, Array]:
    """Fit of an asymmetric generalised Gaussian to each row, by moments: shape, left and right scale.

    N. Lasmar, Y. Stitou, Y. Berthoumieu, "Multiscale skewed heavy tailed model for texture analysis", ICIP 2009.
    """
    squares = samples * samples
    below = samples < 0
    left, right = (np.asarray(np.sqrt(_mean_of(squares, side)), np.float32) for side in (below, ~below))
    ratio = left / np.maximum(right, 1e-6)
    moments = np.abs(samples).mean(1) ** 2 / np.maximum(squares.mean(1), 1e-12)
    wanted = moments * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shapes, known, widths, _ = _table()
    shape = np.interp(wanted, known, shapes).astype(np.float32)
    width = np.interp(shape, shapes, widths).astype(np.float32)
    return shape, left * width, right * width


def _mean_of(values: Array, where: NDArray[np.bool_]) -> Array:
    """Mean of each row's values where `where` holds; 0 where it never does."""
    return np.asarray((values * where).sum(1) / np.maximum(where.sum(1), 1), np.float32)


def _gamma_ratio(shape: Array) -> Array:
    shapes, _, _, ratios = _table()
    return np.asarray(np.interp(shape, shapes, ratios), np.float32)


@cache
def _table() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Shapes, and for each of them: the ratio of moments, scale over deviation, and gamma(2/a) / gamma(1/a)."""
    shapes = np.arange(0.2, 10, 0.005)
    one, two, three = (np.array([lgamma(number / shape) for shape in shapes]) for number in (1, 2, 3))
    return shapes, np.exp(2 * two - one - three), np.exp((one - three) / 2), np.exp(two - one)
