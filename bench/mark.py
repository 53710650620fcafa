"""What marking costs: CPU, wall, bytes and quality of a marked ladder against the same ladder without marks.

For each codec the ladder is encoded and joined without marks, and marked at each cost that makes a difference there,
one after the other, several rounds; CPU time is that of the whole process tree. Sizes are those of both variants
together for two of the plain one. Quality is that of the largest rendition against the source, of each variant.

Last, how fast pictures are marked alone: both variants of one rendition at several sizes, into nothing instead of an
encoder, decoding included.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.ladder import make_source
from bench.package import Cost, measured
from telecine.core.job import (
    PEAK,
    Cbr,
    Crf,
    Format,
    InputFile,
    JobSpec,
    MarkCost,
    Marking,
    Packaging,
    RateControl,
    Vbr,
    VideoRendition,
)
from telecine.core.limits import MediaLimits, Policy
from telecine.core.plan import Plan, variant_track
from telecine.core.planner import make_plan
from telecine.core.watermark.pattern import VARIANTS, derive_mark_key
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.encode import encode_chunk
from telecine.media.join import join
from telecine.media.mark import stretch_of
from telecine.media.mark_args import Take, scout_arguments, take_arguments
from telecine.media.mark_mask import Marker
from telecine.media.mark_scout import run_scout
from telecine.media.probe import probe
from telecine.media.tools import Tools, find_tools
from telecine.media.workspace import Workspace

type Codec = Literal["h264", "h265"]
type Mode = Literal["cbr", "vbr", "crf"]

LADDER = [(1280, 720, 3_000_000), (960, 540, 1_600_000), (640, 360, 800_000)]
SIZES = [(1280, 720), (1920, 1080), (3840, 2160)]
COSTS: dict[Codec, tuple[MarkCost | None, ...]] = {
    "h264": (None, MarkCost.FULL, MarkCost.BALANCED, MarkCost.LEAN),
    "h265": (None, MarkCost.FULL, MarkCost.BALANCED, MarkCost.LEAN),
}
CRF = 23
KEY = derive_mark_key(bytes(range(32)), "bench", "bench")
METRICS = {
    "PSNR": ("psnr", r"PSNR y:([\d.]+)"),
    "SSIM": ("ssim", r"SSIM Y:([\d.]+)"),
    "XPSNR": ("xpsnr", r"XPSNR\s+y: ([\d.]+)"),
    "VMAF": ("libvmaf=n_subsample=5", r"VMAF score: ([\d.]+)"),
}


@dataclass(frozen=True)
class Made:
    """One ladder: what it cost, and bytes and quality of the largest rendition's files (one, or one per variant)."""

    cost: Cost
    bytes: tuple[int, ...]
    quality: tuple[dict[str, float], ...]


def plan_of(
    tools: Tools, folder: Path, source: Path, video: Sequence[VideoRendition], marking: Marking | None
) -> tuple[Plan, Workspace]:
    """The plan of a job on `source`, and its work folder with the source in it."""
    shutil.rmtree(folder, ignore_errors=True)
    workspace = Workspace(folder)
    place = workspace.input_file(0)
    place.parent.mkdir(parents=True)
    os.link(source, place)
    spec = JobSpec(
        name="bench",
        content_id="bench",
        input_storage="in",
        files=(InputFile(path="v", video=True),),
        output_storage="out",
        output_path="",
        video=tuple(video),
        packaging=Packaging(formats=(Format.DASH,)),
        marking=marking,
    )
    policy = Policy() if marking else Policy(gops_per_segment=1)
    return make_plan(spec, [probe(place, tools, MediaLimits())], policy), workspace


def make(
    tools: Tools, root: Path, source: Path, codec: Codec, mode: Mode, wanted: MarkCost | None, judge: bool
) -> Made:
    """Encode and join the ladder, marked where there is a `wanted` cost, and `judge` its quality."""
    video = [
        VideoRendition(track_id=f"v{height}", codec=codec, width=width, height=height, rate=_rate(bitrate, mode))
        for width, height, bitrate in LADDER
    ]
    marking = Marking(cost=wanted, shortest_seconds=0) if wanted else None
    key = KEY if wanted else None
    plan, workspace = plan_of(tools, root / "work", source, video, marking)
    context = Context(tools, MediaLimits())

    def run() -> None:
        for chunk in plan.chunks:
            encode_chunk(plan, chunk.index, workspace, context, key)
        join(plan, workspace, context, key)

    cost = measured(run)
    variants = VARIANTS if wanted else VARIANTS[:1]
    files = [[workspace.video(variant_track(output.name, v)) for output in plan.video] for v in variants]
    sizes = tuple(sum(path.stat().st_size for path in ladder) for ladder in files)
    return Made(cost, sizes, tuple(quality(tools, ladder[0], source) for ladder in files) if judge else ())


def _rate(bitrate: int, mode: Mode) -> RateControl:
    match mode:
        case "cbr":
            return Cbr(bitrate=bitrate)
        case "vbr":
            return Vbr(bitrate=bitrate, peak=int(bitrate * PEAK))
        case "crf":
            return Crf(crf=CRF)


def quality(tools: Tools, path: Path, source: Path) -> dict[str, float]:
    """Luma of `path` against `source`, which has its size, by each of `METRICS` (dB, but for SSIM and VMAF)."""
    names = range(len(METRICS))
    pads = [f"[{side}:v]split={len(METRICS)}{''.join(f'[{side}{n}]' for n in names)}" for side in (0, 1)]
    graph = [*pads, *(f"[0{n}][1{n}]{metric}" for n, (metric, _) in zip(names, METRICS.values(), strict=True))]
    argv = [str(tools.ffmpeg), "-hide_banner", "-nostdin", "-i", str(path), "-i", str(source)]
    done = subprocess.run(
        [*argv, "-lavfi", ";".join(graph), "-f", "null", "-"], capture_output=True, text=True, check=True
    )
    found = {name: re.search(pattern, done.stderr) for name, (_, pattern) in METRICS.items()}
    return {name: float(match[1]) for name, match in found.items() if match}


def embedding(tools: Tools, root: Path, source: Path, width: int, height: int) -> tuple[int, Cost, Cost]:
    """Pictures of `source`, what marking both variants of them at a size costs, and what decoding and scaling alone."""
    rendition = VideoRendition(track_id="v", codec="h264", width=width, height=height, rate=Crf(crf=23))
    plan, workspace = plan_of(tools, root / "work", source, [rendition], Marking(shortest_seconds=0))
    assert plan.picture
    marking = plan.marking
    assert marking
    chunk, output, context = plan.chunks[0], plan.video[0], Context(tools, MediaLimits())
    limits, cores = context.limits, context.cores
    name, rate = workspace.relative(workspace.input_file(plan.picture.file)), output.frame_rate
    delta, reference = workspace.root / "delta", workspace.root / "reference"
    takes = [Take(output, second, delta.name, "") for second in (False, True)]

    def mark() -> None:
        scout = scout_arguments(plan, chunk, name, rate, reference.name, limits, cores, seek=False)
        marker, stretch = Marker(marking.strength, rate), stretch_of(plan, chunk, rate, KEY)
        run_scout(scout, marker, stretch, {output.name: delta}, workspace, context, lambda _: None)
        arguments = take_arguments(plan, chunk, name, rate, takes, limits, cores, seek=False)
        blend = arguments[: arguments.index("-map")]
        nothing = [part for take in takes for part in ("-map", f"[{take.pad}]", "-f", "null", "-")]
        sandbox.run([tools.ffmpeg, *blend, *nothing], cwd=workspace.root, limits=limits)

    def decode() -> None:
        scale = ["-i", name, "-vf", f"scale={width}:{height}", "-f", "null", "-"]
        sandbox.run([tools.ffmpeg, "-v", "error", *scale], cwd=workspace.root, limits=limits)

    return chunk.frames(rate), measured(mark), measured(decode)


def ladders(tools: Tools, root: Path, source: Path, codec: Codec, mode: Mode, rounds: int) -> None:
    """Print each way of making the ladder, as ratios to the plain one; quality is that of the first round."""
    ways = COSTS[codec]
    runs: dict[MarkCost | None, list[Made]] = {way: [] for way in ways}
    for number in range(rounds):
        for way in ways:
            runs[way].append(make(tools, root, source, codec, mode, way, number == 0))
    cpu, wall = ({way: statistics.median(getattr(m.cost, what) for m in made) for way, made in runs.items()}
                 for what in ("cpu", "wall"))  # fmt: skip
    plain = runs[None][0]
    print(f"\n{codec}, {mode}, medians of {rounds} rounds")
    for way, made in runs.items():
        first = made[0]
        size, apart = statistics.mean(first.bytes) / plain.bytes[0], first.bytes[-1] / first.bytes[0]
        print(
            f"  {way or 'plain':9} cpu {cpu[way]:7.1f} s, {cpu[way] / cpu[None]:.2f} x   wall {wall[way]:7.1f} s, "
            f"{wall[way] / wall[None]:.2f} x   bytes of a variant {size:.3f} x, 1 to 0 {apart:.4f}"
        )
        for variant, found in enumerate(first.quality):
            print(f"    {variant}: {'  '.join(f'{metric} {value:.3f}' for metric, value in found.items())}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="an MP4 of 1280x720")
    parser.add_argument("--seconds", type=int, default=16, help="length of the made source")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--codec", choices=list(COSTS), action="append", help="default: both")
    parser.add_argument("--mode", choices=("cbr", "vbr", "crf"), default="vbr", help="rate control of the ladder")
    parser.add_argument("--no-embedding", action="store_true", help="ladders alone")
    options = parser.parse_args()
    tools = find_tools()
    with tempfile.TemporaryDirectory(prefix="telecine-bench-") as name:
        root = Path(name).resolve()
        source = options.source.resolve() if options.source else make_source(tools, root, options.seconds)
        for codec in options.codec or COSTS:
            ladders(tools, root, source, codec, options.mode, options.rounds)
        for width, height in [] if options.no_embedding else SIZES:
            frames, marked, decoded = embedding(tools, root, source, width, height)
            print(
                f"{width}x{height}: both variants marked {frames / marked.cpu:.1f} pictures a second and core, "
                f"decoding included; decoding and scaling alone {frames / decoded.cpu:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
