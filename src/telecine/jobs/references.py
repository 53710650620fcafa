"""The reference store: of every marked title, what a detector compares a leak with.

A folder that all workers share, in which a reference has the name `<site>/<content>/<job>`: one job's reference is
never another's, so that putting a new one there and forgetting the old one can be told apart after a crash.
"""

import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from telecine.media.workspace import finish

LONGEST = 80
"""Characters of a content's name that is kept as it is."""

_TEMPORARY = ".part"
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_PART = re.compile(r"[A-Za-z0-9_-]+(\.[0-9a-f]{16})?")

type CopyFile = Callable[[str, str], object]
"""Copies a file to where none is yet."""


def name_of(site_id: str, content_id: str, job_id: int) -> str:
    """The name of a reference, of which each part is a plain file name whatever the content is called."""
    return f"{_safe(site_id)}/{_safe(content_id)}/{job_id}"


def place_of(store: Path, name: str) -> Path:
    """Where the reference `name` lies in the store. Raises ValueError for a name that `name_of` does not make."""
    parts = name.split("/")
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"{name!r} is no name of a reference")
    return store.joinpath(*parts)


def put(store: Path, name: str, made: Path, copy_file: CopyFile = shutil.copy2) -> None:
    """Copy the reference `made`, a file or a folder, into the store under `name`; it appears whole or not at all.

    Putting it there again replaces it. `copy_file` copies each file of a folder.
    """
    copy(made, place_of(store, name), copy_file)


def copy(made: Path, place: Path, copy_file: CopyFile = shutil.copy2) -> None:
    """Copy the reference `made` to `place`, where it replaces what is there and appears whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{uuid4().hex[:8]}{_TEMPORARY}")
    try:
        if made.is_dir():
            shutil.copytree(made, temporary, copy_function=copy_file)
            remove(place)
        else:
            shutil.copyfile(made, temporary)
        finish(temporary, place)
    finally:
        remove(temporary)


def drop(store: Path, name: str) -> None:
    """Remove the reference `name`; one that is not there does not matter."""
    remove(place_of(store, name))


def entries(store: Path) -> list[Path]:
    """Everything at the depth of references, half copied ones too."""
    return sorted(store.glob("*/*/*"))


def is_half(place: Path) -> bool:
    """Whether the entry `place` is one that is being copied, or whose copying was broken off."""
    return place.name.startswith(".") and place.name.endswith(_TEMPORARY)


def _safe(name: str) -> str:
    """`name` itself where it is plain and short, else as much of it as is, and behind a dot, which no plain name has, a
    digest that tells it from others."""
    if name and len(name) <= LONGEST and not _UNSAFE.search(name):
        return name
    return f"{_UNSAFE.sub('_', name)[:LONGEST] or '_'}.{sha256(name.encode()).hexdigest()[:16]}"


def remove(path: Path) -> None:
    """Remove a reference by its path."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
