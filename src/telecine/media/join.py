"""Joins the chunks of every rendition to one MP4 without encoding anything again.

The picture's clock is made anew from frame numbers, so that every frame lasts exactly as long as any other and no
rounding of one chunk moves the next. Decoding times run ahead of presentation times by the encoder's own delay, as
they do in each chunk; the muxer's edit list says so, and the first frame is shown at 0.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
from av.packet import Packet
from av.video.stream import VideoStream

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import ChunkSpan, Plan, VideoOutput, take_track, variant_track, whole_frames
from telecine.core.progress import Tick
from telecine.core.watermark.pattern import VARIANTS, MarkKey, variant_of_first_take
from telecine.media.context import Context
from telecine.media.encode import check_key, frames_in
from telecine.media.encode_args import frame_ticks, track_timescale
from telecine.media.mark import TAKES
from telecine.media.mark_report import write_mark_report
from telecine.media.workspace import Workspace, finish


def join(plan: Plan, workspace: Workspace, context: Context, key: MarkKey | None = None) -> None:
    """Make `workspace.video(name)` of every rendition from its chunks; those that are there stay as they are.

    Of a marked plan, whose `key` it then needs, it makes both variants of every rendition: `variant_track(name, 0)`
    and `variant_track(name, 1)`, each segment from the take that is this variant there; and `workspace.mark_report`.
    Reports chunks joined. Raises ENCODE_FAILED where a chunk is missing, or has not exactly its frames.
    """
    check_key(plan, key)
    tracks = list(_tracks(plan, key))
    total = len(plan.chunks) * len(tracks)
    for done, track in enumerate(tracks):
        final = workspace.video(track.name)
        if not final.exists():
            temporary = workspace.temporary(final)
            try:
                _join_track(plan, track, workspace, temporary, context, Tick(done * len(plan.chunks), total))
                finish(temporary, final)
            finally:
                temporary.unlink(missing_ok=True)
        context.report(Tick((done + 1) * len(plan.chunks), total))
    if plan.marking:
        write_mark_report(plan, workspace)


@dataclass(frozen=True, slots=True)
class _Track:
    """A whole track to make of rendition `output`. `take_of` tells for a segment's position which take it is from."""

    name: str
    output: VideoOutput
    takes: tuple[str, ...]
    """Names under which the chunks of each take are."""
    take_of: Callable[[int], int]


def _tracks(plan: Plan, key: MarkKey | None) -> Iterator[_Track]:
    for output in plan.video:
        if key is None:
            yield _Track(output.name, output, (output.name,), lambda _: 0)
            continue
        takes = tuple(take_track(output.name, take) for take in TAKES)
        for variant in VARIANTS:
            yield _Track(variant_track(output.name, variant), output, takes, partial(_take_of, key, output, variant))


def _take_of(key: MarkKey, output: VideoOutput, variant: int, position: int) -> int:
    """Which take of the segment at `position` is `variant`."""
    return variant_of_first_take(key, output.name, position) ^ variant


def _join_track(plan: Plan, track: _Track, workspace: Workspace, target: Path, context: Context, begun: Tick) -> None:
    output = track.output
    chunks = [(chunk, [workspace.chunk(name, chunk.index) for name in track.takes]) for chunk in plan.chunks]
    for chunk, paths in chunks:
        for path in paths:
            _check_count(output, chunk, path)
    first_path = chunks[0][1][0]
    if len(chunks) == len(track.takes) == 1:
        os.link(first_path, target)
        return
    clock = str(track_timescale(output.frame_rate))
    options = {"video_track_timescale": clock, "movie_timescale": clock}
    with av.open(target, "w", format="mp4", options=options) as joined, av.open(first_path) as first:
        stream = joined.add_stream_from_template(first.streams.video[0])
        # A template forgets the tag, and without `hvc1` Apple's players refuse h265.
        stream.codec_context.codec_tag = first.streams.video[0].codec_context.codec_tag
        header = first.streams.video[0].codec_context.extradata
        delay = next(first.demux(video=0)).dts or 0
        for chunk, paths in chunks:
            with ExitStack() as stack:
                takes = [stack.enter_context(av.open(path)) for path in paths]
                if any(take.streams.video[0].codec_context.extradata != header for take in takes):
                    raise _refuse(output, chunk, "was encoded with other parameters than the first")
                for packet in _chosen(plan, track, chunk, [list(_placed(t, output, chunk, delay)) for t in takes]):
                    packet.stream = stream
                    joined.mux(packet)
            context.report(Tick(begun.done + chunk.index + 1, begun.total))
    if frames_in(target) != sum(chunk.frames(output.frame_rate) for chunk in plan.chunks):
        raise TelecineError(ErrorKind.ENCODE_FAILED, f"{track.name} has not the frames of its chunks.")


def _chosen(
    plan: Plan, track: _Track, chunk: ChunkSpan, takes: Sequence[Sequence["Packet[VideoStream]"]]
) -> Iterator["Packet[VideoStream]"]:
    """The chunk's packets, each segment's from the take that the track wants there."""
    if len(takes) == 1:
        yield from takes[0]
        return
    frames = whole_frames(plan.segment * track.output.frame_rate)
    first = whole_frames(chunk.start / plan.segment)
    for begin in range(0, len(takes[0]), frames):
        # A closed GOP's packets lie together in each take, and begin with its keyframe.
        for packets in takes:
            if not packets[begin].is_keyframe or any(
                packet.is_keyframe for packet in packets[begin + 1 : begin + frames]
            ):
                raise _refuse(track.output, chunk, "has keyframes off the grid")
        yield from takes[track.take_of(first + begin // frames)][begin : begin + frames]


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
