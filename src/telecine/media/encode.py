"""Encodes one chunk: every rendition of a stretch of the picture, in one ffmpeg.

A chunk is the unit of work and of loss. Its files appear under their final names only when all of them are whole and
have exactly the planned frames.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import av
import structlog

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import ChunkSpan, Plan, take_track
from telecine.core.progress import Tick
from telecine.core.watermark.pattern import MarkKey
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.encode_args import chunk_arguments
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.mark import TAKES, marked_files, run_marked
from telecine.media.workspace import Workspace, finish

logger = structlog.get_logger()


def encode_chunk(plan: Plan, index: int, workspace: Workspace, context: Context, key: MarkKey | None = None) -> None:
    """Encode chunk `index` of every rendition to `workspace.chunk(name, index)`; at once where all are there.

    A marked plan needs the programme's `key`; every rendition is then made twice, see `marked_files`. Reports media
    seconds done of the chunk's seconds. Raises ENCODE_FAILED, also where the source does not give the frames it
    promised, or what the sandbox raises.
    """
    check_key(plan, key)
    chunk = plan.chunks[index]
    seconds = float(chunk.end - chunk.start)
    finals = chunk_files(plan, index, workspace)
    if not all(final.exists() for final in finals.values()):
        temporaries = {name: workspace.temporary(final) for name, final in finals.items()}
        try:
            _encode_exactly(plan, chunk, temporaries, workspace, context, key)
            for name, final in finals.items():
                finish(temporaries[name], final)
        finally:
            for temporary in temporaries.values():
                temporary.unlink(missing_ok=True)
    context.report(Tick(seconds, seconds))


def chunk_files(plan: Plan, index: int, workspace: Workspace) -> dict[str, Path]:
    """Final names of all that is made of chunk `index`: a file for each rendition, or what marking makes of it."""
    if plan.marking:
        return marked_files(plan, index, workspace)
    return {output.name: workspace.chunk(output.name, index) for output in plan.video}


def check_key(plan: Plan, key: MarkKey | None) -> None:
    """Raise ValueError unless there is a key exactly where the plan is a marked one."""
    if (plan.marking is None) != (key is None):
        raise ValueError("a marked plan needs a key" if plan.marking else "only a marked plan takes a key")


def frames_in(path: Path) -> int:
    """Frames of the video track of a finished MP4 file of ours, by its sample table; 0 where it cannot be read."""
    with suppress(av.FFmpegError, OSError), av.open(path) as container:
        return container.streams.video[0].frames if container.streams.video else 0
    return 0


def _encode_exactly(
    plan: Plan,
    chunk: ChunkSpan,
    targets: Mapping[str, Path],
    workspace: Workspace,
    context: Context,
    key: MarkKey | None,
) -> None:
    """Encode and count. Where seeking did not bring all frames, the file's index lies: read it from its start."""
    _run(plan, chunk, targets, workspace, context, key, seek=True)
    missing = _miscounts(plan, chunk, targets)
    if missing and chunk.index:
        logger.warning("chunk.seek_was_wrong", chunk=chunk.index, counts=missing)
        context.log(f"chunk {chunk.index}: seeking gave wrong frames; the file is read from its start")
        _run(plan, chunk, targets, workspace, context, key, seek=False)
        missing = _miscounts(plan, chunk, targets)
    if missing:
        name, (wanted, got) = next(iter(missing.items()))
        raise TelecineError(
            ErrorKind.ENCODE_FAILED,
            f"chunk {chunk.index} of {name} has {got} of its {wanted} frames; the source's picture ends early "
            "or has a hole there.",
        )


def _run(
    plan: Plan,
    chunk: ChunkSpan,
    targets: Mapping[str, Path],
    workspace: Workspace,
    context: Context,
    key: MarkKey | None,
    *,
    seek: bool,
) -> None:
    assert plan.picture
    if key:
        run_marked(plan, chunk, targets, workspace, context, key, seek=seek)
        return
    source = workspace.relative(workspace.input_file(plan.picture.file))
    files = {name: workspace.relative(path) for name, path in targets.items()}
    progress = FfmpegProgress(
        chunk.end - chunk.start, plan.video[0].frame_rate, context.report, context.limits.stall_seconds
    )
    cores = context.cores_each(len(plan.chunks))
    sandbox.run(
        [context.tools.ffmpeg, *chunk_arguments(plan, chunk, source, files, context.limits, cores, seek=seek)],
        cwd=workspace.root,
        limits=context.limits,
        on_line=progress,
        log=context.log,
        poll=context.poll,
    )


def _miscounts(plan: Plan, chunk: ChunkSpan, targets: Mapping[str, Path]) -> dict[str, tuple[int, int]]:
    """Wanted and found frames of every rendition, in every take, where they differ."""
    wanted = {
        name: chunk.frames(output.frame_rate)
        for output in plan.video
        for name in ((take_track(output.name, take) for take in TAKES) if plan.marking else (output.name,))
    }
    pairs = {name: (frames, frames_in(targets[name])) for name, frames in wanted.items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
