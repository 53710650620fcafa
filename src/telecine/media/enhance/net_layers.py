"""Layers of networks as their papers name them, in ONNX's operators: what RIFE and BasicVSR are put together of."""

import numpy as np
from numpy.typing import ArrayLike

from telecine.media.enhance.net_graph import Graph, Value
from telecine.media.enhance.weights import Tensors


class Layers:
    """Makes layers of the tensors of one network; a layer is named as its tensors are, without `.weight`."""

    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self.graph = Graph()

    def input(self, channels: int, height: int, width: int) -> Value:
        """A place for 1 x `channels` x `height` x `width` numbers."""
        return self.graph.input(channels, height, width)

    def constant(self, numbers: ArrayLike) -> Value:
        """Numbers that never change."""
        return self.graph.constant(numbers)

    def add(self, one: Value, other: Value) -> Value:
        """Their sum."""
        return self.graph.node("Add", one, other)

    def subtract(self, one: Value, other: Value) -> Value:
        """The one less the other."""
        return self.graph.node("Sub", one, other)

    def multiply(self, one: Value, other: Value) -> Value:
        """Their product."""
        return self.graph.node("Mul", one, other)

    def scaled(self, x: Value, factors: ArrayLike) -> Value:
        """`x` times numbers that never change."""
        return self.multiply(x, self.constant(factors))

    def beside(self, *several: Value) -> Value:
        """The channels of all of them."""
        return self.graph.node("Concat", *several, axis=1)

    def conv(self, x: Value, name: str, stride: int = 1) -> Value:
        """A convolution with bias, padded so that the size stays, or falls by `stride`."""
        pad = self._tensors[f"{name}.weight"].shape[2] // 2
        return self.graph.node("Conv", x, *self._weights(name), strides=[stride] * 2, pads=[pad] * 4)

    def doubling_conv(self, x: Value, name: str) -> Value:
        """A transposed convolution of 4 x 4 that doubles the size."""
        return self.graph.node("ConvTranspose", x, *self._weights(name), strides=[2, 2], pads=[1] * 4)

    def prelu(self, x: Value, name: str) -> Value:
        """ReLU with a learned slope for each channel."""
        slopes = self._tensors[f"{name}.weight"].reshape(-1, 1, 1)
        return self.graph.node("PRelu", x, self.constant(slopes))

    def leaky(self, x: Value, slope: float = 0.1) -> Value:
        """ReLU with one slope."""
        return self.graph.node("LeakyRelu", x, alpha=slope)

    def relu(self, x: Value) -> Value:
        """What is above zero."""
        return self.graph.node("Relu", x)

    def sigmoid(self, x: Value) -> Value:
        """1 / (1 + exp(-x))."""
        return self.graph.node("Sigmoid", x)

    def shuffle(self, x: Value) -> Value:
        """Doubles the size, with a fourth of the channels."""
        return self.graph.node("DepthToSpace", x, blocksize=2, mode="CRD")

    def halved(self, x: Value) -> Value:
        """Half the size, by averages of 2 x 2."""
        return self.graph.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])

    def resized(self, x: Value, channels: int, height: int, width: int, *, corners: bool = False) -> Value:
        """Bilinear; `corners`: the samples at the corners stay where they are, else the area does."""
        size = self.graph.constant([1, channels, height, width], np.int64)
        where = "align_corners" if corners else "half_pixel"
        return self.graph.node("Resize", x, "", "", size, mode="linear", coordinate_transformation_mode=where)

    def channels(self, x: Value, first: int, end: int) -> Value:
        """Channels `first` to `end`, which is not included."""
        return self.graph.node("Slice", x, *(self.graph.constant([value], np.int64) for value in (first, end, 1)))

    def warped(self, x: Value, flow: Value, height: int, width: int, *, beyond: str) -> Value:
        """`x` read where `flow` (1 x 2 x height x width, pixels across and down) points from each of its pixels.

        `beyond`: what lies outside, `border` or `zeros`.
        """
        across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        scale = np.array([2 / max(1, width - 1), 2 / max(1, height - 1)]).reshape(1, 2, 1, 1)
        grid = self.add(self.scaled(flow, scale), self.constant(np.stack([across, down])[None]))
        turned = self.graph.node("Transpose", grid, perm=[0, 2, 3, 1])
        return self.graph.node("GridSample", x, turned, align_corners=1, mode="bilinear", padding_mode=beyond)

    def _weights(self, name: str) -> tuple[Value, Value]:
        return self.constant(self._tensors[f"{name}.weight"]), self.constant(self._tensors[f"{name}.bias"])
