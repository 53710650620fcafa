"""Joins the chunks of an enhanced picture, without encoding again, with the source's sounds to the target's file.

One ffmpeg reads the chunks as one stream and writes the target once. Every chunk is told how long it lasts by the
numbers of its frames, so no rounding adds up, and none has to be opened to know where the next begins.
"""

from collections.abc import Iterator
from pathlib import Path

import av

from telecine.core.enhance.options import Codec, Container
from telecine.core.enhance.plan import EnhanceChunk, EnhancePlan, Stage
from telecine.core.errors import ErrorKind, TelecineError
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.encode_args import PROGRESS, track_timescale
from telecine.media.enhance.files import chunk_file, whole_file
from telecine.media.enhance.sound import microseconds, other_options, sound_options
from telecine.media.enhance.source_streams import SourceFile, look_at_source
from telecine.media.enhance.timecode import moved_timecode
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.safe_input import safe_input
from telecine.media.workspace import Workspace, finish

PREROLL = 2
"""Seconds read before the target's beginning, for what lies between two points that a file can be opened at."""
GENERATIVE = "Detail in this picture was invented by a generative model."

_FOR_PLAYERS = (Codec.H264, Codec.HEVC)
"""Codecs of files that are played while they come in, so that their index belongs to the front."""
_MUXERS = {Container.MOV: "mov", Container.MP4: "mp4", Container.MXF: "mxf", Container.MTS: "mpegts"}


def assemble(plan: EnhancePlan, workspace: Workspace, context: Context) -> Path:
    """Make `whole_file(workspace, container)` from the chunks and the source; at once where it is there.

    Reports media seconds. Raises ENCODE_FAILED where a chunk is missing, has not exactly its frames, or was encoded
    with other parameters than the first; or what the sandbox raises.
    """
    final = whole_file(workspace, plan.target.container)
    if final.exists():
        return final
    _check_chunks(plan, workspace)
    temporary, listed = workspace.temporary(final), workspace.temporary(final.with_name("chunks.ffconcat"))
    try:
        listed.write_text(chunk_list(plan))
        source = look_at_source(plan, workspace, context)
        arguments = _inputs(plan, workspace, context, listed) + _outputs(plan, source)
        seconds = plan.target.picture.seconds
        sandbox.run(
            [context.tools.ffmpeg, *PROGRESS, *arguments, workspace.relative(temporary)],
            cwd=workspace.root,
            limits=context.limits,
            on_line=FfmpegProgress(seconds, plan.target.picture.rate, context.report, context.limits.stall_seconds),
            log=context.log,
            poll=context.poll,
        )
        finish(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)
        listed.unlink(missing_ok=True)
    return final


def chunk_list(plan: EnhancePlan, first: int = 0, end: int | None = None) -> str:
    """All chunks, or `first` to `end`, in the form of FFmpeg's concat demuxer, whose clock counts microseconds.

    A chunk's length is the difference of two rounded times, so the sum of all is off by less than one of them. The
    demuxer rounds the beginning of each to the track's own clock, which puts it on the exact tick again.
    """
    lines = ["ffconcat version 1.0"]
    rate = plan.target.picture.rate
    for chunk in plan.chunks[first:end]:
        begin, after = (round(frame / rate * 1_000_000) for frame in chunk.wanted)
        lines += [f"file {chunk_file(Workspace(Path()), chunk.index).name}", f"duration {after - begin}us"]
    return "\n".join(lines)


def comment(plan: EnhancePlan) -> str:
    """What the file says of itself: each step with the engine that did it, and whether detail was invented."""
    steps = "; ".join(_step(stage) for stage in plan.stages) or "encoded anew"
    return f"Enhanced by Telecine: {steps}.{f' {GENERATIVE}' if plan.generative else ''}"


def _step(stage: Stage) -> str:
    return f"{stage.option} {stage.value} by {stage.engine}{f' {stage.version}' if stage.version else ''}"


def _inputs(plan: EnhancePlan, workspace: Workspace, context: Context, listed: Path) -> list[str]:
    """Input 0: the chunks; input 1: the source, its clock moved so that 0 is the target's first frame."""
    zero = plan.source.start + plan.start
    turned = ["-display_rotation", str(-plan.source.rotation)] if plan.source.rotation else []
    begin = zero - PREROLL
    seeking = ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", microseconds(begin)] if plan.start > PREROLL else []
    return [
        *("-copyts", *turned, "-protocol_whitelist", "file", "-f", "concat", "-safe", "1", "-auto_convert", "0"),
        *("-i", f"file:{workspace.relative(listed)}"),
        *(*seeking, "-itsoffset", microseconds(-zero)),
        *safe_input(plan.source.demuxer, workspace.relative(workspace.input_file(0)), context.limits),
    ]


def _outputs(plan: EnhancePlan, source: SourceFile) -> list[str]:
    container = plan.target.container
    return [
        *("-map", "0:v:0", "-c:v", "copy", *sound_options(plan, source.streams, 1)),
        *other_options(plan, source.streams, 1),
        *("-map_chapters", "1", "-map_metadata", "1", *_described(plan, source)),
        *("-t", microseconds(plan.target.picture.seconds), *_container_options(plan), "-f", _MUXERS[container]),
    ]


def _described(plan: EnhancePlan, source: SourceFile) -> Iterator[str]:
    """Timecode and comment, which MXF keeps as a user's own, and a transport stream as the service's name."""
    container, said = plan.target.container, comment(plan)
    yield from ("-metadata", f"timecode={_timecode(plan, source)}")
    if container is Container.MTS:
        yield from ("-metadata", "service_provider=Telecine", "-metadata", f"service_name={said[:250]}")
        return
    yield from ("-metadata", f"comment={f'{source.comment} ' if source.comment else ''}{said}")
    if container is Container.MXF:
        yield from ("-metadata", f"comment_Enhancement={said}")


def _timecode(plan: EnhancePlan, source: SourceFile) -> str:
    """Timecode of the target's first frame; none where the source's frames are not counted in the target's."""
    rate = plan.target.picture.rate
    if plan.source.resampled or rate != plan.source.picture.rate:
        return ""
    return moved_timecode(source.timecode, round(plan.start * rate), rate) or ""


def _container_options(plan: EnhancePlan) -> list[str]:
    if plan.target.container is Container.MTS:
        # Every frame of sound has its time; else several share the first one's.
        return ["-pes_payload_size", "0"]
    if plan.target.container is Container.MXF:
        return []
    clock = str(track_timescale(plan.target.picture.rate))
    early = ["-movflags", "+faststart"] if plan.target.codec in _FOR_PLAYERS else []
    clocks = ["-video_track_timescale", clock, "-movie_timescale", clock]
    # An edit list says what is shown of a sound that begins before 0; nothing is moved for its sake.
    return [*clocks, "-avoid_negative_ts", "disabled", *early]


def _check_chunks(plan: EnhancePlan, workspace: Workspace) -> None:
    header: bytes | None = None
    for chunk in plan.chunks:
        path = chunk_file(workspace, chunk.index)
        if not path.exists():
            raise _refuse(chunk, "is missing")
        with av.open(path) as opened:
            stream = opened.streams.video[0]
            frames, found = stream.frames, stream.codec_context.extradata or b""
        if frames != chunk.wanted.frames:
            raise _refuse(chunk, f"has {frames} of its {chunk.wanted.frames} frames")
        if header is not None and found != header:
            raise _refuse(chunk, "was encoded with other parameters than the first")
        header = found


def _refuse(chunk: EnhanceChunk, what: str) -> TelecineError:
    return TelecineError(ErrorKind.ENCODE_FAILED, f"chunk {chunk.index} of the enhanced picture {what}.")
