"""Joins the chunks of every rendition to one MP4 without encoding anything again.

The picture's clock is made anew from frame numbers, so that every frame lasts exactly as long as any other and no
rounding of one chunk moves the next. Decoding times run ahead of presentation times by the encoder's own delay, as
they do in each chunk; the muxer's edit list says so, and the first frame is shown at 0.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import av
from av.packet import Packet
from av.video.stream import VideoStream

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import ChunkSpan, Plan, VideoOutput
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.encode import frames_in
from telecine.media.encode_args import frame_ticks, track_timescale
from telecine.media.workspace import Workspace, finish


def join(plan: Plan, workspace: Workspace, context: Context) -> None:
    """Make `workspace.video(name)` of every rendition from its chunks; those that are there stay as they are.

    Reports chunks joined. Raises ENCODE_FAILED where a chunk is missing, or has not exactly its frames.
    """
    total = len(plan.chunks) * len(plan.video)
    for done, output in enumerate(plan.video):
        final = workspace.video(output.name)
        if not final.exists():
            temporary = workspace.temporary(final)
            try:
                _join_rendition(plan, output, workspace, temporary, context, Tick(done * len(plan.chunks), total))
                finish(temporary, final)
            finally:
                temporary.unlink(missing_ok=True)
        context.report(Tick((done + 1) * len(plan.chunks), total))


def _join_rendition(
    plan: Plan, output: VideoOutput, workspace: Workspace, target: Path, context: Context, begun: Tick
) -> None:
    paths = [workspace.chunk(output.name, chunk.index) for chunk in plan.chunks]
    for chunk, path in zip(plan.chunks, paths, strict=True):
        _check_count(output, chunk, path)
    if len(paths) == 1:
        os.link(paths[0], target)
        return
    clock = str(track_timescale(output.frame_rate))
    options = {"video_track_timescale": clock, "movie_timescale": clock}
    with av.open(target, "w", format="mp4", options=options) as joined, av.open(paths[0]) as first:
        stream = joined.add_stream_from_template(first.streams.video[0])
        # A template forgets the tag, and without `hvc1` Apple's players refuse h265.
        stream.codec_context.codec_tag = first.streams.video[0].codec_context.codec_tag
        header = first.streams.video[0].codec_context.extradata
        delay = next(first.demux(video=0)).dts or 0
        for chunk, path in zip(plan.chunks, paths, strict=True):
            with av.open(path) as container:
                if container.streams.video[0].codec_context.extradata != header:
                    raise _refuse(output, chunk, "was encoded with other parameters than the first")
                for packet in _placed(container, output, chunk, delay):
                    packet.stream = stream
                    joined.mux(packet)
            context.report(Tick(begun.done + chunk.index + 1, begun.total))
    if frames_in(target) != sum(chunk.frames(output.frame_rate) for chunk in plan.chunks):
        raise TelecineError(ErrorKind.ENCODE_FAILED, f"{output.name} has not the frames of its chunks.")


def _placed(
    container: av.container.InputContainer, output: VideoOutput, chunk: ChunkSpan, delay: int
) -> Iterator["Packet[VideoStream]"]:
    """The chunk's packets with times on the programme's clock, decoding times exactly one frame apart.

    `delay` is the decoding time of the programme's first packet, 0 or negative, in ticks.
    """
    ticks = frame_ticks(output.frame_rate)
    first = chunk.first_frame(output.frame_rate)
    packets = [packet for packet in container.demux(video=0) if packet.size]
    shown = sorted(packet.pts for packet in packets if packet.pts is not None)
    if shown != [frame * ticks for frame in range(chunk.frames(output.frame_rate))]:
        raise _refuse(output, chunk, "is not frame after frame")
    if not packets[0].is_keyframe:
        raise _refuse(output, chunk, "does not begin with a keyframe")
    for number, packet in enumerate(packets):
        assert packet.pts is not None
        packet.pts += first * ticks
        packet.dts = delay + (first + number) * ticks
        packet.duration = ticks
        if packet.dts > packet.pts:
            raise _refuse(output, chunk, "decodes a frame after it is shown")
        yield packet


def _check_count(output: VideoOutput, chunk: ChunkSpan, path: Path) -> None:
    if not path.exists():
        raise _refuse(output, chunk, "is missing")
    wanted, got = chunk.frames(output.frame_rate), frames_in(path)
    if wanted != got:
        raise _refuse(output, chunk, f"has {got} of its {wanted} frames")


def _refuse(output: VideoOutput, chunk: ChunkSpan, what: str) -> TelecineError:
    return TelecineError(ErrorKind.ENCODE_FAILED, f"chunk {chunk.index} of {output.name} {what}.")
