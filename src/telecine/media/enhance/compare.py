"""Sets the result beside its source: how true it stayed, as numbers, and how it looks, as a clip and as stills.

Nothing here can fail the job but a stop: the video is finished and verified when it is compared.
"""

from collections.abc import Callable

import structlog
from pydantic import BaseModel, ConfigDict

from telecine.core.enhance.picture import Picture
from telecine.core.enhance.plan import EnhancePlan, Stage
from telecine.core.errors import TelecineError
from telecine.core.progress import Tick
from telecine.media.context import Context, share
from telecine.media.enhance.fidelity import Fidelity, WindowFidelity, measure_fidelity, together
from telecine.media.enhance.files import report_file, whole_file
from telecine.media.enhance.split_view import make_split_view
from telecine.media.enhance.stills import make_screenshots
from telecine.media.workspace import Workspace, write_finished

logger = structlog.get_logger()

_MOVED = ("steady", "dejit")
_LONG = 240


class Shape(BaseModel):
    """A picture in a few words."""

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    rate: str
    frames: int
    pixel_format: str
    fields: str


class Step(BaseModel):
    """A stage of the chain, and who did it."""

    model_config = ConfigDict(frozen=True)

    option: str
    value: str
    engine: str
    version: str
    tier: str


class Comparison(BaseModel):
    """The report of an enhancement; JSON in `report_file`."""

    model_config = ConfigDict(frozen=True)

    source: Shape
    result: Shape
    result_bytes: int
    result_bits_per_second: int
    steps: tuple[Step, ...]
    substitutions: tuple[str, ...]
    warnings: tuple[str, ...]
    generative: bool
    fidelity: Fidelity | None
    """The result, scaled down to the source's size, against the source; None where no frames of both coincide."""
    windows: tuple[WindowFidelity, ...]
    notes: tuple[str, ...]
    """What must be known to read the numbers."""


def compare(plan: EnhancePlan, workspace: Workspace, context: Context) -> Comparison:
    """Make `report_file`, `comparison_file` and both `screenshot_file`s from the finished target and its chunks.

    Needs the work folder's frame index and chunks. At once where the report, which comes last, is there. What cannot
    be made is left out and logged. Reports progress as shares of the whole. Raises only what `context` raises.
    """
    report = report_file(workspace)
    if report.exists():
        return Comparison.model_validate_json(report.read_bytes())
    found: list[WindowFidelity] = []
    _try("fidelity", lambda: found.extend(measure_fidelity(plan, workspace, share(context, 0.0, 0.5))))
    _try("split view", lambda: make_split_view(plan, workspace, share(context, 0.5, 0.95)))
    _try("screenshots", lambda: make_screenshots(plan, workspace, share(context, 0.95, 1.0)))
    compared = _compared(plan, found, whole_file(workspace, plan.target.container).stat().st_size)
    write_finished(workspace, report, compared.model_dump_json(indent=1).encode())
    context.report(Tick(1, 1))
    return compared


def _try(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except TelecineError as error:
        logger.warning("comparison.left_out", what=what, why=error.detail)


def _compared(plan: EnhancePlan, found: list[WindowFidelity], size: int) -> Comparison:
    return Comparison(
        source=_shape(plan.source.picture),
        result=_shape(plan.target.picture),
        result_bytes=size,
        result_bits_per_second=round(size * 8 / plan.target.picture.seconds),
        steps=tuple(_step(stage) for stage in plan.stages),
        substitutions=plan.substitutions,
        warnings=plan.warnings,
        generative=plan.generative,
        fidelity=together(found),
        windows=tuple(found),
        notes=tuple(_notes(plan, found)),
    )


def _step(stage: Stage) -> Step:
    return Step(
        option=stage.option, value=stage.value, engine=stage.engine, version=stage.version, tier=stage.tier.value
    )


def _notes(plan: EnhancePlan, found: list[WindowFidelity]) -> list[str]:
    notes = ["The result was scaled down to the source's size and compared with the source."]
    if any(stage.value in _MOVED for stage in plan.stages):
        notes.append("The picture was moved on purpose, so it cannot be like the source everywhere.")
    if any(stage.option in ("denoiser", "postProcessor") for stage in plan.stages):
        notes.append("Noise that was taken away, and grain that was added, count as differences.")
    if any(picture.fields != "progressive" for picture in (plan.source.picture, plan.target.picture)):
        notes.append("Fields were made whole by bwdif before they were compared.")
    if plan.source.picture.height < _LONG:
        notes.append("VMAF was trained on larger pictures than this source's.")
    if found and max(window.frames for window in found) == 1:
        notes.append("The frame rates have no near common frames; single frames nearest in time were compared.")
    return notes


def _shape(picture: Picture) -> Shape:
    return Shape(
        width=picture.width,
        height=picture.height,
        rate=str(picture.rate),
        frames=picture.frames,
        pixel_format=picture.pixel_format,
        fields=picture.fields,
    )
