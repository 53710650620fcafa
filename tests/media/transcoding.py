"""Runs the media work up to the finished tracks on real small files, and looks at what came out.

`numbered` makes pictures that carry their own number as bright and dark squares, so a test can say which frame of the
source any frame of the result is.
"""

import array
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from tests.clips import tools

from telecine.core.job import (
    AudioRemap,
    AudioRendition,
    Crf,
    Format,
    InputFile,
    JobSpec,
    Packaging,
    VideoRendition,
)
from telecine.core.limits import MediaLimits, Policy
from telecine.core.plan import Plan
from telecine.core.planner import make_plan
from telecine.media.audio import encode_audio
from telecine.media.context import Context
from telecine.media.encode import encode_chunk
from telecine.media.join import join
from telecine.media.probe import probe
from telecine.media.workspace import Workspace

FAST = {"preset_h264": "ultrafast", "preset_h265": "ultrafast"}
BITS = 10
BEEP_AT = 1.0


@dataclass
class Made:
    """A job whose tracks are finished."""

    plan: Plan
    workspace: Workspace
    commands: list[str]

    def video(self, number: int = 0) -> Path:
        return self.workspace.video(f"v{number}")

    def audio(self, number: int = 0) -> Path:
        return self.workspace.audio(f"a{number}")


def rung(width: int = 320, height: int = 180, codec: str = "h264", **values: Any) -> VideoRendition:
    base = {"track_id": f"{codec}-{height}", "rate": Crf(crf=18)}
    return VideoRendition(**(base | {"codec": codec, "width": width, "height": height} | values))


def track(*sources: int, codec: str = "aac", **values: Any) -> AudioRendition:
    return AudioRendition(**({"track_id": f"audio-{codec}", "codec": codec, "sources": sources or (0,)} | values))


def prepare(folder: Path, sources: Sequence[Path], *outputs: VideoRendition | AudioRendition, **policy: Any) -> Made:
    """Probe and plan: every audio track of every source is remapped to the next free number."""
    workspace = Workspace(folder)
    infos, files, free = [], [], 0
    for number, source in enumerate(sources):
        workspace.input_dir(number).mkdir(parents=True)
        shutil.copy(source, workspace.input_file(number))
        info = probe(workspace.input_file(number), tools(), MediaLimits())
        remaps = tuple(AudioRemap(source=audio.order, target=free + audio.order) for audio in info.audio)
        free += len(remaps)
        infos.append(info)
        files.append(InputFile(path=source.name, video=number == 0 and info.video is not None, audio=remaps))
    spec = JobSpec(
        name="test",
        content_id="content",
        input_storage="in",
        output_storage="out",
        output_path="",
        files=tuple(files),
        video=tuple(output for output in outputs if isinstance(output, VideoRendition)),
        audio=tuple(output for output in outputs if isinstance(output, AudioRendition)),
        packaging=Packaging(formats=(Format.DASH,)),
    )
    return Made(make_plan(spec, infos, Policy(**(FAST | policy))), workspace, [])


def transcode(
    folder: Path, source: Path | Sequence[Path], *outputs: VideoRendition | AudioRendition, **policy: Any
) -> Made:
    """The whole work on one or more sources, in one go."""
    made = prepare(folder, [source] if isinstance(source, Path) else source, *outputs, **policy)
    context = Context(tools(), MediaLimits(), log=made.commands.append)
    for chunk in made.plan.chunks:
        encode_chunk(made.plan, chunk.index, made.workspace, context)
    join(made.plan, made.workspace, context)
    encode_audio(made.plan, made.workspace, context)
    return made


# pictures


def numbered(seconds: float, rate: str = "25", size: str = "320x180") -> list[str]:
    """Input arguments of pictures whose upright bars are the frame's number in Gray code, the lowest bit leftmost.

    In Gray code no bar is the same in the pictures before and after and another in between; a deinterlacer takes
    that for flicker of something that stands still.
    """
    place = f"floor(X*{BITS}/W)"
    bit = f"mod(floor(N/pow(2,{place}))+floor(N/pow(2,{place}+1)),2)"
    return ["-f", "lavfi", "-i", f"nullsrc=s={size}:r={rate}:d={seconds},geq=lum='16+219*{bit}':cb=128:cr=128"]


def numbers(path: Path) -> list[int]:
    """The numbers that the pictures of a file carry, in the order in which they are shown."""
    found = []
    with av.open(path) as container:
        for frame in container.decode(video=0):
            row = _middle_row(frame)
            step = len(row) / BITS
            gray = sum((row[int((bit + 0.5) * step)] > 128) << bit for bit in range(BITS))
            found.append(_plain(gray))
    return found


def _plain(gray: int) -> int:
    number = 0
    while gray:
        number ^= gray
        gray >>= 1
    return number


def _middle_row(frame: av.VideoFrame) -> bytes:
    plane = frame.reformat(format="gray").planes[0]
    start = plane.line_size * (frame.height // 2)
    return bytes(plane)[start : start + frame.width]


def brightness(path: Path) -> list[tuple[float, float]]:
    """Time in seconds and mean luma of every picture."""
    found = []
    with av.open(path) as container:
        for frame in container.decode(video=0):
            luma = bytes(frame.reformat(width=16, height=16, format="gray").planes[0])
            assert frame.time is not None
            found.append((frame.time, sum(luma) / len(luma)))
    return found


def corners(path: Path) -> list[bool]:
    """Whether the first picture is bright in its top left, top right, bottom left and bottom right quarter."""
    with av.open(path) as container:
        frame = next(container.decode(video=0))
        small = frame.reformat(width=64, height=64, format="gray").planes[0]
        pixels = bytes(small)
    return [pixels[y * small.line_size + x] > 128 for y in (16, 48) for x in (16, 48)]


def packet_times(path: Path) -> list[tuple[int, int, int, bool]]:
    """pts, dts and duration in ticks of every packet, and whether it is a keyframe, in stored order."""
    with av.open(path) as container:
        stream = container.streams[0]
        return [(p.pts, p.dts, p.duration, p.is_keyframe) for p in container.demux(stream) if p.size]


def keyframes(path: Path) -> list[Fraction]:
    """Times in seconds of the keyframes."""
    with av.open(path) as container:
        base = container.streams.video[0].time_base
        return [packet.pts * base for packet in container.demux(video=0) if packet.size and packet.is_keyframe]


def describe(path: Path) -> dict[str, str]:
    """What ffprobe says of the first stream."""
    command = [tools().ffprobe, "-v", "error", "-show_streams", "-of", "default=nw=1", path]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def first_frame(path: Path) -> str:
    """All that ffprobe says of the first frame, side data too."""
    command = [tools().ffprobe, "-v", "error", "-show_frames", "-read_intervals", "%+#1", "-of", "default=nw=1", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def frame_digests(path: Path) -> list[str]:
    """MD5 of every decoded picture."""
    command = [tools().ffmpeg, "-v", "error", "-i", path, "-map", "0:v", "-f", "framemd5", "-"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split(",")[-1].strip() for line in lines if not line.startswith("#")]


# sound


def beep(sample_rate: int = 48000, seconds: float = 4) -> list[str]:
    """Input arguments of silence with a loud 1 kHz beep from 1.0 to 1.2 s, mono."""
    wave = f"if(gte(t,{BEEP_AT})*lt(t,{BEEP_AT}+0.2),0.9*cos(2*PI*1000*(t-{BEEP_AT})),0)"
    return ["-f", "lavfi", "-i", f"aevalsrc='{wave}':s={sample_rate}:d={seconds}"]


def flash(seconds: float = 4, rate: str = "25", size: str = "320x180") -> list[str]:
    """Input arguments of black pictures that are white from 1.0 to 1.2 s."""
    white = f"between(T,{BEEP_AT}-0.001,{BEEP_AT}+0.199)"
    return ["-f", "lavfi", "-i", f"nullsrc=s={size}:r={rate}:d={seconds},geq=lum='16+219*{white}':cb=128:cr=128"]


def flash_time(path: Path) -> float:
    """When the first bright picture is shown, in seconds."""
    return next(time for time, luma in brightness(path) if luma > 128)


def samples(path: Path) -> tuple[int, list[array.array]]:
    """Sample rate and the decoded samples of every channel, from the file's zero."""
    about = describe_audio(path)
    channels, rate = int(about["channels"]), int(about["sample_rate"])
    command = [tools().ffmpeg, "-v", "error", "-i", path, "-map", "0:a", "-af", "aresample=async=1:first_pts=0"]
    done = subprocess.run([*command, "-ac", str(channels), "-f", "f32le", "-"], capture_output=True, check=True)
    mixed = array.array("f", done.stdout)
    return rate, [mixed[channel::channels] for channel in range(channels)]


def describe_audio(path: Path) -> dict[str, str]:
    """What ffprobe says of the first audio stream."""
    command = [tools().ffprobe, "-v", "error", "-select_streams", "a:0", "-show_streams", "-of", "default=nw=1", path]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def beep_time(path: Path) -> float:
    """When the beep is first heard, in seconds."""
    rate, channels = samples(path)
    return next(number for number, sample in enumerate(channels[0]) if abs(sample) > 0.3) / rate


def pitch(channel: array.array, rate: int) -> int:
    """The frequency in Hz of a channel that holds one tone, by its zero crossings; 0 for silence."""
    middle = channel[len(channel) // 4 : 3 * len(channel) // 4]
    if max(map(abs, middle)) < 0.01:
        return 0
    rising = sum(1 for before, after in pairwise(middle) if before < 0 <= after)
    return round(rising * rate / len(middle))
