"""The states of a job, which may follow which, and the plain word a client sees for each.

A state is coarse enough to be a promise and fine enough to tell a person what the machine is doing.
The step inside a state (percent, speed) is progress, not state: see `core.progress`.
"""

from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands; the order of declaration is the order of a job that meets no trouble."""

    QUEUED = "queued"
    DOWNLOADING = "downloading"
    DOWNLOADED = "downloaded"
    ANALYSING = "analysing"
    TRANSCODING = "transcoding"
    PACKAGING = "packaging"
    VERIFYING = "verifying"
    UPLOADING = "uploading"
    COMPLETE = "complete"
    ERROR = "error"
    STOP_REQUESTED = "stop_requested"
    STOPPED = "stopped"


class JobWord(StrEnum):
    """The five words by which notifications and clients know a job's state."""

    QUEUED = "queued"
    PROGRESSING = "progressing"
    COMPLETE = "complete"
    ERROR = "error"
    STOPPED = "stopped"


TERMINAL = frozenset({JobState.COMPLETE, JobState.ERROR, JobState.STOPPED})
"""States that end an attempt; only a restart leaves them."""

UNFINISHED = frozenset(JobState) - TERMINAL

_WORKING = (
    JobState.DOWNLOADING,
    JobState.DOWNLOADED,
    JobState.ANALYSING,
    JobState.TRANSCODING,
    JobState.PACKAGING,
    JobState.VERIFYING,
    JobState.UPLOADING,
)
_ORDER = {state: rank for rank, state in enumerate((JobState.QUEUED, *_WORKING, JobState.COMPLETE))}

_WORDS = {
    JobState.QUEUED: JobWord.QUEUED,
    JobState.COMPLETE: JobWord.COMPLETE,
    JobState.ERROR: JobWord.ERROR,
    JobState.STOPPED: JobWord.STOPPED,
}


def word(state: JobState) -> JobWord:
    """The word for `state`; everything between the queue and an end is `progressing`."""
    return _WORDS.get(state, JobWord.PROGRESSING)


def may_follow(now: JobState, new: JobState) -> bool:
    """Whether a job in state `now` may enter state `new` within one attempt.

    Work moves forward only, so that a late writer cannot pull a job back. A stop request beats work but
    not an end; from it only the ends `stopped` and `error` are reached, and `complete` when publishing
    had already finished. A restart is not a step: it begins a new attempt (see `restartable`).
    """
    if now in TERMINAL:
        return False
    if new in (JobState.ERROR, JobState.STOPPED):
        return True
    if new is JobState.STOP_REQUESTED:
        return now is not JobState.STOP_REQUESTED
    if now is JobState.STOP_REQUESTED:
        return new is JobState.COMPLETE
    return _ORDER[new] > _ORDER[now]


def stoppable(state: JobState) -> bool:
    """Whether a stop request makes sense in `state`."""
    return state in UNFINISHED and state is not JobState.STOP_REQUESTED


def restartable(state: JobState) -> bool:
    """Whether a new attempt may begin from `state`: after an error or a stop, never after success."""
    return state in (JobState.ERROR, JobState.STOPPED)
