"""Networks on a GPU: ONNX Runtime with its provider for WebGPU, which drives cards of any maker through Vulkan.

An operator that the provider has not is computed on the CPU in between. Opened once in a stage's own process.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIBRARY = "webgpu"
_SEVERE = 3
"""ONNX Runtime's level of a log that tells errors alone."""


class OnGpu:
    """A network (the bytes of an ONNX file) made ready. Raises what ONNX Runtime raises, LookupError without a GPU."""

    def __init__(self, model: bytes) -> None:
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.log_severity_level = _SEVERE
        options.add_provider_for_devices([gpu()], {})
        self._session = runtime.InferenceSession(model, options)
        self._inputs = [one.name for one in self._session.get_inputs()]

    def __call__(self, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What comes out."""
        made: Sequence[NDArray[np.float32]] = self._session.run(None, dict(zip(self._inputs, inputs, strict=True)))
        return made[0]


def reason(error: Exception) -> str:
    """The last sentence of what ONNX Runtime says, which is the cause; before it come places in its source."""
    return (str(error).splitlines() or [type(error).__name__])[0].rpartition(". ")[2]


def gpu() -> Any:  # noqa: ANN401 - OrtEpDevice, which has no types
    """The first device that the provider takes. Raises LookupError where there is none."""
    for device in _runtime().get_ep_devices():
        if device.ep_name == "WebGpuExecutionProvider":
            return device
    raise LookupError("ONNX Runtime finds no GPU")


_opened: list[Any] = []


def _runtime() -> Any:  # noqa: ANN401
    if not _opened:
        import onnxruntime
        import onnxruntime_ep_webgpu

        onnxruntime.disable_telemetry_events()
        onnxruntime.set_default_logger_severity(_SEVERE)
        onnxruntime.register_execution_provider_library(LIBRARY, onnxruntime_ep_webgpu.get_library_path())
        _opened.append(onnxruntime)
    return _opened[0]
