"""The ffmpeg commands that make takes of a master's chunk, as argument lists. Pure, tested as text.

Pictures go through one to one: they are picked by their times in the file, numbered anew, marked and encoded. Nothing
is scaled, turned, deinterlaced or converted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from telecine.core.limits import MediaLimits
from telecine.core.master import MasterChunk, MasterPlan
from telecine.media.copies.master_encoders import encoder_options
from telecine.media.encode_args import PREROLL, PROGRESS, track_timescale
from telecine.media.mark_args import REFERENCE_RATE
from telecine.media.mark_graph import (
    SCOUT,
    MarkedPad,
    MarkedPicture,
    delta_inputs,
    marking_chains,
    scout_graph,
    scout_outputs,
)
from telecine.media.picture_graph import TURNS
from telecine.media.safe_input import safe_input

EVERY_PICTURE = 7
"""Pictures of a group up to which a reference has all of them: a detector tells these apart (`detect.gather`)."""
_X265_REUSE = 10
_SET_FIELDS = {"progressive": "prog", "top_first": "tff", "bottom_first": "bff"}


@dataclass(frozen=True, slots=True)
class MasterTake:
    """One encode of a chunk to `target`. The first adds the delta track, the second takes it away.

    x265 writes `analysis` in the first and reads it in the second; empty where every take is encoded from nothing.
    """

    target: str
    second: bool = False
    analysis: str = ""

    @property
    def pad(self) -> str:
        """Name of the graph's pad."""
        return f"t{int(self.second)}"


def reference_step(plan: MasterPlan) -> int:
    """Every which picture the reference has: all of short groups, and where a single one counts; else two of any group
    at least."""
    if plan.group <= EVERY_PICTURE or plan.chips > 1:
        return 1
    return min(max(1, round(plan.rate / Fraction(REFERENCE_RATE))), plan.group // 2)


def master_scout_arguments(
    plan: MasterPlan, chunk: MasterChunk, source: str, reference: str, limits: MediaLimits, *, seek: bool
) -> list[str]:
    """Decode `chunk` to gray pictures of `LOOK` on stdout, upright, and some of them to the file `reference`."""
    filters = [*picked(plan, chunk), *TURNS[plan.rotation]]
    return [
        *SCOUT,
        *_input(plan, chunk, source, limits, seek=seek),
        *("-filter_complex", scout_graph(filters, plan.stream, reference_step(plan))),
        *scout_outputs(plan.rate, reference),
    ]


def master_take_arguments(
    plan: MasterPlan,
    chunk: MasterChunk,
    source: str,
    delta: str,
    takes: Sequence[MasterTake],
    limits: MediaLimits,
    *,
    seek: bool,
) -> list[str]:
    """Encode `takes` of `chunk` from file `source` and its delta track. Progress goes to stdout."""
    arguments = [*PROGRESS, *_input(plan, chunk, source, limits, seek=seek), *delta_inputs([delta], plan.rate)]
    arguments += ["-filter_complex", take_graph(plan, chunk, takes)]
    clock = str(track_timescale(plan.rate))
    for take in takes:
        arguments += ["-map", f"[{take.pad}]", *encoder_options(plan, chunk, _analysis(take))]
        arguments += ["-fps_mode", "passthrough", "-map_metadata", "-1", "-map_chapters", "-1", "-write_tmcd", "0"]
        arguments += ["-video_track_timescale", clock, "-movie_timescale", clock, "-f", "mov", take.target]
    return arguments


def take_graph(plan: MasterPlan, chunk: MasterChunk, takes: Sequence[MasterTake]) -> str:
    """The `-filter_complex` that ends in one pad per take; input 0 is the master, input 1 the delta track."""
    filters = [*picked(plan, chunk), f"setfield=mode={_SET_FIELDS[plan.field_order]}"]
    picture = MarkedPicture(
        "picture",
        plan.width,
        plan.height,
        plan.pixel_format,
        plan.colour.range or "unknown",
        TURNS[-plan.rotation % 360],
    )
    pads = [MarkedPad(take.pad, take.second) for take in takes]
    chains = [f"[0:{plan.stream}]{','.join(filters)}[picture]", *marking_chains(picture, pads, 1, chunk.frames)]
    return ";".join(chains)


def picked(plan: MasterPlan, chunk: MasterChunk) -> list[str]:
    """Filters that let through exactly the pictures of `chunk`, timed from 0, one tick each.

    The plan has made sure that every picture lies within half a picture of an even cadence, so that borders in the
    middle between two pictures are on the right side of every one.
    """
    begin = plan.start + (chunk.first - Fraction(1, 2)) / plan.rate
    end = begin + chunk.frames / plan.rate
    tick = 1 / plan.rate
    return [
        f"trim=start={_microseconds(begin)}:end={_microseconds(end)}",
        f"settb=expr={tick.numerator}/{tick.denominator}",
        "setpts=N",
        # Says what the rate is, without which encoders cannot keep a bitrate; it neither adds nor drops any.
        f"fps={plan.rate}",
        f"trim=end_frame={chunk.frames}",
    ]


def _input(plan: MasterPlan, chunk: MasterChunk, source: str, limits: MediaLimits, *, seek: bool) -> list[str]:
    """Open the master as input 0, its times and its size as they are in the file."""
    time = plan.start + chunk.first / plan.rate - PREROLL
    seeking = ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", _microseconds(time)] if seek and chunk.index else []
    return [
        *("-copyts", *seeking, "-noautorotate", "-apply_cropping", "codec"),
        *safe_input(plan.demuxer, source, limits),
    ]


def _analysis(take: MasterTake) -> tuple[str, ...]:
    if not take.analysis:
        return ()
    what = "load" if take.second else "save"
    return (f"analysis-{what}={take.analysis}", f"analysis-{what}-reuse-level={_X265_REUSE}")


def _microseconds(time: Fraction) -> str:
    return f"{floor(time * 1_000_000)}us"
