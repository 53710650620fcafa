"""Users, teams, projects and videos on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from tests.contract.conftest import SEALER, on_sqlite

from telecine.catalog import jobs, projects, sites, storages, teams, users, video_removals, videos
from telecine.catalog.models import Command
from telecine.catalog.video_models import MediaRemoval, Membership, Project
from telecine.core.enhance.spec import Enhancement
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"
SITE = "DEMO"


@pytest.fixture
def team(database, make_storage):
    storage = make_storage(io_type=storages.BOTH)
    with database.write() as s:
        return teams.create(s, SITE, "Film club", storage.storage_id, now=NOW)


@pytest.fixture
def ann(database, team):
    with database.write() as s:
        return users.create(s, "Ann@example.com", " Ann ", PASSWORD, team.id, now=NOW)


@pytest.fixture
def make_video(database, team, ann):
    """A video with media."""

    def make(project_id=None, **columns):
        with database.write() as s:
            video = videos.create(
                s, SITE, team.id, user_id=ann.id, storage_id=team.storage_id, project_id=project_id, now=NOW
            )
            video.media_key = f"{videos.folder_of(video.id)}/original.mov"
            for name, value in columns.items():
                setattr(video, name, value)
            return video

    return make


def process(s, video, ann, **changes):
    given = {"user_id": ann.id, "name": "Better", "spec": Enhancement(), "parameters": {}, "now": NOW}
    return videos.create_processed(s, SITE, video.team_id, video.id, **(given | changes))


def kind(call):
    try:
        call()
    except TelecineError as error:
        return error.kind, error.field
    return None


def together(*calls):
    barrier = Barrier(len(calls))

    def run(call):
        barrier.wait()
        return kind(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_a_user_is_found_by_email_in_any_case_and_by_id(database, team, ann):
    with database.read() as s:
        assert (ann.name, ann.email, ann.email_key) == ("Ann", "Ann@example.com", "ann@example.com")
        assert [users.must_find(s, login).id for login in ("aNN@example.com", ann.id)] == [ann.id] * 2
        assert users.find(s, "x\0") is users.get(s, "x\0") is users.of_auth_secret(s, "") is None
        assert [one.id for one in users.every(s)] == [ann.id]
        assert [one.id for one in teams.of_user(s, ann.id)] == [team.id]


def test_a_user_that_cannot_be(database, team, ann):
    def create(email="x@example.com", name="X", password=PASSWORD, team_id=team.id):
        with database.write() as s:
            users.create(s, email, name, password, team_id)

    for email in ("", "x", "@", "a:b@c", " a@b", "a@b\0", "x" * 250 + "@b.example"):
        assert kind(lambda email=email: create(email))[1] == "email"
    assert kind(lambda: create("ANN@example.com")) == (ErrorKind.CONFLICT, "email")
    assert kind(lambda: create(name=" ")) == (ErrorKind.FIELD_MISSING, "name")
    assert kind(lambda: create(password="short")) == (ErrorKind.FIELD_OUT_OF_RANGE, "newPassword")
    assert kind(lambda: create(team_id="x")) == (ErrorKind.NOT_FOUND, "teamId")
    with database.read() as s:
        assert len(users.every(s)) == 1


def test_two_users_with_one_email_at_once_are_one(database, team):
    def create():
        with database.write() as s:
            users.create(s, "bob@example.com", "Bob", PASSWORD, team.id)

    assert sorted(map(str, together(*[create] * 3))) == sorted(["None", *[str((ErrorKind.CONFLICT, "email"))] * 2])


def test_a_password_is_kept_as_an_argon2id_hash(ann):
    assert ann.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert users.matches(ann, PASSWORD)
    assert not users.matches(ann, PASSWORD + "x")
    assert not users.matches(None, PASSWORD)


def test_what_ends_tokens_moves_the_version_on(database, sealer, ann):
    changes = [
        (lambda s: users.set_password(s, ann.id, "another good one"), 1),
        (lambda s: users.new_auth_secret(s, sealer, ann.id), 1),
        (lambda s: users.new_signature_secret(s, sealer, ann.id), 0),
        (lambda s: users.ban(s, ann.email, "spam"), 1),
        (lambda s: users.unban(s, ann.email), 0),
    ]
    version = ann.token_version
    for change, step in changes:
        with database.write() as s:
            user = change(s)
        assert user.token_version == version + step
        version = user.token_version
    assert (user.banned, user.banned_reason, user.banned_date) == (False, "", None)
    assert users.auth_secret(sealer, user) != users.signature_secret(sealer, user) != ""
    with database.read() as s:
        assert users.of_auth_secret(s, user.auth_secret_id).id == ann.id


def test_a_team_needs_a_storage_that_it_can_read_and_write(database, make_storage):
    with database.write() as s:
        sites.create(s, SEALER, "EVIL")
    alone, others = make_storage(), make_storage("EVIL", io_type=storages.BOTH)

    def create(storage_id, site_id=SITE):
        with database.write() as s:
            teams.create(s, site_id, "x", storage_id)

    assert kind(lambda: create(alone.storage_id)) == (ErrorKind.FIELD_INVALID, "storage")
    assert kind(lambda: create(others.storage_id))[0] is ErrorKind.NOT_FOUND
    assert kind(lambda: create(others.storage_id, "NONE"))[0] is ErrorKind.NOT_FOUND


def test_the_first_team_is_the_one_joined_first(database, team, ann, make_storage):
    with database.write() as s:
        for number in (2, 1):
            other = teams.create(s, SITE, f"T{number}", team.storage_id, now=NOW)
            teams.add_member(s, other.id, ann.id, now=NOW + timedelta(days=number))
            teams.add_member(s, other.id, ann.id)
        assert [one.name for one in teams.of_user(s, ann.id)] == ["Film club", "T1", "T2"]
        assert teams.first_of(s, ann.id).id == team.id
        s.delete(s.get_one(Membership, (ann.id, team.id)))
        s.flush()
        assert teams.first_of(s, ann.id).name == "T1"
        assert teams.member(s, ann.id, team.id) is None
        assert len(teams.every(s)) == len(teams.every(s, SITE)) == 3


def test_one_default_project_however_many_ask_at_once(database, team, make_video):
    assert together(*[make_video] * 4) == [None] * 4
    with database.read() as s:
        assert [project.name for project in s.query(Project)] == [projects.DEFAULT]
        assert videos.page(s, SITE, team.id)[0] == 4


def test_a_project_is_not_deleted_under_a_video_that_comes(database, team, ann, make_video):
    for _ in range(5):
        with database.write() as s:
            project = projects.create(s, SITE, team.id, ann.id, "x", now=NOW)

        def delete(project_id=project.id):
            with database.write() as s:
                projects.delete(s, SITE, team.id, project_id)

        outcome = together(delete, lambda project_id=project.id: make_video(project_id))
        gone, used = (None, (ErrorKind.NOT_FOUND, "projectId")), ((ErrorKind.IN_USE, "projectId"), None)
        assert tuple(outcome) in (gone, used)


def test_lists_are_the_teams_own_newest_first(database, team, ann, make_storage):
    with database.write() as s:
        other = teams.create(s, SITE, "Other", team.storage_id, now=NOW)
        for number in range(3):
            at = NOW + timedelta(seconds=number)
            projects.create(s, SITE, team.id, ann.id, f"P{number}", now=at)
            videos.create(s, SITE, team.id, user_id=ann.id, storage_id=team.storage_id, name=f"V{number}", now=at)
        assert projects.page(s, SITE, other.id) == videos.page(s, SITE, other.id) == (0, [])
        assert projects.page(s, "EVIL", team.id) == videos.page(s, "EVIL", team.id) == (0, [])
        total, rows = videos.page(s, SITE, team.id, page_size=2, page_index=1)
        assert (total, [video.name for video in rows]) == (3, ["V2", "V1"])
        assert [video.name for video in videos.page(s, SITE, team.id, page_size=2, page_index=2)[1]] == ["V0"]
        assert videos.page(s, SITE, team.id, project_id="x\0") == (0, [])


def test_new_media_is_looked_at_anew(database, make_video, team):
    video = make_video(findings={"old": True})
    with database.write() as s:
        first = videos.start_ingestion(s, SITE, team.id, video.id, now=NOW)
        assert videos.get(s, SITE, team.id, video.id).findings is None
    with database.write() as s:
        second = videos.start_ingestion(s, SITE, team.id, video.id, now=NOW)
        assert jobs.get(s, SITE, first.id).state is JobState.STOP_REQUESTED
        assert videos.get(s, SITE, team.id, video.id).ingest_job == second.id
        assert {(command.job_id, command.kind) for command in s.query(Command)} >= {
            (first.id, "stop"),
            (second.id, "start"),
        }


def test_nothing_is_done_without_media(database, make_video, team, ann):
    video = make_video(media_key="")
    with database.write() as s:
        refused = (ErrorKind.WRONG_STATE, "videoId")
        assert kind(lambda: videos.start_ingestion(s, SITE, team.id, video.id)) == refused
        assert kind(lambda: process(s, video, ann)) == refused
        assert jobs.search(s, SITE, jobs.JobFilter())[0] == 0


def test_a_processed_video_comes_with_its_job_or_not_at_all(database, make_video, team, ann):
    video = make_video()
    with database.write() as s:
        sites.configure(s, SITE, trial_limit=1)

    def make():
        with database.write() as s:
            process(s, video, ann, warnings=["said"])

    assert kind(make) is None
    assert kind(make) == (ErrorKind.TRIAL_LIMIT, "")
    with database.read() as s:
        total, rows = videos.page(s, SITE, team.id, parent_id=video.id)
        assert total == 1
        job = jobs.get(s, SITE, rows[0].process_job)
        assert (job.warnings, job.dialect, job.content_id) == (["said"], videos.DIALECT, rows[0].id)


def test_deleting_and_processing_at_once_leave_no_orphan(database, make_video, team, ann):
    for _ in range(4):
        video = make_video()
        with database.write() as s:
            made = process(s, video, ann)
            made.media_key = "x"

        def again(source=made):
            with database.write() as s:
                process(s, source, ann)

        def delete(video_id=video.id):
            with database.write() as s:
                video_removals.delete(s, SITE, team.id, video_id)

        outcome = together(again, delete, again)
        assert outcome[1] is None
        assert set(outcome[::2]) <= {None, (ErrorKind.NOT_FOUND, "videoId")}
        with database.read() as s:
            assert videos.page(s, SITE, team.id)[0] == 0


def test_a_removal_goes_to_one_worker_at_a_time(database, make_video, team):
    for _ in range(4):
        video = make_video(pictures={"small": "a.jpg", "large": ""})
        with database.write() as s:
            video_removals.delete(s, SITE, team.id, video.id, now=NOW)
    claimed = []

    def claim():
        with database.write() as s:
            claimed.extend(row.id for row in video_removals.due(s, NOW, 60, 1))

    together(*[claim] * 4)
    assert len(set(claimed)) == len(claimed)
    with database.write() as s:
        left = {row.id: row for row in s.query(MediaRemoval)}
        assert left[claimed[0]].keys[0] == "a.jpg"
        assert video_removals.due(s, NOW - timedelta(seconds=1), 60, 9) == []
        video_removals.done(s, "EVIL", claimed[0])
        video_removals.retry_later(s, SITE, claimed[0], NOW + timedelta(hours=1), "later")
        video_removals.done(s, SITE, claimed[-1] if len(claimed) > 1 else 0)
        assert len(s.query(MediaRemoval).all()) == 4 - (len(claimed) > 1)
        assert claimed[0] not in {row.id for row in video_removals.due(s, NOW + timedelta(minutes=2), 60, 9)}


@on_sqlite
def test_lists_are_walked_in_their_own_order(database, team, plans):
    with database.read() as s:
        projects.page(s, SITE, team.id)
        videos.page(s, SITE, team.id)
        videos.page(s, SITE, team.id, project_id="x")
        videos.page(s, SITE, team.id, parent_id="x")
    listed = [plan for plan in plans if "ix_" in plan][1::2]
    for plan, index in zip(listed, ("project_list", "video_list", "video_project", "video_parent"), strict=True):
        assert f"ix_{index}" in plan
        assert "TEMP B-TREE" not in plan, "nothing is sorted"
