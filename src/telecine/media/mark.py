"""Encodes one chunk of a marked programme: every rendition twice, with the mark added and taken away.

Several runs of ffmpeg: a scout, whose small pictures become the delta tracks and the reference; then the first takes,
with the second takes of those renditions that gain nothing from a finished first; then the other second takes, each
alone, because x265 counts what it has read of an analysis once for the whole process. A second take that drifted from
its first is made anew from nothing. The source is decoded once for the mask and once for each run that encodes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from telecine.core.job import Cbr
from telecine.core.plan import ChunkSpan, Plan, VideoOutput, take_track, whole_frames
from telecine.core.progress import Tick
from telecine.core.watermark.pattern import MarkKey, field_of, variant_of_first_take
from telecine.media.context import Context
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.mark_args import Take, scout_arguments, take_arguments
from telecine.media.mark_delta import Stretch
from telecine.media.mark_drift import drifted
from telecine.media.mark_mask import Marker
from telecine.media.mark_report import ChunkMarks
from telecine.media.mark_scout import remove_tracks, run_ffmpeg, run_scout
from telecine.media.workspace import Workspace

TAKES = (0, 1)
_SCOUT_SHARE = 0.1
_SECOND_SHARE = 0.3

REFERENCE = "reference"
NOTE = "note"
"""What `marked_files` calls the files that are no take of a rendition."""


def marked_files(plan: Plan, index: int, workspace: Workspace) -> dict[str, Path]:
    """Final names of all that marking makes of chunk `index`: both takes of every rendition, reference and note."""
    names = [take_track(output.name, take) for output in plan.video for take in TAKES]
    others = {REFERENCE: workspace.reference(index), NOTE: workspace.mark_note(index)}
    return {name: workspace.chunk(name, index) for name in names} | others


def run_marked(
    plan: Plan,
    chunk: ChunkSpan,
    targets: Mapping[str, Path],
    workspace: Workspace,
    context: Context,
    key: MarkKey,
    *,
    seek: bool,
) -> None:
    """Make `targets`, named as `marked_files` names them. Raises what the sandbox raises."""
    _MarkedChunk(plan, chunk, targets, workspace, context, key, seek).run()


def stretch_of(plan: Plan, chunk: ChunkSpan, rate: Fraction, key: MarkKey) -> Stretch:
    """The pictures of `chunk` at `rate` a second, and the marks of a viewer's title."""
    return Stretch(
        chunk.first_frame(rate),
        whole_frames(plan.segment * rate),
        partial(field_of, key),
        partial(variant_of_first_take, key),
    )


class _MarkedChunk:
    """One chunk being marked. Its tracks and analyses are temporary files."""

    def __init__(
        self,
        plan: Plan,
        chunk: ChunkSpan,
        targets: Mapping[str, Path],
        workspace: Workspace,
        context: Context,
        key: MarkKey,
        seek: bool,
    ) -> None:
        assert plan.picture
        self._plan = plan
        self._chunk = chunk
        self._targets = targets
        self._workspace = workspace
        self._context = context
        self._key = key
        self._seek = seek
        self._cores = context.cores_each(len(plan.chunks))
        self._source = workspace.relative(workspace.input_file(plan.picture.file))
        # One track serves renditions of any rate: each takes the latest delta, and all rates meet on the grid.
        self._rate = max(output.frame_rate for output in plan.video)
        temporary = workspace.temporary
        self._deltas = {o.name: temporary(workspace.delta(o.name, chunk.index)) for o in plan.video}
        self._analyses = {o.name: temporary(workspace.analysis(o.name, chunk.index)) for o in plan.video if _reuses(o)}

    def run(self) -> None:
        first = [self._take(output, False) for output in self._plan.video]
        second = [self._take(output, True) for output in self._plan.video]
        late = [take for take in second if take.analysis]
        each = _SECOND_SHARE / len(late) if late else 0
        share = 1 - _SCOUT_SHARE - each * len(late)
        try:
            marks = self._scout()
            self._encode([*first, *(take for take in second if not take.analysis)], _SCOUT_SHARE, share)
            for number, take in enumerate(late):
                self._encode([take], _SCOUT_SHARE + share + number * each, each)
            again = [replace(take, analysis="") for take in late if self._drifted(take.output)]
            if again:
                self._encode(again, 1, 0)
            marks = marks.model_copy(update={"encoded_again": tuple(take.output.name for take in again)})
            self._targets[NOTE].write_text(marks.model_dump_json())
        finally:
            remove_tracks((*self._deltas.values(), *self._analyses.values()))

    def _drifted(self, output: VideoOutput) -> bool:
        first, second = (self._targets[take_track(output.name, take)] for take in TAKES)
        return drifted(first, second, whole_frames(self._plan.segment * output.frame_rate))

    def _take(self, output: VideoOutput, second: bool) -> Take:
        relative = self._workspace.relative
        analysis = self._analyses.get(output.name)
        return Take(
            output=output,
            second=second,
            delta=relative(self._deltas[output.name]),
            target=relative(self._targets[take_track(output.name, int(second))]),
            analysis=relative(analysis) if analysis else "",
        )

    def _scout(self) -> ChunkMarks:
        """Make the delta tracks and the reference."""
        reference = self._workspace.relative(self._targets[REFERENCE])
        arguments = scout_arguments(
            self._plan,
            self._chunk,
            self._source,
            self._rate,
            reference,
            self._context.limits,
            self._cores,
            seek=self._seek,
        )
        assert self._plan.marking
        writer = run_scout(
            arguments,
            Marker(self._plan.marking.strength, self._rate),
            stretch_of(self._plan, self._chunk, self._rate, self._key),
            self._deltas,
            self._workspace,
            self._context,
            lambda frames: self._report(0, _SCOUT_SHARE, Fraction(frames) / self._rate),
        )
        return ChunkMarks(pictures=writer.frames, error=writer.error, worst_error=writer.worst_error)

    def _encode(self, takes: Sequence[Take], begun: float, share: float) -> None:
        arguments = take_arguments(
            self._plan,
            self._chunk,
            self._source,
            self._rate,
            takes,
            self._context.limits,
            self._cores,
            seek=self._seek,
        )
        length = self._chunk.end - self._chunk.start
        progress = FfmpegProgress(
            length,
            takes[0].output.frame_rate,
            lambda tick: self._report(begun, share, Fraction(tick.done), tick.speed),
            self._context.limits.stall_seconds,
        )
        run_ffmpeg(arguments, self._workspace, self._context, on_line=progress)

    def _report(self, begun: float, share: float, done: Fraction, speed: float | None = None) -> None:
        """Report `done` seconds of a run that is `share` of the work, after `begun` of it."""
        seconds = float(self._chunk.end - self._chunk.start)
        fraction = min(float(done) / seconds, 1.0)
        self._context.report(Tick((begun + share * fraction) * seconds, seconds, speed))


def _reuses(output: VideoOutput) -> bool:
    """Whether the second take gains from the first one's analysis.

    x264 cannot. At a constant bitrate the buffer rules every picture, and a take that must follow another starves:
    measured, it came out at a third of the bitrate.
    """
    return output.codec == "h265" and not isinstance(output.rate, Cbr)
