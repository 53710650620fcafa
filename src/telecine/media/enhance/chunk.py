"""Makes one chunk of an enhanced video: decoder, stages and encoder as one pipeline of processes in the cage.

A chunk is the unit of work and of loss. Its file gets its final name only when it is whole and has exactly the planned
frames.
"""

from fractions import Fraction
from pathlib import Path

from telecine.core.enhance.picture import Span
from telecine.core.enhance.plan import EnhancePlan
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.encode import frames_in
from telecine.media.enhance.decode import decode_process
from telecine.media.enhance.encoders import encoder_command
from telecine.media.enhance.files import chunk_file
from telecine.media.enhance.host import stage_process
from telecine.media.enhance.network import NOTE
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.pipeline import Process, run_pipe
from telecine.media.workspace import Workspace, finish

PATIENCE = 12
"""How many times longer than other work a chunk may go without a frame, where Python engines are in it: a network that
looks forwards and backwards makes its first frame after it has seen all of its window."""


def enhance_chunk(plan: EnhancePlan, index: int, workspace: Workspace, context: Context) -> bool:
    """Make chunk `index` of `plan` at `chunk_file(workspace, index)`; False, at once, where it is there.

    Needs the frame index of `index_frames`. Reports seconds of the target done of those of the chunk. Raises
    ENCODE_FAILED, also where another number of frames came out than was planned, ENGINE_MISSING, and what `run_pipe`
    raises.
    """
    chunk = plan.chunks[index]
    final = chunk_file(workspace, index)
    seconds = float(chunk.wanted.frames / plan.target.picture.rate)
    made = not final.exists()
    if made:
        temporary = workspace.temporary(final)
        try:
            _run(plan, index, temporary, workspace, context)
            frames = frames_in(temporary)
            if frames != chunk.wanted.frames:
                detail = f"chunk {index} has {frames} of its {chunk.wanted.frames} frames."
                raise TelecineError(ErrorKind.ENCODE_FAILED, detail)
            finish(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)
    context.report(Tick(seconds, seconds))
    return made


def frame_processes(plan: EnhancePlan, wanted: Span, workspace: Workspace, context: Context) -> list[Process]:
    """Decoder and stages: the pipeline that writes frames `wanted` of the target's timeline, raw, as the encoder
    takes them.
    """
    spans = plan.spans(wanted)
    stages = [
        stage_process(stage, given, made, workspace, context)
        for stage, given, made in zip(plan.stages, spans, spans[1:], strict=False)
    ]
    return [decode_process(plan.source, spans[0], workspace, context.limits), *stages]


def _run(plan: EnhancePlan, index: int, target: Path, workspace: Workspace, context: Context) -> None:
    chunk = plan.chunks[index]
    command = encoder_command(plan, chunk, workspace.relative(target), context.tools.ffmpeg)
    encoder = Process(f"the encoder ({plan.target.codec})", command)
    rate = plan.target.picture.rate
    patience = PATIENCE if any(stage.host == "python" for stage in plan.stages) else 1
    stall = patience * context.limits.stall_seconds
    progress = FfmpegProgress(Fraction(chunk.wanted.frames) / rate, rate, context.report, stall)
    ended = run_pipe(
        [*frame_processes(plan, chunk.wanted, workspace, context), encoder],
        cwd=workspace.root,
        limits=context.limits,
        on_line=progress,
        log=context.log,
        poll=context.poll,
    )
    for line in {line for one in ended for line in one.stderr_tail.splitlines() if line.startswith(NOTE)}:
        context.log(line.removeprefix(NOTE))
