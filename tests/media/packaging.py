"""Work folders with finished tracks, made by plain ffmpeg on the plan's grid, for tests of packaging and verification.

`programme` links cached clips into a new work folder, packages them, and hands back what a test looks at.
"""

import shutil
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from tests import plans
from tests.clips import make, picture, tools
from tests.keys import keys_of

from telecine.core.limits import MediaLimits
from telecine.core.plan import AudioOutput, Plan, TreeOutput, VideoOutput, variant_track
from telecine.media.audio_args import PRIMING
from telecine.media.context import Context
from telecine.media.package import package
from telecine.media.workspace import Workspace

SECONDS = Fraction(7007, 1000)
GOP = Fraction(1001, 1000)
X265 = "log-level=error:keyint=24:min-keyint=24:scenecut=0:open-gop=0:bframes=2"

SUBTITLES = (
    "WEBVTT\n\n00:01.000 --> 00:03.000 line:10%\n<i>Hello</i> &amp; you\n\n"
    "00:02.500 --> 00:05.000\nOverlap\ntwo lines\n\n"
    "00:06.500 --> 00:20.000\nPast the end\n",
    "1\n00:00:05,500 --> 00:00:06,000\n늦게 <b>온</b> 자막\n",
)


@dataclass
class Programme:
    """A packaged job."""

    plan: Plan
    workspace: Workspace
    commands: list[str] = field(default_factory=list)

    @property
    def tree(self) -> Path:
        return self.workspace.tree

    def read(self, name: str) -> str:
        return (self.tree / name).read_text()

    def files(self, below: str = "") -> list[str]:
        root = self.tree / below
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def video_clip(output: VideoOutput, gop_frames: int = 24, variant: int = 0) -> Path:
    """A rendition as the encoder makes it: closed GOPs of exactly `gop_frames`, B-frames, an edit list.

    `variant` 1 is a little brighter; what tells the two apart does not matter here.
    """
    width, height = output.width, output.height
    if output.codec == "h264":
        encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", str(gop_frames), "-sc_threshold", "0"]
    else:
        encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", X265]
    source = picture(float(SECONDS), str(output.frame_rate), f"{width}x{height}")
    brighter = ["-vf", f"lutyuv=y=val+{4 * variant}"] if variant else []
    return make(
        ".mp4", *source, *brighter, *encoder, "-b:v", "250k", "-pix_fmt", "yuv420p", "-video_track_timescale", "24000"
    )


def audio_clip(output: AudioOutput, frequency: int = 440, cut: float = 0) -> Path:
    """A track as `media.audio` makes it: whole, from zero, no edit list; `cut` seconds are missing at its end."""
    seconds = float(SECONDS) - PRIMING[output.codec] / 48000 - cut
    sine = f"sine=duration={seconds:.6f}:frequency={frequency}:sample_rate=48000"
    encoder = ["-c:a", output.codec, "-ac", "2", "-b:a", "96k", "-use_editlist", "0", "-avoid_negative_ts", "make_zero"]
    return make(".mp4", "-f", "lavfi", "-i", sine, *encoder)


def context(programme: Programme) -> Context:
    return Context(tools(), MediaLimits(), log=programme.commands.append)


def workspace_of(folder: Path, plan: Plan) -> Programme:
    """A work folder with every track that the plan names, not packaged yet."""
    programme = Programme(plan, Workspace(folder))
    workspace = programme.workspace
    for video in plan.video:
        for variant in (0, 1) if plan.marking else (0,):
            place(video_clip(video, variant=variant), workspace.video(variant_track(video.name, variant)))
    for number, audio in enumerate(plan.audio):
        place(audio_clip(audio, 440 + 110 * number), workspace.audio(audio.name))
    for subtitle in plan.subtitles:
        workspace.subtitle(subtitle.file).parent.mkdir(parents=True, exist_ok=True)
        workspace.subtitle(subtitle.file).write_text(SUBTITLES[subtitle.file])
    return programme


def packaged(folder: Path, plan: Plan) -> Programme:
    """The same, packaged."""
    programme = workspace_of(folder, plan)
    package(plan, programme.workspace, context(programme), keys_of)
    return programme


def plan_of(*trees: TreeOutput, **values: object) -> Plan:
    """A plan of the clips' length and grid: two renditions and one language unless `values` say otherwise."""
    defaults = {"video": (plans.video("v0", size=(160, 90)), plans.video("v1")), "audio": (plans.audio("a0"),)}
    return plans.plan(*trees, **(defaults | {"duration": SECONDS, "gop": GOP} | values))


def place(source: Path, target: Path) -> None:
    """Copy a clip to where the packager looks for a track."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
