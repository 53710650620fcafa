"""Makes the tracks of an imported asset: copied bit by bit, set on the programme's clock, and decoded once.

ffmpeg does it in the sandbox, for what is read is a stranger's. Times are moved by whole ticks, so that every
picture keeps its distance to every other and to the sound. That everything decodes is found out here, in the sandbox
as well; verification then finds the very same samples in the trees.
"""

import json
from pathlib import Path

from telecine.core.asset_cuts import FIELD
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.plan import Plan, TrackSource, VideoOutput
from telecine.core.progress import Tick
from telecine.media import sandbox
from telecine.media.audio import encode_audio
from telecine.media.context import Context
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.safe_input import safe_input
from telecine.media.workspace import Workspace, finish, write_finished

_QUIET = ("-hide_banner", "-nostdin", "-y", "-nostats", "-progress", "pipe:1", "-stats_period", "0.5")
_DECODED = "decoded.json"


def import_tracks(plan: Plan, workspace: Workspace, context: Context) -> None:
    """Make `workspace.video` and `workspace.audio` of every track of the plan; those that are there stay as they are.

    Reports media seconds. Raises INPUT_UNREADABLE, naming the track, for what does not decode.
    """
    work = _Work(plan, context, steps=2 * len(plan.video) + 1 + len(plan.audio))
    for output in plan.video:
        final = workspace.video(output.name)
        if not final.exists():
            _copy(output, workspace, work)
        work.next()
    encode_audio(plan, workspace, work.context)
    work.next()
    files = {workspace.video(output.name): output.track_id for output in plan.video}
    files |= {workspace.audio(output.name): output.track_id for output in plan.audio}
    for file, track in files.items():
        done = _decoded(workspace)
        if file.name not in done:
            _decode(track, file, workspace, work)
            write_finished(workspace, workspace.root / _DECODED, json.dumps([*done, file.name]).encode())
        work.next()


def copy_arguments(source: TrackSource, codec: str, file: str, target: str, limits: MediaLimits) -> list[str]:
    """Arguments of ffmpeg (without the tool) that copy one picture to an MP4 file that begins at zero.

    What comes before the first keyframe, or is shown before it, no decoder could show.
    """
    zero = round(source.origin / source.time_base)
    moved = f"noise=drop='lt(pts\\,{zero})',setts=pts=PTS-({zero}):dts=DTS-({zero})"
    clock = str(source.timescale)
    return [
        *(*_QUIET, "-v", "warning", "-copyts"),
        *safe_input(source.demuxer, file, limits),
        *("-map", f"0:{source.stream}", "-c", "copy", "-bsf:v", moved, "-map_metadata", "-1", "-map_chapters", "-1"),
        *(("-tag:v", "hvc1") if codec == "h265" else ()),
        # One clock for samples and edit list, which tells of decoding times before zero.
        *("-avoid_negative_ts", "disabled", "-video_track_timescale", clock, "-movie_timescale", clock),
        *("-f", "mp4", target),
    ]


class _Work:
    """Progress over several steps, each as long as the programme."""

    def __init__(self, plan: Plan, context: Context, steps: int) -> None:
        self._seconds = float(plan.duration)
        self._total = self._seconds * steps
        self._done = 0.0
        self._whole = context
        self.duration = plan.duration
        self.context = Context(context.tools, context.limits, self._report, context.log, context.poll)

    def next(self) -> None:
        """The present step is done."""
        self._done += self._seconds
        self._whole.report(Tick(self._done, self._total))

    def _report(self, tick: Tick) -> None:
        self._whole.report(Tick(self._done + tick.fraction * self._seconds, self._total, tick.speed))


def _copy(output: VideoOutput, workspace: Workspace, work: _Work) -> None:
    assert output.copied
    final = workspace.video(output.name)
    draft = workspace.temporary(final)
    source = workspace.relative(workspace.input_file(output.copied.file))
    try:
        _ffmpeg(
            output.track_id,
            copy_arguments(output.copied, output.codec, source, workspace.relative(draft), work.context.limits),
            workspace,
            work,
        )
        finish(draft, final)
    finally:
        draft.unlink(missing_ok=True)


def _decode(name: str, file: Path, workspace: Workspace, work: _Work) -> None:
    """Let ffmpeg decode all of a track; the first error counts."""
    strict = ("-v", "error", "-xerror", "-err_detect", "explode")
    where = safe_input("mov", workspace.relative(file), work.context.limits)
    _ffmpeg(name, [*_QUIET, *strict, *where, "-fps_mode", "passthrough", "-f", "null", "-"], workspace, work)


def _ffmpeg(name: str, arguments: list[str], workspace: Workspace, work: _Work) -> None:
    context = work.context
    try:
        sandbox.run(
            [context.tools.ffmpeg, *arguments],
            cwd=workspace.root,
            limits=context.limits,
            on_line=FfmpegProgress(work.duration, None, context.report, context.limits.stall_seconds),
            log=context.log,
            poll=context.poll,
            failure=ErrorKind.INPUT_UNREADABLE,
        )
    except TelecineError as error:
        if error.kind is not ErrorKind.INPUT_UNREADABLE:
            raise
        raise TelecineError(error.kind, f"'{name}' is damaged; {error.detail}", field=FIELD) from error


def _decoded(workspace: Workspace) -> list[str]:
    """Names of the files that have been decoded without an error."""
    kept = workspace.root / _DECODED
    return [str(name) for name in json.loads(kept.read_bytes())] if kept.exists() else []
