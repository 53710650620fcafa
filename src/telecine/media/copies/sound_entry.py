"""How many bytes the samples of a QuickTime sound track are, where its table of sizes says 1 for each.

Apple's QuickTime File Format, "Sound Sample Descriptions": in older files a sample is one value of one channel's clock,
whatever its bytes; how many these are stands in the description, in one of three versions.
"""

import numpy as np
from numpy.typing import NDArray

from telecine.media.structure import BrokenError

_BITS = {b"ulaw": 8, b"alaw": 8, b"in24": 24, b"in32": 32, b"fl32": 32, b"fl64": 64}
"""Of formats whose description of version 0 says 16, whatever they have."""


def bytes_of_samples(entry: bytes, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bytes of runs of `counts` samples that sample entry `entry` (a whole box) describes. Raises BrokenError."""
    if len(entry) < 36:
        raise BrokenError("has a sound description that is too short")
    samples, size = _packet(entry)
    if not samples:
        raise BrokenError("has a sound description without samples")
    return counts // samples * size


def _packet(entry: bytes) -> tuple[int, int]:
    """Samples of a packet, and its bytes."""
    version, channels, bits = (int.from_bytes(entry[at : at + 2]) for at in (16, 24, 26))
    if version == 1:
        return int.from_bytes(entry[36:40]), int.from_bytes(entry[44:48])
    if version == 2:
        return int.from_bytes(entry[68:72]), int.from_bytes(entry[64:68])
    return 1, channels * _BITS.get(entry[4:8], bits) // 8
