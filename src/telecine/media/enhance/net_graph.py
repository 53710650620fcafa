"""Networks as graphs of ONNX's operators (onnx.ai, operator set 18): the one form that every runtime of ours reads."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

OPERATORS = 18
FORM = 9
"""Version of the file's own form; newer ones bring nothing that is used here."""

type Value = str
"""What flows from operator to operator, by its name in the graph."""


class Graph:
    """A graph that is being put together. All numbers are float32, pictures are 1 x channels x height x width."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._numbers: list[TensorProto] = []
        self._inputs: list[ValueInfoProto] = []

    def input(self, channels: int, height: int, width: int) -> Value:
        """A place for 1 x `channels` x `height` x `width` numbers, in the order in which places are asked for."""
        name = f"input{len(self._inputs)}"
        shape = [1, channels, height, width]
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def constant(self, numbers: ArrayLike, kind: DTypeLike = np.float32) -> Value:
        """Numbers that never change."""
        name = f"numbers{len(self._numbers)}"
        self._numbers.append(numpy_helper.from_array(np.ascontiguousarray(numbers, kind), name))
        return name

    def node(self, operator: str, *inputs: Value, **attributes: Any) -> Value:  # noqa: ANN401 - numbers, lists, words
        """What `operator` makes of `inputs`; an empty name leaves out an input that may be left out."""
        name = f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def model(self, output: Value) -> bytes:
        """The network, from all inputs to `output`, as the bytes of an ONNX file."""
        made = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
        graph = helper.make_graph(self._nodes, "network", self._inputs, [made], self._numbers)
        operators = [helper.make_opsetid("", OPERATORS)]
        return helper.make_model(graph, opset_imports=operators, ir_version=FORM).SerializeToString()
