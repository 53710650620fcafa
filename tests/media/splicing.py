"""Masters with two takes that a test can tell apart by eye: one is a little brighter, the other a little darker.

    from tests.media.splicing import MASTERS, studio, copy_of

The takes are made by ffmpeg as the encoder of masters makes them: chunk by chunk, the same groups in both.
"""

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.clips import FAST_H264, make, picture, tone, tools

from telecine.core.distribution import CopyMode
from telecine.core.limits import MediaLimits
from telecine.core.master import TAKES, MasterChunk, MasterPlan, Prepared
from telecine.core.plan import Colour
from telecine.core.watermark.bias import Family
from telecine.media.context import Context
from telecine.media.copies.splice import prepared_file
from telecine.media.workspace import Workspace
from telecine.storage.ranges import RangeFile

FRAMES = 56
RATE = Fraction(25)
_SECONDS = FRAMES / float(RATE)


@dataclass(frozen=True)
class Kind:
    """A kind of master: how it is made, how its takes are, and what the plan says of it."""

    container: str
    codec: str
    pixel_format: str
    master: tuple[str, ...]
    """ffmpeg's output arguments."""
    take: tuple[str, ...]
    """ffmpeg's arguments for the picture of a take."""
    group: int
    size: str = "320x180"
    filters: str = ""
    """On the test picture, before the master is encoded."""
    rate: Fraction = RATE
    range: str = ""

    def source(self) -> Path:
        """The master."""
        seconds = FRAMES / float(self.rate)
        pictures = picture(seconds, str(self.rate), self.size)
        filtered = ["-vf", self.filters] if self.filters else []
        return make(f".{self.container}", *pictures, *tone(seconds), *filtered, *self.master)


def _x264(group: int, between: int = 2) -> tuple[str, ...]:
    fixed = f"keyint={group}:min-keyint={group}:scenecut=0:open-gop=0:b-adapt=0:bframes={between}"
    return (*FAST_H264, "-color_range", "tv", "-x264-params", fixed)


def _x265(group: int) -> tuple[str, ...]:
    fixed = f"log-level=error:info=0:keyint={group}:min-keyint={group}:scenecut=0:open-gop=0:b-adapt=0:bframes=2"
    return ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", fixed)


COLOURS = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")
_PRORES = ("-c:v", "prores_ks", "-profile:v", "3", "-pix_fmt", "yuv422p10le", "-vendor", "apl0", *COLOURS)
_MPEG2 = (
    *("-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-profile:v", "0", "-level", "2", "-b:v", "4M", "-bf", "2"),
    *("-g", "12", "-flags", "+cgop+ildct+ilme", "-sc_threshold", "1000000000", "-mpv_flags", "+strict_gop"),
)
_DNXHR = ("-c:v", "dnxhd", "-profile:v", "dnxhr_sq", "-pix_fmt", "yuv422p", *COLOURS)
MASTERS = {
    "h264": Kind(
        "mp4",
        "h264",
        "yuv420p",
        (*FAST_H264, "-preset", "veryfast", "-bf", "3", *COLOURS, "-c:a", "aac", "-ac", "2"),
        _x264(14),
        14,
    ),
    "h265": Kind(
        "mp4",
        "h265",
        "yuv420p10le",
        (*_x265(25), "-tag:v", "hvc1", *COLOURS, "-c:a", "aac", "-movflags", "+faststart"),
        (*_x265(14), "-tag:v", "hvc1"),
        14,
    ),
    "h264 in mov": Kind(
        "mov",
        "h264",
        "yuv420p",
        (*FAST_H264, "-bf", "0", "-c:a", "pcm_s16le", "-ac", "2", "-timecode", "10:00:00;02", "-color_range", "tv"),
        _x264(15),
        15,
        rate=Fraction(30000, 1001),
    ),
    "prores": Kind(
        "mov",
        "prores",
        "yuv422p10le",
        (*_PRORES, "-c:a", "pcm_s24le", "-ac", "2", "-timecode", "01:00:00:00"),
        _PRORES,
        3,
    ),
    "xdcam": Kind(
        "mxf",
        "mpeg2",
        "yuv422p",
        (*_MPEG2, "-c:a", "pcm_s16le", "-timecode", "01:00:00:00"),
        _MPEG2,
        12,
        size="320x192",
        filters="fps=50,interlace=scan=tff,setfield=tff",
    ),
    "dnxhr": Kind("mxf", "dnxhd", "yuv422p", (*_DNXHR, "-c:a", "pcm_s24le"), _DNXHR, 3),
    "dnxhr in mov": Kind("mov", "dnxhd", "yuv422p", (*_DNXHR, "-c:a", "pcm_s24le"), _DNXHR, 3),
    "avc-intra": Kind("mxf", "h264", "yuv420p", (*_x264(1, 0), "-c:a", "pcm_s16le"), _x264(1, 0), 3, range="tv"),
    "prores in mxf": Kind("mxf", "prores", "yuv422p10le", (*_PRORES, "-c:a", "pcm_s24le"), _PRORES, 3),
}


def plan_of(kind: Kind, source: Path) -> MasterPlan:
    """The plan of a master: two chunks of whole groups, the last of which is shorter."""
    width, height = map(int, kind.size.split("x"))
    first = 2 * kind.group if kind.group > 3 else 30
    counted = _frames(source)
    chunks = [(0, first), (first, counted - first)]
    return MasterPlan(
        content_id="film",
        mode=CopyMode.POOL,
        code=Family.UP_TO_4,
        strength=0.5,
        demuxer="mxf" if kind.container == "mxf" else "mov",
        container=kind.container,
        stream=0,
        codec=kind.codec,
        profile="",
        intra=kind.group <= 3,
        width=width,
        height=height,
        pixel_format=kind.pixel_format,
        colour=Colour(range=kind.range),
        rate=kind.rate,
        frames=counted,
        start=Fraction(0),
        group=kind.group,
        chunks=tuple(
            MasterChunk(index=index, first=begin, frames=frames, bitrate=1_000_000)
            for index, (begin, frames) in enumerate(chunks)
        ),
    )


def studio(root: Path, kind: Kind) -> tuple[MasterPlan, Workspace]:
    """A work folder with the master and both takes of every chunk."""
    source = kind.source()
    plan = plan_of(kind, source)
    workspace = Workspace(root)
    workspace.input_dir(0).mkdir(parents=True)
    shutil.copyfile(source, workspace.input_file(0))
    for take in TAKES:
        for chunk in plan.chunks:
            target = workspace.take(str(take), chunk.index)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(take_of(kind, source, chunk, 6 - 12 * take), target)
    return plan, workspace


def take_of(kind: Kind, source: Path, chunk: MasterChunk, brighter: int, *more: str) -> Path:
    """A chunk of the master whose luma is so many steps of 8 bits brighter; `more` arguments go to the encoder."""
    scale = 4 if "10" in kind.pixel_format else 1
    trim = f"trim=start_frame={chunk.first}:end_frame={chunk.first + chunk.frames},setpts=PTS-STARTPTS"
    light = f"lutyuv=y='clip(val+{brighter * scale},minval,maxval)'"
    pictures = ["-i", source, "-map", "0:v:0", "-vf", f"{trim},{light}", "-fps_mode", "passthrough"]
    return make(".mov", *pictures, *kind.take, *more, inputs=(source,))


def context() -> Context:
    """The engines of the wheels."""
    return Context(tools(), MediaLimits())


def prepared_of(workspace: Workspace) -> Prepared:
    """What `prepare_master` has said."""
    return Prepared.model_validate_json((workspace.prepared / "prepared.json").read_bytes())


def copy_of(plan: MasterPlan, workspace: Workspace, takes: Sequence[int], target: Path) -> Path:
    """The copy that has these takes."""
    pieces = prepared_of(workspace).pieces(takes)
    with RangeFile(
        [(prepared_file(workspace.prepared, plan, take), start, end) for take, start, end in pieces]
    ) as file:
        file.copy_to(target)
    return target


def some_takes(plan: MasterPlan, seed: int) -> list[int]:
    """Takes for every group, by chance; always both."""
    chance = random.Random(seed)
    takes = [chance.randrange(2) for _ in range(plan.groups)]
    return [0, 1, *takes[2:]]


def pictures_of(*files: Path, options: Sequence[str] = ()) -> list[str]:
    """A digest of every decoded picture, file after file, in the order of showing."""
    lines = [
        line
        for file in files
        for line in _said(
            tools().ffmpeg,
            *(*options, "-i", file, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"),
        ).splitlines()
    ]
    return [line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")]


def described(file: Path) -> dict:
    """What ffprobe says of a file's streams and container."""
    return json.loads(_said(tools().ffprobe, "-of", "json", "-show_streams", "-show_format", file))


def other_bytes(file: Path) -> list[str]:
    """A digest of every stream but the picture."""
    if len(described(file)["streams"]) == 1:
        return []
    chosen = ("-map", "0", "-map", "-0:v", "-c", "copy", "-copy_unknown", "-f", "streamhash", "-")
    return _said(tools().ffmpeg, "-i", file, *chosen).splitlines()


def _frames(source: Path) -> int:
    asked = ("-select_streams", "v:0", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0")
    return int(_said(tools().ffprobe, *asked, source).split(",")[0])


def _said(program: Path, *arguments: str | Path) -> str:
    done = subprocess.run([program, "-v", "error", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return done.stdout
