"""The names of everything in a job's work folder, and the one way in which a finished file gets its name.

A name fixed by the plan is what makes retries idempotent: whoever finds the final name finds finished work,
because work is written under a temporary name and renamed last (`finish`). Temporary names are unique to each
`Workspace`, so two workers that believe they own the same chunk cannot write into each other's file.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

_TEMPORARY = ".part"


def _new_token() -> str:
    return uuid4().hex[:8]


@dataclass(frozen=True, slots=True)
class Workspace:
    """A job's work folder. `root` is also the folder that every media process of the job runs in."""

    root: Path
    token: str = field(default_factory=_new_token)
    """Part of this instance's temporary names."""

    def input_dir(self, number: int) -> Path:
        """The folder that holds input file `number` of the job and nothing else."""
        return self.root / "input" / str(number)

    def input_file(self, number: int) -> Path:
        """Input file `number`, under a name of ours: the client's name never reaches a tool."""
        return self.input_dir(number) / "source"

    @property
    def asset(self) -> Path:
        """The folder that holds the files of an asset, under their names in it: for our own readers only."""
        return self.root / "asset"

    def subtitle(self, number: int) -> Path:
        """Subtitle file `number` as it was sent."""
        return self.root / "subtitle" / str(number) / "source"

    @property
    def contents(self) -> Path:
        """JSON list of the keys of the input files, where the job names contents that had to be looked for."""
        return self.root / "contents.json"

    @property
    def probes(self) -> Path:
        """JSON list of the `MediaInfo` of every input file."""
        return self.root / "probes.json"

    @property
    def plan(self) -> Path:
        """JSON of the `Plan`."""
        return self.root / "plan.json"

    def chunk(self, output_name: str, index: int) -> Path:
        """Encoded chunk `index` of rendition `output_name`."""
        return self.root / "chunk" / output_name / f"{index:05d}.mp4"

    def reference(self, index: int) -> Path:
        """Small picture of chunk `index` of a marked programme, unmarked: what a leaked copy is compared with."""
        return self.root / "reference" / f"{index:05d}.mp4"

    @property
    def title_reference(self) -> Path:
        """The folder of the whole programme's reference, as detections open it."""
        return self.root / "title-reference"

    def delta(self, name: str, index: int) -> Path:
        """What the mark adds to chunk `index` of rendition `name` in its first take; needed while it is encoded."""
        return self.root / "delta" / f"{name}-{index:05d}.gray"

    def analysis(self, name: str, index: int) -> Path:
        """What the encoder of chunk `index` of `name` found out in its first take; needed until the second is made."""
        return self.root / "analysis" / f"{name}-{index:05d}.dat"

    def take(self, name: str, index: int) -> Path:
        """Encoded chunk `index` of a master's take `name`: `0`, `1`, or `r` and the number of a recipient."""
        return self.root / "take" / name / f"{index:05d}.mov"

    @property
    def prepared(self) -> Path:
        """The folder of the prepared master: its two files, and what a copy is made by."""
        return self.root / "prepared"

    def mark_note(self, index: int) -> Path:
        """JSON of the `ChunkMarks` of chunk `index` of a marked programme."""
        return self.root / "mark" / f"{index:05d}.json"

    @property
    def mark_report(self) -> Path:
        """JSON of the `MarkReport` of a marked programme."""
        return self.root / "mark.json"

    def video(self, name: str) -> Path:
        """The whole encoded rendition `name`."""
        return self.root / "video" / f"{name}.mp4"

    def audio(self, name: str) -> Path:
        """The whole audio track `name`."""
        return self.root / "audio" / f"{name}.mp4"

    @property
    def tree(self) -> Path:
        """The folder of what will be published, names below it as published under `<path>/<content_id>/`."""
        return self.root / "tree"

    @property
    def both_variants(self) -> Path:
        """The folder of finished trees that hold both variants, of which those with one each are made."""
        return self.root / "package" / "both"

    def relative(self, path: Path) -> str:
        """`path` as a tool that runs in `root` names it, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    def temporary(self, path: Path) -> Path:
        """Where to write what will become `path`: beside it, hidden, with its suffix, unique to this instance.

        The folder is made, so that a tool can write there at once.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.with_name(f".{path.stem}.{self.token}{_TEMPORARY}{path.suffix}")

    def temporaries(self) -> Iterator[Path]:
        """Every temporary file or folder left below `root`, by whichever worker."""
        for path in sorted(self.root.rglob(f".*{_TEMPORARY}*")):
            # A tool may put an ending of its own behind: x265 does while it writes an analysis.
            if path.name.endswith(_TEMPORARY) or f"{_TEMPORARY}." in path.name:
                yield path


def finish(temporary: Path, final: Path) -> None:
    """Give finished work its final name: everything reaches the disk first, then one rename.

    Works for a file or a folder, both on one file system. A file replaces an older one. Where the final folder
    is already there, somebody else has finished the same work: ours is dropped.
    """
    for path in _files(temporary):
        _sync(path)
    if temporary.is_dir():
        _rename_folder(temporary, final)
    else:
        temporary.replace(final)
    _sync(final.parent)


def write_finished(workspace: Workspace, path: Path, content: bytes) -> None:
    """Write a small file of ours (`plan.json`, …) in the same way: temporary name first, rename last."""
    temporary = workspace.temporary(path)
    temporary.write_bytes(content)
    finish(temporary, path)


def _files(path: Path) -> Iterator[Path]:
    """`path` itself, or every file and folder below it, the innermost first."""
    if path.is_dir():
        yield from sorted(path.rglob("*"), reverse=True)
    yield path


def _rename_folder(temporary: Path, final: Path) -> None:
    try:
        temporary.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        shutil.rmtree(temporary)


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
