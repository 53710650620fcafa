"""What every piece of media work is given besides its plan: the engines, the limits, and where to report."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from telecine.core.limits import MediaLimits
from telecine.core.progress import Tick
from telecine.cores import usable_cores
from telecine.media.tools import Tools


def no_report(_tick: Tick) -> None:
    """A `report` for callers that want no progress."""


def no_log(_line: str) -> None:
    """A `log` for callers that want no log."""


def no_poll() -> None:
    """A `poll` for callers that never stop the work."""


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of media work.

    `report` is called about once a second while a tool runs and may raise `Cancelled`, which ends the tool at once.
    `log` takes one line for the job's log, such as the command that is about to run. `poll` is called several times
    a second while a tool runs, also when the tool says nothing, and may raise `Cancelled` too. `cores` are those of
    the machine, which may have up to `at_once` works like this one under way.
    """

    tools: Tools
    limits: MediaLimits
    report: Callable[[Tick], None] = no_report
    log: Callable[[str], None] = no_log
    poll: Callable[[], None] = no_poll
    at_once: int = 1
    cores: int = field(default_factory=usable_cores)

    def cores_each(self, parts: int) -> int:
        """Cores that each of the `parts` of a work may count on, as many of them at once as there may be."""
        return max(1, self.cores // max(1, min(self.at_once, parts)))


def share(context: Context, begin: float, end: float) -> Context:
    """The same surroundings for a part of a step: all of its progress counts from `begin` to `end` of the step's 1."""

    def report(tick: Tick) -> None:
        context.report(Tick(begin + (end - begin) * tick.fraction, 1.0, tick.speed))

    return replace(context, report=report)
