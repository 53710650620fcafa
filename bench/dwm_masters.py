"""What preparing a master costs, and how near its takes are to it: codec by codec, against a plain encode of the same.

The same pictures become a master of every kind that is distributed. Of each, several rounds, in turn:

(a) a plain encode: the master decoded once and encoded once, by the very encoder and options of a take, without marks;
(b) both takes of a pool, with the reference: what a master costs once, whatever the number of its recipients;
(c) one individual copy: what every recipient costs who has an encode of his own.

CPU time is that of the whole process tree. Quality is that of the first take against the master, luma alone.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.ladder import make_source
from bench.mark import quality
from bench.package import measured
from telecine.core.distribution import CopyMode, Distribution
from telecine.core.job import InputFile, JobSpec
from telecine.core.limits import MediaLimits, Policy
from telecine.core.master import MasterPlan
from telecine.core.watermark.bias import Family
from telecine.core.watermark.recipients import derive_recipient_keys
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.copies.master_encode import encode_copy, encode_takes
from telecine.media.copies.master_encoders import encoder_options
from telecine.media.copies.master_probe import analyse_master
from telecine.media.safe_input import safe_input
from telecine.media.tools import Tools, find_tools
from telecine.media.workspace import Workspace

KEYS = derive_recipient_keys(b"a secret of the bench, which is not worth keeping", "DEMO", "bench", Family.UP_TO_4)
_XDCAM = (
    *("-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-g", "12", "-bf", "2", "-b:v", "35M", "-minrate", "35M"),
    *("-maxrate", "35M", "-bufsize", "25M", "-qmin", "1", "-qmax", "12", "-lmin", "1*QP2LAMBDA"),
    *("-intra_vlc", "1", "-non_linear_quant", "1", "-intra_dc_precision", "2"),
)
MASTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "H.264, 8 Mb/s": (
        ".mp4",
        ("-c:v", "libx264", "-preset", "slow", "-b:v", "8M", "-maxrate", "12M", "-bufsize", "16M"),
    ),
    "H.265, 10 bits, 6 Mb/s": (
        ".mp4",
        ("-c:v", "libx265", "-b:v", "6M", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", "-x265-params", "log-level=1"),
    ),
    "ProRes HQ": (".mov", ("-c:v", "prores_ks", "-profile:v", "3", "-vendor", "apl0")),
    "MPEG-2 4:2:2, 35 Mb/s": (".mxf", _XDCAM),
    "DNxHR HQX": (".mov", ("-c:v", "dnxhd", "-profile:v", "dnxhr_hqx", "-pix_fmt", "yuv422p10le")),
}
"""Kinds of masters: ending, and how ffmpeg makes them."""


@dataclass(slots=True)
class Costs:
    """CPU seconds of every round, by what they were spent on; an item is the median."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, what: str, work: Callable[[], object]) -> None:
        self.seconds.setdefault(what, []).append(measured(work).cpu)

    def __getitem__(self, what: str) -> float:
        return statistics.median(self.seconds[what])


def analysed(tools: Tools, folder: Path, master: Path, mode: CopyMode) -> tuple[MasterPlan, Workspace]:
    """The plan of a distribution of `master`, and its work folder."""
    shutil.rmtree(folder, ignore_errors=True)
    workspace = Workspace(folder)
    workspace.input_dir(0).mkdir(parents=True)
    os.link(master, workspace.input_file(0))
    spec = JobSpec(
        name="bench",
        content_id="bench",
        input_storage="in",
        output_storage="out",
        output_path="",
        files=(InputFile(path="master", video=True),),
        distribution=Distribution(mode=mode),
    )
    return analyse_master(spec, workspace, Policy(), Context(tools, MediaLimits())), workspace


def plain(tools: Tools, plan: MasterPlan, workspace: Workspace) -> None:
    """(a) The master encoded once as a take is, without a mark."""
    limits = MediaLimits()
    source = safe_input(plan.demuxer, workspace.relative(workspace.input_file(0)), limits)
    options = ["-map", f"0:{plan.stream}", *encoder_options(plan, plan.chunks[0]), "-f", "mov", "plain.mov"]
    sandbox.run([tools.ffmpeg, "-v", "error", "-y", *source, *options], cwd=workspace.root, limits=limits)


def row(tools: Tools, root: Path, master: Path, rounds: int) -> str:
    """The costs and the quality of one kind of master, as a row of a table."""
    costs, context = Costs(), Context(tools, MediaLimits())
    told: dict[str, float] = {}
    for number in range(rounds):
        plan, workspace = analysed(tools, root / "pool", master, CopyMode.POOL)
        costs.measure("plain", lambda: plain(tools, plan, workspace))  # noqa: B023 - called at once
        costs.measure("pool", lambda: encode_takes(plan, 0, workspace, context, KEYS.mark))  # noqa: B023
        if number == 0:
            take = workspace.take("0", 0)
            told = quality(tools, take, master) | {"bytes": take.stat().st_size / master.stat().st_size}
        alone, workspace = analysed(tools, root / "alone", master, CopyMode.INDIVIDUAL)
        costs.measure("copy", lambda: encode_copy(alone, 0, workspace, context, KEYS, 1))  # noqa: B023
    ratios = f"{costs['pool'] / costs['plain']:.2f} x | {costs['copy'] / costs['plain']:.2f} x"
    figures = " | ".join(f"{told[name]:.{digits}f}" for name, digits in (("bytes", 3), ("PSNR", 2), ("SSIM", 4)))
    return f"{costs['plain']:.1f} s | {ratios} | {figures} | {told['XPSNR']:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="a film to make the masters of, in place of Big Buck Bunny at 720p")
    parser.add_argument("--seconds", type=int, default=8, help="length of the masters")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kind", choices=list(MASTERS), action="append", help="default: all")
    options = parser.parse_args()
    tools = find_tools()
    print("| master | plain encode | both takes | one copy | bytes | PSNR | SSIM | XPSNR |\n|---" + "|---" * 7 + "|")
    with tempfile.TemporaryDirectory(prefix="telecine-bench-") as name:
        root = Path(name).resolve()
        source = options.source.resolve() if options.source else make_source(tools, root, options.seconds)
        for kind in options.kind or MASTERS:
            suffix, encoder = MASTERS[kind]
            master = root / f"master{suffix}"
            read = [tools.ffmpeg, "-v", "error", "-y", "-i", source, "-t", str(options.seconds), "-an"]
            subprocess.run([str(part) for part in (*read, *encoder, master)], check=True)
            print(f"| {kind} | {row(tools, root, master, options.rounds)} |", flush=True)


if __name__ == "__main__":
    main()
