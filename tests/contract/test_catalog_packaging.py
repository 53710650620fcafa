"""Packaging groups, packaged assets and the access rules of their API, on both databases."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from sqlalchemy import event

from telecine.catalog import commands, jobs, packaged_assets, packaging_groups, pri_access, sites
from telecine.catalog.clock import utcnow
from telecine.catalog.packaged_assets import NewAsset
from telecine.catalog.packaging_groups import GroupChanges, GroupValues
from telecine.core.drm import Ladder
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, Protection
from telecine.core.states import JobState

DAY = timedelta(days=1)


def kind_of(call, *args, **values):
    with pytest.raises(TelecineError) as refused:
        call(*args, **values)
    return refused.value.kind


class TestGroups:
    def test_a_group_comes_back_as_it_was_made(self, database, make_storage):
        storage = make_storage(io_type="output")
        protection = Protection(multi_key=True, ladder=Ladder(max_sd_height=576), clear_lead=10.5)
        values = GroupValues(
            formats=[Format.HLS, Format.DASH],
            segment_seconds=6,
            protection=protection,
            storage_id=storage.storage_id,
            path="/vod//films/",
            public_url="https://cdn.example.com/",
            retention=30 * DAY,
        )
        with database.write() as s:
            packaging_groups.create(s, "DEMO", "Group1", values)
        with database.read() as s:
            row = packaging_groups.get(s, "DEMO", "Group1")
            assert packaging_groups.every(s, "DEMO") == [row]
        assert (row.formats, row.segment_seconds, row.path) == (["dash", "hls"], 6.0, "vod/films")
        assert packaging_groups.protection_of(row) == protection
        assert packaging_groups.retention_of(row) == 30 * DAY
        assert row.public_url == "https://cdn.example.com"

    def test_an_update_changes_what_it_names_and_can_take_back(self, database):
        with database.write() as s:
            packaging_groups.create(s, "DEMO", "g", GroupValues(protection=Protection(), retention=DAY, path="a"))
            row = packaging_groups.update(s, "DEMO", "g", GroupChanges(path="b"))
            assert (row.path, row.keep_seconds, row.protection is None) == ("b", 86400, False)
            row = packaging_groups.update(s, "DEMO", "g", GroupChanges(protection=None, retention=None))
            assert (row.path, row.keep_seconds, row.protection) == ("b", None, None)

    def test_what_cannot_be(self, database, make_storage):
        source = make_storage(io_type="input").storage_id
        with database.write() as s:
            packaging_groups.create(s, "DEMO", "g", GroupValues())
            create = packaging_groups.create
            assert kind_of(create, s, "DEMO", "g", GroupValues()) is ErrorKind.CONFLICT
            assert kind_of(create, s, "NONE", "h", GroupValues()) is ErrorKind.NOT_FOUND
            for name in ("", " ", "a\nb", "nul\0"):
                assert kind_of(create, s, "DEMO", name, GroupValues()) is ErrorKind.FIELD_INVALID
            assert kind_of(create, s, "DEMO", "n" * 256, GroupValues()) is ErrorKind.FIELD_OUT_OF_RANGE
            for wrong, kind in (
                (GroupValues(formats=[]), ErrorKind.FIELD_MISSING),
                (GroupValues(segment_seconds=0), ErrorKind.FIELD_OUT_OF_RANGE),
                (GroupValues(segment_seconds=61), ErrorKind.FIELD_OUT_OF_RANGE),
                (GroupValues(path="a/../b"), ErrorKind.FIELD_INVALID),
                (GroupValues(public_url="ftp://x"), ErrorKind.FIELD_INVALID),
                (GroupValues(public_url="https://x/?a=b"), ErrorKind.FIELD_INVALID),
                (GroupValues(retention=timedelta(0)), ErrorKind.FIELD_OUT_OF_RANGE),
                (GroupValues(storage_id="none"), ErrorKind.NOT_FOUND),
                (GroupValues(storage_id=source), ErrorKind.FIELD_INVALID),
            ):
                assert kind_of(create, s, "DEMO", "h", wrong) is kind

    def test_groups_belong_to_one_site(self, database, sealer):
        with database.write() as s:
            sites.create(s, sealer, "TWO2")
            packaging_groups.create(s, "DEMO", "g", GroupValues(path="demo"))
            packaging_groups.create(s, "TWO2", "g", GroupValues(path="two"))
            packaging_groups.delete(s, "DEMO", "g")
            assert kind_of(packaging_groups.get, s, "DEMO", "g") is ErrorKind.NOT_FOUND
            assert kind_of(packaging_groups.delete, s, "DEMO", "g") is ErrorKind.NOT_FOUND
            assert packaging_groups.get(s, "TWO2", "g").path == "two"


class TestAccess:
    def test_without_a_rule_this_machine_alone_may_call(self, database):
        with database.read() as s:
            rule = pri_access.get(s, "DEMO")
            assert pri_access.rules(s) == []
        assert [rule.admits(a) for a in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")] == [True] * 4
        assert [rule.admits(a) for a in ("10.0.0.1", "::2", "", "testclient", "127.0.0.1, 10.0.0.1")] == [False] * 5
        assert not rule.require_credentials

    def test_a_site_takes_part_by_a_group_or_a_rule(self, database, sealer):
        with database.write() as s:
            sites.create(s, sealer, "RULE")
            sites.create(s, sealer, "IDLE")
            packaging_groups.create(s, "DEMO", "g", GroupValues())
            pri_access.allow(s, "RULE", ["10.1.2.3/8", "fd00::/8"], True)
        with database.read() as s:
            demo, rule = pri_access.rules(s)
        assert demo == pri_access.Rule("DEMO")
        assert rule == pri_access.Rule("RULE", ("10.0.0.0/8", "fd00::/8"), True)
        assert rule.admits("10.255.0.1")
        assert rule.admits("fd00::5%eth0")
        assert not rule.admits("127.0.0.1")

    def test_a_rule_is_replaced_and_taken_back(self, database):
        with database.write() as s:
            pri_access.allow(s, "DEMO", ["10.0.0.1"], False)
            assert pri_access.allow(s, "DEMO", ["::ffff:10.0.0.2"], False).networks == ("10.0.0.2/32",)
            assert pri_access.reset(s, "DEMO") == pri_access.reset(s, "DEMO") == pri_access.Rule("DEMO")

    def test_what_cannot_be(self, database):
        with database.write() as s:
            for wrong in (["x"], ["10.0.0.0/33"], ["0.0.0.0/0"], ["::/0"]):
                assert kind_of(pri_access.allow, s, "DEMO", wrong, False) is ErrorKind.FIELD_INVALID
            assert kind_of(pri_access.allow, s, "DEMO", [], False) is ErrorKind.FIELD_OUT_OF_RANGE
            assert kind_of(pri_access.allow, s, "NONE", ["10.0.0.1"], False) is ErrorKind.NOT_FOUND
            assert pri_access.allow(s, "DEMO", ["0.0.0.0/0", "::/0"], True).admits("203.0.113.1")


@pytest.fixture
def new_asset(new_job):
    def build(asset_id="a1", retention=None, **values):
        job = new_job(dialect="pri", **values)
        return NewAsset(asset_id, "f" * 64, {"id": asset_id}, ["g"], {"HLS": "http://x/y"}, retention, job)

    return build


@pytest.fixture
def make_asset(database, new_asset):
    def make(asset_id="a1", *, site_id="DEMO", **values):
        with database.write() as s:
            return packaged_assets.create(s, site_id, new_asset(asset_id, **values))

    return make


def advance(database, asset, state, now=None):
    with database.write() as s:
        assert jobs.advance(s, asset.job.id, asset.job.attempt, state, now=now or utcnow())


class TestAssets:
    def test_the_same_request_finds_what_it_made_and_another_is_refused(self, database, make_asset):
        with database.write() as s:
            assert packaged_assets.recall(s, "DEMO", "a1", "f" * 64) is None
        made = make_asset()
        with database.write() as s:
            assert packaged_assets.recall(s, "DEMO", "a1", "f" * 64).job.id == made.job.id
            assert kind_of(packaged_assets.recall, s, "DEMO", "a1", "e" * 64) is ErrorKind.CONFLICT
            assert kind_of(packaged_assets.recall, s, "DEMO", "nul\0", "f" * 64) is ErrorKind.FIELD_INVALID

    def test_ids_are_a_sites_own(self, database, sealer, make_asset):
        with database.write() as s:
            sites.create(s, sealer, "TWO2")
        make_asset()
        with database.write() as s:
            assert packaged_assets.recall(s, "TWO2", "a1", "f" * 64) is None
            for call in (packaged_assets.get, packaged_assets.request_delete):
                assert kind_of(call, s, "TWO2", "a1") is ErrorKind.NOT_FOUND
            assert packaged_assets.search(s, "TWO2") == (0, [])

    def test_requests_at_once_make_one_asset(self, database, new_asset):
        def post(_):
            with database.write() as s:
                found = packaged_assets.recall(s, "DEMO", "a1", "f" * 64)
                return (found or packaged_assets.create(s, "DEMO", new_asset())).job.id

        with ThreadPoolExecutor(6) as pool:
            assert len(set(pool.map(post, range(6)))) == 1

    def test_lists_are_newest_first_in_pages(self, database, make_asset):
        for number in range(3):
            make_asset(f"a{number}")
        with database.read() as s:
            total, page = packaged_assets.search(s, "DEMO", page_unit=2)
            assert (total, [asset.row.id for asset in page]) == (3, ["a2", "a1"])
            assert [asset.job.state for asset in page] == [JobState.QUEUED] * 2
            assert [a.row.id for a in packaged_assets.search(s, "DEMO", page_unit=2, page_index=2)[1]] == ["a0"]

    def test_a_waiting_asset_can_be_another_one_and_the_old_attempt_is_over(self, database, make_asset, new_asset):
        made = make_asset()
        with database.write() as s:
            asset = packaged_assets.get(s, "DEMO", "a1", lock=True)
            new = new_asset(name="Other", retention=DAY, priority=1)
            replaced = packaged_assets.replace(s, asset, new)
        assert (replaced.job.name, replaced.job.priority, replaced.job.attempt) == ("Other", 1, 2)
        assert (replaced.job.id, replaced.row.keep_seconds) == (made.job.id, 86400)
        with database.write() as s:
            assert not jobs.advance(s, made.job.id, 1, JobState.DOWNLOADING, now=utcnow())
            [command] = commands.claim(s, utcnow(), 1, 9)
            assert (command.kind, command.attempt, command.priority) == ("start", 2, 1)
            assert jobs.advance(s, made.job.id, 2, JobState.DOWNLOADING, now=utcnow())
            asset = packaged_assets.get(s, "DEMO", "a1", lock=True)
            assert kind_of(packaged_assets.replace, s, asset, new) is ErrorKind.WRONG_STATE


class TestRemoval:
    def test_a_deleted_asset_is_stopped_and_unseen_and_its_id_is_taken_until_it_is_gone(self, database, make_asset):
        made = make_asset()
        with database.write() as s:
            packaged_assets.request_delete(s, "DEMO", "a1")
        with database.write() as s:
            assert jobs.get(s, "DEMO", made.job.id).state is JobState.STOP_REQUESTED
            assert kind_of(packaged_assets.get, s, "DEMO", "a1") is ErrorKind.NOT_FOUND
            assert kind_of(packaged_assets.request_delete, s, "DEMO", "a1") is ErrorKind.NOT_FOUND
            assert packaged_assets.search(s, "DEMO") == (0, [])
            assert kind_of(packaged_assets.recall, s, "DEMO", "a1", "f" * 64) is ErrorKind.CONFLICT
            [row] = packaged_assets.due(s, utcnow(), 30, 10)
            assert packaged_assets.due(s, utcnow(), 30, 10) == []  # under a lease
            packaged_assets.gone(s, row.site_id, row.id, utcnow())
            packaged_assets.gone(s, row.site_id, row.id, utcnow())
            assert packaged_assets.recall(s, "DEMO", "a1", "f" * 64) is None

    def test_a_delete_beside_the_jobs_last_step_is_a_delete(self, database, make_asset):
        made = make_asset()
        advance(database, made, JobState.UPLOADING)

        def delete():
            with database.write() as s:
                return packaged_assets.request_delete(s, "DEMO", "a1").job.state

        with ThreadPoolExecutor(1) as pool:
            with database.write() as s:
                assert jobs.advance(s, made.job.id, 1, JobState.COMPLETE, now=utcnow())
                deleted = pool.submit(delete)
                wait([deleted], 0.5)  # until it stands before the row that is held here
            assert deleted.result() is JobState.COMPLETE

    def test_time_runs_from_completion_and_only_with_a_retention(self, database, make_asset):
        kept, failed, timed = (
            make_asset("kept"),
            make_asset("failed", retention=DAY),
            make_asset("timed", retention=DAY),
        )
        ended = utcnow()
        with database.write() as s:
            assert packaged_assets.set_expiry(s) == 0
        for asset in (kept, timed):
            advance(database, asset, JobState.COMPLETE, ended)
        advance(database, failed, JobState.ERROR)
        with database.write() as s:
            assert packaged_assets.set_expiry(s) == 1
            assert packaged_assets.set_expiry(s) == 0
            assert packaged_assets.due(s, ended + DAY - timedelta(seconds=1), 30, 10) == []
            [row] = packaged_assets.due(s, ended + DAY, 30, 10)
            assert row.id == "timed"
            packaged_assets.retry_later(s, "DEMO", "timed", ended + 2 * DAY, "no answer")
            assert packaged_assets.due(s, ended + DAY + timedelta(hours=1), 30, 10) == []
            assert [row.trouble for row in packaged_assets.due(s, ended + 2 * DAY, 30, 10)] == ["no answer"]
            packaged_assets.gone(s, "DEMO", "timed", ended + 2 * DAY)
            assert packaged_assets.due(s, ended + 9 * DAY, 30, 10) == []
        with database.read() as s:
            row = packaged_assets.get(s, "DEMO", "timed").row
        assert (row.removed, row.trouble) == (ended + 2 * DAY, "")

    @pytest.mark.parametrize("kind", ["sqlite"], indirect=True)  # PostgreSQL chooses by statistics
    def test_looking_for_what_is_due_reads_nothing_but_what_is_open(self, database):
        """Every worker looks every few seconds, beside a hundred thousand jobs."""
        asked = []
        event.listen(database.engine, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
        with database.write() as s:
            packaged_assets.set_expiry(s)
            packaged_assets.due(s, utcnow(), 30, 10)
            looks = [one for one in asked if one[0].startswith("SELECT")]
            plans = [str(s.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {one[0]}", one[1]).all()) for one in looks]
        assert "SCAN packaged_asset USING INDEX ix_packaged_asset_keep" in plans[0]
        assert "SCAN job" not in plans[0]
        assert "SEARCH packaged_asset USING INDEX ix_packaged_asset_due" in plans[1]

    def test_what_has_expired_is_forgotten_at_once_when_it_is_deleted(self, database, make_asset):
        advance(database, make_asset(retention=DAY), JobState.COMPLETE)
        with database.write() as s:
            packaged_assets.gone(s, "DEMO", "a1", utcnow())
            packaged_assets.request_delete(s, "DEMO", "a1")
            assert packaged_assets.recall(s, "DEMO", "a1", "f" * 64) is None
