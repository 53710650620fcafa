"""Networks in ncnn's form (a `.param` of text, a `.bin` of numbers), as models of OpenVINO.

The text names a layer on each line: kind, name, number of inputs and of outputs, their names, then parameters as
`number=value`; what the numbers mean depends on the kind (ncnn's wiki, "param and model file structure" and
"operators"). Only the layers that the networks of ours have are known; any other is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

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


def ncnn_model(param: Path, height: int, width: int) -> Any:  # noqa: ANN401 - openvino.Model, which has no types
    """The network of `param` and its `.bin`, for one RGB picture of 1 x 3 x `height` x `width`, values 0 to 1.

    Raises ValueError where a layer is not known.
    """
    from openvino import Model
    from openvino import opset13 as ops

    nodes: dict[str, Any] = {}
    last: Any = None
    entry: Any = None
    with param.with_suffix(".bin").open("rb") as numbers:
        for layer in read_layers(param.read_text()):
            if layer.kind == "Input":
                entry = last = ops.parameter([1, 3, height, width], np.float32)
            elif layer.kind in _LAYERS:
                last = _LAYERS[layer.kind](ops, layer, [nodes[name] for name in layer.inputs], numbers)
            else:
                raise ValueError(f"a layer of the kind {layer.kind} is not known")
            nodes.update(dict.fromkeys(layer.outputs, last))
    return Model([last], [entry])


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


def _convolution(ops: Any, layer: Layer, inputs: list[Any], file: BinaryIO) -> Any:  # noqa: ANN401
    out, kernel, size = layer.whole(0), layer.whole(1), layer.whole(6)
    weights = _tagged(file, size).reshape(out, size // (out * kernel * kernel), kernel, kernel)
    step, pad, spread = layer.whole(3, 1), layer.whole(4), layer.whole(2, 1)
    made = ops.convolution(inputs[0], ops.constant(weights), [step] * 2, [pad] * 2, [pad] * 2, [spread] * 2)
    if layer.whole(5):
        made = ops.add(made, ops.constant(_plain(file, out).reshape(1, out, 1, 1)))
    return made


def _memory(ops: Any, layer: Layer, _inputs: list[Any], file: BinaryIO) -> Any:  # noqa: ANN401
    """A constant; its sizes are given as width, height, channels."""
    width, height, channels = (max(1, layer.whole(key)) for key in range(3))
    return ops.constant(_plain(file, width * height * channels).reshape(1, channels, height, width))


def _prelu(ops: Any, layer: Layer, inputs: list[Any], file: BinaryIO) -> Any:  # noqa: ANN401
    return ops.prelu(inputs[0], ops.constant(_plain(file, layer.whole(0))))


def _binary(ops: Any, layer: Layer, inputs: list[Any], _file: BinaryIO) -> Any:  # noqa: ANN401
    kinds = {0: ops.add, 1: ops.subtract, 2: ops.multiply, 3: ops.divide}
    other = ops.constant(np.float32(layer.number(2))) if layer.whole(1) else inputs[1]
    return kinds[layer.whole(0)](inputs[0], other)


def _interpolation(ops: Any, layer: Layer, inputs: list[Any], _file: BinaryIO) -> Any:  # noqa: ANN401
    """Nearest, linear or cubic, by the factors 1 (down) and 2 (across)."""
    mode = {1: "nearest", 2: "linear_onnx", 3: "cubic"}[layer.whole(0)]
    scales = ops.constant(np.array([layer.number(1), layer.number(2)], np.float32))
    more = {"cube_coeff": -0.75} if mode == "cubic" else {"nearest_mode": "floor"}
    where = "asymmetric" if mode == "nearest" else "half_pixel"
    return ops.interpolate(
        inputs[0],
        scales,
        mode,
        "scales",
        axes=ops.constant(np.array([2, 3])),
        coordinate_transformation_mode=where,
        **more,
    )


def _same(_ops: Any, _layer: Layer, inputs: list[Any], _file: BinaryIO) -> Any:  # noqa: ANN401
    return inputs[0]


_LAYERS: dict[str, Callable[[Any, Layer, list[Any], BinaryIO], Any]] = {
    "Split": _same,
    "Convolution": _convolution,
    "MemoryData": _memory,
    "PReLU": _prelu,
    "BinaryOp": _binary,
    "Interp": _interpolation,
    "Swish": lambda ops, _layer, inputs, _file: ops.swish(inputs[0]),
    "Sigmoid": lambda ops, _layer, inputs, _file: ops.sigmoid(inputs[0]),
    "Concat": lambda ops, _layer, inputs, _file: ops.concat(inputs, 1),
    "PixelShuffle": lambda ops, layer, inputs, _file: ops.depth_to_space(inputs[0], "depth_first", layer.whole(0)),
}
