"""Brings a leak into a detection's work folder, once, under a name of ours: from a storage, an address, or an upload.

An upload is a file that somebody at this machine's command line has put into the shared work folder.
"""

import re
import secrets
import shutil
from hashlib import file_digest
from pathlib import Path
from typing import Any

from telecine.catalog.detections import Source
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.progress import Tick
from telecine.jobs.leak_download import FIELD as URL_FIELD
from telecine.jobs.leak_download import download
from telecine.media.context import Context
from telecine.media.workspace import Workspace, finish
from telecine.notify.targets import Allowed
from telecine.storage.store import Store

PATH_FIELD = "input.path"
_UPLOAD = re.compile(r"upload-[0-9a-f]{16}")


def leak_of(workspace: Workspace) -> Path:
    """Where the leak lies once it is there."""
    return workspace.input_file(0)


def fingerprint(leak: Path) -> dict[str, Any]:
    """What tells later which file a report is about: its size in bytes, and its SHA-256 in hexadecimal."""
    with leak.open("rb") as file:
        return {"bytes": leak.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}


def offer(work: Path, leak: Path) -> str:
    """Put a copy of the file `leak` into the work folder, and return the name by which a detection finds it."""
    name = f"upload-{secrets.token_hex(8)}"
    folder = work / name
    folder.mkdir(parents=True)
    shutil.copyfile(leak, folder / "leak")
    return name


def uploaded(work: Path, name: str) -> Path:
    """Where the upload `name` lies. Raises OBJECT_MISSING for a name that `offer` does not give."""
    if not _UPLOAD.fullmatch(name):
        raise TelecineError(ErrorKind.OBJECT_MISSING, "that is no upload.", field=PATH_FIELD)
    return work / name / "leak"


def fetch_from_store(source: Source, store: Store, workspace: Workspace, context: Context) -> None:
    """Fetch the leak from a storage. Raises OBJECT_MISSING, INPUT_OVER_LIMIT, and what the storage raises."""
    target = leak_of(workspace)
    if target.exists():
        return
    there = store.head(source.path)
    if there is None:
        raise TelecineError(ErrorKind.OBJECT_MISSING, source.path, field=PATH_FIELD)
    if there.size > context.limits.input_bytes:
        detail = f"{there.size:,} bytes, the limit is {context.limits.input_bytes:,}."
        raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, detail, field=PATH_FIELD)
    target.parent.mkdir(parents=True, exist_ok=True)
    store.download(source.path, target, lambda done, total: context.report(Tick(done, total)))


def fetch_from_address(url: str, allowed: Allowed, workspace: Workspace, context: Context) -> None:
    """Fetch the leak from a URL. Raises as `leak_download.download`, with the request's field."""
    target = leak_of(workspace)
    if target.exists():
        return
    temporary = workspace.temporary(target)
    try:
        download(
            url, temporary, allowed, context.limits.input_bytes, lambda done, total: context.report(Tick(done, total))
        )
    except TelecineError as error:
        raise TelecineError(error.kind, error.detail, field=URL_FIELD) from error
    finish(temporary, target)


def take_upload(upload: Path, workspace: Workspace) -> None:
    """Move an upload into its place. Raises OBJECT_MISSING where it is neither here nor there."""
    target = leak_of(workspace)
    if target.exists():
        return
    if not upload.is_file():
        raise TelecineError(ErrorKind.OBJECT_MISSING, "the upload is gone.", field=PATH_FIELD)
    target.parent.mkdir(parents=True, exist_ok=True)
    upload.replace(target)
    upload.parent.rmdir()


def withdraw(work: Path, name: str) -> None:
    """Remove an upload that no detection wants."""
    shutil.rmtree(uploaded(work, name).parent, ignore_errors=True)
