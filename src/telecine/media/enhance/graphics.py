"""Is there a GPU that networks can run on? Found by trying, in the cage and in a process that may die of it.

That process is this module as a program: it runs a small network, and prints what it found as JSON.
"""

import json
import os
import tempfile
from dataclasses import asdict, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from telecine.core.enhance.devices import Device, Graphics, choose_device
from telecine.core.errors import TelecineError
from telecine.core.limits import MediaLimits
from telecine.media.pipeline import Process, python_process, run_pipe

PACKAGE = "onnxruntime-ep-webgpu"
_PATIENCE = MediaLimits(process_seconds=120, stall_seconds=120)
_DRIVERS = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")
"""By these Vulkan's loader is told which drivers to take; they are handed on."""


def network_device(limits: MediaLimits) -> Device:
    """Where networks run on this machine. It is tried once in a process. Raises ENGINE_MISSING, see `choose_device`."""
    wanted = limits.network_device
    found = Graphics() if wanted == "cpu" else find_graphics(software=wanted == "gpu")
    return choose_device(wanted, found)


def on_graphics(process: Process, *, software: bool) -> Process:
    """The same process where it may use the GPUs, and, for want of one, a driver in `software`."""
    handed = {name: os.environ[name] for name in _DRIVERS if name in os.environ}
    allowed = {"ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER": "1"} if software else {}
    return replace(process, graphics=True, environment={**process.environment, **handed, **allowed})


@cache
def find_graphics(*, software: bool) -> Graphics:
    """What networks could run on besides the CPU. `software`: look even where there is no card."""
    cards = [*Path("/dev/dri").glob("renderD*"), *Path("/dev").glob("nvidiactl")]
    if not cards and not software:
        return Graphics()
    if find_spec("onnxruntime_ep_webgpu") is None:
        return Graphics(fault=f"{PACKAGE} is not installed")
    with tempfile.TemporaryDirectory(prefix="telecine-gpu-") as folder:
        place = Path(folder)
        process = on_graphics(python_process("the trial of the GPU", __spec__.name, [], place), software=software)
        try:
            (ended,) = run_pipe([process], cwd=place, limits=_PATIENCE)
        except TelecineError as error:
            return Graphics(fault=error.detail)
    return Graphics(**json.loads(ended.stdout.splitlines()[-1]))


def _tried() -> Graphics:
    """Run a small network, and compare what comes out."""
    from telecine.media.enhance.net_graph import Graph
    from telecine.media.enhance.webgpu_runtime import OnGpu, gpu, reason

    graph = Graph()
    weights = np.arange(9).reshape(1, 1, 3, 3)
    sums = graph.node("Conv", graph.input(1, 8, 8), graph.constant(weights), pads=[1] * 4)
    try:
        device = gpu()
        made = OnGpu(graph.model(sums))(np.ones((1, 1, 8, 8), np.float32))
    except Exception as error:  # whatever a driver raises
        return Graphics(fault=reason(error))
    if made.shape != (1, 1, 8, 8) or not np.allclose(made[0, 0, 1:-1, 1:-1], weights.sum()):
        return Graphics(fault="the GPU computes wrongly")
    if str(device.device.type).endswith("GPU"):
        return Graphics(name=f"the GPU {device.device.vendor or ''} {device.device.device_id:#06x}".replace("  ", " "))
    return Graphics(name="a Vulkan driver in software", software=True)


if __name__ == "__main__":
    print(json.dumps(asdict(_tried())))
