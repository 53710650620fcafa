"""What workers write into the rows of videos, on both databases: only for the job that the row names, only while it
lasts."""

import pytest
from sqlalchemy.orm import Session

from telecine.catalog import jobs, storages, teams, users, video_removals, video_results, videos
from telecine.catalog.clock import utcnow
from telecine.catalog.models import Job
from telecine.core.enhance.spec import Enhancement
from telecine.core.states import JobState

SITE = "DEMO"
MADE = video_results.Made("pixop/x/media.mp4", 5, "abc", "x.mp4", "video/mp4")


@pytest.fixture
def made(database, make_storage):
    """A processed video with its job: ids of team, video, job."""
    storage = make_storage(io_type=storages.BOTH)
    with database.write() as s:
        team = teams.create(s, SITE, "Film club", storage.storage_id)
        user = users.create(s, "ann@example.com", "Ann", "correct horse battery", team.id)
        source = videos.create(s, SITE, team.id, user_id=user.id, storage_id=storage.storage_id)
        source.media_key, source.findings = "pixop/source/original", {"noise": 3}
        video = videos.create_processed(
            s, SITE, team.id, source.id, user_id=user.id, name="Better", spec=Enhancement(), parameters={}
        )
        return team.id, video.id, video.process_job


def written(s: Session, job: Job) -> list[bool]:
    return [
        video_results.set_findings(s, job, {"frames": 1}),
        video_results.set_pictures(s, job, {"small": "key"}),
        video_results.set_parameters(s, job, {"targetVideo": {}}),
        video_results.set_media(s, job, MADE),
    ]


def test_what_a_job_found_and_made_is_in_its_video(database, made):
    team_id, video_id, job_id = made
    with database.write() as s:
        assert written(s, jobs.load(s, job_id)) == [True] * 4
    with database.read() as s:
        video = videos.get(s, SITE, team_id, video_id)
        assert (video.findings, video.pictures, video.parameters) == (
            {"frames": 1}, {"small": "key"}, {"targetVideo": {}},
        )  # fmt: skip
        assert (video.media_key, video.media_size, video.media_etag) == ("pixop/x/media.mp4", 5, "abc")
        assert (video.file_name, video.file_type) == ("x.mp4", "video/mp4")
        assert video.upload_time
        assert video_results.findings_of_media(s, SITE, video.storage_id, "pixop/source/original") == {"noise": 3}
        assert video_results.findings_of_media(s, "OTHER", video.storage_id, "pixop/source/original") is None
        assert video_results.of_job(s, jobs.load(s, job_id)).id == video_id


def test_what_was_published_in_vain_can_be_taken_back(database, made):
    team_id, video_id, job_id = made
    with database.write() as s:
        job = jobs.load(s, job_id)
        written(s, job)
        assert video_results.withdraw(s, job)
    with database.read() as s:
        video = videos.get(s, SITE, team_id, video_id)
        assert (video.media_key, video.media_size, video.pictures, video.upload_time) == ("", None, {}, None)


@pytest.mark.parametrize("over", ["the attempt", "the job", "another job", "no video"])
def test_nothing_is_written_for_what_is_over(database, made, over):
    team_id, video_id, job_id = made
    with database.write() as s:
        job = jobs.load(s, job_id)
        if over == "the job":
            jobs.advance(s, job_id, job.attempt, JobState.STOPPED, now=utcnow())
        elif over == "another job":
            videos.get(s, SITE, team_id, video_id).process_job = None
        elif over == "no video":
            video_removals.delete(s, SITE, team_id, video_id)
        s.flush()
        s.expunge(job)
        job.attempt += over == "the attempt"
        assert written(s, job) == [False] * 4
        assert not video_results.withdraw(s, job)
    if over != "no video":
        with database.read() as s:
            assert videos.get(s, SITE, team_id, video_id).media_key == ""
