"""A short marked title with its reference, and leaks made of it, for tests of detectors.

Segments last a second, so that few pictures have to be encoded; the film is one that a dependency ships.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from tests.clips import bunny, clip, ffmpeg, make, tools
from tests.media.transcoding import prepare, rung

from telecine.core.job import Crf, MarkLayout
from telecine.core.limits import MediaLimits
from telecine.core.plan import MarkPlan, variant_track
from telecine.core.watermark.pattern import derive_mark_key
from telecine.media.context import Context
from telecine.media.detect.reference import join_reference
from telecine.media.encode import encode_chunk
from telecine.media.join import join

KEY = derive_mark_key(bytes(range(32)), "DEMO", "film")
SECOND = Fraction(1)
CONTEXT = Context(tools(), MediaLimits())


@dataclass(frozen=True)
class Title:
    """A marked title: the folder of its reference, a viewer's copy, and which variant that has of each segment."""

    reference: Path
    delivered: Path
    variants: tuple[int, ...]

    @property
    def signs(self) -> np.ndarray:
        """What the statistic of each position should be positive or negative by."""
        return 1 - 2 * np.array(self.variants)


def make_title(folder: Path, seconds: float = 4.0, size: tuple[int, int] = (960, 540)) -> Title:
    """Mark the beginning of a film, in two chunks, through the whole real way up to a viewer's copy."""
    source = bunny() or clip(seconds + 1, size="1280x720", audio="")
    part = make(".mp4", "-i", source, "-t", str(seconds), "-an", "-c:v", "libx264", "-crf", "12", "-preset", "veryfast")
    made = prepare(folder / "work", [part], rung(*size, rate=Crf(crf=22)), gop_seconds=1.0, gops_per_segment=1,
                   chunk_seconds=seconds / 2)  # fmt: skip
    marking = MarkPlan(layout=MarkLayout.UNLABELED, strength=0.7)
    plan = made.plan.model_copy(update={"marking": marking, "segment": made.plan.gop})
    assert plan.segment == SECOND
    assert len(plan.chunks) == 2
    for chunk in plan.chunks:
        encode_chunk(plan, chunk.index, made.workspace, CONTEXT, KEY)
    join(plan, made.workspace, CONTEXT, KEY)
    join_reference(plan, made.workspace, folder / "reference")
    files = [made.workspace.video(variant_track("v0", variant)) for variant in (0, 1)]
    variants = tuple(int(bit) for bit in np.random.default_rng(5).integers(0, 2, int(seconds)))
    return Title(folder / "reference", _copy_of(files, variants, folder / "delivered.mp4"), variants)


def leak_of(title: Title, target: Path, *arguments: str, crf: int = 26) -> Path:
    """The viewer's copy encoded anew with the ffmpeg `arguments`."""
    ffmpeg("-i", title.delivered, *arguments, "-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), target)
    return target


def _copy_of(files: list[Path], variants: tuple[int, ...], target: Path) -> Path:
    """What a player puts together: each segment, which is a GOP, of the variant that the viewer gets."""
    with av.open(files[0]) as first, av.open(files[1]) as second, av.open(target, "w") as copy:
        stream = copy.add_stream_from_template(first.streams.video[0])
        segment = -1
        for pair in zip(first.demux(video=0), second.demux(video=0), strict=True):
            segment += pair[0].is_keyframe
            if pair[0].size:
                packet = pair[variants[segment]]
                packet.stream = stream
                copy.mux(packet)
    return target
