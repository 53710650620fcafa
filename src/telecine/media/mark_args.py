"""The ffmpeg commands that mark a chunk, as argument lists. Pure, tested as text.

First a scout decodes the chunk to small pictures, from which the delta tracks are made. Then the renditions are
encoded as ever, but for the mark (`media.mark_graph`). So full-size pictures never leave ffmpeg.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from telecine.core.limits import MediaLimits
from telecine.core.plan import ChunkSpan, Plan, VideoOutput
from telecine.media.encode_args import PROGRESS, output_options, picture_input
from telecine.media.encoder_threads import encoder_threads
from telecine.media.mark_graph import (
    SCOUT,
    MarkedPad,
    MarkedPicture,
    delta_inputs,
    marking_chains,
    scout_graph,
    scout_outputs,
)
from telecine.media.picture_graph import picture_graph, shared_filters, timing_filters

REFERENCE_RATE = 6.25
"""Pictures a second of the reference, at most about."""

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
    plan: Plan,
    chunk: ChunkSpan,
    source: str,
    rate: Fraction,
    reference: str,
    limits: MediaLimits,
    cores: int,
    *,
    seek: bool,
) -> list[str]:
    """Decode `chunk` on `cores` to gray pictures of `LOOK` on stdout, `rate` a second, and to the file `reference`.

    The reference is the same small picture, a few a second, from the chunk's first frame on, timed from there.
    """
    step = max(1, round(rate / Fraction(REFERENCE_RATE)))
    assert plan.picture
    filters = [*shared_filters(plan.picture), *timing_filters(plan, chunk, rate)]
    return [
        *SCOUT,
        *picture_input(plan, chunk, source, limits, cores, seek=seek),
        *("-filter_complex", scout_graph(filters, plan.picture.stream, step)),
        *scout_outputs(rate, reference),
    ]


def take_arguments(
    plan: Plan,
    chunk: ChunkSpan,
    source: str,
    rate: Fraction,
    takes: Sequence[Take],
    limits: MediaLimits,
    cores: int,
    *,
    seek: bool,
) -> list[str]:
    """Encode `takes` of `chunk` on `cores` from file `source` and their delta tracks, `rate` pictures a second.

    Progress goes to stdout.
    """
    deltas = list(dict.fromkeys(take.delta for take in takes))
    arguments = [*PROGRESS, *picture_input(plan, chunk, source, limits, cores, seek=seek)]
    arguments += delta_inputs(deltas, rate)
    arguments += ["-filter_complex_threads", str(cores), "-filter_complex", mark_graph(plan, chunk, takes, deltas)]
    for take, threads in zip(takes, encoder_threads([take.output for take in takes], cores), strict=True):
        options = output_options(plan, take.output, threads, _x265_parameters(take))
        arguments += ["-map", f"[{take.pad}]", *options, take.target]
    return arguments


def mark_graph(plan: Plan, chunk: ChunkSpan, takes: Sequence[Take], deltas: Sequence[str]) -> str:
    """The `-filter_complex` that ends in one pad per take; input 0 is the source, the next are `deltas` in order."""
    outputs = list({take.output.name: take.output for take in takes}.values())
    chains = [picture_graph(plan, chunk, outputs)]
    for output in outputs:
        mine = [take for take in takes if take.output.name == output.name]
        picture = MarkedPicture(output.name, output.width, output.height, output.pixel_format)
        pads = [MarkedPad(take.pad, take.second) for take in mine]
        chains += marking_chains(picture, pads, 1 + deltas.index(mine[0].delta), chunk.frames(output.frame_rate))
    return ";".join(chains)


def _x265_parameters(take: Take) -> list[str]:
    """No message that names the encoder's options: it would tell one take from the other."""
    if take.output.codec != "h265":
        return []
    parameters = ["info=0"]
    if take.analysis:
        what = "load" if take.second else "save"
        parameters += [f"analysis-{what}={take.analysis}", f"analysis-{what}-reuse-level={_REUSE}"]
    return parameters
