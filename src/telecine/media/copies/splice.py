"""From the takes of a master to whole files: its own container and every other track of it, with another picture.

Two takes become two files of one layout, which differ in nothing but the bytes of pictures; so a recipient's copy is
made by copying byte ranges (`Prepared.pieces`), and no size tells which variant is where. A single take becomes a file
as it is: the copy of a recipient who has an encode of his own.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from telecine.core.master import TAKES, MasterContainer, MasterPlan, Prepared
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.copies.movie_master import open_master
from telecine.media.copies.padded_pictures import PaddedPictures, padded_pictures
from telecine.media.copies.sample_tables import Numbers
from telecine.media.copies.splice_mxf import write_mxf
from telecine.media.copies.splice_quicktime import lay_out, write_movies
from telecine.media.workspace import Workspace, finish

CONTENT_TYPES: dict[MasterContainer, str] = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mxf": "application/mxf",
}
_REPORTED = 32 * 2**20
"""Bytes between two reports."""


def assemble(
    plan: MasterPlan, workspace: Workspace, context: Context, names: Sequence[str], targets: Sequence[Path]
) -> Prepared:
    """Make one whole file of each take in `names` (one or two), at its target: an older one is replaced.

    The pictures are `workspace.take(name, …)` of every chunk, everything else is `workspace.input_file(0)`'s. Two
    takes are padded to one layout. Reports bytes. Raises ENCODE_FAILED for takes that are not whole or too unlike,
    MASTER_REFUSED for a master that cannot be kept as it is, INPUT_UNREADABLE for one that contradicts itself.
    """
    if len(names) not in (1, 2) or len(names) != len(targets):
        raise ValueError("one or two takes are assembled, each to its own file")
    pictures = padded_pictures(plan, workspace, names)
    with ExitStack() as stack:
        drafts = [workspace.temporary(target) for target in targets]
        for draft in drafts:
            stack.callback(draft.unlink, missing_ok=True)
        size, positions, end = _write(plan, workspace, context, pictures, drafts)
        for draft, target in zip(drafts, targets, strict=True):
            finish(draft, target)
    return Prepared(
        size=size,
        suffix=suffix_of(plan),
        content_type=CONTENT_TYPES[plan.container],
        borders=(*positions[:: plan.group].tolist(), end),
    )


def prepare_master(plan: MasterPlan, workspace: Workspace, context: Context) -> None:
    """Make `workspace.prepared` of takes 0 and 1, unless it is there: a file for each, and `prepared.json`.

    Reports and raises as `assemble` does.
    """
    final = workspace.prepared
    if final.exists():
        return
    draft = workspace.temporary(final)
    draft.mkdir(parents=True, exist_ok=True)
    names = [str(take) for take in TAKES]
    prepared = assemble(plan, workspace, context, names, [prepared_file(draft, plan, take) for take in TAKES])
    (draft / "prepared.json").write_text(prepared.model_dump_json())
    finish(draft, final)


def suffix_of(plan: MasterPlan) -> str:
    """The ending of the master's copies, with its dot."""
    return f".{plan.container}"


def prepared_file(folder: Path, plan: MasterPlan, take: int) -> Path:
    """The file of `take` in the folder of a prepared master."""
    return folder / f"{take}{suffix_of(plan)}"


def _write(
    plan: MasterPlan, workspace: Workspace, context: Context, pictures: PaddedPictures, drafts: Sequence[Path]
) -> tuple[int, Numbers, int]:
    """Write the files; their size, where each picture begins, in decoding order, and where the last ends."""
    source = workspace.input_file(0)
    if plan.container == "mxf":
        reporter = _Reporter(context, int(pictures.sizes.sum()) * len(drafts))
        positions, end = write_mxf(plan, workspace, context, pictures, drafts, reporter.wrote)
        return drafts[0].stat().st_size, positions, end
    master = open_master(source, plan)
    layout = lay_out(master, pictures)
    write_movies(master, source, pictures, layout, drafts, _Reporter(context, layout.size).wrote)
    return layout.size, layout.positions, int(layout.positions[-1] + pictures.sizes[-1])


class _Reporter:
    """Reports bytes, and lets the caller stop the work."""

    def __init__(self, context: Context, total: int) -> None:
        self._context = context
        self._total = total
        self._done = 0
        self._told = 0

    def wrote(self, more: int) -> None:
        """`more` bytes have been written."""
        self._done += more
        if self._done - self._told >= _REPORTED:
            self._told = self._done
            self._context.poll()
            self._context.report(Tick(self._done, self._total))
