"""Finds the ready renditions that a job names: files as they are, and what lies in folders."""

from collections.abc import Iterator
from itertools import islice

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import JobSpec
from telecine.core.limits import MediaLimits
from telecine.core.plan_contents import FIELD
from telecine.storage.store import ObjectInfo, Store

EXTENSIONS = frozenset({"mp4", "m4v", "m4a", "mov", "mkv", "webm", "ts", "mxf"})
"""Files of a folder that are taken for renditions; pictures, subtitles and the like may lie beside them."""


def find_contents(spec: JobSpec, store: Store, limits: MediaLimits) -> list[tuple[str, str]]:
    """The place in the request and the key of each file of the job's contents, in a lasting order, each once.

    Raises OBJECT_MISSING where there is nothing or a file is empty, INPUT_OVER_LIMIT for too many files, and whatever
    the store raises.
    """
    found: dict[str, str] = {}
    for number, path in enumerate(spec.contents):
        place = f"{FIELD}[{number}]"
        for key in _files_at(store, path, place, limits):
            found.setdefault(key, place)
    if len(found) > limits.streams:
        detail = f"the contents have {len(found)} files, the limit is {limits.streams}."
        raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, detail, field=FIELD)
    return [(place, key) for key, place in found.items()]


def _files_at(store: Store, path: str, place: str, limits: MediaLimits) -> list[str]:
    """The file `path`, or the renditions directly in the folder `path`, by name."""
    there = store.head(path)
    files = [there] if there else sorted(_in_folder(store, f"{path}/", limits), key=lambda one: one.key)
    empty = next((one.key for one in files if not one.size), None)
    if empty or not files:
        raise TelecineError(ErrorKind.OBJECT_MISSING, f"'{empty}' has no bytes." if empty else path, field=place)
    return [one.key for one in files]


def _in_folder(store: Store, prefix: str, limits: MediaLimits) -> Iterator[ObjectInfo]:
    most = limits.asset_objects
    for number, one in enumerate(islice(store.list(prefix), most + 1)):
        if number == most:
            raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, f"{prefix} holds more than {most:,} files.", field=FIELD)
        name = one.key.removeprefix(prefix)
        if "/" not in name and name.rpartition(".")[2].lower() in EXTENSIONS:
            yield one
