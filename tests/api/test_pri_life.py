"""A packaged asset's life: how it is shown, listed, changed and deleted."""

from datetime import timedelta

import pytest
from tests.api.pri import advance, create, fields_of, group, job_of, spec_of, status

from telecine.apis.pri import samples
from telecine.catalog import jobs, packaged_assets
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState

DESTINATION = samples.CREATE["metadata"]


class TestStatus:
    def test_it_follows_the_job(self, ready):
        create(ready)
        assert status(ready) == "Scheduled"
        advance(ready, JobState.DOWNLOADING, JobState.PACKAGING)
        assert status(ready) == "InProgress"
        advance(ready, JobState.COMPLETE)
        assert status(ready) == "Completed"

    def test_a_failure_says_why(self, ready):
        create(ready)
        advance(ready, JobState.ERROR, error=TelecineError(ErrorKind.INPUT_UNREADABLE, "it is empty."))
        body = ready.pri("GET", "/ltcu_eventp1").json()
        assert body["status"] == "Failed"
        assert body["statusMessage"].startswith("The input cannot be read: it is empty.")

    def test_one_that_the_operator_stopped_is_cancelled(self, ready):
        create(ready)
        with ready.database.write() as s:
            jobs.request_stop(s, "DEMO", job_of(ready).id)
        assert status(ready) == "InProgress"
        advance(ready, JobState.STOPPED)
        assert status(ready) == "Cancelled"

    def test_one_whose_time_is_over_is_expired(self, ready):
        group(ready, retention=timedelta(hours=1))
        create(ready)
        advance(ready, JobState.COMPLETE)
        with ready.database.write() as s:
            packaged_assets.set_expiry(s)
        assert ready.pri("GET", "/ltcu_eventp1").json()["expires"].endswith("Z")
        with ready.database.write() as s:
            packaged_assets.gone(s, "DEMO", "ltcu_eventp1", ready.clock())
        body = ready.pri("GET", "/ltcu_eventp1").json()
        assert body["status"] == "Expired"
        assert "expires" not in body
        assert body["deliveryURL"]


class TestLists:
    def test_pages_newest_first(self, ready):
        for number in range(3):
            ready.clock.turn(1)
            create(ready, id=f"a{number}")
        body = ready.pri("GET", "?pageSize=2").json()
        assert {name: body[name] for name in ("totalCount", "page", "pageSize")} == {
            "totalCount": 3,
            "page": 1,
            "pageSize": 2,
        }
        assert [asset["id"] for asset in body["packagedAssets"]] == ["a2", "a1"]
        assert [asset["id"] for asset in ready.pri("GET", "?pageSize=2&page=2").json()["packagedAssets"]] == ["a0"]
        assert ready.pri("GET", "?page=9").json()["packagedAssets"] == []

    @pytest.mark.parametrize("query", ["page=0", "page=x", "pageSize=0", "pageSize=1001", "x=1", "?"])
    def test_a_wrong_query(self, ready, query):
        assert ready.pri("GET", f"?{query}").status_code == 400


class TestUpdate:
    def update(self, api, status=200, **fields):
        answer = api.pri("PUT", "/ltcu_eventp1", json=fields)
        assert answer.status_code == status, answer.text
        return answer.json()

    def test_what_is_not_sent_stays(self, ready):
        before = create(ready, name="n", providerId="p", drm=[{"drmId": "k"}])
        assert self.update(ready) == before
        assert self.update(ready, name="m", providerId=None) == before | {"name": "m"}
        assert self.update(ready, metadata=[{"key": "a", "value": "1"}])["metadata"][:2] == [
            *DESTINATION,
            {"key": "a", "value": "1"},
        ]
        assert job_of(ready).attempt == 1

    def test_metadata_does_not_grow_for_ever(self, ready):
        before = create(ready)
        self.update(ready, metadata=[{"key": f"a{number}", "value": number} for number in range(190)])
        more = [{"key": f"b{number}", "value": number} for number in range(190)]
        assert fields_of(self.update(ready, 400, metadata=more)) == ["metadata"]
        assert fields_of(self.update(ready, 400, metadata=more, priority=1)) == ["metadata"]
        assert len(ready.pri("GET", "/ltcu_eventp1").json()["metadata"]) == len(before["metadata"]) + 190

    def test_of_two_places_the_last_one_holds_in_every_call(self, ready):
        places = ["s3://nagra-terminators-vod-output/first", "s3://nagra-terminators-vod-output/last"]
        create(ready, metadata=[{"key": "destinationUri", "value": place} for place in places])
        assert spec_of(ready).output_path == "last"
        advance(ready, JobState.DOWNLOADING)
        self.update(ready, metadata=[{"key": "a", "value": "1"}])

    def test_an_answer_can_be_sent_back(self, ready):
        body = create(ready)
        advance(ready, JobState.PACKAGING)
        answer = ready.pri("PUT", "/ltcu_eventp1", json=body)
        assert answer.json() == body | {"status": "InProgress"}

    def test_before_packaging_has_begun_everything_can_be_changed(self, ready):
        create(ready)
        changed = self.update(
            ready,
            priority=1,
            sourceUri="s3://mediapackageBucket/other/",
            drm=[{"drmId": "k"}],
            packagingInfo=[{"packagingGroupId": "PackagingGroup1", "packagingFormat": "DASH"}],
            metadata=[{"key": "destinationUri", "value": "s3://nagra-terminators-vod-output/elsewhere"}],
        )
        assert (changed["priority"], changed["status"]) == (1, "Scheduled")
        assert changed["deliveryURL"].endswith("/elsewhere/ltcu_eventp1/dash/stream.mpd")
        job, spec = job_of(ready), spec_of(ready)
        assert (job.priority, job.attempt, job.dash, job.hls, job.drm) == (1, 2, True, False, True)
        assert (spec.asset, spec.output_path, spec.targets[0].folder) == ("other/", "elsewhere", "dash")

    @pytest.mark.parametrize(
        "change",
        [
            {"priority": 1},
            {"sourceUri": "s3://mediapackageBucket/other/"},
            {"drm": [{"drmId": "k"}]},
            {"packagingInfo": [{"packagingGroupId": "PackagingGroup1"}]},
            {"metadata": [{"key": "destinationUri", "value": "s3://nagra-terminators-vod-output/elsewhere"}]},
        ],
    )
    def test_when_packaging_has_begun_what_decides_the_work_cannot_and_labels_can(self, ready, change):
        before = create(ready)
        advance(ready, JobState.DOWNLOADING)
        self.update(ready, 409, name="m", **change)
        assert ready.pri("GET", "/ltcu_eventp1").json() == before | {"status": "InProgress"}
        assert self.update(ready, name="m", metadata=[{"key": "a", "value": "b"}])["name"] == "m"

    def test_a_change_is_checked_like_a_request(self, ready):
        before = create(ready)
        assert fields_of(self.update(ready, 400, sourceUri="s3://nope/x")) == ["sourceUri"]
        assert fields_of(self.update(ready, 400, priority=9)) == ["priority"]
        assert fields_of(self.update(ready, 400, id="other")) == ["id"]
        assert ready.pri("GET", "/ltcu_eventp1").json() == before

    def test_the_first_request_again_is_still_the_same_asset(self, ready):
        create(ready)
        self.update(ready, name="m")
        assert create(ready)["name"] == "m"


class TestDelete:
    def test_before_completion_the_work_is_stopped(self, ready):
        create(ready)
        job_id = job_of(ready).id
        advance(ready, JobState.PACKAGING)
        answer = ready.pri("DELETE", "/ltcu_eventp1")
        assert (answer.status_code, answer.json()["status"]) == (200, "Cancelled")
        with ready.database.read() as s:
            assert jobs.load(s, job_id).state is JobState.STOP_REQUESTED
        assert ready.pri("GET", "/ltcu_eventp1").status_code == 404
        assert ready.pri("DELETE", "/ltcu_eventp1").status_code == 404
        assert ready.pri("GET").json()["totalCount"] == 0

    def test_after_completion_the_answer_shows_what_it_was(self, ready):
        create(ready)
        advance(ready, JobState.COMPLETE)
        assert ready.pri("DELETE", "/ltcu_eventp1").json()["status"] == "Completed"

    def test_its_id_is_taken_until_a_worker_has_removed_it(self, ready):
        create(ready)
        ready.pri("DELETE", "/ltcu_eventp1")
        answer = ready.pri("POST", json=samples.CREATE)
        assert answer.status_code == 409
        assert "still being removed" in answer.json()["statusMessage"]

    def test_the_query_that_the_vendors_clients_repeat_on_a_purge_is_tolerated(self, ready):
        create(ready)
        assert ready.pri("DELETE", "/ltcu_eventp1?x=y").status_code == 400
        assert ready.pri("DELETE", "/ltcu_eventp1?AssetRelativePath=videos%2Fa").status_code == 200


def test_assets_on_postgresql(make_api, postgres_url):
    api = make_api(database_url=postgres_url)
    api.ready_for_pri()
    first = api.pri("POST", json=samples.CREATE_WITH_DRM)
    assert first.status_code == 201, first.text
    assert api.pri("POST", json=samples.CREATE_WITH_DRM).json() == first.json()
    assert api.pri("PUT", "/ltcu_eventp1", json=samples.UPDATE).json()["priority"] == 1
    assert api.pri("GET").json()["totalCount"] == 1
    for path in ("/%00", "/%ED%A0%80", "/" + "x" * 5000):
        assert api.pri("GET", path).status_code == 404
    assert api.pri("DELETE", "/ltcu_eventp1").status_code == 200
    assert api.pri("GET", "/ltcu_eventp1").status_code == 404
