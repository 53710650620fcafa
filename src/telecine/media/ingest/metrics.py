"""Measures of one picture's quality, by itself. Arrays in, numbers out; nothing is read or written.

Luma is (height, width) of float32 in 8-bit steps, with sides of 32 or more; chroma the same, 128 for grey. The
corners of what is given lie on the coding grid. Scores and labels are `core.quality`'s.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Luma = NDArray[np.float32]

BLOCK = 16
"""Side of the blocks in which noise and details are measured."""
CODING_BLOCK = 8
"""Side of the transform of MPEG-1 to MPEG-4, DV, ProRes and DNxHD."""

_DARK, _BRIGHT = 20, 230
"""Where the mean of a block lies outside, noise is clipped."""
_QUIETEST = 0.1
"""Share of blocks that are taken to hold noise alone."""
_QUIETEST_HOLD = 0.89
"""What the quietest tenth of the blocks of white noise has of its deviation, for chance makes them quiet."""
_FINE_NOISE, _COARSE_NOISE = 0.640 * 1.1, 0.0420
"""Variance of the two bands of `details` in white noise of variance 1; in the finer one, which is mostly noise, a tenth
more, because the noise is not known better than that."""
_EDGE_OVER_NOISE = 0.3
"""Energy of an edge, at least, as a share of the variance of noise. Below, what is left of the fine band is chance."""
_EDGES = 0.75
"""Quantile of blocks by the energy of their coarse band, above which they are edges."""
_LEAST_EDGE = 0.25
"""Energy below which rounding to whole steps is all there is."""
_LEAST_STEP = 0.05


@dataclass(frozen=True, slots=True)
class Measures:
    """What one picture measures. `details` is None where no edge stands out of the noise, `noise` where all is black
    or white."""

    noise: float | None
    details: float | None
    blocking: float
    colors: float


def measure(luma: Luma, blue: Luma, red: Luma, *, interlaced: bool) -> Measures:
    """All measures of one picture; `blue` and `red` are Cb and Cr.

    Of interlaced pictures one field is judged, and block edges only across lines, because between the lines of two
    moments everything is an edge.
    """
    field = luma[::2] if interlaced else luma
    sigma = noise(field)
    return Measures(
        noise=sigma,
        details=details(field, sigma or 0.0),
        blocking=blocking(field, both=not interlaced),
        colors=colourfulness(blue, red),
    )


def noise(luma: Luma) -> float | None:
    """Standard deviation of white noise, from the flattest tenth of all blocks.

    J. Immerkaer, "Fast noise variance estimation", Computer Vision and Image Understanding 64 (1996): the difference
    of two Laplacians, which edges and slopes hardly pass.
    """
    rows = luma[:-2] - 2 * luma[1:-1] + luma[2:]
    strength = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])
    sigmas = _block_means(strength) * (np.sqrt(np.pi / 2) / 6)
    brightness = _block_means(luma[1:-1, 1:-1])
    usable = sigmas[(brightness > _DARK) & (brightness < _BRIGHT)]
    return float(np.quantile(usable, _QUIETEST)) / _QUIETEST_HOLD if usable.size else None


def details(luma: Luma, sigma: float) -> float | None:
    """Sharpness of the strongest quarter of blocks: deviation of the finest band over that of the next coarser one.

    Both bands are differences of binomial smoothings, and what white noise of deviation `sigma` adds to them is taken
    away first, so that noise does not pass for detail. Blur takes from the finest band first.
    """
    smooth = _smoothed(luma)
    smoother = _smoothed(_smoothed(smooth))
    fine = _block_means((luma[1:-1, 1:-1] - smooth)[2:-2, 2:-2] ** 2) - _FINE_NOISE * sigma**2
    coarse = _block_means((smooth[2:-2, 2:-2] - smoother) ** 2) - _COARSE_NOISE * sigma**2
    edges = coarse >= max(float(np.quantile(coarse, _EDGES)), _LEAST_EDGE + _EDGE_OVER_NOISE * sigma**2)
    if not edges.any():
        return None
    return float(np.sqrt(max(0.0, float(fine[edges].sum())) / float(coarse[edges].sum())))


def blocking(luma: Luma, *, both: bool) -> float:
    """How much larger steps at the coding grid are than elsewhere: 1 without blocks.

    A step counts by how far it exceeds those beside it, as in Z. Wang, H. Sheikh, A. Bovik, "No-reference perceptual
    quality assessment of JPEG compressed images", ICIP 2002. `both`: of rows and columns, else across columns alone.
    """
    across = _grid_ratio(luma)
    return max(1.0, (across + _grid_ratio(luma.T)) / 2 if both else across)


def colourfulness(blue: Luma, red: Luma) -> float:
    """Spread and mean of colours in two opponent axes.

    D. Hasler, S. Suesstrunk, "Measuring colourfulness in natural images", SPIE 5007 (2003). Both axes are free of luma,
    so that chroma is enough. Means of 4x4 samples are taken, for noise is no colour.
    """
    u, v = _block_means(blue - 128, 4), _block_means(red - 128, 4)
    # BT.601 for all: the measure is too coarse for the difference.
    r, g, b = 1.402 * v, -0.344 * u - 0.714 * v, 1.772 * u
    red_green, yellow_blue = r - g, (r + g) / 2 - b
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))


def _grid_ratio(luma: Luma) -> float:
    steps = np.abs(np.diff(luma, axis=1))
    excess = np.maximum(steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2, 0).mean(0)
    # Step i lies between columns i and i + 1, and the first one is not in `excess`.
    places = np.array([excess[place::CODING_BLOCK].mean() for place in range(CODING_BLOCK)])
    edge = CODING_BLOCK - 2
    return float(places[edge] / (np.delete(places, edge).mean() + _LEAST_STEP))


def _smoothed(image: Luma) -> Luma:
    """With the kernel 1 2 1 in both directions, one sample less at each side."""
    rows = image[:-2] + 2 * image[1:-1] + image[2:]
    return np.asarray((rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16, np.float32)


def _block_means(image: Luma, side: int = BLOCK) -> Luma:
    """Means of whole blocks, in one row."""
    rows, columns = image.shape[0] // side, image.shape[1] // side
    blocks = image[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return np.asarray(blocks.mean((1, 3)).ravel(), np.float32)
