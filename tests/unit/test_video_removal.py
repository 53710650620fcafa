"""The files of deleted videos go when nobody writes there any more, and nothing else goes."""

from datetime import timedelta

import pytest
from tests.jobs import SITE, services_in

from telecine.catalog import jobs, storages, teams, uploads, users, video_removals, videos
from telecine.catalog.clock import utcnow
from telecine.catalog.video_models import MediaRemoval
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.jobs import video_removal
from telecine.jobs.video_removal import sweep_videos


@pytest.fixture
def services(tmp_path):
    return services_in(tmp_path)


@pytest.fixture
def team(services):
    values = storages.StorageValues("both", "output", storages.BOTH, "RG011", "", "")
    with services.database.write() as s:
        storage = storages.create(s, services.sealer, SITE, values)
        team = teams.create(s, SITE, "Film club", storage.storage_id)
        users.create(s, "ann@example.com", "Ann", "correct horse battery", team.id)
        return team


def put(services, *keys):
    for key in keys:
        path = services.settings.buckets / "output" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("media")


def there(services):
    bucket = services.settings.buckets / "output"
    return {path.relative_to(bucket).as_posix() for path in bucket.rglob("*") if path.is_file()}


@pytest.fixture
def make_video(services, team):
    """A video with media, and a job that looks at it."""

    def make():
        with services.database.write() as s:
            user = users.every(s)[0]
            video = videos.create(s, SITE, team.id, user_id=user.id, storage_id=team.storage_id)
            video.media_key = f"pixop/{video.id}/beach.mov"
            put(services, video.media_key, f"pixop/{video.id}/pictures/small.jpg")
            videos.start_ingestion(s, SITE, team.id, video.id)
            return video

    return make


def delete(services, video):
    with services.database.write() as s:
        video_removals.delete(s, SITE, video.team_id, video.id)


def end(services, video, state):
    with services.database.write() as s:
        assert jobs.advance(s, video.ingest_job, 1, state, now=utcnow())


def left(services):
    with services.database.read() as s:
        return [(row.video_id, row.trouble) for row in s.query(MediaRemoval)]


def test_media_goes_once_its_jobs_have_ended(services, make_video):
    video, other = make_video(), make_video()
    work = services.workspace(video.ingest_job).root
    work.mkdir(parents=True)
    delete(services, video)
    sweep_videos(services, utcnow())
    assert left(services) == [(video.id, "A job is being stopped.")]
    assert len(there(services)) == 4
    end(services, video, JobState.STOPPED)
    put(services, f"pixop/{video.id}/came-late.mp4")
    sweep_videos(services, utcnow() + timedelta(seconds=3))
    assert there(services) == {f"pixop/{other.id}/beach.mov", f"pixop/{other.id}/pictures/small.jpg"}
    assert left(services) == []
    assert not work.exists()


def test_what_killed_uploads_left_goes_too(services, make_video):
    video = make_video()
    end(services, video, JobState.COMPLETE)
    store = services.stores.open("output", "RG011", "", "")
    part = services.settings.buckets / "output" / "pixop" / video.id / ".telecine-0123456789abcdef.part"
    part.write_text("half")
    delete(services, video)
    sweep_videos(services, utcnow())
    assert list(store.list("pixop/")) == []
    assert not [path for path in part.parent.parent.rglob("*") if path.is_file()]


def test_an_upload_under_way_goes_too(services, make_video):
    video = make_video()
    end(services, video, JobState.ERROR)
    store = services.stores.open("output", "RG011", "", "")
    now = utcnow()
    with services.database.write() as s:
        new = uploads.NewUpload(9, False, "beach.mov", "")
        upload, _ = uploads.begin(s, SITE, video.team_id, video.id, new, now + timedelta(hours=1), now)
        writing = store.begin(f"{uploads.folder_of(upload)}/original.mov", "", 9)
        writing.write(b"half")
        uploads.record(s, upload, 4, now, {"store": writing.position()})
        writing.close()
    assert len([path for path in services.settings.buckets.rglob("*") if path.is_file()]) == 3
    delete(services, video)
    sweep_videos(services, utcnow())
    assert not [path for path in services.settings.buckets.rglob("*") if path.is_file()]
    assert left(services) == []


def test_a_job_that_was_begun_again_is_stopped(services, make_video):
    video = make_video()
    end(services, video, JobState.STOPPED)
    delete(services, video)
    with services.database.write() as s:
        jobs.restart(s, SITE, video.ingest_job)
    sweep_videos(services, utcnow())
    with services.database.read() as s:
        assert jobs.get(s, SITE, video.ingest_job).state is JobState.STOP_REQUESTED
    assert len(there(services)) == 2


def test_a_storage_that_does_not_answer_is_asked_again(services, make_video, monkeypatch):
    video = make_video()
    end(services, video, JobState.COMPLETE)
    delete(services, video)

    def away(*_):
        raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, "no answer.")

    with monkeypatch.context() as patched:
        patched.setattr(video_removal, "_store", away)
        assert not sweep_videos(services, utcnow())
    assert left(services) == [(video.id, "The storage does not answer: no answer.")]
    sweep_videos(services, utcnow())
    assert len(there(services)) == 2, "not at once"
    sweep_videos(services, utcnow() + timedelta(minutes=2))
    assert (there(services), left(services)) == (set(), [])


def test_files_in_a_storage_that_is_no_longer_registered_stay(services, make_video, team):
    video = make_video()
    end(services, video, JobState.COMPLETE)
    delete(services, video)
    with services.database.write() as s:
        storages.delete(s, SITE, [team.storage_id])
    sweep_videos(services, utcnow())
    assert left(services) == []
    assert len(there(services)) == 2
