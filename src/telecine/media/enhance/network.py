"""A network ready to be called, on the GPU where the stage was given one, else on the CPU.

A GPU that fails, for want of memory or by its driver, is left for good: the stage says so and goes on on the CPU.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from telecine.media.enhance.openvino_runtime import OnCpu
from telecine.media.enhance.webgpu_runtime import OnGpu, reason

NOTE = "note: "
"""What a stage says behind this goes to the job's log."""

_given: list[bool] = []


def use_gpu() -> None:
    """Let networks of this process run on the GPU."""
    _given.append(True)


class Network:
    """A network (the bytes of an ONNX file) of one size of input."""

    def __init__(self, model: bytes) -> None:
        self._model = model
        self._ready = _opened(model)

    def __call__(self, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What comes out. It may be the runtime's own memory until the next call: copy what is kept."""
        if isinstance(self._ready, OnGpu):
            try:
                return self._ready(*inputs)
            except Exception as error:  # whatever a driver raises
                _leave(error)
                self._ready = OnCpu(self._model)
        return self._ready(*inputs)


def _opened(model: bytes) -> OnGpu | OnCpu:
    if _given:
        try:
            return OnGpu(model)
        except Exception as error:  # whatever a driver raises
            _leave(error)
    return OnCpu(model)


def _leave(error: Exception) -> None:
    _given.clear()
    print(f"{NOTE}the GPU failed, networks go on on the CPU: {reason(error)}", file=sys.stderr, flush=True)
