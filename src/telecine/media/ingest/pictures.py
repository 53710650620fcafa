"""What people see of an upload without downloading it: two screenshots, and a small film that browsers play."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.ingest import Findings
from telecine.core.progress import Tick
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.ingest.picture_args import (
    LARGE,
    SEEKABLE,
    SMALL,
    Targets,
    candidate_arguments,
    from_film,
    from_source,
    moment,
    web_arguments,
)
from telecine.media.workspace import Workspace, finish

_ENTROPY = "lavfi.entropy.normalized_entropy.normal.Y="


def make_pictures(findings: Findings, workspace: Workspace, context: Context) -> dict[str, Path]:
    """Screenshots `small` and `large` (JPEG) and the film `web` (MP4). What an earlier try has made is kept.

    Reports seconds of the film. Raises what the sandbox raises.
    """
    folder = workspace.root / "ingest"
    files = {"small": folder / "small.jpg", "large": folder / "large.jpg", "web": folder / "web.mp4"}
    maker = _Maker(findings, workspace, context)
    if not files["web"].exists():
        maker.film(files["web"])
    if not (files["small"].exists() and files["large"].exists()):
        maker.screenshots(files)
    seconds = float(findings.media.duration)
    context.report(Tick(seconds, seconds))
    return files


class _Maker:
    """Makes the pictures of one upload; every file appears under its name when it is whole."""

    def __init__(self, findings: Findings, workspace: Workspace, context: Context) -> None:
        self._findings = findings
        self._workspace = workspace
        self._context = context
        self._source = workspace.relative(workspace.input_file(0))

    def film(self, file: Path) -> None:
        draft = self._workspace.temporary(file)
        limits = self._context.limits
        progress = FfmpegProgress(self._findings.media.duration, None, self._context.report, limits.stall_seconds)
        target = self._workspace.relative(draft)
        try:
            self._run(web_arguments(self._findings, self._source, target, limits), progress)
            finish(draft, file)
        finally:
            draft.unlink(missing_ok=True)

    def screenshots(self, files: Mapping[str, Path]) -> None:
        """Take both at a moment that is chosen by the film, from the source where that can be sought in.

        Where nothing comes, because the source's times are not what they seem or it is damaged there, they are the
        film's.
        """
        drafts = {LARGE: self._workspace.temporary(files["large"]), SMALL: self._workspace.temporary(files["small"])}
        targets = {longest: self._workspace.relative(draft) for longest, draft in drafts.items()}
        at, film = self._moment(files["web"]), self._workspace.relative(files["web"])
        try:
            if not self._taken_from_source(at, targets) or not all(draft.exists() for draft in drafts.values()):
                self._run(from_film(self._findings, at, film, targets))
            finish(drafts[LARGE], files["large"])
            finish(drafts[SMALL], files["small"])
        finally:
            for draft in drafts.values():
                draft.unlink(missing_ok=True)

    def _taken_from_source(self, at: float, targets: Targets) -> bool:
        if self._findings.media.demuxer not in SEEKABLE:
            return False
        try:
            self._run(from_source(self._findings, at, self._source, targets, self._context.limits))
        except TelecineError as error:
            if error.kind is not ErrorKind.ENCODE_FAILED:
                raise
            return False
        return True

    def _moment(self, film: Path) -> float:
        candidates: list[tuple[float, float]] = []
        time = 0.0

        def take(line: str) -> None:
            nonlocal time
            if shown := re.search(r"pts_time:([\d.]+)", line):
                time = float(shown[1])
            elif line.startswith(_ENTROPY):
                candidates.append((time, float(line.removeprefix(_ENTROPY))))

        duration = float(self._findings.media.duration)
        self._run(candidate_arguments(self._workspace.relative(film), duration), take)
        return moment(candidates, duration)

    def _run(self, arguments: Sequence[str], on_line: sandbox.OnLine | None = None) -> None:
        sandbox.run(
            [self._context.tools.ffmpeg, *arguments],
            cwd=self._workspace.root,
            limits=self._context.limits,
            on_line=on_line,
            log=self._context.log,
            poll=self._context.poll,
        )
