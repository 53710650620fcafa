"""Makes the job's audio tracks, whole and in one small process: cutting sound into chunks would be heard at the joins.

A track is encoded, or passes through untouched where the source already has the codec. Either way the file's first
sample is the programme's first, to within one audio frame, without any edit list.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import structlog

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import AudioOutput, Plan
from telecine.core.progress import Tick
from telecine.media import sandbox
from telecine.media.audio_args import CHANNELS, audio_arguments, silence_arguments
from telecine.media.audio_slots import fill_slots, frame_length
from telecine.media.context import Context
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.workspace import Workspace, finish

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

    type AudioPacket = Packet[AudioStream]

logger = structlog.get_logger()

LOOKED_AT = 200
"""Frames from whose times the frame length is told."""


def encode_audio(plan: Plan, workspace: Workspace, context: Context) -> None:
    """Make `workspace.audio(name)` of every audio track; those that are there stay as they are.

    Reports media seconds done of the programme. Raises ENCODE_FAILED or what the sandbox raises.
    """
    seconds = float(plan.duration)
    missing = [output for output in plan.audio if not workspace.audio(output.name).exists()]
    if missing:
        drafts = {output.name: workspace.temporary(workspace.audio(output.name)) for output in missing}
        try:
            _run(plan, missing, drafts, workspace, context)
            for output in missing:
                if output.copy_stream:
                    _place(plan, output, drafts[output.name], workspace, context)
                finish(drafts[output.name], workspace.audio(output.name))
        finally:
            for draft in drafts.values():
                draft.unlink(missing_ok=True)
    context.report(Tick(seconds, seconds))


def _run(
    plan: Plan, outputs: list[AudioOutput], drafts: Mapping[str, Path], workspace: Workspace, context: Context
) -> None:
    """One ffmpeg for all tracks, so that every input file is read once."""
    files = {source.file for output in outputs for source in output.sources}
    arguments = audio_arguments(
        plan,
        outputs,
        {file: workspace.relative(workspace.input_file(file)) for file in files},
        {name: workspace.relative(path) for name, path in drafts.items()},
        context.limits,
    )
    sandbox.run(
        [context.tools.ffmpeg, *arguments],
        cwd=workspace.root,
        limits=context.limits,
        on_line=FfmpegProgress(plan.duration, None, context.report, context.limits.stall_seconds),
        log=context.log,
        poll=context.poll,
    )


def _place(plan: Plan, output: AudioOutput, draft: Path, workspace: Workspace, context: Context) -> None:
    """Turn a plain cut-out into the track: every frame in its slot, silence where the source has none."""
    placed, silent = draft.with_suffix(".placed.mp4"), draft.with_suffix(".silence.mp4")
    try:
        with av.open(draft) as container:
            rate = container.streams.audio[0].rate
            times = _times(container, rate)
        length = frame_length(times[:LOOKED_AT])
        begin = _beginning(times, length) if output.exact else 0
        slots = list(fill_slots((time - begin for time in times), length, round(plan.duration * rate) - begin))
        if slots.count(None) == len(slots):
            raise TelecineError(
                ErrorKind.ENCODE_FAILED, f"the source of {output.track_id} has no sound in the programme."
            )
        silence = _silence(output, draft, silent, workspace, context) if None in slots else None
        _write(draft, placed, slots, length, silence, begin)
        placed.replace(draft)
    finally:
        placed.unlink(missing_ok=True)
        silent.unlink(missing_ok=True)


def _times(container: "InputContainer", rate: int) -> list[int]:
    """Presentation times of all packets on the programme's clock, in samples at `rate`."""
    return [
        round(packet.pts * packet.time_base * rate)
        for packet in container.demux(audio=0)
        if packet.size and packet.pts is not None and packet.time_base
    ]


def _beginning(times: list[int], length: int) -> int:
    """When the first slot begins, in samples, for the frames to keep their places exactly: less than a frame late.

    A frame that begins before the programme's zero is left out, unless only rounding has put it there.
    """
    first = next((time for time in times if time >= -1), 0)
    return max(0, first) % length


def _write(source: Path, target: Path, slots: list[int | None], length: int, silence: bytes | None, begin: int) -> None:
    """Write the frames in their slots, all of one length. Holes stay holes where no silence could be made."""
    with av.open(source) as container:
        rate = container.streams.audio[0].rate
    # Only an edit list can tell of a hole at the beginning; its own clock must count samples too.
    late = begin or (slots[0] is None and silence is None)
    options = {"movie_timescale": str(rate)} if late else {"use_editlist": "0"}
    with av.open(source) as container, av.open(target, "w", format="mp4", options=options) as placed:
        stream = container.streams.audio[0]
        made = placed.add_stream_from_template(stream)
        base = Fraction(1, stream.rate)
        packets = (packet for packet in container.demux(audio=0) if packet.size)
        reached = -1
        packet: Packet[Any]
        for slot, number in enumerate(slots):
            if number is None:
                if silence is None:
                    continue
                packet = av.Packet(silence)
            else:
                packet = _skip(packets, number - reached - 1)
                reached = number
            packet.stream, packet.time_base = made, base
            packet.pts = packet.dts = begin + slot * length
            packet.duration = length
            packet.is_keyframe = True
            placed.mux(packet)


def _skip(packets: "Iterator[AudioPacket]", many: int) -> "AudioPacket":
    """The next packet after leaving out `many`."""
    for _ in range(many):
        next(packets)
    return next(packets)


def _silence(output: AudioOutput, draft: Path, target: Path, workspace: Workspace, context: Context) -> bytes | None:
    """One silent frame that fits between the frames of `draft`; None where it cannot be made (HE-AAC, odd layouts)."""
    with av.open(draft) as container:
        stream = container.streams.audio[0]
        wanted = (stream.rate, stream.channels, _decoder_setup(stream))
    if stream.channels not in CHANNELS:
        return None
    arguments = silence_arguments(
        stream.codec_context.name, stream.channels, stream.rate, output.bitrate, workspace.relative(target)
    )
    with suppress(TelecineError):  # an encoder that does not know this rate or layout
        sandbox.run(
            [context.tools.ffmpeg, *arguments],
            cwd=workspace.root,
            limits=context.limits,
            log=context.log,
            poll=context.poll,
        )
        with av.open(target) as container:
            stream = container.streams.audio[0]
            if (stream.rate, stream.channels, _decoder_setup(stream)) == wanted:
                frames = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
                return frames[len(frames) // 2]
    logger.warning("audio.no_silence", track=output.track_id, codec=output.codec)
    return None


def _decoder_setup(stream: "AudioStream") -> int:
    """The first 13 bits of an AAC track's setup: object type, sample rate, channels. 0 for codecs without setup."""
    extradata = stream.codec_context.extradata or b""
    return int.from_bytes(extradata[:2]) >> 3
