"""Chunks of an enhancement: together they are what one chunk alone is, and a stage that errs is named."""

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests import clips
from tests.enhancing import picture, plan_of, target

from telecine.core.enhance.engines import ENGINES
from telecine.core.enhance.options import Codec, Container
from telecine.core.enhance.picture import Picture
from telecine.core.enhance.plan import EnhancePlan, Source, Stage
from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.enhance.available import available
from telecine.media.enhance.chunk import enhance_chunk
from telecine.media.enhance.files import chunk_file
from telecine.media.enhance.frame_index import index_frames
from telecine.media.workspace import Workspace

FRAMES = 24
SOURCE = picture(160, 90, frames=FRAMES)
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _engines_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def context() -> Context:
    return Context(clips.tools(), MediaLimits())


@pytest.fixture
def workspace(tmp_path: Path, context: Context) -> Workspace:
    """A work folder with a staged and indexed clip of 24 frames."""
    workspace = Workspace(tmp_path)
    workspace.input_dir(0).mkdir(parents=True)
    clip = clips.make(".mp4", *clips.picture(FRAMES / 25, "25", "160x90"), *clips.FAST_H264, "-bf", "2", "-g", "10")
    shutil.copy(clip, workspace.input_file(0))
    assert index_frames("mov", 0, Fraction(25), FRAMES, workspace, context).frames == FRAMES
    return workspace


def stage(engine: str, before: Picture = SOURCE, after: Picture | None = None, **more: Any) -> Stage:
    host = "ffmpeg" if engine == "mirror" else "python"
    named = {"option": "denoiser", "value": "denoise", "engine": engine, "entry": f"tests.engines:{engine}"}
    return Stage(**named, host=host, before=before, after=after or before, **more)


def planned(*stages: Stage, chunk: int = 0) -> EnhancePlan:
    shown = stages[-1].after if stages else SOURCE
    source = Source(demuxer="mov", stream=0, picture=SOURCE)
    return plan_of(target(Container.MOV, Codec.FFV1, shown), chunk=chunk, stages=stages, source=source)


def shown(plan: EnhancePlan, workspace: Workspace, context: Context) -> list[bytes]:
    """Every frame of all chunks, decoded."""
    frames = []
    for chunk in plan.chunks:
        enhance_chunk(plan, chunk.index, workspace, context)
        with av.open(str(chunk_file(workspace, chunk.index))) as container:
            frames += [np.ascontiguousarray(frame.to_ndarray()).tobytes() for frame in container.decode(video=0)]
    shutil.rmtree(chunk_file(workspace, 0).parent)
    return frames


def chain() -> tuple[Stage, ...]:
    """One of each form: FFmpeg's at another size, one that looks at its neighbours, one of another rate."""
    large = picture(320, 180, frames=FRAMES)
    fast = picture(320, 180, rate=Fraction(50), frames=2 * FRAMES)
    return (
        stage("mirror", SOURCE, large, radius=2),
        stage("around", large, radius=3),
        stage("twice", large, fast, radius=1),
    )


def test_chunks_are_the_whole(workspace: Workspace, context: Context) -> None:
    whole = shown(planned(*chain()), workspace, context)
    assert len(whole) == 2 * FRAMES
    assert len(set(whole)) == FRAMES
    assert shown(planned(*chain(), chunk=20), workspace, context) == whole


def test_without_a_stage_the_source_goes_straight_to_the_encoder(workspace: Workspace, context: Context) -> None:
    made = shown(planned(chunk=10), workspace, context)
    with av.open(str(workspace.input_file(0))) as container:
        assert made == [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]


def test_progress_grows_and_a_finished_chunk_is_not_made_again(workspace: Workspace, context: Context) -> None:
    ticks: list[Tick] = []
    plan = planned(stage("negative"))
    context = replace(context, report=ticks.append)
    assert enhance_chunk(plan, 0, workspace, context)
    assert [tick.done for tick in ticks] == sorted(tick.done for tick in ticks)
    assert (ticks[-1].done, ticks[-1].total) == (FRAMES / 25, FRAMES / 25)
    assert not enhance_chunk(plan, 0, workspace, context)
    assert not list(workspace.temporaries())


@pytest.mark.parametrize(
    ("engine", "kind", "words"),
    [
        ("crashing", ErrorKind.ENCODE_FAILED, "SIGSEGV"),
        ("greedy_for_memory", ErrorKind.OUT_OF_MEMORY, "memory"),
        ("sparing", ErrorKind.ENCODE_FAILED, "made 23 frames of 24"),
        ("misshapen", ErrorKind.ENCODE_FAILED, "made a frame of"),
        ("not_there", ErrorKind.ENCODE_FAILED, "cannot be loaded"),
    ],
)
def test_a_stage_that_errs_is_named_and_leaves_nothing(
    workspace: Workspace, context: Context, engine: str, kind: ErrorKind, words: str
) -> None:
    with pytest.raises(TelecineError) as caught:
        enhance_chunk(planned(stage("negative"), stage(engine)), 0, workspace, context)
    assert (caught.value.kind, words in caught.value.detail) == (kind, True), caught.value
    assert caught.value.detail.startswith(f"denoiser ({engine})")
    assert not chunk_file(workspace, 0).exists()
    assert not list(workspace.temporaries())


def test_it_stops_at_once(workspace: Workspace, context: Context) -> None:
    def stop() -> None:
        if (workspace.root / "slow.txt").exists():
            raise Cancelled

    plan = planned(stage("slow", settings={"seconds": 60.0}))
    with pytest.raises(Cancelled):
        enhance_chunk(plan, 0, workspace, replace(context, poll=stop))
    assert not list(workspace.temporaries())


@pytest.mark.parametrize(
    ("option", "name", "after"),
    [("denoiser", "degrain", SOURCE), ("scaler", "span", picture(320, 180, frames=FRAMES))],
)
def test_real_engines_work_in_the_cage(
    workspace: Workspace, context: Context, option: str, name: str, after: Picture
) -> None:
    """One in VapourSynth, one on OpenVINO: with all that they load, and a home of their own."""
    if name not in available(context.tools):
        pytest.skip(f"{name} is not installed")
    engine = ENGINES[name]
    about = {"option": option, "value": "x", "engine": name, "host": engine.host, "entry": engine.entry}
    real = Stage(**about, before=SOURCE, after=after, radius=engine.radius, settings={"sigma": 3.0})
    plan = planned(real, chunk=8)
    assert enhance_chunk(plan, 1, workspace, context)
    with av.open(str(chunk_file(workspace, 1))) as container:
        frames = [frame.to_ndarray() for frame in container.decode(video=0)]
    assert len(frames) == 8
    assert frames[0].shape == (after.height * 3 // 2, after.width)
    assert 20 < frames[0].mean() < 235
