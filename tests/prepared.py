"""A prepared master by hand, for tests of what works on one: two files of equal size that differ in their groups."""

from pathlib import Path
from typing import Any

from telecine.core.master import MasterChunk, MasterPlan, Prepared

GROUPS = 12
_PLAN = MasterPlan(
    content_id="film",
    mode="pool",
    code="up_to_4",
    strength=0.5,
    demuxer="mov",
    container="mov",
    stream=0,
    codec="prores",
    profile="",
    intra=True,
    width=64,
    height=36,
    pixel_format="yuv422p10le",
    rate=25,
    frames=GROUPS * 3,
    start=0,
    group=3,
    chunks=(MasterChunk(index=0, first=0, frames=GROUPS * 3, bitrate=1000),),
)
PLAN: dict[str, Any] = _PLAN.model_dump(mode="json")
"""The plan of that master."""


def prepare(folder: Path, *, group_bytes: int = 1000, head: int = 300, tail: int = 200) -> tuple[Prepared, list[bytes]]:
    """Make the entry `folder` of a prepared store; what it is, and the bytes of its two files.

    Every byte between the first and the last border says which take and group it is of.
    """
    start, end = b"h" * head, b"t" * tail
    files = [
        start + b"".join(bytes([100 * take + group]) * group_bytes for group in range(GROUPS)) + end for take in (0, 1)
    ]
    made = Prepared(
        size=len(files[0]),
        suffix=".mov",
        content_type="video/quicktime",
        borders=tuple(head + group_bytes * group for group in range(GROUPS + 1)),
    )
    folder.mkdir(parents=True)
    for take, content in enumerate(files):
        (folder / f"{take}.mov").write_bytes(content)
    (folder / "prepared.json").write_text(made.model_dump_json())
    return made, files


def spliced(made: Prepared, files: list[bytes], takes: list[int]) -> bytes:
    """The copy with these takes."""
    return b"".join(files[piece.take][piece.start : piece.end] for piece in made.pieces(takes))
