"""Uploads under way on both databases: one for a video, held by whoever took it last, gone when their time is over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from telecine.catalog import job_search, storages, teams, uploads, users, videos
from telecine.catalog.uploads import Media, NewUpload
from telecine.core.errors import ErrorKind, TelecineError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SITE = "DEMO"
NEW = NewUpload(1000, True, "a.mov", "video/quicktime")


@pytest.fixture
def video(database, make_storage):
    storage = make_storage(io_type=storages.BOTH)
    with database.write() as s:
        team = teams.create(s, SITE, "Film club", storage.storage_id, now=NOW)
        user = users.create(s, "ann@example.com", "Ann", "correct horse battery", team.id, now=NOW)
        return videos.create(s, SITE, team.id, user_id=user.id, storage_id=storage.storage_id, project_id=None, now=NOW)


@pytest.fixture
def begin(database, video):
    def begin(new=NEW, expires=LATER):
        with database.write() as s:
            return uploads.begin(s, SITE, video.team_id, video.id, new, expires, NOW)

    return begin


def kind(call, *arguments):
    with pytest.raises(TelecineError) as caught:
        call(*arguments)
    return caught.value.kind


def test_what_has_come_becomes_the_videos_media_and_is_ingested(database, video, begin):
    upload, older = begin()
    assert older is None
    with database.write() as s:
        held = uploads.held(s, SITE, upload.id, upload.position["turn"])
        uploads.record(s, held, 500, LATER, {"store": {"size": 500}, "tag": "ab"})
    with database.write() as s:
        held = uploads.held(s, SITE, upload.id, upload.position["turn"])
        assert (held.received, held.position["tag"]) == (500, "ab")
        job, replaced = uploads.complete(s, held, held.position["turn"], Media("pixop/x/y.mov", 1000, "etag"), NOW)
    with database.read() as s:
        row = videos.get(s, SITE, video.team_id, video.id)
        assert (row.media_key, row.media_size, row.media_etag, row.upload_time) == ("pixop/x/y.mov", 1000, "etag", NOW)
        assert (row.file_name, row.file_type, row.light) == ("a.mov", "video/quicktime", True)
        assert (row.ingest_job, replaced) == (job.id, "")
        assert job_search.get(s, SITE, job.id).spec["ingestion"] == {"light": True}
        assert uploads.under_way(s, SITE, video.id) is None
        assert kind(uploads.check, s, SITE, video.team_id, video.id) is ErrorKind.WRONG_STATE


def test_a_new_one_takes_the_place_of_the_old(database, video, begin):
    first, _ = begin()
    second, older = begin()
    assert older is not None
    assert older.id == first.id
    with database.write() as s:
        assert kind(uploads.held, s, SITE, first.id, first.position["turn"]) is ErrorKind.WRONG_STATE
        assert uploads.held(s, SITE, second.id, second.position["turn"]).id == second.id
        wrong = [
            (SITE, video.team_id, video.id, first.id),
            ("EVIL", video.team_id, video.id, second.id),
            (SITE, "other-team", video.id, second.id),
            (SITE, video.team_id, "other-video", second.id),
            (SITE, video.team_id, video.id, "nul\0"),
        ]
        for where in wrong:
            assert kind(uploads.get, s, *where, NOW) is ErrorKind.NOT_FOUND
        assert kind(uploads.get, s, SITE, video.team_id, video.id, second.id, LATER) is ErrorKind.NOT_FOUND


def test_many_that_begin_at_once_leave_one(database, video, begin):
    start = Barrier(6)

    def race(_):
        start.wait()
        return begin()[0].id

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(race, range(6)))
    with database.read() as s:
        (left,) = uploads.expired(s, LATER, 10)
    assert left.id in made


def test_only_one_of_two_that_take_it_at_once_holds_it(database, video, begin):
    upload, _ = begin()
    start = Barrier(4)

    def race(_):
        start.wait()
        with database.write() as s:
            return uploads.take(s, uploads.get(s, SITE, video.team_id, video.id, upload.id, NOW, lock=True))

    with ThreadPoolExecutor(4) as pool:
        turns = list(pool.map(race, range(4)))
    with database.write() as s:
        (holder,) = [turn for turn in turns if _holds(s, upload.id, turn)]
    assert holder in turns


def _holds(s, upload_id, turn):
    try:
        return bool(uploads.held(s, SITE, upload_id, turn))
    except TelecineError:
        return False


def test_only_those_whose_time_is_over_can_be_claimed(database, begin):
    upload, _ = begin()
    with database.write() as s:
        assert uploads.expired(s, NOW, 10) == []
        assert not uploads.claim_expired(s, SITE, upload.id, NOW)
        assert [row.id for row in uploads.expired(s, LATER, 10)] == [upload.id]
        assert uploads.claim_expired(s, SITE, upload.id, LATER)
    with database.write() as s:
        assert kind(uploads.held, s, SITE, upload.id, upload.position["turn"]) is ErrorKind.WRONG_STATE
        uploads.forget(s, SITE, upload.id)
        uploads.forget(s, SITE, upload.id)
        assert uploads.expired(s, LATER, 10) == []
