"""What a viewer of a marked tree gets and may leak: the copy that an edge would hand out, and what becomes of it."""

from collections.abc import Sequence
from pathlib import Path

from tests.clips import FAST_H264, ffmpeg

from telecine.core.layout import second_variant


def copy_for(rendition: Path, bits: Sequence[int], target: Path) -> Path:
    """The viewer's copy of a clear DASH rendition in the layout `unlabeled`: of each segment the variant of his bit."""
    parts = [rendition / "init.mp4"]
    for position, bit in enumerate(bits):
        name = f"seg-{position}.m4s"
        parts.append(rendition / (second_variant(name) if bit else name))
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target


def leaked(copy: Path, target: Path) -> Path:
    """The copy as it turns up: cropped by a tenth, smaller, and encoded again, badly."""
    filters = "crop=in_w*0.9:in_h*0.9,scale=512:288"
    ffmpeg("-i", copy, "-an", "-vf", filters, *FAST_H264, "-preset", "veryfast", "-crf", "28", target)
    return target
