"""Networks on the CPU: OpenVINO, opened once in a stage's own process. It says no word to the outside."""

import os
import sys
import types
from typing import Any

import numpy as np
from numpy.typing import NDArray


class OnCpu:
    """A network (the bytes of an ONNX file) made ready."""

    def __init__(self, model: bytes) -> None:
        quick = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        self._compiled = _core().compile_model(_core().read_model(model), "CPU", quick)

    def __call__(self, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What comes out. It is the runtime's own memory until the next call: copy what is kept."""
        found: NDArray[np.float32] = self._compiled(list(inputs))[0]
        return found


_opened: list[Any] = []


def _core() -> Any:  # noqa: ANN401
    if not _opened:
        _opened.append(_import().Core())
    return _opened[0]


def _import() -> Any:  # noqa: ANN401
    """The package. Its telemetry is replaced by nothing, and it wants a home that a stage in the cage does not have."""
    os.environ.setdefault("HOME", os.environ.get("TMPDIR", "/"))
    silent = types.ModuleType("openvino_telemetry")
    silent.Telemetry = _Silent  # type: ignore[attr-defined]
    sys.modules.setdefault("openvino_telemetry", silent)
    import openvino

    return openvino


class _Silent:
    """What stands where the telemetry was: takes every call and does nothing."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __getattr__(self, _name: str) -> Any:  # noqa: ANN401
        return lambda *_, **__: None
