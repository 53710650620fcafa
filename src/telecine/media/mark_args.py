"""The ffmpeg commands that mark a chunk, as argument lists. Pure, tested as text.

First a scout decodes the chunk to small pictures, from which the delta tracks are made. Then the renditions are
encoded as ever, but each picture gets the delta, enlarged to its size, added in one take and taken away in the other.
So full-size pictures never leave ffmpeg. `blend` does the sum in 8 or 10 bits with clipping: `grainmerge` is
top + bottom - middle, `grainextract` is top - bottom + middle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from telecine.core.limits import MediaLimits
from telecine.core.plan import ChunkSpan, Plan, VideoOutput
from telecine.media.encode_args import PROGRESS, output_options, picture_input, track_timescale
from telecine.media.mark_mask import DELTA, FIXED, LOOK
from telecine.media.picture_graph import picture_graph, shared_filters, timing_filters

REFERENCE_RATE = 6.25
"""Pictures a second of the reference, at most about."""
REFERENCE_CRF = 20
REFERENCE_KEYFRAMES = 64

_REUSE = 10
"""x265's level of reuse: everything, down to the modes of each block."""


@dataclass(frozen=True, slots=True)
class Take:
    """One encode of one rendition of a chunk. Files are named as ffmpeg names them.

    The first take adds `delta`, the second takes it away. x265 writes `analysis` in the first and reads it in the
    second; empty where every take is encoded from nothing.
    """

    output: VideoOutput
    second: bool
    delta: str
    target: str
    analysis: str = ""

    @property
    def pad(self) -> str:
        """Name of the graph's pad."""
        return f"{self.output.name}_{int(self.second)}"


def scout_arguments(
    plan: Plan, chunk: ChunkSpan, source: str, rate: Fraction, reference: str, limits: MediaLimits, *, seek: bool
) -> list[str]:
    """Decode `chunk` to gray pictures of `LOOK` on stdout, `rate` a second, and to the file `reference`.

    The reference is the same small picture, a few a second, from the chunk's first frame on, timed from there.
    """
    step = max(1, round(rate / Fraction(REFERENCE_RATE)))
    clock = str(track_timescale(rate))
    return [
        *("-hide_banner", "-nostdin", "-y", "-v", "warning", "-nostats"),
        *picture_input(plan, chunk, source, limits, seek=seek),
        *("-filter_complex", _scout_graph(plan, chunk, rate, step)),
        *("-map", "[look]", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"),
        *("-map", "[reference]", "-c:v", "libx264", "-preset", "veryfast", "-crf", str(REFERENCE_CRF)),
        *("-x264-params", f"keyint={REFERENCE_KEYFRAMES}:open-gop=0", "-fps_mode", "passthrough"),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-video_track_timescale", clock, "-movie_timescale", clock, "-f", "mp4", reference),
    ]


def take_arguments(
    plan: Plan,
    chunk: ChunkSpan,
    source: str,
    rate: Fraction,
    takes: Sequence[Take],
    limits: MediaLimits,
    *,
    seek: bool,
) -> list[str]:
    """Encode `takes` of `chunk` from file `source` and their delta tracks, which have `rate` pictures a second.

    Progress goes to stdout.
    """
    deltas = list(dict.fromkeys(take.delta for take in takes))
    arguments = [*PROGRESS, *picture_input(plan, chunk, source, limits, seek=seek)]
    for delta in deltas:
        arguments += ["-protocol_whitelist", "file,pipe", "-f", "rawvideo", "-pixel_format", "gray"]
        arguments += ["-video_size", f"{DELTA[1]}x{DELTA[0]}", "-framerate", str(rate), "-i", f"file:{delta}"]
    arguments += ["-filter_complex", mark_graph(plan, chunk, takes, deltas)]
    for take in takes:
        options = output_options(plan, take.output, _x265_parameters(take))
        arguments += ["-map", f"[{take.pad}]", *options, take.target]
    return arguments


def mark_graph(plan: Plan, chunk: ChunkSpan, takes: Sequence[Take], deltas: Sequence[str]) -> str:
    """The `-filter_complex` that ends in one pad per take; input 0 is the source, the next are `deltas` in order."""
    outputs = list({take.output.name: take.output for take in takes}.values())
    chains = [picture_graph(plan, chunk, outputs)]
    for output in outputs:
        mine = [take for take in takes if take.output.name == output.name]
        chains += _marking(output, mine, 1 + deltas.index(mine[0].delta), chunk.frames(output.frame_rate))
    return ";".join(chains)


def _marking(output: VideoOutput, takes: Sequence[Take], number: int, frames: int) -> Iterator[str]:
    """The chains that mark `frames` pictures of a rendition by the delta track of input `number`, for each take."""
    size = f"scale=w={output.width}:h={output.height}:flags=bilinear:in_range=pc:out_range=pc"
    middle = 512 if "10" in output.pixel_format else 128
    # The track's picture is taken as full range throughout, so that nothing but its size and format changes.
    filters = f"setparams=range=pc,{size},format={output.pixel_format},setparams=range=tv,setsar=1"
    filters += f",lutyuv=y={middle}+round((val-{middle})/{FIXED})"
    if len(takes) == 1:
        yield f"[{number}:v]{filters}[{takes[0].pad}d]"
        yield _blending(output.name, takes[0], frames)
        return
    yield f"[{number}:v]{filters},split={len(takes)}{''.join(f'[{take.pad}d]' for take in takes)}"
    yield f"[{output.name}]split={len(takes)}{''.join(f'[{take.pad}p]' for take in takes)}"
    for take in takes:
        yield _blending(f"{take.pad}p", take, frames)


def _blending(picture: str, take: Take, frames: int) -> str:
    """`blend` repeats the last picture for as long as a track of a higher rate lasts, so it is cut behind that."""
    mode = "grainextract" if take.second else "grainmerge"
    blend = f"blend=c0_mode={mode}:c1_mode=normal:c2_mode=normal"
    return f"[{picture}][{take.pad}d]{blend},trim=end_frame={frames}[{take.pad}]"


def _scout_graph(plan: Plan, chunk: ChunkSpan, rate: Fraction, step: int) -> str:
    assert plan.picture
    filters = [
        *shared_filters(plan.picture),
        *timing_filters(plan, chunk, rate),
        f"scale=w={LOOK[1]}:h={LOOK[0]}:flags=area:out_range=tv",
        "setsar=1",
        "format=yuv420p",
        "extractplanes=y",
        "split=2[look][every]",
    ]
    return f"[0:{plan.picture.stream}]{','.join(filters)};[every]framestep=step={step}[reference]"


def _x265_parameters(take: Take) -> list[str]:
    """No message that names the encoder's options: it would tell one take from the other."""
    if take.output.codec != "h265":
        return []
    parameters = ["info=0"]
    if take.analysis:
        what = "load" if take.second else "save"
        parameters += [f"analysis-{what}={take.analysis}", f"analysis-{what}-reuse-level={_REUSE}"]
    return parameters
