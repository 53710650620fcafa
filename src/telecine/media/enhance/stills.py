"""Two stills of the result: its most typical frame around the middle, as JPEG."""

from fractions import Fraction

from telecine.core.enhance.picture import Picture
from telecine.core.enhance.plan import EnhancePlan
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.encode_args import PROGRESS
from telecine.media.enhance.files import ScreenshotSize, chunk_file, screenshot_file
from telecine.media.workspace import Workspace, finish

BOXES: dict[ScreenshotSize, tuple[int, int]] = {"large": (1280, 720), "small": (320, 180)}
"""Width and height within which each is shown; none is larger than the result."""
TURNED = {0: "", 90: "transpose=clock,", 180: "hflip,vflip,", 270: "transpose=cclock,"}
"""Filters that turn a picture clockwise by so many degrees."""
_LOOKED_AT = 50
"""Frames among which the typical one is chosen."""


def make_screenshots(plan: EnhancePlan, workspace: Workspace, context: Context) -> None:
    """Make both of `screenshot_file(workspace, size)`; at once where they are there. Raises what the sandbox raises."""
    finals = {size: screenshot_file(workspace, size) for size in BOXES}
    if all(final.exists() for final in finals.values()):
        return
    drafts = {size: workspace.temporary(final) for size, final in finals.items()}
    try:
        names = {size: workspace.relative(draft) for size, draft in drafts.items()}
        chunk = workspace.relative(chunk_file(workspace, len(plan.chunks) // 2))
        sandbox.run(
            [context.tools.ffmpeg, *PROGRESS, *_arguments(plan, chunk, names)],
            cwd=workspace.root,
            limits=context.limits,
            log=context.log,
            poll=context.poll,
        )
        for size, final in finals.items():
            finish(drafts[size], final)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def fitted(picture: Picture, box: tuple[int, int], rotation: int = 0) -> tuple[int, int]:
    """Even width and height, upright and in square pixels, of `picture` within `box`; its own where it is smaller."""
    width, height = round(picture.width * picture.sample_aspect), picture.height
    if rotation % 180:
        width, height = height, width
    scale = min(Fraction(1), Fraction(box[0], width), Fraction(box[1], height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def whole_frames_of(picture: Picture) -> str:
    """A filter, with a comma behind it, that makes one whole frame of each two fields; nothing where there are none."""
    return "" if picture.fields == "progressive" else "bwdif=mode=send_frame:deint=all,"


def _arguments(plan: EnhancePlan, chunk: str, names: dict[ScreenshotSize, str]) -> list[str]:
    picture, turn = plan.target.picture, plan.source.rotation % 360
    pads = "".join(f"[{size}]" for size in names)
    width, height = fitted(picture, BOXES["large"], turn)
    # Made small before the choice: the filter holds all frames that it chooses from.
    small = f"{TURNED[turn]}scale={width}:{height}:flags=bicubic:out_range=pc,setsar=1,format=yuvj420p"
    graph = [f"[0:v]{whole_frames_of(picture)}{small},thumbnail={_LOOKED_AT},split={len(names)}{pads}"]
    outputs: list[str] = []
    for size, name in names.items():
        width, height = fitted(picture, BOXES[size], turn)
        graph.append(f"[{size}]scale={width}:{height}:flags=bicubic[{size}o]")
        outputs += ["-map", f"[{size}o]", "-frames:v", "1", "-q:v", "3", "-f", "mjpeg", name]
    return [
        *("-noautorotate", "-protocol_whitelist", "file", "-f", "mov", "-i", f"file:{chunk}"),
        *("-filter_complex", ";".join(graph), *outputs),
    ]
