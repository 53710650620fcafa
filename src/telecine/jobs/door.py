"""The door of this room for the APIs: all that they may ask of durable execution.

Starting, stopping and restarting are rows (`catalog.jobs`), which a worker's pump carries to Temporal; what is left
to ask is how far a job is.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from telecine.catalog import jobs
from telecine.catalog.models import Job, JobWork
from telecine.core.progress import Phase, percent, remaining_seconds
from telecine.core.states import TERMINAL, JobState, JobWord, word
from telecine.jobs import leak_download
from telecine.notify.targets import Allowed
from telecine.settings import Settings


def check_leak_url(url: str, settings: Settings) -> None:
    """Whether a leak may be fetched from `url`. Raises FIELD_INVALID with the field of the request."""
    leak_download.check(url, Allowed.of(settings.private_targets))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `percent` is 0 to 100 with one decimal; `speed` is media seconds made per second of wall
    time, of all its running encodes together; `remaining` is seconds to go, None while it is too early to say."""

    percent: float
    phase: Phase | None = None
    speed: float | None = None
    remaining: float | None = None


def progress(s: Session, job: Job, now: datetime) -> Progress:
    """How far `job` is at the instant `now`."""
    return progress_of(job.state, job.start_time, jobs.work(s, job.id), now)


def progress_of(state: JobState, begun: datetime | None, rows: Sequence[JobWork], now: datetime) -> Progress:
    """The same from the rows of its work; pure."""
    if state is JobState.COMPLETE:
        return Progress(100.0)
    units: dict[Phase, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        units[row.phase].append((row.done, row.total))
    done = percent(units)
    if state in TERMINAL or word(state) is JobWord.QUEUED or begun is None:
        return Progress(done)
    return Progress(done, _phase(rows), _speed(rows), remaining_seconds(done, (now - begun).total_seconds()))


def _phase(rows: Sequence[JobWork]) -> Phase | None:
    """The phase that was heard of last."""
    return max(rows, key=lambda row: row.update_time).phase if rows else None


def _speed(rows: Sequence[JobWork]) -> float | None:
    running = [row.speed for row in rows if row.phase is Phase.ENCODE and row.done < row.total and row.speed]
    return round(sum(running), 2) if running else None
