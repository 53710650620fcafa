"""Encodes one chunk of a master: both takes of its groups, or the copy of one recipient.

Runs of ffmpeg: a scout, whose small pictures become the delta track and the reference; then the takes, from one
decoding where they are not large; an H.265 second take comes after its first, whose analysis it reuses (`media.mark`).
Files get their final names when all of them are whole and have exactly the chunk's pictures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import structlog

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import TAKES, MasterChunk, MasterPlan
from telecine.core.progress import Tick
from telecine.core.watermark.pattern import Field, MarkKey
from telecine.core.watermark.recipients import RecipientKeys, individual_field, take_field
from telecine.media.context import Context
from telecine.media.copies.master_args import MasterTake, master_scout_arguments, master_take_arguments
from telecine.media.copies.master_check import fault_of_reference, fault_of_take
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.mark_delta import Stretch
from telecine.media.mark_drift import drifted
from telecine.media.mark_mask import Marker
from telecine.media.mark_scout import remove_tracks, run_ffmpeg, run_scout
from telecine.media.workspace import Workspace, finish

REFERENCE = "reference"
"""What `take_files` calls the file that is no take."""
MOST_TOGETHER = 2560 * 1440
"""Pixels of a picture up to which both takes are encoded at once, from one decoding: two encoders of 3840x2160 in
10 bits and 4:2:2 took 4.3 GiB for the first 24 pictures."""
_TRACK = "delta"
_SCOUT_SHARE = 0.2
_SECOND_SHARE = 0.3

logger = structlog.get_logger()

type FieldAt = Callable[[int], Field]


def copy_name(recipient: int) -> str:
    """Name of the take that is the individual copy of the recipient with this number."""
    return f"r{recipient}"


def take_files(index: int, workspace: Workspace, names: Sequence[str]) -> dict[str, Path]:
    """Final names of all that is made of chunk `index` where the takes `names` are."""
    return {name: workspace.take(name, index) for name in names} | {REFERENCE: workspace.reference(index)}


def encode_takes(plan: MasterPlan, index: int, workspace: Workspace, context: Context, key: MarkKey) -> None:
    """Make `workspace.take("0", index)` and `workspace.take("1", index)`, and the chunk's reference.

    Each is a MOV file of nothing but the chunk's pictures, one to one, the first shown at 0. At once where all are
    there. Reports media seconds done of the chunk's. Raises ENCODE_FAILED, also where the master does not give the
    pictures that it promised, or what the sandbox raises.
    """
    names = [str(take) for take in TAKES]
    _encode(plan, plan.chunks[index], names, workspace, context, lambda group: take_field(key, group, 0))


def encode_copy(
    plan: MasterPlan, index: int, workspace: Workspace, context: Context, keys: RecipientKeys, recipient: int
) -> None:
    """Make chunk `index` of the individual copy of `recipient`, `workspace.take(f"r{recipient}", index)`.

    Makes the chunk's reference too where it is not there. Otherwise as `encode_takes`.
    """
    field_at: FieldAt = lambda group: individual_field(keys, recipient, group)  # noqa: E731
    _encode(plan, plan.chunks[index], [copy_name(recipient)], workspace, context, field_at)


def _encode(
    plan: MasterPlan,
    chunk: MasterChunk,
    names: Sequence[str],
    workspace: Workspace,
    context: Context,
    field_at: FieldAt,
) -> None:
    seconds = float(chunk.frames / plan.rate)
    finals = take_files(chunk.index, workspace, names)
    missing = {name: final for name, final in finals.items() if not final.exists()}
    if missing:
        targets = {name: workspace.temporary(final) for name, final in finals.items()}
        try:
            _Chunk(plan, chunk, targets, workspace, context, field_at).make()
            for name, final in missing.items():
                finish(targets[name], final)
        finally:
            for temporary in targets.values():
                temporary.unlink(missing_ok=True)
    context.report(Tick(seconds, seconds))


@dataclass(frozen=True, slots=True)
class _Chunk:
    """One chunk being encoded to `targets`; its track and analysis are temporary files."""

    plan: MasterPlan
    chunk: MasterChunk
    targets: Mapping[str, Path]
    workspace: Workspace
    context: Context
    field_at: FieldAt

    def make(self) -> None:
        """Encode and check. Where seeking did not bring the pictures, the file's index lies: read it from its start."""
        self._run(seek=True)
        fault = self._fault()
        if fault and self.chunk.index:
            logger.warning("chunk.seek_was_wrong", chunk=self.chunk.index, fault=fault)
            self.context.log(f"chunk {self.chunk.index}: seeking gave wrong pictures; the file is read from its start")
            self._run(seek=False)
            fault = self._fault()
        if fault:
            raise TelecineError(ErrorKind.ENCODE_FAILED, f"chunk {self.chunk.index} of the master: {fault}")

    @property
    def _takes(self) -> list[str]:
        return [name for name in self.targets if name != REFERENCE]

    def _fault(self) -> str | None:
        faults = [fault_of_take(self.plan, self.chunk, self.targets[name]) for name in self._takes]
        return next(filter(None, [*faults, fault_of_reference(self.plan, self.chunk, self.targets[REFERENCE])]), None)

    def _run(self, *, seek: bool) -> None:
        name = "-".join(self._takes)
        delta = self.workspace.temporary(self.workspace.delta(name, self.chunk.index))
        analysis = self.workspace.temporary(self.workspace.analysis(name, self.chunk.index))
        try:
            self._scout(delta, seek=seek)
            takes = [
                MasterTake(self.workspace.relative(self.targets[name]), bool(number))
                for number, name in enumerate(self._takes)
            ]
            self._encode_takes(takes, delta, self.workspace.relative(analysis), seek=seek)
        finally:
            remove_tracks((delta, analysis))

    def _encode_takes(self, takes: Sequence[MasterTake], delta: Path, analysis: str, *, seek: bool) -> None:
        """Encode all takes, the large ones one after the other, or their encoders would take too much memory."""
        share = 1 - _SCOUT_SHARE
        if self.plan.codec == "h265" and len(takes) > 1:
            self._reuse(takes, delta, analysis, seek=seek)
        elif self.plan.width * self.plan.height > MOST_TOGETHER:
            for number, take in enumerate(takes):
                each = share / len(takes)
                self._encode([take], delta, _SCOUT_SHARE + number * each, each, seek=seek)
        else:
            self._encode(takes, delta, _SCOUT_SHARE, share, seek=seek)

    def _reuse(self, takes: Sequence[MasterTake], delta: Path, analysis: str, *, seek: bool) -> None:
        """Encode the second take by what the first one's encoder found out, or anew where it drifted from it."""
        first, second = (replace(take, analysis=analysis) for take in takes)
        share = 1 - _SCOUT_SHARE - _SECOND_SHARE
        self._encode([first], delta, _SCOUT_SHARE, share, seek=seek)
        self._encode([second], delta, _SCOUT_SHARE + share, _SECOND_SHARE, seek=seek)
        one, other = (self.targets[name] for name in self._takes)
        if drifted(one, other, self.plan.group):
            self._encode([replace(second, analysis="")], delta, 1, 0, seek=seek)

    def _scout(self, delta: Path, *, seek: bool) -> None:
        """Make the delta track and the reference."""
        reference = self.workspace.relative(self.targets[REFERENCE])
        arguments = master_scout_arguments(
            self.plan, self.chunk, self._source, reference, self.context.limits, seek=seek
        )
        run_scout(
            arguments,
            Marker(self.plan.strength, self.plan.rate),
            Stretch(self.chunk.first, self.plan.group, self.field_at, lambda _name, _group: 0),
            {_TRACK: delta},
            self.workspace,
            self.context,
            lambda frames: self._report(0, _SCOUT_SHARE, frames / self.plan.rate),
        )

    def _encode(self, takes: Sequence[MasterTake], delta: Path, begun: float, share: float, *, seek: bool) -> None:
        track = self.workspace.relative(delta)
        arguments = master_take_arguments(
            self.plan, self.chunk, self._source, track, takes, self.context.limits, seek=seek
        )
        progress = FfmpegProgress(
            self.chunk.frames / self.plan.rate,
            self.plan.rate,
            lambda tick: self._report(begun, share, Fraction(tick.done), tick.speed),
            self.context.limits.stall_seconds,
        )
        run_ffmpeg(arguments, self.workspace, self.context, on_line=progress)

    @property
    def _source(self) -> str:
        return self.workspace.relative(self.workspace.input_file(0))

    def _report(self, begun: float, share: float, done: Fraction, speed: float | None = None) -> None:
        """Report `done` seconds of a run that is `share` of the work, after `begun` of it."""
        seconds = float(self.chunk.frames / self.plan.rate)
        fraction = min(float(done) / seconds, 1.0)
        self.context.report(Tick((begun + share * fraction) * seconds, seconds, speed))
