"""How steps write into the row of their job's video, and what they do where it is no longer there."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from telecine.catalog.models import Job
from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs.active_step import ActiveStep


def write_video(step: ActiveStep, write: Callable[[Session, Job], bool]) -> None:
    """Write into the video's row in one transaction. Where that was refused, nothing is written, and the step ends.

    `write` returns what functions of `catalog.video_results` return. Raises a final failure where the attempt is over
    or somebody asked to stop, else NOT_FOUND: the video was deleted, or works with another job now.
    """
    with step.services.database.write() as s:
        kept = write(s, step.job)
        if not kept:
            s.rollback()
    if not kept:
        step.check()
        raise TelecineError(ErrorKind.NOT_FOUND, f"Video {step.job.content_id}, for which this was made,")
