"""The words by which clients of the video API know how far something is.

The document prints no list. DONE and ERROR are what its clients compare with; INITIAL and IN_PROGRESS are the later
API's words for what comes before.
"""

from enum import StrEnum

from telecine.core.states import JobState


class VideoStatus(StrEnum):
    """Of an upload, an ingestion, or the making of a processed video."""

    INITIAL = "INITIAL"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    ERROR = "ERROR"


_WORDS = {
    JobState.QUEUED: VideoStatus.INITIAL,
    JobState.COMPLETE: VideoStatus.DONE,
    JobState.ERROR: VideoStatus.ERROR,
    JobState.STOPPED: VideoStatus.ERROR,
}


def status_of(state: JobState) -> VideoStatus:
    """The word for a job in this state. One that was stopped has failed: nothing more comes of it."""
    return _WORDS.get(state, VideoStatus.IN_PROGRESS)
