"""Is the target what was promised? Judged by reading it back as a stranger would, before anybody gets it."""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from telecine.core.enhance.options import Container
from telecine.core.enhance.plan import EnhancePlan, Sound
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.progress import Tick
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.describe import field_order, rotation
from telecine.media.enhance.files import whole_file
from telecine.media.enhance.promises import fields_are_told, promised, shape_is_told
from telecine.media.enhance.sound import encoder_of, microseconds
from telecine.media.enhance.source_streams import SourceStream, look_at_source
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.safe_input import safe_input
from telecine.media.workspace import Workspace

WHOLE_SECONDS = 600
"""A target up to this long is decoded from beginning to end; of a longer one stretches."""
STRETCH_SECONDS = 10
STRIDE_SECONDS = 80
"""From the beginning of one stretch to that of the next."""
NEAR = Fraction(5, 100)
"""Seconds by which a sound may begin off its place: a packet of any codec is shorter."""
MISSING = Fraction(1, 2)
"""Seconds by which it may end early or late: what transport streams say of a sound's end is a guess."""

_DEMUXERS = {Container.MOV: "mov", Container.MP4: "mov", Container.MXF: "mxf", Container.MTS: "mpegts"}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: frames in the file, frames that were decoded, seconds, bits per second of the whole file."""

    frames: int
    decoded: int
    seconds: Fraction
    bitrate: int
    sounds: int


def verify_enhanced(plan: EnhancePlan, workspace: Workspace, context: Context) -> Verified:
    """Check `whole_file(workspace, container)` against `plan` and the source's sounds.

    Reports media seconds. Raises VERIFY_FAILED, naming all that differs.
    """
    file = whole_file(workspace, plan.target.container)
    described = _describe(plan, workspace, context, "-count_packets", "-show_streams")
    streams: list[dict[str, Any]] = described["streams"]
    pictures = [stream for stream in streams if stream.get("codec_type") == "video"]
    sounds = [stream for stream in streams if stream.get("codec_type") == "audio"]
    frames = _first_frames(plan, workspace, context)
    faults = _picture_faults(plan, pictures, frames) + _sound_faults(plan, pictures, sounds, workspace, context)
    if faults:
        raise TelecineError(ErrorKind.VERIFY_FAILED, f"{file.name} has {'; '.join(faults)}.")
    decoded = _decode(plan, file, int(pictures[0]["index"]), workspace, context)
    seconds = plan.target.picture.seconds
    context.report(Tick(float(seconds), float(seconds)))
    bitrate = round(file.stat().st_size * 8 / seconds)
    return Verified(plan.target.picture.frames, decoded, seconds, bitrate, len(sounds))


def _describe(plan: EnhancePlan, workspace: Workspace, context: Context, *wanted: str) -> dict[str, Any]:
    """What ffprobe says of the target."""
    file = whole_file(workspace, plan.target.container)
    done = sandbox.run(
        [
            context.tools.ffprobe,
            *("-hide_banner", "-v", "error", "-of", "json", *wanted),
            *safe_input(_DEMUXERS[plan.target.container], workspace.relative(file), context.limits),
        ],
        cwd=workspace.root,
        limits=context.limits,
        poll=context.poll,
        failure=ErrorKind.VERIFY_FAILED,
    )
    described: dict[str, Any] = json.loads(done.stdout)
    return described


def _first_frames(plan: EnhancePlan, workspace: Workspace, context: Context) -> list[dict[str, Any]]:
    """The first frames of a picture in fields, where alone some formats say so: ProRes and FFV1 in MXF do."""
    if plan.target.picture.fields == "progressive":
        return []
    look = ("-select_streams", "v:0", "-show_frames", "-read_intervals", "%+#2")
    frames: list[dict[str, Any]] = _describe(plan, workspace, context, *look).get("frames", [])
    return frames


def _picture_faults(plan: EnhancePlan, streams: list[dict[str, Any]], frames: list[dict[str, Any]]) -> list[str]:
    if len(streams) != 1:
        return [f"{len(streams)} pictures instead of one"]
    stream, target, picture = streams[0], plan.target, plan.target.picture
    wanted = promised(target) | {"nb_read_packets": str(picture.frames), "avg_frame_rate": _ratio(picture.rate)}
    found = {name: str(stream.get(name, "")) for name in wanted}
    if found["avg_frame_rate"] == "0/0":  # MXF, whose edit units all last alike
        found["avg_frame_rate"] = stream.get("r_frame_rate", "")
    if fields_are_told(target):
        wanted["fields"] = picture.fields
        declared = field_order(stream.get("field_order", ""), ())
        found["fields"] = declared if declared in ("top_first", "bottom_first") else field_order("progressive", frames)
    if shape_is_told(target):
        wanted["sample_aspect_ratio"] = _ratio(picture.sample_aspect, ":")
        found["sample_aspect_ratio"] = stream.get("sample_aspect_ratio", "1:1")
    if target.container in (Container.MOV, Container.MP4):
        wanted["rotation"] = str(plan.source.rotation)
        found["rotation"] = str(rotation(stream.get("side_data_list", ())))
    wanted |= {name: value for name, value in _colours(plan).items() if name in stream}
    found |= {name: str(stream[name]) for name in _colours(plan) if name in stream}
    faults = [
        f"{name} {found[name] or 'none'} instead of {wanted[name]}" for name in wanted if found[name] != wanted[name]
    ]
    duration = Fraction(stream.get("duration", 0))
    if abs(duration - picture.seconds) > 1 / picture.rate:
        faults.append(f"a picture of {float(duration):.3f} s instead of {float(picture.seconds):.3f} s")
    return faults


def _colours(plan: EnhancePlan) -> dict[str, str]:
    colour = plan.target.picture.colour
    said = {
        "color_range": colour.range,
        "color_primaries": colour.primaries,
        "color_transfer": colour.transfer,
        "color_space": colour.matrix,
    }
    return {name: value for name, value in said.items() if value}


def _sound_faults(
    plan: EnhancePlan,
    pictures: list[dict[str, Any]],
    sounds: list[dict[str, Any]],
    workspace: Workspace,
    context: Context,
) -> list[str]:
    source = look_at_source(plan, workspace, context).streams
    # A track without any sound is left out by some containers.
    heard = [sound for sound in plan.sounds if not _is_silent(plan, source[sound.stream])]
    if len(sounds) not in (len(plan.sounds), len(heard)):
        return [f"{len(sounds)} sounds instead of {len(plan.sounds)}"]
    zero = Fraction(pictures[0].get("start_time", 0)) if pictures else Fraction(0)
    faults = []
    wanted = plan.sounds if len(sounds) == len(plan.sounds) else heard
    for sound, found in zip(wanted, sounds, strict=True):
        stream = source[sound.stream]
        codec = encoder_of(plan, sound, stream.codec)
        codec = stream.codec if codec == "copy" else codec
        if not _same_codec(found.get("codec_name", ""), codec):
            faults.append(f"sound {sound.stream} in {found.get('codec_name')} instead of {codec}")
        faults += _out_of_sync(plan, sound, stream, found, zero)
    return faults


def _is_silent(plan: EnhancePlan, stream: SourceStream) -> bool:
    """Whether the source's sound has nothing in the part that was taken; in MXF there is silence then."""
    moved = plan.source.start + plan.start
    late = stream.begin is not None and stream.begin >= moved + plan.target.picture.seconds
    return plan.target.container is not Container.MXF and (late or (stream.end is not None and stream.end <= moved))


def _out_of_sync(
    plan: EnhancePlan, sound: Sound, stream: SourceStream, found: dict[str, Any], zero: Fraction
) -> list[str]:
    """Where a sound begins or ends elsewhere, against the picture, than in the source."""
    if _is_silent(plan, stream):
        return []
    length = plan.target.picture.seconds
    moved = plan.source.start + plan.start
    begin = Fraction(found.get("start_time", 0)) - zero
    end = begin + Fraction(found.get("duration", 0))
    first, last, faults = Fraction(0), length, []
    if encoder_of(plan, sound, stream.codec) == "copy" and stream.begin is not None:
        first = max(first, stream.begin - moved)
    if plan.target.container is not Container.MXF and stream.end is not None:
        last = min(last, stream.end - moved)
    if stream.begin is not None and abs(begin - first) > NEAR:
        faults.append(f"sound {sound.stream} from {float(begin):.3f} s on instead of {float(first):.3f} s")
    if stream.end is not None and abs(end - last) > MISSING:
        faults.append(f"sound {sound.stream} up to {float(end):.3f} s instead of {float(last):.3f} s")
    return faults


def _same_codec(found: str, wanted: str) -> bool:
    """Encoders are named after their codec, or after a library and it."""
    return wanted == found or wanted.removeprefix("lib") == found or {wanted, found} == {"libmp3lame", "mp3"}


def _decode(plan: EnhancePlan, file: Path, stream: int, workspace: Workspace, context: Context) -> int:
    """Decode all of the picture, or stretches of a long one; the first error counts. Frames that were decoded."""
    seconds = plan.target.picture.seconds
    if seconds <= WHOLE_SECONDS:
        decoded = _Stretch(plan, file, stream, workspace, context).decode(None)
        if decoded != plan.target.picture.frames:
            detail = f"{file.name} decodes to {decoded} frames instead of {plan.target.picture.frames}."
            raise TelecineError(ErrorKind.VERIFY_FAILED, detail)
        return decoded
    begins = range(0, int(seconds), STRIDE_SECONDS)
    return sum(_Stretch(plan, file, stream, workspace, context).decode(begin) for begin in begins)


@dataclass(slots=True)
class _Stretch:
    """A part of the target being decoded, and the frames that ffmpeg counts."""

    plan: EnhancePlan
    file: Path
    stream: int
    workspace: Workspace
    context: Context
    frames: int = 0

    def decode(self, begin: int | None) -> int:
        """Frames from second `begin` on, or from first to last."""
        context, picture = self.context, self.plan.target.picture
        progress = FfmpegProgress(
            picture.seconds,
            picture.rate,
            lambda tick: context.report(Tick(min(tick.total, (begin or 0) + tick.done), tick.total)),
            context.limits.stall_seconds,
        )

        def take(line: str) -> None:
            key, _, value = line.partition("=")
            if key == "frame" and value.strip().isdecimal():
                self.frames = int(value)
            progress(line)

        part = () if begin is None else ("-ss", microseconds(Fraction(begin)), "-t", str(STRETCH_SECONDS))
        sandbox.run(
            [
                context.tools.ffmpeg,
                *("-hide_banner", "-nostdin", "-nostats", "-progress", "pipe:1", "-stats_period", "0.5"),
                *("-v", "error", "-xerror", "-err_detect", "explode", *part),
                *safe_input(_DEMUXERS[self.plan.target.container], self.workspace.relative(self.file), context.limits),
                *("-map", f"0:{self.stream}", "-fps_mode", "passthrough", "-f", "null", "-"),
            ],
            cwd=self.workspace.root,
            limits=context.limits,
            on_line=take,
            log=context.log,
            poll=context.poll,
            failure=ErrorKind.VERIFY_FAILED,
        )
        return self.frames


def _ratio(value: Fraction, mark: str = "/") -> str:
    return f"{value.numerator}{mark}{value.denominator}"
