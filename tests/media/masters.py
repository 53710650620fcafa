"""Makes small masters of every kind, prepares them as a distribution does, and looks at what came out.

made = prepare(tmp_path, prores())
takes(made)
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from tests import clips
from tests.media.marking import Map, shrunk
from tests.media.test_mark import moving

from telecine.core.distribution import Distribution
from telecine.core.job import InputFile, JobSpec
from telecine.core.limits import MediaLimits, Policy
from telecine.core.master import MasterPlan
from telecine.core.watermark.bias import Family
from telecine.core.watermark.pattern import Field, MarkKey, decoy_key
from telecine.core.watermark.recipients import derive_recipient_keys, take_field
from telecine.media.context import Context
from telecine.media.copies.master_encode import encode_takes
from telecine.media.copies.master_probe import analyse_master
from telecine.media.mark_mask import LOOK, MASK, full_size_field, mask_of
from telecine.media.workspace import Workspace

KEYS = derive_recipient_keys(bytes(range(32)), "DEMO", "film", Family.UP_TO_4)
DECOYS = 40
UNSAID: dict[str, str | None] = {
    **dict.fromkeys(("codec_name", "profile", "pix_fmt", "width", "height", "sample_aspect_ratio", "r_frame_rate")),
    "field_order": "progressive",
    **dict.fromkeys(("color_range", "color_space", "color_transfer", "color_primaries")),
}
"""What ffprobe says of a picture that a take must have in common with its master, and what it means to say nothing."""

_PCM = ("-c:a", "pcm_s16le", "-ac", "2")
_FIELDS = ("-vf", "interlace=scan=tff", "-flags", "+ildct+ilme")


def h264(seconds: float = 3, *more: str, suffix: str = ".mp4") -> Path:
    """H.264 with B pictures that lean over the borders of groups, and AAC."""
    encoder = ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "3M", "-g", "40", *more]
    return clips.make(suffix, "-i", moving(seconds), *clips.tone(seconds), *encoder, "-c:a", "aac")


def h264_intra() -> Path:
    """What cameras write: every picture alone, 4:2:2 and 10 bits."""
    return h264(2, "-g", "1", "-pix_fmt", "yuv422p10le", "-b:v", "20M", suffix=".mov")


def h264_fields() -> Path:
    """25 interlaced pictures a second."""
    flags = ["-x264-params", "tff=1", "-field_order", "tt"]
    encoder = ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "4M", *_FIELDS, *flags]
    return clips.make(".mov", "-i", moving(2, "50"), *encoder)


def prores(*more: str, profile: int = 3, rate: str = "24000/1001") -> Path:
    """ProRes as Apple's tools name it, with PCM."""
    encoder = ["-c:v", "prores_ks", "-profile:v", str(profile), "-vendor", "apl0", *more]
    return clips.make(".mov", "-i", moving(2, rate), *clips.tone(2), *encoder, *_PCM)


def prores_fields() -> Path:
    """The same, interlaced."""
    return clips.make(".mov", "-i", moving(2, "50"), "-c:v", "prores_ks", "-profile:v", "2", *_FIELDS)


def xdcam(seconds: float = 2) -> Path:
    """MPEG-2 4:2:2, interlaced, as XDCAM HD422 is but smaller, in MXF with PCM."""
    encoder = ["-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-g", "12", "-bf", "2", *_FIELDS]
    encoder += ["-b:v", "15M", "-minrate", "15M", "-maxrate", "15M", "-bufsize", "8M", "-qmax", "12"]
    encoder += ["-intra_vlc", "1", "-non_linear_quant", "1", "-intra_dc_precision", "2", "-sc_threshold", "1000000000"]
    return clips.make(".mxf", "-i", moving(seconds, "50"), *clips.tone(seconds), *encoder, *_PCM)


def dnxhd(suffix: str = ".mxf") -> Path:
    """DNxHD 60 of 1280x720."""
    encoder = ["-c:v", "dnxhd", "-b:v", "60M", "-pix_fmt", "yuv422p"]
    return clips.make(suffix, "-i", moving(1, "25", "1280x720"), *encoder)


def dnxhr() -> Path:
    """DNxHR HQX in 10 bits."""
    encoder = ["-c:v", "dnxhd", "-profile:v", "dnxhr_hqx", "-pix_fmt", "yuv422p10le"]
    return clips.make(".mov", "-i", moving(1), *encoder)


@dataclass
class Made:
    """A master in its work folder, analysed."""

    plan: MasterPlan
    workspace: Workspace
    commands: list[str] = field(default_factory=list)

    @property
    def context(self) -> Context:
        return Context(clips.tools(), MediaLimits(), log=self.commands.append)

    @property
    def master(self) -> Path:
        return self.workspace.input_file(0)

    def take(self, name: str, index: int = 0) -> Path:
        return self.workspace.take(name, index)


def prepare(folder: Path, source: Path, distribution: Distribution | None = None, **policy: Any) -> Made:
    """`source` in a work folder, and the plan of its distribution, by fast presets."""
    workspace = Workspace(folder)
    workspace.input_dir(0).mkdir(parents=True)
    shutil.copyfile(source, workspace.input_file(0))
    spec = JobSpec(
        name="film",
        content_id="film",
        input_storage="in",
        output_storage="out",
        output_path="",
        files=(InputFile(path=source.name, video=True),),
        distribution=distribution or Distribution(),
    )
    house = Policy(**{"preset_h264": "veryfast", "preset_h265": "ultrafast"} | policy)
    context = Context(clips.tools(), MediaLimits())
    return Made(analyse_master(spec, workspace, house, context), workspace)


def takes(made: Made) -> Made:
    """Encode both takes of every chunk."""
    for chunk in made.plan.chunks:
        encode_takes(made.plan, chunk.index, made.workspace, made.context, KEYS.mark)
    return made


def described(path: Path) -> dict[str, Any]:
    """What ffprobe says of a picture that a take must have in common with its master."""
    command = [clips.tools().ffprobe, "-v", "error", "-select_streams", "v:0", "-show_streams", "-of", "json", path]
    told = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    about = json.loads(told)["streams"][0]
    said = {name: about.get(name, unsaid) for name, unsaid in UNSAID.items()}
    # MXF and QuickTime have different words for the same fields.
    return said | {"field_order": {"tb": "tt", "bt": "bb"}.get(said["field_order"], said["field_order"])}


def lumas(path: Path) -> Iterator[Map]:
    """The luma of every picture of a file, in steps of 8 bits."""
    with av.open(path) as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            deep = "10" in frame.format.name
            kind = np.dtype("<u2") if deep else np.dtype(np.uint8)
            rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind.itemsize)
            yield rows[: frame.height, : frame.width].astype(np.float32) / (4 if deep else 1)


def psnr(one: Map, other: Map) -> float:
    return float(10 * np.log10(255**2 / max(1e-9, np.mean(np.square(one - other)))))


def group_scores(made: Made, first: Sequence[Map], second: Sequence[Map], begin: int = 0) -> list[float]:
    """For each group the correlation of first less second with what take 0 adds, in deviations of decoys'."""
    scores = []
    for start in range(0, len(first), made.plan.group):
        total = np.zeros(MASK, np.float32)
        for one, other in zip(first[start : start + made.plan.group], second[start:], strict=False):
            residual = shrunk(one - other, MASK)
            residual -= np.asarray(cv2.GaussianBlur(residual, (0, 0), 10), np.float32)
            total += residual * mask_of(shrunk(other, LOOK).astype(np.uint8))
        scores.append(_score(total, KEYS.mark, (begin + start) // made.plan.group))
    return scores


def _score(residual: Map, key: MarkKey, group: int) -> float:
    decoys = [_product(residual, take_field(decoy_key(key, number), group, 0)) for number in range(DECOYS)]
    return _product(residual, take_field(key, group, 0)) / (float(np.std(decoys)) or 1.0)


def _product(residual: Map, field: Field) -> float:
    return float(np.sum(residual * shrunk(full_size_field(field), MASK)))
