"""A clip whose left half is the source and whose right half is the result.

The source is enlarged as a player does it, by bicubic interpolation, to the size at which the result is shown.
"""

from dataclasses import dataclass
from pathlib import Path

from telecine.core.enhance.picture import Span
from telecine.core.enhance.plan import EnhancePlan
from telecine.media.context import Context
from telecine.media.encode_args import PROGRESS
from telecine.media.enhance.assemble import chunk_list
from telecine.media.enhance.decode import decode_process
from telecine.media.enhance.encoders import colour_setting
from telecine.media.enhance.files import comparison_file
from telecine.media.enhance.labels import label
from telecine.media.enhance.stills import TURNED, fitted, whole_frames_of
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.pipeline import Process, run_pipe
from telecine.media.workspace import Workspace, finish

LONGEST = 20
"""Seconds of the clip."""
CLIP_BOX = (1920, 1080)
"""Width and height within which it is shown; it is never larger than the result."""

_LINE = 2
"""Half the width of the line between both halves, in pixels."""
_LABELS = ("SOURCE", "RESULT")


def make_split_view(plan: EnhancePlan, workspace: Workspace, context: Context) -> Path:
    """Make `comparison_file(workspace)` from the chunks and the source; at once where it is there.

    H.264 in MP4, without sound, of up to `LONGEST` seconds around the middle. Reports media seconds. Raises
    ENCODE_FAILED, and what `run_pipe` raises.
    """
    final = comparison_file(workspace)
    if final.exists():
        return final
    shown = _shown(plan)
    drafts = [workspace.temporary(final), workspace.temporary(final.with_suffix(".ffconcat"))]
    drafts += [workspace.temporary(final.with_name(f"{word}.pgm")) for word in _LABELS]
    try:
        drafts[1].write_text(chunk_list(plan, shown.chunks.first, shown.chunks.end))
        for word, draft in zip(_LABELS, drafts[2:], strict=True):
            draft.write_bytes(label(word, max(1, shown.size[1] // 180)))
        arguments = _arguments(plan, shown, [workspace.relative(draft) for draft in drafts])
        length = shown.target.frames / plan.target.picture.rate
        run_pipe(
            [
                decode_process(plan.source, shown.source, workspace, context.limits),
                Process("ffmpeg", [context.tools.ffmpeg, *arguments]),
            ],
            cwd=workspace.root,
            limits=context.limits,
            on_line=FfmpegProgress(length, plan.target.picture.rate, context.report, context.limits.stall_seconds),
            log=context.log,
            poll=context.poll,
        )
        finish(drafts[0], final)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
    return final


@dataclass(frozen=True, slots=True)
class _Shown:
    """Frames of both that are shown, the chunks that hold those of the target, and the size of the clip."""

    chunks: Span
    source: Span
    target: Span
    size: tuple[int, int]


def _shown(plan: EnhancePlan) -> _Shown:
    """The middle of the target, from a chunk's beginning on, so that no frame has to be looked for."""
    source, target = plan.source.picture, plan.target.picture
    frames = min(target.frames, int(LONGEST * target.rate))
    middle = (target.frames - frames) // 2
    begin = max((chunk for chunk in plan.chunks if chunk.first <= middle), key=lambda chunk: chunk.first)
    end = next(chunk for chunk in plan.chunks if chunk.end >= begin.first + frames)
    span = Span(begin.first, begin.first + frames)
    first, last = (
        min(int(frame / target.rate * source.rate), source.frames - 1) for frame in (span.first, span.end - 1)
    )
    size = fitted(target, CLIP_BOX, plan.source.rotation)
    return _Shown(Span(begin.index, end.index + 1), Span(first, last + 1), span, size)


def _arguments(plan: EnhancePlan, shown: _Shown, names: list[str]) -> list[str]:
    """Inputs: the source's raw frames, the chunks, a label for each; names as in `make_split_view`."""
    source, target = plan.source.picture, plan.target.picture
    width, height = shown.size
    half = width // 4 * 2
    both = f"scale={width}:{height}:flags=bicubic+accurate_rnd,setsar=1,format=yuv420p"
    turned, says = TURNED[plan.source.rotation % 360], colour_setting(target)
    # A frame of the source is shown from its own time on; one that ends a little earlier stands still.
    paced = f"fps={target.rate}:round=up,tpad=stop_mode=clone:stop_duration=1"
    left = f"{colour_setting(source)},{whole_frames_of(source)}{turned}{paced},{both},crop={half}:{height}:0:0"
    right = f"{whole_frames_of(target)}{turned}{both},crop={width - half}:{height}:{half}:0"
    graph = [
        f"[0:v]{left},{says}[left]",
        f"[1:v]{right},{says}[right]",
        f"[left][right]hstack=shortest=1,drawbox={half - _LINE}:0:{2 * _LINE}:{height}:white@0.9:fill[both]",
        "[both][2:v]overlay=8:8:eof_action=repeat[one]",
        f"[one][3:v]overlay=W-w-8:8:eof_action=repeat,format=yuv420p,{says}[out]",
    ]
    return [
        *PROGRESS,
        *("-f", "rawvideo", "-pixel_format", source.pixel_format, "-video_size", f"{source.width}x{source.height}"),
        *("-framerate", str(source.rate), "-i", "pipe:0"),
        *("-noautorotate", "-protocol_whitelist", "file", "-f", "concat", "-safe", "1", "-i", f"file:{names[1]}"),
        *(part for name in names[2:] for part in ("-protocol_whitelist", "file", "-f", "image2", "-i", name)),
        *("-filter_complex", ";".join(graph), "-map", "[out]", "-frames:v", str(shown.target.frames)),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-movflags", "+faststart", "-f", "mp4", names[0]),
    ]
