"""How far a job is, as the APIs tell it."""

from datetime import UTC, datetime, timedelta

from telecine.catalog.models import JobWork
from telecine.core.progress import Phase
from telecine.core.states import JobState
from telecine.jobs.door import Progress, progress_of

BEGUN = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
NOW = BEGUN + timedelta(seconds=100)


def unit(phase: Phase, number: int, done: float, total: float, speed: float | None = None, age: float = 0) -> JobWork:
    heard = NOW - timedelta(seconds=age)
    return JobWork(phase=phase, unit=number, done=done, total=total, speed=speed, update_time=heard)


ENCODING = [
    unit(Phase.STAGE_IN, 0, 700, 700, age=90),
    unit(Phase.PROBE, 0, 1, 1, age=80),
    unit(Phase.AUDIO, 0, 120, 120, age=60),
    unit(Phase.ENCODE, 0, 60, 60, 1.5, age=30),
    unit(Phase.ENCODE, 1, 15, 60, 1.25, age=1),
    unit(Phase.ENCODE, 2, 30, 60, 0.5),
    unit(Phase.ENCODE, 3, 0, 60, age=80),
]


def test_a_job_in_the_queue_is_at_nothing():
    assert progress_of(JobState.QUEUED, None, [], NOW) == Progress(0.0)


def test_a_running_job_tells_percent_phase_speed_and_what_is_left():
    told = progress_of(JobState.TRANSCODING, BEGUN, ENCODING, NOW)
    assert told.percent == round(3 + 1 + 2 + 78 * 105 / 240, 1)
    assert told.phase is Phase.ENCODE
    assert told.speed == 1.75
    assert told.remaining is not None
    assert round(told.remaining) == round(100 * (100 - told.percent) / told.percent)


def test_a_complete_job_is_whole_whatever_the_last_report_said():
    assert progress_of(JobState.COMPLETE, BEGUN, ENCODING, NOW) == Progress(100.0)


def test_a_job_that_failed_shows_how_far_it_came_and_nothing_of_the_future():
    told = progress_of(JobState.ERROR, BEGUN, ENCODING, NOW)
    assert told == Progress(told.percent)
    assert 0 < told.percent < 100
