"""What enhancement gives, and what it costs: each option against what a user would pick instead, on real clips.

Every clip is damaged in a known way and repaired by each contender; the clip itself is the truth. Quality is PSNR and
SSIM of luma, VMAF, and VMAF-NEG, which does not reward sharpening, by FFmpeg's libvmaf with the same colour tags on
both sides (else FFmpeg converts one of them first). Cost is CPU seconds a frame and frames a second of the stage
alone, without decoding and encoding. What is claimed and not so is printed last, clip by clip.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from bench.enhance_trials import CLAIMS, CONTENDERS, TRIALS, Trial, cut, timed
from bench.material import clip_folders, find
from telecine.core.enhance.picture import Picture
from telecine.media.tools import Tools, find_tools

ROWS = ("bench.enhance_filters", "bench.enhance_native", "bench.enhance_models")
"""Modules with trials, contenders and claims; those that are there are used."""

CLIPS = (
    ("bigbuckbunny.mp4", 20, (640, 360)),
    ("bikes.mp4", 60, (640, 272)),
    ("bikes.mp4", 150, (640, 272)),
    ("car-detection.mp4", 60, (512, 288)),
    ("one-by-one-person-detection.mp4", 200, (512, 288)),
)
"""Clip, first frame, size. One is drawn, two are a street with fast and slow motion, a road, an office."""

MEASURES = {"psnr_y": "PSNR", "float_ssim": "SSIM", "vmaf": "VMAF", "neg": "NEG"}
MODELS = r"version=vmaf_v0.6.1\:name=vmaf|version=vmaf_v0.6.1neg\:name=neg"
NOTHING = 0.0005
"""CPU seconds a frame that are none: moving the frames costs as much."""
TAGS = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"


@dataclass(frozen=True, slots=True)
class Result:
    """What one contender reached in one trial. Costs are of a frame of its output."""

    kind: str
    clip: str
    damage: str
    contender: str
    quality: dict[str, float]
    cpu: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, help="a folder with more clips")
    parser.add_argument("--frames", type=int, default=32, help="frames of each clip; an even number")
    parser.add_argument("--only", action="append", help="a kind of trial; may be given several times")
    arguments = parser.parse_args()
    for name in ROWS:
        if find_spec(name):
            import_module(name)
    tools, folders = find_tools(), clip_folders(arguments.clips)
    there = [(path, first, size) for name, first, size in CLIPS if (path := find(name, folders))]
    if not there:
        raise SystemExit("none of the clips is here (make venv, or --clips)")
    results: list[Result] = []
    for kind in arguments.only or TRIALS:
        print(f"\n## {kind.capitalize()}\n", flush=True)
        for path, first, size in there:
            material = cut(tools, path, first, arguments.frames, size)
            for trial in TRIALS[kind](material, tools):
                found = list(compete(tools, kind, trial, first))
                print_table(found, trial)
                results += found
    print_claims(results)


def compete(tools: Tools, kind: str, trial: Trial, first: int) -> Iterator[Result]:
    """What every contender makes of a trial."""
    for label, stages in CONTENDERS[kind].items():
        chain = stages(trial)
        if chain is None:
            continue
        data, wall, cpu = timed(tools, chain, trial.damaged)
        quality = measured(tools, trial.after, trial.compared(data), trial.compared(trial.truth))
        frames = trial.after.frames
        clip = f"{trial.material} from {first}"
        yield Result(kind, clip, trial.damage, label, quality, cpu / frames, wall / frames)


def measured(tools: Tools, form: Picture, result: bytes, truth: bytes) -> dict[str, float]:
    """Means over all frames."""
    raw = ["-f", "rawvideo", "-pix_fmt", form.pixel_format, "-s", f"{form.width}x{form.height}", "-r", "25"]
    with tempfile.TemporaryDirectory(prefix="bench-enhance-") as name:
        folder = Path(name)
        (folder / "result").write_bytes(result)
        (folder / "truth").write_bytes(truth)
        measure = f"libvmaf=model={MODELS}:feature=name=psnr|name=float_ssim:log_fmt=json:log_path=log:n_threads=2"
        # Escaped once more for the graph, which would take a backslash away.
        graph = f"[0:v]{TAGS}[result];[1:v]{TAGS}[truth];[result][truth]{measure}".replace("\\", "\\\\")
        command = [str(tools.ffmpeg), "-v", "error", *raw, "-i", "result", *raw, "-i", "truth"]
        subprocess.run([*command, "-filter_complex", graph, "-f", "null", "-"], cwd=folder, check=True)
        pooled = json.loads((folder / "log").read_text())["pooled_metrics"]
    return {short: float(pooled[long]["mean"]) for long, short in MEASURES.items()}


def print_table(results: list[Result], trial: Trial) -> None:
    form = trial.after
    print(f"### {results[0].clip}, {trial.damage}, {form.width}x{form.height}, {form.frames} frames\n")
    print("| contender | PSNR | SSIM | VMAF | NEG | CPU s/frame | frames/s |")
    print("|---|---|---|---|---|---|---|")
    for result in results:
        quality = result.quality
        costs = f"{result.cpu:.3f} | {1 / result.wall:.0f}" if result.cpu > NOTHING else "0 | -"
        values = f"{quality['PSNR']:.2f} | {quality['SSIM']:.4f} | {quality['VMAF']:.1f} | {quality['NEG']:.1f}"
        print(f"| {result.contender} | {values} | {costs} |")
    print(flush=True)


def print_claims(results: list[Result]) -> None:
    """Of each claim, how often it holds, by how much, and every trial in which it does not."""
    print("## What is claimed\n")
    print("| kind | claim | PSNR won | mean | VMAF won | mean | NEG won | mean | CPU |")
    print("|---|---|---|---|---|---|---|---|---|")
    lost: list[str] = []
    for kind, ours, rival in CLAIMS:
        pairs = list(_pairs(results, kind, ours, rival))
        if not pairs:
            continue
        cells = []
        for measure in ("PSNR", "VMAF", "NEG"):
            gains = [one.quality[measure] - other.quality[measure] for one, other in pairs]
            cells.append(f"{sum(gain > 0 for gain in gains)} of {len(gains)} | {statistics.fmean(gains):+.2f}")
            lost += [
                f"- {ours} against {rival}, {one.clip}, {one.damage}: {measure} {gain:+.2f}"
                for (one, _), gain in zip(pairs, gains, strict=True)
                if gain <= 0
            ]
        cost, rivals = (statistics.fmean(pair[side].cpu for pair in pairs) for side in (0, 1))
        cpu = f"{cost / rivals:.1f}x" if rivals > NOTHING else "-"
        print(f"| {kind} | {ours} over {rival} | {' | '.join(cells)} | {cpu} |")
    print("\n## Where it is not so\n")
    print("\n".join(lost) or "Nowhere.")


def _pairs(results: list[Result], kind: str, ours: str, rival: str) -> Iterator[tuple[Result, Result]]:
    of_kind = [result for result in results if result.kind == kind]
    for one in of_kind:
        for other in of_kind:
            same = (one.clip, one.damage) == (other.clip, other.damage)
            if same and (one.contender, other.contender) == (ours, rival):
                yield one, other


if __name__ == "__main__":
    main()
