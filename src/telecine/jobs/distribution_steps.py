"""The steps of a distribution as plain functions over files and stores.

Nothing here knows of databases, Temporal or settings: the activities and the one-shot command are both thin over
these functions. Every step finds its own finished output, so doing one twice does it once.
"""

import shutil
from pathlib import Path

import numpy as np

from telecine.core.distribution import CopyMode
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import JobSpec
from telecine.core.limits import Policy
from telecine.core.master import TAKES, MasterPlan, Prepared
from telecine.core.watermark.recipients import RecipientKeys, takes_of, words_of
from telecine.jobs.prepared import NOTES, REFERENCE, Entry, open_entry
from telecine.jobs.recipient_folders import copy_key
from telecine.jobs.staging import remove
from telecine.media.context import Context
from telecine.media.copies import master_encode, master_probe, splice, verify_copy
from telecine.media.copies.master_reference import make_master_reference
from telecine.media.workspace import Workspace, finish
from telecine.storage.ranges import RangeFile
from telecine.storage.store import Report, Store, no_report

WORK_SPACE = 4
"""Sizes of the master that its work takes beside it: both takes, and both files that are made of them; or two
individual copies under way."""
ENOUGH_TO_TELL = 512
"""Marks by which any two words differ, whatever the code; those of a short master may not."""
MXF_SPACE = 1
"""The same of an MXF master's pictures alone, which lie on the disk while it is written."""
STORE_SPACE = 2
"""Sizes of the master that a prepared one takes in the store."""


def analyse(spec: JobSpec, workspace: Workspace, store: Path, policy: Policy, context: Context) -> MasterPlan:
    """Probe the master and decide everything; the plan is kept in the work folder.

    `store` is the folder of prepared masters. Raises INPUT_OVER_LIMIT where a disk has not the room, and whatever
    `analyse_master` raises.
    """
    before = master_probe.load_master_plan(workspace) if workspace.plan.exists() else None
    plan = master_probe.analyse_master(spec, workspace, policy, context)
    if before not in (None, plan):
        remove(workspace.root / "copy")
    check_room(plan, workspace, store)
    return plan


def warnings_of(plan: MasterPlan, keys: RecipientKeys, recipients: list[int]) -> list[str]:
    """What is to be wondered at in the copies of these recipients: that a short master does not tell them all apart."""
    told = min(plan.positions, ENOUGH_TO_TELL)  # the words of 4095 recipients of a long intra master are a gigabyte
    different = len(np.unique(words_of(keys, recipients, told), axis=0))
    if different == len(recipients):
        return []
    made = f"{plan.positions} marks make {different} different copies for {len(recipients)} recipients"
    return [f"{made}: the master is short for so many; choose shorter groups."]


def check_room(plan: MasterPlan, workspace: Workspace, store: Path) -> None:
    """Raise INPUT_OVER_LIMIT where the disk of the work folder, or of the folder `store`, has not the room for all."""
    size = workspace.input_file(0).stat().st_size
    made = sum(_bytes_in(folder) for folder in (workspace.root / "take", workspace.prepared))
    times = WORK_SPACE + (MXF_SPACE if plan.container == "mxf" else 0)
    _check_free(workspace.root, times * size - made, size, "work folder's disk")
    store.mkdir(parents=True, exist_ok=True)
    if plan.mode is CopyMode.POOL and store.stat().st_dev != workspace.root.stat().st_dev:
        _check_free(store, STORE_SPACE * size, size, "prepared masters' disk")


def _check_free(folder: Path, needed: int, size: int, disk: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        detail = f"a master of {_gigabytes(size)} needs {_gigabytes(needed)} more of the {disk}, which has"
        raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, f"{detail} {_gigabytes(free)} free.")


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0


def encode_takes(plan: MasterPlan, index: int, workspace: Workspace, context: Context, keys: RecipientKeys) -> bool:
    """Encode chunk `index` in both takes; False where it was finished before."""
    if open_entry(workspace.prepared):
        return False
    finished = all(workspace.take(str(take), index).exists() for take in TAKES)
    if not finished or not workspace.reference(index).exists():
        master_encode.encode_takes(plan, index, workspace, context, keys.mark)
    return not finished


def encode_copy(
    plan: MasterPlan, index: int, workspace: Workspace, context: Context, keys: RecipientKeys, recipient: int
) -> bool:
    """Encode chunk `index` for one recipient; False where it was finished before."""
    finished = copy_folder(workspace, recipient).exists() or workspace.take(_take(recipient), index).exists()
    if not finished or not workspace.reference(index).exists():
        master_encode.encode_copy(plan, index, workspace, context, keys, recipient)
    return not finished


def encoded(plan: MasterPlan, workspace: Workspace, recipient: int) -> int:
    """Chunks that are encoded for one recipient."""
    return sum(workspace.take(_take(recipient), chunk.index).exists() for chunk in plan.chunks)


def prepare(plan: MasterPlan, workspace: Workspace, context: Context) -> None:
    """Make the folder `workspace.prepared`: the files that copies are spliced of, and what leaks are compared with.

    Individual copies are spliced of nothing. The takes go: what is made of them is all that is needed. Raises what
    `prepare_master` and `make_master_reference` raise.
    """
    if plan.mode is CopyMode.POOL:
        splice.prepare_master(plan, workspace, context)
        for take in TAKES:
            remove(workspace.take(str(take), 0).parent)
    place = workspace.prepared / REFERENCE
    if place.exists():
        return
    temporary = workspace.temporary(place)
    try:
        make_master_reference(plan, workspace, temporary, context.poll)
        finish(temporary, place)
    finally:
        remove(temporary)


def verify(plan: MasterPlan, workspace: Workspace, context: Context) -> None:
    """Read both files as a recipient would. Raises VERIFY_FAILED."""
    verify_copy.verify_prepared(plan, workspace, context)


def assemble_copy(plan: MasterPlan, recipient: int, workspace: Workspace, context: Context) -> None:
    """Make and verify the whole individual copy of one recipient. Raises PACKAGE_FAILED and VERIFY_FAILED.

    What was encoded for it goes: it would only fill the disk.
    """
    place = copy_folder(workspace, recipient)
    if not place.exists():
        temporary = workspace.temporary(place)
        try:
            temporary.mkdir()
            file = temporary / f"copy.{plan.container}"
            prepared = splice.assemble(plan, workspace, context, [_take(recipient)], [file])
            verify_copy.verify_copy(plan, workspace, context, file)
            (temporary / NOTES).write_text(prepared.model_dump_json())
            finish(temporary, place)
        except TelecineError as error:
            if error.kind is ErrorKind.VERIFY_FAILED:
                drop_copy(workspace, recipient)  # another try has to make others
            raise
        finally:
            remove(temporary)
    remove(workspace.take(_take(recipient), 0).parent)


def upload_spliced(
    entry: Entry, keys: RecipientKeys, recipient: int, key: str, store: Store, report: Report = no_report
) -> int:
    """Upload the copy of one recipient, straight from both files of a prepared master; returns its size in bytes.

    Raises what the store raises.
    """
    pieces = entry.prepared.pieces(takes_of(keys, recipient, entry.prepared.groups).tolist())
    with RangeFile([(entry.files[piece.take], piece.start, piece.end) for piece in pieces]) as source:
        store.upload(source, key, entry.prepared.content_type, report)
    return entry.prepared.size


def upload_assembled(
    spec: JobSpec, name: str, recipient: int, workspace: Workspace, store: Store, report: Report = no_report
) -> tuple[str, int]:
    """Upload the individual copy of one recipient, who is called `name`; returns its key, and its size in bytes.

    Raises what the store raises.
    """
    folder = copy_folder(workspace, recipient)
    prepared = Prepared.model_validate_json((folder / NOTES).read_bytes())
    key = copy_key(spec, name, prepared.suffix)
    (file,) = folder.glob("copy.*")
    store.upload(file, key, prepared.content_type, report)
    return key, prepared.size


def drop_copy(workspace: Workspace, recipient: int) -> None:
    """Remove what the work folder has of the individual copy of one recipient."""
    remove(copy_folder(workspace, recipient))
    remove(workspace.take(_take(recipient), 0).parent)


def copy_folder(workspace: Workspace, recipient: int) -> Path:
    """The folder of the finished individual copy of one recipient."""
    return workspace.root / "copy" / str(recipient)


def _take(recipient: int) -> str:
    """The name of the take that is one recipient's own, as `encode_copy` calls it."""
    return f"r{recipient}"
