"""Says whether a second take that reused the first one's analysis has become what an encode of its own would be.

Where a decoder's buffer (VBV) is nearly empty, x265 changes its mind in the middle of a picture, and a take that must
follow another's decisions then starves for a few pictures: visibly worse, and easy to tell from its twin. Sizes show
it. Files that are not whole are not this module's affair: whoever made them counts their pictures.
"""

from contextlib import suppress
from itertools import batched
from pathlib import Path

import av

MOST = 0.05
"""By which a segment's two takes may differ in size."""
MOST_IN_A_PICTURE = 0.3
"""By which a picture may be smaller than its twin, of those that are larger than the mean."""


def drifted(first: Path, second: Path, segment: int) -> bool:
    """Whether the takes in two files differ more than the mark explains. A segment has `segment` pictures."""
    sizes, others = _sizes(first), _sizes(second)
    if not sizes or len(sizes) != len(others):
        return False
    twins = list(zip(sizes, others, strict=True))
    mean = sum(size for size, _ in twins) / len(twins)
    starved = any(again < (1 - MOST_IN_A_PICTURE) * size for size, again in twins if size > mean)
    return starved or any(_apart(*map(sum, zip(*part, strict=True))) for part in batched(twins, segment))


def _apart(size: int, again: int) -> bool:
    return abs(again - size) > MOST * size


def _sizes(path: Path) -> list[int]:
    """Bytes of every picture, in the order in which they are shown; none where the file cannot be read."""
    packets = []
    with suppress(av.FFmpegError, IndexError), av.open(path) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    return [packet.size for packet in sorted(packets, key=lambda packet: packet.pts or 0)]
