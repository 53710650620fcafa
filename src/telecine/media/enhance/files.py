"""Names of what an enhancement makes in its job's work folder, all below `enhanced/`."""

from pathlib import Path
from typing import Literal

from telecine.core.enhance.options import Container
from telecine.media.enhance.encoders import CHUNK_SUFFIX
from telecine.media.workspace import Workspace

type ScreenshotSize = Literal["small", "large"]


def chunk_file(workspace: Workspace, index: int) -> Path:
    """Encoded chunk `index` of the target."""
    return _folder(workspace) / f"{index:05d}{CHUNK_SUFFIX}"


def whole_file(workspace: Workspace, container: Container) -> Path:
    """The target itself."""
    return _folder(workspace) / f"whole.{container.value}"


def report_file(workspace: Workspace) -> Path:
    """JSON of the `Comparison` of source and target."""
    return _folder(workspace) / "report.json"


def comparison_file(workspace: Workspace) -> Path:
    """The clip that shows source and target side by side."""
    return _folder(workspace) / "comparison.mp4"


def screenshot_file(workspace: Workspace, size: ScreenshotSize) -> Path:
    """A still of the target."""
    return _folder(workspace) / f"screenshot-{size}.jpg"


def _folder(workspace: Workspace) -> Path:
    return workspace.root / "enhanced"
