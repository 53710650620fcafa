"""Finds out what a master really is, and keeps the plan of its distribution in the work folder."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import JobSpec
from telecine.core.limits import Policy
from telecine.core.master import MasterContainer, MasterPlan
from telecine.core.media_info import MediaInfo
from telecine.core.plan_master import master_plan
from telecine.core.plan_picture import picture_track
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.copies.master_packets import read_pictures
from telecine.media.copies.movie_boxes import child, read_place, top_boxes
from telecine.media.copies.movie_master import open_master
from telecine.media.copies.mxf_master import check_mxf
from telecine.media.probe import probe
from telecine.media.sniff import sniff
from telecine.media.structure import BrokenError
from telecine.media.workspace import Workspace, write_finished

_MADE = ("take", "reference", "title-reference", "prepared", "delta", "analysis")
"""What is made by a plan, and not of its input."""
_PROBES = TypeAdapter(list[MediaInfo])


def analyse_master(spec: JobSpec, workspace: Workspace, policy: Policy, context: Context) -> MasterPlan:
    """Probe the master of `spec`, decide everything else, and keep both in the work folder.

    Where a plan is kept that differs, what was made by it is removed. Raises INPUT_…, TRACK_MISSING, MASTER_REFUSED,
    MARK_TOO_NARROW or MARK_TOO_SHORT.
    """
    assert spec.distribution, "only a distribution has a master"
    path = workspace.input_file(0)
    container = _container(path)
    info = probe(path, context.tools, context.limits, context.report)
    pictures = read_pictures(path, info.demuxer, picture_track(0, info).index, context)
    plan = master_plan(spec.distribution, spec.content_id, info, container, pictures, policy)
    # What cannot be put together again is better refused now than when all is encoded.
    if container == "mxf":
        check_mxf(path)
    else:
        open_master(path, plan)
    if workspace.plan.exists() and load_master_plan(workspace) != plan:
        for name in _MADE:
            shutil.rmtree(workspace.root / name, ignore_errors=True)
    write_finished(workspace, workspace.probes, _PROBES.dump_json([info]))
    write_finished(workspace, workspace.plan, plan.model_dump_json().encode())
    context.report(Tick(1, 1))
    return plan


def load_master_plan(workspace: Workspace) -> MasterPlan:
    """The plan that `analyse_master` kept."""
    return MasterPlan.model_validate_json(workspace.plan.read_bytes())


def _container(path: Path) -> MasterContainer:
    """What a master's file is by its first bytes. Raises MASTER_REFUSED where copies of such a file cannot be made."""
    demuxer = sniff(path)
    if demuxer == "mxf":
        return "mxf"
    if demuxer != "mov":
        raise _refused(f"it is {demuxer}; copies are made of MP4, MOV and MXF.")
    with path.open("rb") as file:
        if _fragmented(file):
            raise _refused("it is a fragmented MP4, whose index is spread over the file.")
        file.seek(4)
        kind, brand = file.read(4), file.read(4)
    # Before 2004 QuickTime files had no `ftyp` box at all.
    return "mp4" if kind == b"ftyp" and brand != b"qt  " else "mov"


def _fragmented(file: BinaryIO) -> bool:
    """Whether its index announces fragments (ISO/IEC 14496-12, 8.8.1). Of damage the probe speaks."""
    with suppress(BrokenError):
        moov = next((place for place in top_boxes(file) if place.kind == b"moov"), None)
        return moov is not None and child(read_place(file, moov), "mvex") is not None
    return False


def _refused(detail: str) -> TelecineError:
    return TelecineError(ErrorKind.MASTER_REFUSED, detail)
