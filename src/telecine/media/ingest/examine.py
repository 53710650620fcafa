"""The deep part of an ingestion: every picture is decoded once, for its fields and, of some, for its quality."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from time import monotonic

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.ingest import Findings, Scanning
from telecine.core.progress import Tick
from telecine.core.quality import assess
from telecine.core.scanning import FieldTally, together
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.ingest.look import keep, kept
from telecine.media.ingest.measuring import Measuring
from telecine.media.ingest.pass_args import cut, pass_arguments, windows
from telecine.media.workspace import Workspace

REPORT_EVERY = 0.5
"""Seconds of wall time."""
FEW = 0.9
"""Share of its pictures below which a file is said to be damaged."""

_VERDICT = "lavfi.idet.multiple.current_frame"
_SINGLE = "lavfi.idet.single.current_frame"
_REPEATED = "lavfi.idet.repeated.current_frame"
_KINDS = {
    "progressive": "progressive",
    "interlaced": "interlaced",
    "telecine": "like film in fields (telecine)",
    "mixed": "of more than one kind",
}


def examine(findings: Findings, workspace: Workspace, context: Context) -> Findings:
    """Add to what `look` found: scanning by the pictures, quality, noise. Takes what an earlier try has found.

    Reports seconds of the programme. Raises INPUT_UNREADABLE where no picture can be decoded, or what the sandbox
    raises.
    """
    done = kept(workspace, "examined")
    if not done:
        done = _Examination(findings, workspace, context).findings()
        keep(workspace, "examined", done)
    return done


class _Examination:
    """One file being examined."""

    def __init__(self, findings: Findings, workspace: Workspace, context: Context) -> None:
        assert findings.media.video
        self._findings = findings
        self._workspace = workspace
        self._context = context
        self._windows = windows(findings.media.video.duration)
        self._cuts = [cut(findings, window, len(self._windows)) for window in self._windows]
        self._total = float(sum((window.length for window in self._windows), Fraction(0)))
        self._reported = 0.0

    def findings(self) -> Findings:
        """Pass over all windows. Samples wait in files until the kind of scanning is known."""
        files = [self._draft(number) for number in range(len(self._windows))]
        try:
            tallies = [self._pass(number, file) for number, file in enumerate(files)]
            if not sum(tally.pictures for tally in tallies):
                raise TelecineError(
                    ErrorKind.INPUT_UNREADABLE,
                    "its pictures cannot be decoded: they are damaged, encrypted or of no known kind.",
                )
            scanning = together([section for tally in tallies for section in tally.sections()])
            measuring = Measuring(interlaced=scanning.type in ("interlaced", "telecine", "mixed"))
            for file, samples in zip(files, self._cuts, strict=True):
                if samples and file.exists():
                    measuring.take(file, samples)
        finally:
            for file in files:
                file.unlink(missing_ok=True)
        self._context.report(Tick(self._total, self._total))
        return self._findings.model_copy(
            update={
                "heuristics": scanning,
                "metrics": assess(measuring.values()),
                "noise": measuring.noise,
                "warnings": (*self._findings.warnings, *self._warnings(scanning, tallies)),
            }
        )

    def _draft(self, number: int) -> Path:
        return self._workspace.temporary(self._workspace.root / "ingest" / f"samples-{number}.yuv")

    def _pass(self, number: int, file: Path) -> FieldTally:
        """Decode one window. What of it cannot be decoded is left out."""
        window, context = self._windows[number], self._context
        source, target = (self._workspace.relative(path) for path in (self._workspace.input_file(0), file))
        arguments = pass_arguments(self._findings, window, self._cuts[number], source, target, context.limits)
        before = float(sum((earlier.length for earlier in self._windows[:number]), Fraction(0)))
        verdicts = _Verdicts()

        def take(line: str) -> None:
            if verdicts.take(line):
                seconds = verdicts.tally.pictures / float(self._findings.average_rate)
                self._report(before + min(seconds, float(window.length)))

        try:
            self._run(arguments, take)
        except TelecineError as error:
            if error.kind is not ErrorKind.INPUT_UNREADABLE:
                raise
            context.log(f"not all pictures can be decoded: {error.detail}")
        return verdicts.tally

    def _run(self, arguments: Sequence[str], on_line: sandbox.OnLine) -> None:
        sandbox.run(
            [self._context.tools.ffmpeg, *arguments],
            cwd=self._workspace.root,
            limits=self._context.limits,
            on_line=on_line,
            log=self._context.log,
            poll=self._context.poll,
            failure=ErrorKind.INPUT_UNREADABLE,
        )

    def _report(self, done: float) -> None:
        now = monotonic()
        if now - self._reported >= REPORT_EVERY:
            self._reported = now
            self._context.report(Tick(done, self._total))

    def _warnings(self, scanning: Scanning, tallies: Sequence[FieldTally]) -> list[str]:
        warnings = _disagreement(self._findings.declared, scanning)
        decoded, frames = sum(tally.pictures for tally in tallies), self._findings.frames
        if len(tallies) > 1:
            warnings.append(f"The programme is long: {len(tallies)} parts of it were examined, not the whole.")
        elif decoded < FEW * frames:
            warnings.append(f"Only {decoded} of {frames} pictures can be decoded.")
        return warnings


class _Verdicts:
    """Takes what ffmpeg prints of each picture: a line that begins with `frame:`, then one for each finding."""

    def __init__(self) -> None:
        self.tally = FieldTally()
        self._repeated = "neither"
        self._single = "undetermined"

    def take(self, line: str) -> bool:
        """Take one line; whether it was the last one that matters of a picture."""
        key, _, value = line.partition("=")
        if key == _REPEATED:
            self._repeated = value
        elif key == _SINGLE:
            self._single = value
        elif key == _VERDICT:
            self.tally.add(value, self._single, self._repeated)
            return True
        return False


def _disagreement(said: Scanning, seen: Scanning) -> list[str]:
    """A warning where the pictures are known to be of another kind, or order, than the file says."""
    differ = said.type != seen.type or ("unknown" not in (said.order, seen.order) and said.order != seen.order)
    if "unknown" in (said.type, seen.type) or not differ:
        return []
    return [f"The file says that its pictures are {_words(said)}, but they look {_words(seen)}."]


def _words(scanning: Scanning) -> str:
    order = {"top_first": ", upper field first", "bottom_first": ", lower field first"}.get(scanning.order, "")
    return f"{_KINDS[scanning.type]}{order}"
