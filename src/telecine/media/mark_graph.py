"""The parts of ffmpeg commands that every marked encode has, whether of a rendition or of a master. Pure text.

A picture gets its delta, enlarged to its size, added in one take and taken away in the other. `blend` does the sum in
8 or 10 bits with clipping: `grainmerge` is top + bottom - middle, `grainextract` is top - bottom + middle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from telecine.media.encode_args import track_timescale
from telecine.media.mark_mask import DELTA, FIXED, LOOK

REFERENCE_CRF = 20
REFERENCE_KEYFRAMES = 64

SCOUT = ("-hide_banner", "-nostdin", "-y", "-v", "warning", "-nostats")
"""Options of a scout, whose stdout is pictures."""

_MODES = ("grainmerge", "grainextract")


@dataclass(frozen=True, slots=True)
class MarkedPicture:
    """A picture to mark: the name of its pad, and what the delta must become to be added to it.

    `turns` are the filters that lay an upright delta on a picture that is stored lying.
    """

    pad: str
    width: int
    height: int
    pixel_format: str
    range: str = "tv"
    turns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkedPad:
    """A pad to make: the first take adds the delta, the second takes it away."""

    pad: str
    second: bool


def delta_inputs(deltas: Sequence[str], rate: Fraction) -> list[str]:
    """Open delta tracks of `rate` pictures a second as the next inputs of ffmpeg."""
    arguments: list[str] = []
    for delta in deltas:
        arguments += ["-protocol_whitelist", "file,pipe", "-f", "rawvideo", "-pixel_format", "gray"]
        arguments += ["-video_size", f"{DELTA[1]}x{DELTA[0]}", "-framerate", str(rate), "-i", f"file:{delta}"]
    return arguments


def marking_chains(picture: MarkedPicture, pads: Sequence[MarkedPad], number: int, frames: int) -> Iterator[str]:
    """The chains that mark `frames` pictures by the delta track of input `number`, for each of `pads`."""
    filters = _enlarging(picture)
    if len(pads) == 1:
        yield f"[{number}:v]{filters}[{pads[0].pad}d]"
        yield _blending(picture.pad, pads[0], frames)
        return
    yield f"[{number}:v]{filters},split={len(pads)}{''.join(f'[{one.pad}d]' for one in pads)}"
    yield f"[{picture.pad}]split={len(pads)}{''.join(f'[{one.pad}p]' for one in pads)}"
    for one in pads:
        yield _blending(f"{one.pad}p", one, frames)


def looking_filters() -> list[str]:
    """What makes a small gray picture of `LOOK` of one of any size."""
    size = f"scale=w={LOOK[1]}:h={LOOK[0]}:flags=area:out_range=tv"
    return [size, "setsar=1", "format=yuv420p", "extractplanes=y"]


def scout_graph(filters: Sequence[str], stream: int, step: int) -> str:
    """Small pictures of the picture `stream` of input 0 behind `filters`: all, and every `step`-th for a reference."""
    chain = [*filters, *looking_filters(), "split=2[look][every]"]
    return f"[0:{stream}]{','.join(chain)};[every]framestep=step={step}[reference]"


def scout_outputs(rate: Fraction, reference: str) -> list[str]:
    """Write all small pictures to stdout, and those of the reference to the file `reference`."""
    clock = str(track_timescale(rate))
    return [
        *("-map", "[look]", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"),
        *("-map", "[reference]", "-c:v", "libx264", "-preset", "veryfast", "-crf", str(REFERENCE_CRF)),
        *("-x264-params", f"keyint={REFERENCE_KEYFRAMES}:open-gop=0", "-fps_mode", "passthrough"),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-video_track_timescale", clock, "-movie_timescale", clock, "-f", "mp4", reference),
    ]


def _enlarging(picture: MarkedPicture) -> str:
    """The track's picture is taken as full range throughout, so that nothing but its size and format changes."""
    lying = any(turn.startswith("transpose") for turn in picture.turns)
    width, height = (picture.height, picture.width) if lying else (picture.width, picture.height)
    middle = 512 if "10" in picture.pixel_format else 128
    filters = [
        "setparams=range=pc",
        f"scale=w={width}:h={height}:flags=bilinear:in_range=pc:out_range=pc",
        *picture.turns,
        f"format={picture.pixel_format}",
        f"setparams=range={picture.range}",
        "setsar=1",
        f"lutyuv=y={middle}+round((val-{middle})/{FIXED})",
    ]
    return ",".join(filters)


def _blending(picture: str, one: MarkedPad, frames: int) -> str:
    """`blend` repeats the last picture for as long as a track of a higher rate lasts, so it is cut behind that."""
    blend = f"blend=c0_mode={_MODES[one.second]}:c1_mode=normal:c2_mode=normal"
    return f"[{picture}][{one.pad}d]{blend},trim=end_frame={frames}[{one.pad}]"
