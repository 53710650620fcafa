"""Gives both takes of a picture one size, each codec in its own way.

VC-3 (DNxHD) frames are of the size that their compression id says (SMPTE ST 2019-1, 5), so nothing can be added there,
and nothing need be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from telecine.core.master import MasterCodec
from telecine.media.copies import padding_mpeg2, padding_nal, padding_prores

type Sizes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Padding:
    """How pictures of a codec are made longer: `pad(picture, more)`, by `least` bytes or more; None where not at all.

    `pad` raises ValueError for what is no picture of the codec.
    """

    least: int | None
    pad: Callable[[bytes, int], bytes]


def padding_of(codec: MasterCodec) -> Padding:
    """How pictures of `codec` are made longer."""
    match codec:
        case "h264" | "h265":
            return Padding(padding_nal.least_padding(codec), partial(padding_nal.pad_units, codec))
        case "mpeg2":
            return Padding(padding_mpeg2.LEAST, padding_mpeg2.pad_mpeg2)
        case "prores":
            return Padding(padding_prores.LEAST, padding_prores.pad_prores)
        case "dnxhd":
            return Padding(None, _refuse)


def common_sizes(first: Sizes, second: Sizes, padding: Padding) -> Sizes:
    """The smallest sizes that both takes of each picture can have.

    A difference smaller than the least padding is made by padding both. Raises ValueError where sizes differ that
    cannot be changed.
    """
    larger, difference = np.maximum(first, second), np.abs(first - second)
    if padding.least is None:
        if difference.any():
            raise ValueError(f"picture {int(np.flatnonzero(difference)[0])} has two sizes, and none can be changed")
        return larger
    return np.where((difference > 0) & (difference < padding.least), larger + padding.least, larger)


def _refuse(_picture: bytes, more: int) -> bytes:
    raise ValueError(f"{more} bytes cannot be added")
