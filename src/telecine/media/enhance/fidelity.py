"""How true the target stayed to its source: it is scaled down to the source's size and compared with it.

An honest enlargement comes back as what it was made of; invented or lost detail does not. VMAF is taken in its NEG
form, which sharpening cannot please (Li et al., Toward a Better Quality Metric for the Video Community, 2020).
"""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel, ConfigDict

from telecine.core.enhance.picture import Picture
from telecine.core.enhance.plan import EnhancePlan
from telecine.core.errors import ErrorKind
from telecine.media.context import Context, share
from telecine.media.encode_args import PROGRESS
from telecine.media.enhance.decode import decode_process
from telecine.media.enhance.encoders import colour_setting
from telecine.media.enhance.files import chunk_file
from telecine.media.enhance.sound import microseconds
from telecine.media.enhance.windows import Window, windows
from telecine.media.pipeline import Process, run_pipe
from telecine.media.workspace import Workspace

_MOST_BITS = 10
"""VMAF was trained on 8 and 10 bits."""


class Fidelity(BaseModel):
    """Means over the compared frames: PSNR of luma in dB (60 where nothing differs), SSIM, VMAF NEG (0 to 100)."""

    model_config = ConfigDict(frozen=True)

    frames: int
    psnr: float
    ssim: float
    vmaf_neg: float


class WindowFidelity(Fidelity):
    """The same of one window, which begins at `second` of the target."""

    second: float


def measure_fidelity(plan: EnhancePlan, workspace: Workspace, context: Context) -> list[WindowFidelity]:
    """Compare target and source at up to six places, by the chunks and the frame index in the work folder.

    Reports progress in windows. Raises VERIFY_FAILED where they cannot be read, and what `run_pipe` raises.
    """
    looked = windows(plan)
    return [
        _measure(plan, window, workspace, share(context, number / len(looked), (number + 1) / len(looked)))
        for number, window in enumerate(looked)
    ]


def together(parts: Sequence[Fidelity]) -> Fidelity | None:
    """The mean of several, each by its frames; None of none."""
    frames = [part for part in parts for _ in range(part.frames)]
    if not frames:
        return None
    return Fidelity(
        frames=len(frames),
        psnr=round(fmean(part.psnr for part in frames), 3),
        ssim=round(fmean(part.ssim for part in frames), 5),
        vmaf_neg=round(fmean(part.vmaf_neg for part in frames), 2),
    )


def _measure(plan: EnhancePlan, window: Window, workspace: Workspace, context: Context) -> WindowFidelity:
    log = workspace.temporary(chunk_file(workspace, window.chunk.index).with_suffix(".json"))
    try:
        run_pipe(
            [
                decode_process(plan.source, window.source, workspace, context.limits),
                Process("ffmpeg", [context.tools.ffmpeg, *_arguments(plan, window, workspace, log)]),
            ],
            cwd=workspace.root,
            limits=context.limits,
            on_line=lambda _line: None,
            log=context.log,
            poll=context.poll,
            failure=ErrorKind.VERIFY_FAILED,
        )
        return _read(json.loads(log.read_bytes()), window)
    finally:
        log.unlink(missing_ok=True)


def _read(said: dict[str, Any], window: Window) -> WindowFidelity:
    def mean(name: str) -> float:
        return fmean(float(frame["metrics"][name]) for frame in said["frames"])

    return WindowFidelity(
        second=round(float(window.second), 3),
        frames=len(said["frames"]),
        psnr=round(mean("psnr_y"), 3),
        ssim=round(mean("float_ssim"), 5),
        vmaf_neg=round(mean("vmaf"), 2),
    )


def _arguments(plan: EnhancePlan, window: Window, workspace: Workspace, log: Path) -> list[str]:
    source, target = plan.source.picture, plan.target.picture
    measured = f"eof_action=endall:log_fmt=json:log_path={workspace.relative(log)}:feature=name=psnr|name=float_ssim"
    graph = [
        f"[0:v]{_view(source, window, 0)},{_same(source)}[reference]",
        f"[1:v]trim=end_frame={window.target.frames},{_view(target, window, 1)},{_same(source)}[made]",
        f"[made][reference]libvmaf=model=version=vmaf_v0.6.1neg:{measured}",
    ]
    chunk = workspace.relative(chunk_file(workspace, window.chunk.index))
    # Between two frames, whatever is rounded. Chunks are ours: their times are exact, so nothing has to be counted.
    begin = microseconds(max(Fraction(0), (window.target.first - Fraction(1, 2)) / target.rate))
    return [
        *PROGRESS,
        *("-f", "rawvideo", "-pixel_format", source.pixel_format, "-video_size", f"{source.width}x{source.height}"),
        *("-framerate", str(source.rate), "-i", "pipe:0"),
        *("-ss", begin, "-protocol_whitelist", "file", "-f", "mov", "-i", f"file:{chunk}"),
        *("-filter_complex", ";".join(graph), "-f", "null", "-"),
    ]


def _view(picture: Picture, window: Window, which: int) -> str:
    """The frames that count, of which there are as many in both inputs: fields apart, then every which one."""
    step = window.steps[which]
    fields = picture.fields != "progressive"
    order = "tff" if picture.fields == "top_first" else "bff"
    lead = window.lead * step
    pick = f"trim=start_frame={lead}:end_frame={lead + window.pairs * step},select=not(mod(n\\,{step}))"
    apart = [f"bwdif=mode=send_field:parity={order}"] if fields else []
    # libvmaf pairs frames by time.
    return ",".join(["setpts=PTS-STARTPTS", *apart, pick, "settb=1/25,setpts=N"])


def _same(source: Picture) -> str:
    """Size, format and colours of the source, so that nothing is converted behind our back before the measuring.

    FFmpeg puts a conversion in front of `libvmaf` where tags differ, which costs up to 1 dB.
    """
    bits = min(source.bits, _MOST_BITS)
    chroma = {"410": "420", "411": "422", "440": "444"}
    digits = source.chroma.replace(":", "")
    form = f"yuv{chroma.get(digits, digits)}p{'' if bits == 8 else '10le'}"
    scale = f"scale={source.width}:{source.height}:flags=bicubic+accurate_rnd+full_chroma_int"
    return f"{scale},format={form},{colour_setting(source)},setsar=1"
