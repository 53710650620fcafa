"""Copies of one master under attack: makes leaks of them, has them read, and keeps what came of it.

The master is cut together from real clips (`bench.material`). Each mode has copies of its own: a mark for each second,
one for every three pictures, 72 for each second.
"""

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np

from bench.attacks import Attack, Shape, named, x264
from bench.made_copies import NEARLY_LOSSLESS, MadeMaster
from bench.material import ADVERT, CLIPS, RATE, SECRET, Clip, clip_folders, find, make_title
from bench.mixes import Mix
from bench.pirate import leak
from telecine.core.distribution import MOST_RECIPIENTS
from telecine.core.limits import MediaLimits
from telecine.core.watermark.bias import Family
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.recipients import CHIPS, RecipientKeys, derive_recipient_keys, name_of
from telecine.core.watermark.report import Footage, make_report
from telecine.media.context import Context
from telecine.media.detect.read import read_leak
from telecine.media.tools import Tools, find_tools

SIZE = (1280, 720)
FRAMES = 40
"""Pictures of each clip where nothing else is asked for."""
COPIES = (1234, 77, 4000)
"""Recipients who have copies."""
EVERYBODY = [name_of(number) for number in range(1, MOST_RECIPIENTS + 1)]
STILLS = 8
"""Single pictures that are read of each leak of an individual copy."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way of telling copies apart: pictures of a group, its marks, how copies are encoded, and their code."""

    name: str
    group: int
    chips: int
    encoder: tuple[str, ...]
    code: Family = Family.UNIFORM


MODES = (
    Mode("pool, 1 s", RATE, 1, (*NEARLY_LOSSLESS, "-g", "25")),
    Mode("pool, 3 pictures", 3, 1, (*NEARLY_LOSSLESS, "-g", "1")),
    Mode("individual, 1 s", RATE, CHIPS, (*NEARLY_LOSSLESS, "-g", "25")),
    Mode("pool, 2 pictures, up_to_4", 2, 1, (*NEARLY_LOSSLESS, "-g", "1"), Family.UP_TO_4),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One leak of one mode. `z` by position, None where nothing was read; `signs` those of the copies it was made of.

    `named`: the recipients that a report on it names. `stills`: for each single picture that was read by itself, how
    many chips were right, how many read, and how many recipients it names, rightly or wrongly.
    """

    mode: str
    leak: str
    z: tuple[float | None, ...]
    signs: tuple[tuple[int, ...], ...]
    objections: tuple[str, ...]
    named: tuple[int, ...]
    stills: tuple[tuple[int, int, int, int], ...]
    seconds: float

    @property
    def statistic(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.array([np.nan if one is None else one for one in self.z])

    def write(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        said: dict[str, Any] = json.loads(text)
        said["signs"] = tuple(tuple(one) for one in said["signs"])
        said["stills"] = tuple(tuple(one) for one in said["stills"])
        return cls(**said | {name: tuple(said[name]) for name in ("z", "objections", "named")})


class Trial:
    """The master in a folder, with copies and reference of a mode; what is there is taken as it is.

    The master has `pictures` of each clip.
    """

    def __init__(self, folder: Path, mode: Mode, more: Path | None = None, pictures: int = FRAMES) -> None:
        self.mode, self.tools, self.folder = mode, find_tools(), folder / f"{mode.group}-{mode.chips}"
        self.keys = derive_recipient_keys(SECRET, "BENCH", "title", mode.code)
        self.folder.mkdir(parents=True, exist_ok=True)
        folders = clip_folders(more)
        self.clips = [Clip(clip.file, clip.first, pictures) for clip in CLIPS if find(clip.file, folders)]
        title = folder / "title.mp4"
        if not title.exists():
            make_title(self.tools, folders, folder / ".title.mp4", self.clips, SIZE)
            (folder / ".title.mp4").replace(title)
        self.foreign = find(ADVERT, folders)
        frames = pictures * len(self.clips)
        self.master = MadeMaster(
            title, SIZE, Fraction(RATE), frames, mode.group, mode.chips, self.keys, self.tools, strength=0.5
        )
        self.reference = self.folder / "reference"
        if not self.reference.exists():
            self.master.write_reference(self.folder / ".reference").rename(self.reference)

    def copy(self, number: int) -> Path:
        """The copy of `COPIES[number]`."""
        path = self.folder / f"copy-{number}.mp4"
        if not path.exists():
            draft = self.folder / f".copy-{number}.mp4"
            self.master.write_copy(COPIES[number], draft, self.mode.encoder).replace(path)
        return path

    def leak(self, wanted: Attack | Mix) -> Path:
        """The attacked or mixed file."""
        path = self.folder / f"{''.join(one if one.isalnum() else '-' for one in wanted.name)}.mp4"
        if path.exists():
            return path
        draft = path.with_name(f".{path.name}")
        copies = [self.copy(number) for number in range(wanted.copies)]
        if isinstance(wanted, Mix):
            mixed(self.tools, copies, wanted.filters(self.mode.group), draft)
        else:
            shape = Shape(*SIZE, RATE, self.master.frames / RATE, self.mode.group)
            leak(wanted, copies, copies[0], shape, draft, self.tools)
        return draft.replace(path)

    def row(self, wanted: Attack | Mix) -> Row:
        """Attack, read, and keep what was read."""
        path = self.leak(wanted)
        began = time.perf_counter()
        reading = read_leak(path, self.reference, self.keys.mark, Context(self.tools, MediaLimits()))
        seconds = time.perf_counter() - began
        words = [self.master.word(COPIES[number]) for number in range(wanted.copies)]
        single = self.mode.chips > 1 and wanted.copies == 1
        return Row(
            mode=self.mode.name,
            leak=wanted.name,
            z=tuple(None if np.isnan(one) else round(float(one), 3) for one in reading.z),
            signs=tuple(tuple(int(one) for one in word) for word in words),
            objections=reading.objections,
            named=named_by(reading, self.keys),
            stills=self._stills(path) if single else (),
            seconds=seconds,
        )

    def _stills(self, path: Path) -> tuple[tuple[int, int, int, int], ...]:
        """Single pictures of the leak, as a viewer would save them."""
        word, read = self.master.word(COPIES[0]), []
        for number in range(STILLS):
            picture = self.folder / "still.png"
            at = (number + 0.5) / STILLS * self.master.frames / RATE * 0.97
            command = [str(self.tools.ffmpeg), "-v", "error", "-y", "-ss", f"{at:.3f}", "-i", str(path)]
            subprocess.run([*command, "-frames:v", "1", "-update", "1", str(picture)], check=True)
            reading = read_leak(picture, self.reference, self.keys.mark, Context(self.tools, MediaLimits()))
            seen = np.isfinite(reading.z)
            who = named_by(reading, self.keys)
            rightly = who.count(COPIES[0])
            read.append((int((reading.z * word > 0)[seen].sum()), int(seen.sum()), rightly, len(who) - rightly))
        return tuple(read)


def named_by(reading: Footage, keys: RecipientKeys) -> tuple[int, ...]:
    """The recipients whom a report on a reading names, out of all that there may be, at one in a million."""
    code = SessionCode(keys.sequence.family.value)
    report = make_report(reading, [code], lambda _: [(EVERYBODY, [""] * len(EVERYBODY))], lambda _: keys.sequence)
    return tuple(sorted(EVERYBODY.index(one.session) + 1 for one in report.accused))


def mixed(tools: Tools, copies: Sequence[Path], graph: str, target: Path) -> None:
    """Encode what the filters make of all copies, x264 at CRF 20: who mixes wants to keep quality."""
    inputs = [word for copy in copies for word in ("-i", str(copy))]
    command = [str(tools.ffmpeg), "-v", "error", "-y", *inputs, "-filter_complex", graph, *x264(20), str(target)]
    subprocess.run(command, check=True)


USUAL = named(
    "x264 CRF 28", "x264 CRF 35", "x265 CRF 28", "360p CRF 28", "crop 10 % each side", "rotate 2 deg", "mirrored",
    "gamma 1.5", "30 fps, frames repeated", "30 fps, frames blended", "24 fps, frames dropped", "speed +4 %",
    "logo and subtitle boxes", "screen capture", "crop 5 %, rotate 1 deg, gamma 1.2, 480p, CRF 30",
)  # fmt: skip
