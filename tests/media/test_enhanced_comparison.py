"""What is shown of an enhancement: numbers that see a fault, a clip with both halves, stills; and it fails nothing."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.clips import clip, tools
from tests.enhancing import encode, picture, plan_of, target

from telecine.core.enhance.options import Codec, Container
from telecine.core.enhance.plan import EnhancePlan, Source
from telecine.core.limits import MediaLimits
from telecine.core.plan import Colour
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.enhance.assemble import assemble
from telecine.media.enhance.compare import Comparison, compare
from telecine.media.enhance.files import chunk_file, comparison_file, report_file, screenshot_file
from telecine.media.enhance.frame_index import index_frames
from telecine.media.workspace import Workspace

FRAMES, CHUNK = 24, 12


class _Stopped(Exception):
    """What the context of a stopped job raises."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[EnhancePlan, Workspace]:
    """A lossless copy of a clip whose second half comes one frame late, and is green."""
    workspace = Workspace(tmp_path_factory.mktemp("compared"))
    workspace.input_dir(0).mkdir(parents=True)
    workspace.input_file(0).hardlink_to(clip(1))
    shown = picture(frames=FRAMES, colour=Colour())
    plan = plan_of(
        target(Container.MOV, Codec.FFV1, shown), chunk=CHUNK, source=Source(demuxer="mov", stream=0, picture=shown)
    )
    index_frames("mov", 0, Fraction(25), 25, workspace, Context(tools(), MediaLimits()))
    for chunk, change in zip(plan.chunks, ("null", "lutyuv=u=60:v=60"), strict=True):
        late = min(chunk.index, 1)
        keep = f"trim=start_frame={chunk.first - late}:end_frame={chunk.end - late},{change}"
        command = [tools().ffmpeg, "-v", "error", "-i", clip(1), "-vf", keep, "-f", "rawvideo", "-"]
        encode(plan, chunk.index, chunk_file(workspace, chunk.index), subprocess.check_output(command))
    assemble(plan, workspace, Context(tools(), MediaLimits()))
    return plan, workspace


@pytest.fixture(scope="module")
def compared(finished: tuple[EnhancePlan, Workspace]) -> Comparison:
    return compare(*finished, Context(tools(), MediaLimits()))


def test_a_true_part_scores_full_marks_and_a_late_one_does_not(compared: Comparison) -> None:
    true, late = compared.windows
    assert (true.frames, late.frames) == (8, 8)
    assert true.psnr == 60
    assert true.ssim == 1
    assert true.vmaf_neg > 95
    assert late.psnr < 35
    assert late.vmaf_neg < true.vmaf_neg - 2
    assert compared.fidelity
    assert compared.fidelity.psnr == pytest.approx((true.psnr + late.psnr) / 2, abs=0.001)


def test_the_report_is_kept(compared: Comparison, finished: tuple[EnhancePlan, Workspace]) -> None:
    kept = json.loads(report_file(finished[1]).read_bytes())
    assert Comparison.model_validate(kept) == compared
    assert kept["result"]["pixel_format"] == "yuv420p"
    assert kept["generative"] is False


def test_the_clip_shows_the_source_left_and_the_result_right(
    compared: Comparison, finished: tuple[EnhancePlan, Workspace]
) -> None:
    with av.open(comparison_file(finished[1])) as opened:
        assert opened.streams.video[0].average_rate == 25
        frames = [frame.to_ndarray(format="yuv444p") for frame in opened.decode(video=0)]
    assert len(frames) == FRAMES
    left, right = frames[20][1, 60:, :156], frames[20][1, 60:, 164:]
    assert np.abs(right.astype(int) - 60).mean() < 3
    assert np.abs(left.astype(int) - 60).mean() > 20
    assert frames[20][0, 30:, 158:162].mean() > 200


def test_stills_fit_their_boxes(compared: Comparison, finished: tuple[EnhancePlan, Workspace]) -> None:
    for size in ("large", "small"):
        with av.open(screenshot_file(finished[1], size)) as opened:
            frame = next(opened.decode(video=0))
            assert (opened.streams.video[0].codec_context.name, frame.width, frame.height) == ("mjpeg", 320, 180)


def test_what_cannot_be_compared_fails_nothing_and_a_stop_stops(
    compared: Comparison, finished: tuple[EnhancePlan, Workspace], tmp_path: Path
) -> None:
    plan, workspace = finished
    bare = Workspace(tmp_path)
    (tmp_path / "enhanced").mkdir()
    (tmp_path / "enhanced" / "whole.mov").write_bytes(b"nothing to see")
    assert compare(plan, bare, Context(tools(), MediaLimits())).fidelity is None

    report_file(workspace).unlink()

    def stop(_tick: Tick | None = None) -> None:
        raise _Stopped

    with pytest.raises(_Stopped):
        compare(plan, workspace, Context(tools(), MediaLimits(), poll=stop))
