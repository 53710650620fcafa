"""Layers of networks as their papers name them, in OpenVINO's operators: what RIFE and BasicVSR are put together of."""

from functools import cached_property
from typing import Any

import numpy as np

from telecine.media.enhance.weights import Tensors


class Layers:
    """Makes layers of the tensors of one network; a layer is named as its tensors are, without `.weight`."""

    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors

    @cached_property
    def ops(self) -> Any:  # noqa: ANN401 - OpenVINO has no types
        """OpenVINO's operators."""
        from openvino import opset13

        return opset13

    def input(self, channels: int, height: int, width: int) -> Any:  # noqa: ANN401
        """A place for 1 x `channels` x `height` x `width` numbers."""
        return self.ops.parameter([1, channels, height, width], np.float32)

    def constant(self, numbers: Any) -> Any:  # noqa: ANN401
        """Numbers that never change."""
        return self.ops.constant(np.asarray(numbers, np.float32))

    def conv(self, x: Any, name: str, stride: int = 1) -> Any:  # noqa: ANN401
        """A convolution with bias, padded so that the size stays, or falls by `stride`."""
        weights = self._tensors[f"{name}.weight"]
        pad = weights.shape[2] // 2
        made = self.ops.convolution(x, self.constant(weights), [stride] * 2, [pad] * 2, [pad] * 2, [1, 1])
        return self._biased(made, name)

    def doubling_conv(self, x: Any, name: str) -> Any:  # noqa: ANN401
        """A transposed convolution of 4 x 4 that doubles the size."""
        weights = self.constant(self._tensors[f"{name}.weight"])
        made = self.ops.convolution_backprop_data(x, weights, [2, 2], pads_begin=[1, 1], pads_end=[1, 1])
        return self._biased(made, name)

    def prelu(self, x: Any, name: str) -> Any:  # noqa: ANN401
        """ReLU with a learned slope for each channel."""
        return self.ops.prelu(x, self.constant(self._tensors[f"{name}.weight"]))

    def leaky(self, x: Any, slope: float = 0.1) -> Any:  # noqa: ANN401
        """ReLU with one slope."""
        return self.ops.prelu(x, self.constant([slope]))

    def shuffle(self, x: Any) -> Any:  # noqa: ANN401
        """Doubles the size, with a fourth of the channels."""
        return self.ops.depth_to_space(x, "depth_first", 2)

    def resized(self, x: Any, height: int, width: int, *, corners: bool = False) -> Any:  # noqa: ANN401
        """Bilinear; `corners`: the samples at the corners stay where they are, else the area does."""
        return self.ops.interpolate(
            x,
            self.ops.constant(np.array([height, width], np.int64)),
            "linear_onnx",
            "sizes",
            axes=self.ops.constant(np.array([2, 3], np.int64)),
            coordinate_transformation_mode="align_corners" if corners else "half_pixel",
        )

    def channels(self, x: Any, first: int, end: int) -> Any:  # noqa: ANN401
        """Channels `first` to `end`, which is not included."""
        place = (np.array([value], np.int64) for value in (first, end, 1, 1))
        return self.ops.slice(x, *(self.ops.constant(value) for value in place))

    def warped(self, x: Any, flow: Any, height: int, width: int, *, beyond: str) -> Any:  # noqa: ANN401
        """`x` read where `flow` (1 x 2 x height x width, pixels across and down) points from each of its pixels.

        `beyond`: what lies outside, `border` or `zeros`.
        """
        across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        scale = np.array([2 / max(1, width - 1), 2 / max(1, height - 1)]).reshape(1, 2, 1, 1)
        grid = self.ops.add(
            self.ops.multiply(flow, self.constant(scale)), self.constant(np.stack([across, down])[None])
        )
        turned = self.ops.transpose(grid, self.ops.constant(np.array([0, 2, 3, 1])))
        how = {"align_corners": True, "mode": "bilinear", "padding_mode": beyond}
        return self.ops.grid_sample(x, turned, how)

    def _biased(self, x: Any, name: str) -> Any:  # noqa: ANN401
        bias = self._tensors[f"{name}.bias"]
        return self.ops.add(x, self.constant(bias.reshape(1, -1, 1, 1)))
