"""Live progress of one job: bars for its phases on a terminal, a line now and then elsewhere."""

import time
from collections import defaultdict
from collections.abc import Iterable
from threading import Lock
from types import TracebackType

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from telecine.cli.output import complaints
from telecine.core.progress import Phase, Tick, percent, remaining_seconds

_LABELS = {
    Phase.STAGE_IN: "download",
    Phase.PROBE: "analyse",
    Phase.IMPORT: "import",
    Phase.ENCODE: "encode",
    Phase.AUDIO: "audio",
    Phase.JOIN: "join",
    Phase.PACKAGE: "package",
    Phase.VERIFY: "verify",
    Phase.PUBLISH: "publish",
    Phase.COPY: "copy",
    Phase.LOOK: "look",
    Phase.EXAMINE: "examine",
    Phase.ENHANCE: "enhance",
}
_STEP = 10
"""Percent between two plain lines."""
_EVERY = 0.2
"""Seconds between two redraws of the progress."""


def clock(seconds: float | None) -> str:
    """Seconds as `1:02:03` or `2:03`; `-:--` where unknown."""
    if seconds is None:
        return "-:--"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


class _Detail(ProgressColumn):
    """What a bar cannot say: finished units, speed, time to go."""

    def render(self, task: Task) -> Text:
        return Text(task.fields.get("detail", ""), style="dim")


class JobProgress:
    """Shows how far one job is. Use it as a context; `update` and `title` may be called as often as you like.

    On a terminal the phases appear as they begin. Elsewhere there is one line for each change of title and for each
    ten percent.
    """

    def __init__(self, name: str, began: float | None = None) -> None:
        self._name = name
        self._began = time.monotonic() if began is None else began
        self._title = ""
        self._said = 0
        self._live = complaints().is_terminal
        columns = (
            TextColumn("{task.description:<9}"),
            BarColumn(36),
            TextColumn("{task.percentage:>5.1f} %"),
            _Detail(),
        )
        self._bars = Progress(*columns, console=complaints(), disable=not self._live)
        self._whole = self._bars.add_task("job", total=100)
        self._phases: dict[Phase, TaskID] = {}

    def __enter__(self) -> "JobProgress":
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._bars.stop()

    def title(self, state: str) -> None:
        """Say in which state the job is."""
        if state == self._title:
            return
        self._title = state
        if self._live:
            self._bars.update(self._whole, detail=state)
        else:
            self._line(state)

    def update(self, units: Iterable[tuple[Phase, int, Tick]]) -> None:
        """Show how far every known unit of every phase is."""
        by_phase: dict[Phase, list[Tick]] = defaultdict(list)
        for phase, _, tick in units:
            by_phase[phase].append(tick)
        done = percent({phase: [(tick.done, tick.total) for tick in ticks] for phase, ticks in by_phase.items()})
        self.overall(self._title, done, remaining_seconds(done, time.monotonic() - self._began))
        if self._live:
            self._show(by_phase)

    def overall(self, state: str, done: float, left: float | None, detail: str = "") -> None:
        """Show how far the whole job is: `done` percent, `left` seconds to go where known; `detail` on terminals."""
        self.title(state)
        if self._live:
            told = " · ".join(part for part in (state, detail, f"{clock(left)} to go") if part)
            self._bars.update(self._whole, completed=done, detail=told)
        elif done >= self._said + _STEP:
            self._said = int(done // _STEP) * _STEP
            self._line(f"{done:.0f} %, {clock(left)} to go")

    def _show(self, by_phase: dict[Phase, list[Tick]]) -> None:
        for phase in (phase for phase in Phase if phase in by_phase):
            ticks = by_phase[phase]
            if phase not in self._phases:
                self._phases[phase] = self._bars.add_task(_LABELS[phase], total=100)
            self._bars.update(self._phases[phase], completed=_share(ticks), detail=_detail(ticks))

    def _line(self, said: str) -> None:
        complaints().print(f"{clock(time.monotonic() - self._began)}  {self._name}: {said}", markup=False)


class Reporter:
    """Gathers ticks from the engine's threads and redraws a few times a second."""

    def __init__(self, shown: JobProgress) -> None:
        self._shown = shown
        self._units: dict[tuple[Phase, int], Tick] = {}
        self._drawn = 0.0
        self._lock = Lock()

    def __call__(self, phase: Phase, unit: int, tick: Tick) -> None:
        """Take in one tick."""
        with self._lock:
            self._units[phase, unit] = tick
            now = time.monotonic()
            if now - self._drawn > _EVERY or tick.done >= tick.total:
                self._drawn = now
                self._shown.title(phase.value.replace("_", " "))
                self._shown.update((phase, unit, tick) for (phase, unit), tick in self._units.items())


def _share(ticks: list[Tick]) -> float:
    """Percent of one phase."""
    total = sum(tick.total for tick in ticks)
    return 100.0 * sum(min(tick.done, tick.total) for tick in ticks) / total if total > 0 else 100.0


def _detail(ticks: list[Tick]) -> str:
    finished = sum(tick.done >= tick.total for tick in ticks)
    speed = sum(tick.speed for tick in ticks if tick.speed and tick.done < tick.total)
    parts = [f"{finished}/{len(ticks)}"] if len(ticks) > 1 else []
    return " · ".join([*parts, f"{speed:.2f}x"] if speed else parts)
