"""The store of prepared masters: what copies are made of, and what leaked ones are compared with.

A folder that all workers and API processes share. An entry has a name as references have (`references.name_of`) and
is a folder: both files and their `prepared.json` where copies are spliced, and `reference` always.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from telecine.core.master import TAKES, Prepared
from telecine.jobs import references
from telecine.storage.parts import copy

NOTES = "prepared.json"
"""The `Prepared` of an entry."""
SOURCE = "source.json"
"""What tells which file a master was (`staging.identity`)."""
REFERENCE = "reference"
"""The folder of an entry that leaks are compared with, as `media.detect.reference` opens it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What copies are spliced from: the layout, and the file of each take."""

    prepared: Prepared
    files: tuple[Path, Path]


def put(store: Path, name: str, made: Path, poll: Callable[[], None]) -> None:
    """Put the folder `made` into the store under `name`; it appears whole or not at all, in place of an older one.

    The files are shared with `made` where both are on one disk: they are large, and nobody changes a finished file.
    `poll` is called often while they are copied, and may raise. What a killed worker left half copied goes first.
    """
    place = references.place_of(store, name)
    for half in place.parent.glob(f".{place.name}.*"):
        if references.is_half(half):
            references.remove(half)
    references.put(store, name, made, partial(_share, poll))


def open_entry(place: Path) -> Entry | None:
    """The entry in the folder `place`; None where there are no files, or not the whole of them."""
    notes = place / NOTES
    if not notes.exists():
        return None
    prepared = Prepared.model_validate_json(notes.read_bytes())
    files = place / f"0{prepared.suffix}", place / f"1{prepared.suffix}"
    whole = all(file.exists() and file.stat().st_size == prepared.size for file in files)
    return Entry(prepared, files) if whole else None


def source_of(place: Path) -> list[str] | None:
    """Which file the master in the entry `place` was; None where nothing was written down."""
    source = place / SOURCE
    return [str(part) for part in json.loads(source.read_bytes())] if source.exists() else None


def drop_files(place: Path) -> None:
    """Remove what copies are made of from an entry; the reference stays. What is not there does not matter."""
    (place / NOTES).unlink(missing_ok=True)
    for take in TAKES:
        for file in place.glob(f"{take}.*"):
            file.unlink(missing_ok=True)


def _share(poll: Callable[[], None], source: str, target: str) -> None:
    """A second name for the file, or a copy of it where the file system gives none."""
    poll()
    try:
        os.link(source, target)
    except OSError:
        with Path(source).open("rb") as content, Path(target).open("xb") as file:
            copy(content, file, os.fstat(content.fileno()).st_size, lambda _done, _total: poll())
        shutil.copystat(source, target)
