"""What one-shot runs without a server share: engines, and steps that are timed, reported, and stopped together."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event

from telecine.core.limits import MediaLimits, Policy
from telecine.core.progress import Phase, Tick
from telecine.media.context import Context
from telecine.media.side_by_side import side_by_side, stoppable
from telecine.media.tools import Tools
from telecine.storage.store import Store

type Report = Callable[[Phase, int, Tick], None]
type Parts = Sequence[Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a job reads and where it publishes."""

    input: Store
    output: Store


@dataclass(frozen=True, slots=True)
class Engines:
    """What the work is done with. `report` is called from several threads and may raise `Cancelled`; `slots` encodes
    are under way at a time."""

    tools: Tools
    limits: MediaLimits
    policy: Policy
    report: Report
    log: Callable[[str], None]
    slots: int


@dataclass(slots=True)
class Steps:
    """The steps of one run. `seconds` is the wall time of each, in order; `stop` ends whatever is under way."""

    by: Engines
    seconds: dict[str, float] = field(default_factory=dict)
    stop: Event = field(default_factory=Event)

    def context(self, phase: Phase, unit: int = 0) -> Context:
        """The surroundings of one unit of a phase."""
        by = self.by
        context = Context(by.tools, by.limits, partial(by.report, phase, unit), by.log, at_once=by.slots)
        return stoppable(context, self.stop)

    @contextmanager
    def timed(self, name: str, phase: Phase, *, in_units: bool = False) -> Iterator[Context]:
        """Give a step its context, and add up how long it took; it is done as a whole unless it is done `in_units`."""
        begun = time.monotonic()
        yield self.context(phase)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun
        if not in_units:
            self.by.report(phase, 0, Tick(1, 1))

    def beside_each_other(self, parts: Parts, without_slots: Parts = ()) -> None:
        """All of `parts`, `slots` at once, and all `without_slots`; the first failure, or an interrupt, ends all."""
        slotted = partial(side_by_side, parts, self.by.slots, self.stop)
        side_by_side([*without_slots, slotted], len(without_slots) + 1, self.stop)
