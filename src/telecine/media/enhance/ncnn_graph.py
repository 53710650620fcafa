"""Networks in ncnn's form (a `.param` of text, a `.bin` of numbers), as graphs of ONNX.

The text names a layer on each line: kind, name, number of inputs and of outputs, their names, then parameters as
`number=value`; what the numbers mean depends on the kind (ncnn's wiki, "param and model file structure" and
"operators"). Only the layers that the networks of ours have are known; any other is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from telecine.media.enhance.net_graph import Graph, Value

MAGIC = "7767517"
_HALF = 0x01306B47
"""Tag of weights of two bytes each."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One line of the text; `numbers` are its parameters."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: dict[int, float]

    def number(self, key: int, otherwise: float = 0) -> float:
        """A parameter, or its default."""
        return self.numbers.get(key, otherwise)

    def whole(self, key: int, otherwise: int = 0) -> int:
        """A parameter that is a whole number."""
        return int(self.number(key, otherwise))


def read_layers(text: str) -> list[Layer]:
    """The layers of a `.param` file. Raises ValueError where it is none."""
    lines = text.split("\n")
    if lines[0].strip() != MAGIC:
        raise ValueError("this is no network in ncnn's form")
    return [_layer(line.split()) for line in lines[2:] if line.strip()]


def _layer(words: list[str]) -> Layer:
    inputs, outputs = int(words[2]), int(words[3])
    names, pairs = words[4 : 4 + inputs + outputs], words[4 + inputs + outputs :]
    numbers = {int(key): float(value) for key, value in (pair.split("=") for pair in pairs)}
    return Layer(words[0], tuple(names[:inputs]), tuple(names[inputs:]), numbers)


def ncnn_model(param: Path, height: int, width: int) -> bytes:
    """The network of `param` and its `.bin`, for one RGB picture of 1 x 3 x `height` x `width`, values 0 to 1.

    Raises ValueError where a layer is not known.
    """
    graph = Graph()
    values: dict[str, Value] = {}
    last = ""
    with param.with_suffix(".bin").open("rb") as numbers:
        for layer in read_layers(param.read_text()):
            if layer.kind == "Input":
                last = graph.input(3, height, width)
            elif layer.kind in _LAYERS:
                last = _LAYERS[layer.kind](graph, layer, [values[name] for name in layer.inputs], numbers)
            else:
                raise ValueError(f"a layer of the kind {layer.kind} is not known")
            values.update(dict.fromkeys(layer.outputs, last))
    return graph.model(last)


def _tagged(file: BinaryIO, count: int) -> NDArray[np.float32]:
    """`count` weights behind a tag that says how they are kept; those of two bytes are filled up to four."""
    tag = int.from_bytes(file.read(4), "little")
    if tag == _HALF:
        data = file.read((count * 2 + 3) // 4 * 4)
        return np.frombuffer(data, "<f2", count).astype(np.float32)
    if tag:
        raise ValueError("weights are kept in a form that is not known")
    return _plain(file, count)


def _plain(file: BinaryIO, count: int) -> NDArray[np.float32]:
    return np.frombuffer(file.read(4 * count), "<f4", count).astype(np.float32)


def _convolution(graph: Graph, layer: Layer, inputs: list[Value], file: BinaryIO) -> Value:
    out, kernel, size = layer.whole(0), layer.whole(1), layer.whole(6)
    numbers = [_tagged(file, size).reshape(out, size // (out * kernel * kernel), kernel, kernel)]
    if layer.whole(5):
        numbers.append(_plain(file, out))
    step, pad, spread = layer.whole(3, 1), layer.whole(4), layer.whole(2, 1)
    shape = {"strides": [step] * 2, "pads": [pad] * 4, "dilations": [spread] * 2}
    return graph.node("Conv", inputs[0], *map(graph.constant, numbers), **shape)


def _memory(graph: Graph, layer: Layer, _inputs: list[Value], file: BinaryIO) -> Value:
    """A constant; its sizes are given as width, height, channels."""
    width, height, channels = (max(1, layer.whole(key)) for key in range(3))
    return graph.constant(_plain(file, width * height * channels).reshape(1, channels, height, width))


def _prelu(graph: Graph, layer: Layer, inputs: list[Value], file: BinaryIO) -> Value:
    return graph.node("PRelu", inputs[0], graph.constant(_plain(file, layer.whole(0)).reshape(-1, 1, 1)))


def _binary(graph: Graph, layer: Layer, inputs: list[Value], _file: BinaryIO) -> Value:
    other = graph.constant([layer.number(2)]) if layer.whole(1) else inputs[1]
    return graph.node(("Add", "Sub", "Mul", "Div")[layer.whole(0)], inputs[0], other)


def _interpolation(graph: Graph, layer: Layer, inputs: list[Value], _file: BinaryIO) -> Value:
    """Nearest, linear or cubic, by the factors 1 (down) and 2 (across)."""
    mode = {1: "nearest", 2: "linear", 3: "cubic"}[layer.whole(0)]
    how: dict[str, str | float] = {"mode": mode, "coordinate_transformation_mode": "half_pixel"}
    if mode == "nearest":
        how |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    if mode == "cubic":
        how["cubic_coeff_a"] = -0.75
    scales = graph.constant([1, 1, layer.number(1), layer.number(2)])
    return graph.node("Resize", inputs[0], "", scales, **how)


def _same(_graph: Graph, _layer: Layer, inputs: list[Value], _file: BinaryIO) -> Value:
    return inputs[0]


def _swish(graph: Graph, _layer: Layer, inputs: list[Value], _file: BinaryIO) -> Value:
    return graph.node("Mul", inputs[0], graph.node("Sigmoid", inputs[0]))


_LAYERS: dict[str, Callable[[Graph, Layer, list[Value], BinaryIO], Value]] = {
    "Split": _same,
    "Convolution": _convolution,
    "MemoryData": _memory,
    "PReLU": _prelu,
    "BinaryOp": _binary,
    "Interp": _interpolation,
    "Swish": _swish,
    "Sigmoid": lambda graph, _layer, inputs, _file: graph.node("Sigmoid", inputs[0]),
    "Concat": lambda graph, _layer, inputs, _file: graph.node("Concat", *inputs, axis=1),
    "PixelShuffle": lambda graph, layer, inputs, _file: graph.node(
        "DepthToSpace", inputs[0], blocksize=layer.whole(0), mode="CRD"
    ),
}
