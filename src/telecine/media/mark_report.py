"""What marking did to a programme, in numbers: a note of each chunk while it is made, one report when all is joined.

Nothing here tells which take of a segment is which variant, so it may be shown to whoever may see the job.
"""

from collections.abc import Sequence
from math import inf, log10

from pydantic import BaseModel, ConfigDict

from telecine.core.plan import Plan, variant_track
from telecine.core.watermark.pattern import VARIANTS
from telecine.media.workspace import Workspace, write_finished

_PEAK = 255


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChunkMarks(_Frozen):
    """Note of one chunk. Errors are squares of what was added, in steps of 8 bits, as means over a picture."""

    pictures: int
    error: float
    """Sum over all pictures."""
    worst_error: float
    """Of the picture that was marked most."""
    encoded_again: tuple[str, ...] = ()
    """Renditions, by their names in the plan, whose second take was made anew because it had drifted from the first."""


class MarkedRendition(_Frozen):
    """What the two variants of one rendition weigh."""

    name: str
    track_id: str
    bytes: tuple[int, int]
    ratio: float
    """Bytes of variant 1 for one of variant 0."""
    encoded_again: int
    """Chunks whose second take was made anew because it had drifted from the first."""


class MarkReport(_Frozen):
    """What a marked programme's variants weigh, and how far they are from the unmarked picture.

    PSNR, in dB, is the luma's at the size of the mask, before encoding: `psnr` of all pictures together, `worst_psnr`
    of the one that was marked most. None where nothing was added.
    """

    chunks: int
    psnr: float | None
    worst_psnr: float | None
    renditions: tuple[MarkedRendition, ...]

    @property
    def summary(self) -> str:
        """One sentence for a log."""
        again = sum(rendition.encoded_again for rendition in self.renditions)
        apart = max((abs(rendition.ratio - 1) for rendition in self.renditions), default=0.0)
        quality = (
            f"PSNR {self.psnr:.1f} dB, worst {self.worst_psnr:.1f} dB" if self.psnr and self.worst_psnr else "none"
        )
        return f"{quality}; variants differ by {100 * apart:.1f} % in size; {again} takes encoded again."


def write_mark_report(plan: Plan, workspace: Workspace) -> MarkReport:
    """Make `workspace.mark_report` of the notes of all chunks and the joined variants, and return it."""
    notes = [ChunkMarks.model_validate_json(workspace.mark_note(chunk.index).read_bytes()) for chunk in plan.chunks]
    report = MarkReport(
        chunks=len(notes),
        psnr=_psnr(sum(note.error for note in notes) / sum(note.pictures for note in notes)),
        worst_psnr=_psnr(max(note.worst_error for note in notes)),
        renditions=tuple(_rendition(output.name, output.track_id, notes, workspace) for output in plan.video),
    )
    write_finished(workspace, workspace.mark_report, report.model_dump_json().encode())
    return report


def load_mark_report(workspace: Workspace) -> MarkReport:
    """The report that `write_mark_report` made."""
    return MarkReport.model_validate_json(workspace.mark_report.read_bytes())


def _rendition(name: str, track_id: str, notes: Sequence[ChunkMarks], workspace: Workspace) -> MarkedRendition:
    first, second = (workspace.video(variant_track(name, variant)).stat().st_size for variant in VARIANTS)
    again = sum(name in note.encoded_again for note in notes)
    return MarkedRendition(
        name=name, track_id=track_id, bytes=(first, second), ratio=second / first, encoded_again=again
    )


def _psnr(error: float) -> float | None:
    found = 20 * log10(_PEAK) - 10 * log10(error) if error > 0 else inf
    return round(found, 2) if found < inf else None
