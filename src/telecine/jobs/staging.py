"""Bringing a job's files into its work folder, once: what is already there and unchanged is not fetched again."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import JobSpec
from telecine.core.progress import Tick
from telecine.jobs.asset_staging import ChangedError, stage_asset
from telecine.jobs.contents import find_contents
from telecine.jobs.publishing import RECORD
from telecine.media.context import Context
from telecine.media.workspace import Workspace, write_finished
from telecine.storage.store import ObjectInfo, Store


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One file to fetch: its place in the request, its key in the storage, where it goes, how large it may be."""

    field: str
    key: str
    target: Path
    most: int


def stage_in(spec: JobSpec, store: Store, workspace: Workspace, context: Context) -> None:
    """Fetch every input and subtitle of the job from its input storage.

    Begins an attempt: temporary files that an earlier one left are removed, and so is everything else where an
    input has changed in the storage since. Raises OBJECT_MISSING and INPUT_OVER_LIMIT with the request's field,
    ASSET_REFUSED, and whatever the storage raises. `context.report` counts bytes.
    """
    workspace.root.mkdir(parents=True, exist_ok=True)
    sweep(workspace)
    if spec.asset:
        _stage_asset(spec, store, workspace, context)
        return
    inputs = _inputs(spec, store, context)
    wanted = list(_wanted(spec, inputs, workspace, context))
    found = [_look(store, one) for one in wanted]
    if any(stamp(one.target) not in (None, identity(there)) for one, there in zip(wanted, found, strict=True)):
        empty(workspace)
    if spec.contents:
        write_finished(workspace, workspace.contents, json.dumps([key for _, key in inputs]).encode())
    total = float(sum(there.size for there in found))
    done = 0.0
    for one, there in zip(wanted, found, strict=True):
        if stamp(one.target) is None or not one.target.exists():
            _fetch(store, one, there, workspace, _counting(context, done, total))
        done += there.size
        context.report(Tick(done, total))


def _stage_asset(spec: JobSpec, store: Store, workspace: Workspace, context: Context) -> None:
    """Fetch the job's asset, anew where it has changed in the storage or where the job had another one before."""
    source = workspace.asset / "source.json"
    named = json.dumps([spec.input_storage, spec.asset]).encode()
    if workspace.asset.exists() and (not source.exists() or source.read_bytes() != named):
        empty(workspace)
    write_finished(workspace, source, named)
    try:
        stage_asset(spec.asset, store, workspace, context)
    except ChangedError:
        empty(workspace)
        write_finished(workspace, source, named)
        stage_asset(spec.asset, store, workspace, context)


def sweep(workspace: Workspace) -> None:
    """Remove every temporary file that a stopped or killed worker left in the job's folder."""
    for path in list(workspace.temporaries()):
        remove(path)


def empty(workspace: Workspace) -> None:
    """Remove everything in the job's folder but the record of what was published, which may have to be taken back."""
    for path in list(workspace.root.iterdir()):
        if path.name != RECORD:
            remove(path)


def remove(path: Path) -> None:
    """Remove a file or a folder that somebody else may be removing as well."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _inputs(spec: JobSpec, store: Store, context: Context) -> list[tuple[str, str]]:
    """Every input file: its place in the request, and its key."""
    if spec.contents:
        return find_contents(spec, store, context.limits)
    return [(f"input.files[{number}].file_path", file.path) for number, file in enumerate(spec.files)]


def _wanted(
    spec: JobSpec, inputs: Sequence[tuple[str, str]], workspace: Workspace, context: Context
) -> Iterator[_Wanted]:
    limits = context.limits
    for number, (field, key) in enumerate(inputs):
        most = min(limits.input_bytes, spec.input_bytes or limits.input_bytes)
        yield _Wanted(field, key, workspace.input_file(number), most)
    place = "subtitles[{}].path" if spec.contents else "input.subtitles[{}].file_path"
    for number, subtitle in enumerate(spec.subtitles):
        yield _Wanted(place.format(number), subtitle.path, workspace.subtitle(number), limits.subtitle_bytes)


def _look(store: Store, wanted: _Wanted) -> ObjectInfo:
    there = store.head(wanted.key)
    if there is None:
        raise TelecineError(ErrorKind.OBJECT_MISSING, wanted.key, field=wanted.field)
    if there.size > wanted.most:
        detail = f"{wanted.key} has {there.size:,} bytes, the limit is {wanted.most:,}."
        raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, detail, field=wanted.field)
    return there


def _fetch(
    store: Store, wanted: _Wanted, there: ObjectInfo, workspace: Workspace, report: Callable[[int, int], None]
) -> None:
    store.download(wanted.key, wanted.target, report)
    size = wanted.target.stat().st_size
    if size != there.size:
        detail = f"{wanted.key} was replaced while it was being read ({size:,} of {there.size:,} bytes)."
        raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, detail)
    write_finished(workspace, _stamp_path(wanted.target), json.dumps(identity(there)).encode())


def _counting(context: Context, before: float, total: float) -> Callable[[int, int], None]:
    return lambda done, _size: context.report(Tick(before + done, total))


def identity(there: ObjectInfo) -> list[str]:
    """What tells that an object is still the one that was fetched: key, size, and etag or nothing."""
    return [there.key, str(there.size), there.etag or ""]


def stamp(target: Path) -> list[str] | None:
    """The identity of the object that was fetched to `target`; None where none was."""
    path = _stamp_path(target)
    return [str(part) for part in json.loads(path.read_bytes())] if path.exists() else None


def _stamp_path(target: Path) -> Path:
    return target.parent.parent / f"{target.parent.name}.json"
