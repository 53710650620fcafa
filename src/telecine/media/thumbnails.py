"""Preview pictures for a player's seek bar: JPEG sprites and the WebVTT map that players read.

They are cut from the keyframes of the smallest rendition, so that nearly nothing has to be decoded: the first
keyframe of each interval, which is as long as the longest GOP at least.

Of a marked title each picture is the mean of both variants, in which their marks cancel: whoever had one variant's
pictures could tell by them which variant his own copy has.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import av

from telecine.core.layout import THUMBNAIL_MAP, THUMBNAILS, thumbnail_sheets
from telecine.core.plan import Plan, VideoOutput, variant_track
from telecine.core.progress import Tick
from telecine.core.watermark.pattern import VARIANTS
from telecine.media.context import Context
from telecine.media.package_marked import is_placed, place, spread
from telecine.media.sandbox import run
from telecine.media.subtitles import timestamp
from telecine.media.workspace import Workspace

WANTED_SECONDS = 10
LONGER_SIDE = 160
"""Pixels."""
COLUMNS = 10
ROWS = 10
_HDR = ("smpte2084", "arib-std-b67")
_JPEG_QUALITY = "5"


@dataclass(frozen=True, slots=True)
class Sheet:
    """How the pictures are laid out: `count` of them, one every `interval` seconds, `width` x `height` pixels each."""

    interval: Fraction
    count: int
    width: int
    height: int

    @property
    def columns(self) -> int:
        """Pictures side by side in a sprite."""
        return min(COLUMNS, self.count)

    @property
    def rows(self) -> int:
        """Rows of pictures in every sprite."""
        return min(ROWS, ceil(self.count / self.columns))


def make_thumbnails(plan: Plan, workspace: Workspace, context: Context) -> None:
    """Make the thumbnails of `workspace.tree` unless they are there, the plan wants none, or there is no picture.

    Raises what the sandbox raises.
    """
    wanted = plan.thumbnails and plan.video and not is_placed(workspace, plan, THUMBNAILS)
    if wanted and not spread(workspace, plan, THUMBNAILS):
        workspace.tree.mkdir(parents=True, exist_ok=True)
        draft = workspace.temporary(workspace.root / "package" / THUMBNAILS)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        video = rendition(plan)
        last = last_keyframe(workspace.video(video.name)) if plan.imported else plan.duration
        sheet = lay_out(plan, video, last)
        variants = VARIANTS if plan.marking else VARIANTS[:1]
        sources = [workspace.relative(workspace.video(variant_track(video.name, variant))) for variant in variants]
        sheets = thumbnail_sheets(plan)
        arguments = sprite_arguments(sheet, sources, f"{workspace.relative(draft)}/{sheets}")
        run(
            [context.tools.ffmpeg, *arguments],
            cwd=workspace.root,
            limits=context.limits,
            log=context.log,
            poll=context.poll,
        )
        (draft / Path(THUMBNAIL_MAP).name).write_text(sprite_map(sheet, plan.duration, sheets), encoding="utf-8")
        place(workspace, plan, THUMBNAILS, draft)
    context.report(Tick(1, 1))


def rendition(plan: Plan) -> VideoOutput:
    """The rendition to cut pictures from: the smallest, and not an HDR one where another is there.

    HDR pictures would look washed out; JPEG cannot say what their numbers mean.
    """
    return min(plan.video, key=lambda video: (video.colour.transfer in _HDR, video.width * video.height))


def last_keyframe(path: Path) -> Fraction:
    """When the last keyframe of a track of ours is shown, in seconds."""
    with av.open(path) as container:
        base = container.streams.video[0].time_base or Fraction(1)
        return max(
            (packet.pts * base for packet in container.demux(video=0) if packet.is_keyframe and packet.pts is not None),
            default=Fraction(0),
        )


def lay_out(plan: Plan, video: VideoOutput, last: Fraction | None = None) -> Sheet:
    """One picture about every ten seconds; `last` is when the last one can be had, in seconds."""
    interval = plan.gop * max(1, round(WANTED_SECONDS / plan.gop))
    scale = Fraction(LONGER_SIDE, max(video.width, video.height))
    return Sheet(
        interval=interval,
        count=min(ceil(plan.duration / interval), floor((plan.duration if last is None else last) / interval) + 1),
        width=max(2, 2 * round(video.width * scale / 2)),
        height=max(2, 2 * round(video.height * scale / 2)),
    )


def sprite_arguments(sheet: Sheet, sources: Sequence[str], target: str) -> list[str]:
    """Arguments of ffmpeg that decode keyframes only, keep one per interval, and tile them.

    Of two `sources`, which have the same pictures at the same times, it is the mean.
    """
    # A little more than the time, so that a keyframe on the border counts for what it begins, however it is rounded.
    interval, border = f"{float(sheet.interval):.6f}", "0.01"
    place = f"floor((t+{border})/{interval})"
    cut = [
        f"select='isnan(prev_selected_t)+gt({place},floor((prev_selected_t+{border})/{interval}))'",
        f"scale={sheet.width}:{sheet.height}:out_range=full",
        "format=yuv420p",
    ]
    tile = f"tile={sheet.columns}x{sheet.rows}"
    before = ["-hide_banner", "-nostdin", "-v", "error"]
    read = ["-threads", "1", "-skip_frame", "nokey", "-f", "mov", "-i"]
    write = ["-an", "-fps_mode", "passthrough", "-c:v", "mjpeg", "-q:v", _JPEG_QUALITY, "-f", "image2", target]
    if len(sources) == 1:
        return [*before, *read, sources[0], "-vf", ",".join([*cut, tile]), *write]
    inputs = [word for source in sources for word in (*read, source)]
    branches = [f"[{number}:v]{','.join(cut)}[v{number}]" for number in range(2)]
    graph = ";".join([*branches, f"[v0][v1]blend=all_mode=average,{tile}"])
    return [*before, *inputs, "-filter_complex", graph, *write]


def sprite_map(sheet: Sheet, duration: Fraction, sheets: str) -> str:
    """WebVTT that says where in which sprite the picture for each moment is; `duration` in seconds.

    Sprites are called `sheets`, with their number, from 1, for `%d`.
    """
    blocks = [f"{begin} --> {end}\n{place}" for begin, end, place in _entries(sheet, duration, sheets)]
    return "WEBVTT\n\n" + "\n\n".join(blocks) + "\n"


def _entries(sheet: Sheet, duration: Fraction, sheets: str) -> Iterator[tuple[str, str, str]]:
    per_sprite = sheet.columns * sheet.rows
    for number in range(sheet.count):
        sprite, position = divmod(number, per_sprite)
        row, column = divmod(position, sheet.columns)
        begin = sheet.interval * number
        end = duration if number + 1 == sheet.count else sheet.interval * (number + 1)
        area = f"{column * sheet.width},{row * sheet.height},{sheet.width},{sheet.height}"
        yield timestamp(int(begin * 1000)), timestamp(int(end * 1000)), f"{sheets % (sprite + 1)}#xywh={area}"
