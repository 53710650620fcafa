"""Enlarging by a network: luma by the network, tile by tile, then Lanczos to the exact size; chroma by Lanczos.

A network enlarges by a whole factor. Large frames go through it in tiles that overlap by more than it looks around, so
that memory is bounded and no border shows. Chroma holds little detail and keeps its exact colours.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np

from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Picture
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frame, Frames
from telecine.media.enhance.lanczos import resize
from telecine.media.enhance.rgb import Colours, luma_of, to_rgb
from telecine.media.enhance.samples import Samples, packed, unpacked

LARGEST = 512
"""Most pixels of a tile in one direction: about half a gigabyte of the network's memory."""
OVERLAP = 24
"""Pixels by which tiles overlap; the networks of ours look at most so far."""
_LEFT_SITED = (Chroma.C420, Chroma.C422)

type Net = Callable[[Colours], Colours]
"""Enlarges (3, height, width) by its factor."""


class Part(NamedTuple):
    """A stretch `start` to `end` of an axis for a tile, of which `keep_start` to `keep_end` is used."""

    start: int
    end: int
    keep_start: int
    keep_end: int


def used(across: Part, factor: int) -> tuple[slice, slice]:
    """Where the used stretch of an enlarged tile lies, in the tile and in the whole."""
    inside = slice((across.keep_start - across.start) * factor, (across.keep_end - across.start) * factor)
    return inside, slice(across.keep_start * factor, across.keep_end * factor)


def parts(length: int, largest: int = LARGEST, overlap: int = OVERLAP) -> list[Part]:
    """Stretches of one size that cover an axis; each is used but for `overlap` at ends that are not the axis'."""
    if length <= largest:
        return [Part(0, length, 0, length)]
    inner = largest - 2 * overlap
    count = -(-(length - 2 * overlap) // inner)
    starts = [min(n * inner, length - largest) for n in range(count)]
    edges = [0, *(start + overlap for start in starts[1:]), length]
    return [Part(start, start + largest, edges[n], edges[n + 1]) for n, start in enumerate(starts)]


def scaled(stage: Stage, frames: Frames, nets: Mapping[int, Callable[[int, int], Net]]) -> Frames:
    """Frames of `stage.after`'s size. `nets`: by factor, what makes a network for tiles of (height, width).

    The smallest factor that does not leave Lanczos more than a quarter to enlarge is taken, or the largest there is.
    The network runs also where the size stays: it restores. Where it shrinks, Lanczos does that alone.
    """
    before, after = stage.before, stage.after
    factor = factor_for(before, after, sorted(nets))
    opened = cache(nets[factor]) if factor > 1 else None
    for frame in frames:
        yield _scaled(frame, before, after, opened, factor)


def factor_for(before: Picture, after: Picture, factors: list[int]) -> int:
    """The factor to enlarge by; 1 where the picture shrinks."""
    growth = max(after.width / before.width, after.height / before.height)
    if growth < 1:
        return 1
    return next((factor for factor in factors if growth <= factor * 1.25), factors[-1])


def _scaled(frame: Frame, before: Picture, after: Picture, net: Callable[[int, int], Net] | None, factor: int) -> Frame:
    if net is None:
        return finished(frame, unpacked(frame[0], before.bits), before, after)
    return finished(frame, luma_of(enlarged(to_rgb(frame, before), net, factor), before), before, after)


def finished(frame: Frame, luma: Samples, before: Picture, after: Picture) -> Frame:
    """A frame in its final size: of `luma`, which is of any size, and of the colour differences of `frame`."""
    shift = Fraction(-1, 4) if before.chroma in _LEFT_SITED else Fraction(0)
    chroma = (unpacked(plane, before.bits) for plane in frame[1:])
    u, v = (resize(plane, *size, shift) for plane, size in zip(chroma, after.plane_sizes[1:], strict=True))
    luma = resize(np.ascontiguousarray(luma), after.height, after.width)
    return packed(luma, after.bits), packed(u, after.bits), packed(v, after.bits)


def enlarged(rgb: Colours, net: Callable[[int, int], Net], factor: int) -> Colours:
    """The whole picture, `factor` times as large, put together of tiles."""
    _, height, width = rgb.shape
    made = np.empty((3, height * factor, width * factor), np.float32)
    for down in parts(height):
        for across in parts(width):
            tile = rgb[:, down.start : down.end, across.start : across.end]
            (rows, whole_rows), (columns, whole_columns) = used(down, factor), used(across, factor)
            made[:, whole_rows, whole_columns] = net(*tile.shape[1:])(tile)[:, rows, columns]
    return made
