"""Packaged assets: the document's samples, what a request must be, and how an asset is shown, changed and deleted."""

import re
import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from telecine.apis.pri import samples
from telecine.catalog import jobs, packaged_assets, packaging_groups, pri_access, sites, storages
from telecine.catalog.models import Command, Job
from telecine.catalog.packaging_groups import GroupChanges, GroupValues
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, Protection
from telecine.core.states import JobState

DESTINATION = samples.CREATE["metadata"]


@pytest.fixture
def ready(api):
    """What the samples refer to."""
    api.ready_for_pri()
    return api


def create(api, **fields):
    answer = api.pri("POST", json=samples.CREATE | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def faults(api, status=400, **fields):
    answer = api.pri("POST", json=samples.CREATE | fields)
    assert answer.status_code == status, answer.text
    assert answer.json()["statusCode"] == str(status)
    assert api.pri("GET").json()["totalCount"] == 0
    return answer.json()


def fields_of(body):
    return [error["field"] for error in body["errors"]]


def job_of(api, asset_id=samples.CREATE["id"]):
    with api.database.read() as s:
        return jobs.load(s, packaged_assets.get(s, "DEMO", asset_id).job.id)


def spec_of(api):
    return jobs.spec_of(job_of(api))


def advance(api, *states, error=None):
    job = job_of(api)
    with api.database.write() as s:
        for state in states:
            assert jobs.advance(s, job.id, job.attempt, state, now=api.clock(), error=error)


def status(api):
    return api.pri("GET", f"/{samples.CREATE['id']}").json()["status"]


def group(api, **changes):
    with api.database.write() as s:
        packaging_groups.update(s, "DEMO", "PackagingGroup1", GroupChanges(**changes))


def add_group(api, name, **values):
    with api.database.write() as s:
        packaging_groups.create(s, "DEMO", name, GroupValues(**values))


class TestDocumentSamples:
    @pytest.mark.parametrize("sample", [samples.CREATE, samples.CREATE_WITH_DRM], ids=["plain", "drm"])
    def test_create(self, ready, sample):
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        answer = ready.pri("POST", json=sample, headers=headers)
        assert answer.status_code == 201
        assert answer.headers["content-type"].startswith("application/json")
        body = answer.json()
        assert {name: body[name] for name in sample if name not in ("deliveryURL", "metadata")} == {
            name: value for name, value in sample.items() if name not in ("deliveryURL", "metadata")
        }
        assert body["metadata"][: len(sample["metadata"])] == sample["metadata"]
        assert body["status"] == "Scheduled"
        assert body["priority"] == 3
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["created"])
        assert "name" not in body
        assert "providerId" not in body

    def test_the_fields_of_the_success_response_are_those_of_the_document_in_its_order(self, ready):
        body = ready.pri("POST", json=samples.CREATE_WITH_DRM).json()
        advance(ready, JobState.COMPLETE)
        body = ready.pri("GET", f"/{body['id']}").json()
        documented = [*samples.CREATED]
        assert [name for name in body if name in documented] == documented
        assert body["status"] == samples.CREATED["status"]
        assert set(body) - set(documented) == {"priority"}

    def test_the_sample_is_the_job_that_it_asks_for(self, ready):
        ready.pri("POST", json=samples.CREATE_WITH_DRM)
        job, spec = job_of(ready), spec_of(ready)
        with ready.database.read() as s:
            source, target = (storages.get(s, "DEMO", one) for one in (spec.input_storage, spec.output_storage))
        assert (source.io_type, source.aws_bucket) == ("input", "mediapackageBucket")
        assert (target.io_type, target.aws_bucket) == ("output", "nagra-terminators-vod-output")
        assert (spec.asset, spec.output_path, spec.content_id) == ("GLOBAL_echpr01/", "videos", "ltcu_eventp1")
        [tree] = spec.targets
        assert (tree.format, tree.folder, tree.protection) == (Format.HLS, "hls", Protection(key_id="drmId1"))
        assert spec.packaging.formats == (Format.HLS,)
        assert (job.dialect, job.drm, job.hls, job.dash, job.state) == ("pri", True, True, False, JobState.QUEUED)
        with ready.database.read() as s:
            [command] = s.query(Command).all()
        assert (command.kind, command.job_id) == ("start", job.id)

    def test_a_failure_looks_like_the_documents(self, ready):
        body = ready.pri("PATCH").json()
        assert list(body) == list(samples.TIMEOUT)
        assert body["statusCode"] == "501"
        assert body["statusMessage"].startswith("Internal Error ::Method Not Implemented::")


class TestDelivery:
    def test_the_url_that_it_will_have_is_given_at_once_beside_one_for_each_format(self, ready):
        info = [{"packagingGroupId": "PackagingGroup1", "packagingFormat": name} for name in ("DASH", "HLS_2", "CMAF")]
        body = create(ready, packagingInfo=info)
        base = "http://127.0.0.1:8787/files/nagra-terminators-vod-output/videos/ltcu_eventp1"
        assert body["deliveryURL"] == f"{base}/dash/stream.mpd"
        assert body["metadata"][1:] == [
            {"key": "ConsumptionUrl_DASH", "value": f"{base}/dash/stream.mpd"},
            {"key": "ConsumptionUrl_HLS_2", "value": f"{base}/hls_2/master.m3u8"},
            {"key": "ConsumptionUrl_CMAF_DASH", "value": f"{base}/cmaf/stream.mpd"},
            {"key": "ConsumptionUrl_HLS", "value": f"{base}/cmaf/master.m3u8"},
        ]

    def test_it_is_where_the_folder_store_serves_it(self, ready):
        url = create(ready, id="a b/é".replace("/", ""))["deliveryURL"]
        path = url.removeprefix("http://127.0.0.1:8787/files/nagra-terminators-vod-output/")
        spec_folder = path.split("/")[1]
        assert re.fullmatch(r"a-b-[0-9a-f]{12}", spec_folder)

    def test_of_an_s3_store_it_is_the_buckets_own(self, make_api):
        aws = make_api(storage_kind="s3")
        aws.ready_for_pri()
        assert create(aws)["deliveryURL"] == (
            "https://nagra-terminators-vod-output.s3.ap-northeast-2.amazonaws.com/videos/ltcu_eventp1/hls/master.m3u8"
        )

    def test_of_another_s3_it_is_behind_its_endpoint_and_so_are_uris(self, make_api):
        own = make_api(storage_kind="s3", s3_endpoint="https://s3.example.com:9000/")
        own.ready_for_pri()
        body = create(own, sourceUri="s3://s3.example.com:9000/mediapackageBucket/a/")
        assert body["deliveryURL"].startswith("https://s3.example.com:9000/nagra-terminators-vod-output/videos/")
        assert spec_of(own).asset == "a/"

    def test_a_group_knows_where_viewers_reach_its_storage(self, ready):
        with ready.database.read() as s:
            storage = storages.of_bucket(s, "DEMO", "nagra-terminators-vod-output", "output")
        group(ready, storage_id=storage.storage_id, public_url="https://cdn.example.com/x")
        assert create(ready)["deliveryURL"] == "https://cdn.example.com/x/videos/ltcu_eventp1/hls/master.m3u8"


class TestWhereTo:
    def test_without_a_destination_it_is_the_groups(self, ready):
        with ready.database.read() as s:
            storage = storages.of_bucket(s, "DEMO", "nagra-terminators-vod-output", "output")
        group(ready, storage_id=storage.storage_id, path="vod/films")
        for metadata in (None, [], [{"key": "destinationUri", "value": None}]):
            create(ready, id=f"a{len(str(metadata))}", metadata=metadata)
        create(ready, metadata=[{"key": "other", "value": "x"}])
        assert (spec_of(ready).output_storage, spec_of(ready).output_path) == (storage.storage_id, "vod/films")

    def test_without_either_it_is_refused_with_the_cure(self, ready):
        body = faults(ready, metadata=[])
        assert fields_of(body) == ["metadata.destinationUri"]
        assert "Send 'metadata.destinationUri'." in body["statusMessage"]

    def test_groups_that_lead_to_two_places_are_refused_with_the_cure(self, ready):
        with ready.database.read() as s:
            storage = storages.of_bucket(s, "DEMO", "nagra-terminators-vod-output", "output").storage_id
        group(ready, storage_id=storage, path="a")
        add_group(ready, "g2", storage_id=storage, path="b")
        info = [{"packagingGroupId": name, "packagingFormat": tree} for name, tree in
                (("PackagingGroup1", "HLS"), ("g2", "DASH"))]  # fmt: skip
        body = faults(ready, metadata=[], packagingInfo=info)
        assert fields_of(body) == ["packagingInfo"]
        assert "PackagingGroup1 and g2 lead to different places; send 'destinationUri'" in body["statusMessage"]
        create(ready, packagingInfo=info)

    def test_groups_that_keep_outputs_for_different_times_are_refused(self, ready):
        add_group(ready, "g2", retention=timedelta(days=1))
        info = [{"packagingGroupId": name, "packagingFormat": tree} for name, tree in
                (("PackagingGroup1", "HLS"), ("g2", "DASH"))]  # fmt: skip
        assert "different times" in faults(ready, packagingInfo=info)["statusMessage"]

    def test_a_groups_storage_that_is_gone(self, ready):
        with ready.database.write() as s:
            storage = storages.of_bucket(s, "DEMO", "nagra-terminators-vod-output", "output").storage_id
            packaging_groups.update(s, "DEMO", "PackagingGroup1", GroupChanges(storage_id=storage))
            storages.delete(s, "DEMO", [storage])
        assert "no longer registered" in faults(ready, metadata=[])["statusMessage"]

    @pytest.mark.parametrize("uri", ["http://x/y", "", 5, True, "s3://nagra-terminators-vod-output/a/../b"])
    def test_a_destination_that_is_none(self, ready, uri):
        assert fields_of(faults(ready, metadata=[{"key": "destinationUri", "value": uri}])) == [
            "metadata.destinationUri"
        ]

    def test_buckets_must_be_registered_for_what_they_are_used_as(self, ready):
        swapped = [{"key": "destinationUri", "value": "s3://mediapackageBucket/x/"}]
        body = faults(ready, sourceUri="s3://nagra-terminators-vod-output/a/", metadata=swapped)
        assert fields_of(body) == ["sourceUri", "metadata.destinationUri"]
        assert "no input storage for bucket 'nagra-terminators-vod-output'" in body["statusMessage"]
        assert "telecine storage create" in body["statusMessage"]

    def test_a_bucket_of_another_site_is_not_registered(self, api):
        api.add_site("EVIL")
        api.ready_for_pri("EVIL")
        add_group(api, "PackagingGroup1")
        answer = api.pri("POST", json=samples.CREATE, headers=api.basic("DEMO"))
        assert fields_of(answer.json()) == ["sourceUri", "metadata.destinationUri"]

    def test_capitals_find_the_bucket_that_has_none(self, api):
        """As printed in the document, which no bucket of S3 can be called."""
        add_group(api, "PackagingGroup1")
        for bucket, io_type in (("mediapackagebucket", "input"), ("nagra-terminators-vod-output", "output")):
            values = storages.StorageValues(bucket, bucket, io_type, "RG011", "AK", "sesame")
            with api.database.write() as s:
                storages.create(s, api.services.sealer, "DEMO", values)
        create(api)


class TestRequests:
    def test_a_mandatory_parameter_that_is_missing_is_a_bad_request(self, ready):
        for name in ("id", "sourceUri"):
            for request in ({**samples.CREATE, name: None}, {k: v for k, v in samples.CREATE.items() if k != name}):
                answer = ready.pri("POST", json=request)
                assert (answer.status_code, fields_of(answer.json())) == (400, [name])

    def test_everything_optional_may_be_left_out_or_null(self, ready):
        with ready.database.read() as s:
            storage = storages.of_bucket(s, "DEMO", "nagra-terminators-vod-output", "output").storage_id
        group(ready, storage_id=storage)
        bare = {"id": "bare", "sourceUri": samples.CREATE["sourceUri"]}
        assert ready.pri("POST", json=bare).status_code == 201
        optional = ("name", "priority", "providerId", "metadata", "drm", "packagingInfo", "deliveryURL")
        nulls = ready.pri("POST", json=bare | dict.fromkeys(optional))
        assert nulls.status_code == 201
        assert set(nulls.json()) == {"id", "sourceUri", "priority", "status", "deliveryURL", "created", "metadata"}
        with_group = {"packagingInfo": [{"packagingGroupId": "PackagingGroup1", "packagingFormat": None}]}
        assert ready.pri("POST", json=bare | with_group | {"id": "b2"}).status_code == 201

    @pytest.mark.parametrize("name", ["drm", "Drm"])
    def test_drm_is_taken_in_both_spellings_and_answered_in_one(self, ready, name):
        body = create(ready, **{name: [{"drmId": "k"}]})
        assert body["drm"] == [{"drmId": "k"}]
        assert "Drm" not in body
        assert spec_of(ready).targets[0].protection.key_id == "k"

    def test_a_groups_encryption_and_segment_length_go_into_the_job(self, ready):
        group(ready, protection=Protection(multi_key=True, clear_lead=10), segment_seconds=6)
        create(ready, drm=[{"drmId": "k", "packagingFormat": "HLS"}])
        [tree] = spec_of(ready).targets
        assert tree.protection == Protection(multi_key=True, clear_lead=10, key_id="k")
        assert tree.segment_seconds == 6

    def test_unknown_fields_are_tolerated_with_a_warning_on_the_job(self, ready):
        info = samples.CREATE["packagingInfo"][0] | {"inner": 1}
        body = create(ready, surprise={"a": 1}, status="Completed", packagingInfo=[info])
        assert body["status"] == "Scheduled"
        assert "surprise" not in body
        assert job_of(ready).warnings == [
            "'surprise' is unknown and was ignored.",
            "'packagingInfo[0].inner' is unknown and was ignored.",
        ]

    @pytest.mark.parametrize(("sent", "kept"), [(None, 3), (1, 1), ("5", 5)])
    def test_priority_is_the_jobs(self, ready, sent, kept):
        assert create(ready, priority=sent)["priority"] == kept
        assert job_of(ready).priority == kept

    def test_the_sites_priority_holds_without_one(self, ready):
        with ready.database.write() as s:
            sites.configure(s, "DEMO", priority=2)
        assert create(ready)["priority"] == 2

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("id", ""),
            ("id", "a/b"),
            ("id", ".."),
            ("id", "x" * 201),
            ("id", "a\nb"),
            ("id", 5),
            ("name", "x" * 256),
            ("sourceUri", "http://host/file"),
            ("sourceUri", "s3://mediapackageBucket"),
            ("sourceUri", "s3://" + "x" * 2048),
            ("priority", 0),
            ("priority", 6),
            ("priority", "high"),
            ("priority", True),
            ("priority", 1.5),
            ("metadata", {}),
            ("metadata", [{"value": "x"}]),
            ("metadata", [{"key": "a", "value": {}}]),
            ("drm", [{}]),
            ("drm", [{"drmId": ""}]),
            ("packagingInfo", [{"packagingFormat": "HLS"}]),
            ("packagingInfo", "PackagingGroup1"),
            ("packagingInfo", [{"packagingGroupId": "nope", "packagingFormat": "HLS"}]),
            ("packagingInfo", [{"packagingGroupId": "PackagingGroup1", "packagingFormat": "SS_1"}]),
            ("packagingInfo", [{"packagingGroupId": "PackagingGroup1", "packagingFormat": 5}]),
        ],
    )
    def test_a_wrong_value_is_named_and_changes_nothing(self, ready, field, value):
        assert fields_of(faults(ready, **{field: value}))[0].startswith(field)

    def test_all_faults_are_told_at_once(self, ready):
        body = faults(ready, sourceUri="s3://nope/x", metadata=[], packagingInfo=[{"packagingGroupId": "nope"}])
        assert fields_of(body) == ["sourceUri", "packagingInfo[0].packagingGroupId"]

    def test_an_unknown_group_is_refused_with_those_that_there_are(self, ready):
        body = faults(ready, packagingInfo=[{"packagingGroupId": "nope"}])
        assert "no such packaging group, but PackagingGroup1. See 'telecine packaging-group'" in body["statusMessage"]

    def test_a_site_out_of_service_or_at_the_end_of_its_trial(self, ready):
        with ready.database.write() as s:
            sites.configure(s, "DEMO", trial_limit=0)
        faults(ready, 403)
        with ready.database.write() as s:
            sites.configure(s, "DEMO", in_service=False)
        faults(ready, 403)


class TestTheClientsOwnId:
    def test_the_same_request_again_is_the_same_asset(self, ready):
        first = create(ready)
        advance(ready, JobState.DOWNLOADING)
        assert create(ready) == first | {"status": "InProgress"}
        assert create(ready, packagingInfo=[*samples.CREATE["packagingInfo"]], unknown=1)["created"] == first["created"]
        with ready.database.read() as s:
            assert s.query(Job).count() == 1

    def test_it_is_answered_although_the_group_or_storage_is_gone(self, ready):
        create(ready)
        with ready.database.write() as s:
            packaging_groups.delete(s, "DEMO", "PackagingGroup1")
            # The group is what made the site take part; now a rule does.
            pri_access.allow(s, "DEMO", ["127.0.0.1"], False)
        create(ready)

    def test_another_request_under_the_same_id_is_refused(self, ready):
        create(ready)
        answer = ready.pri("POST", json=samples.CREATE_WITH_DRM)
        assert (answer.status_code, fields_of(answer.json())) == (409, ["id"])
        assert ready.pri("GET", "/ltcu_eventp1").json().get("drm") is None

    def test_ids_of_two_sites_have_nothing_to_do_with_each_other(self, ready):
        create(ready)
        ready.add_site("TWO2")
        ready.ready_for_pri("TWO2")
        answer = ready.pri("POST", json=samples.CREATE_WITH_DRM, headers=ready.basic("TWO2"))
        assert answer.status_code == 201
        assert ready.pri("GET", "/ltcu_eventp1", headers=ready.basic("DEMO")).json().get("drm") is None

    def test_an_idempotency_key_works_here_too(self, ready):
        key = {"Idempotency-Key": "k"}
        first = ready.pri("POST", json=samples.CREATE, headers=key)
        again = ready.pri("POST", json=samples.CREATE, headers=key)
        assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (201, first.json(), "true")
        assert ready.pri("POST", json=samples.CREATE | {"id": "b"}, headers=key).status_code == 409


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


class TestHeaders:
    @pytest.mark.parametrize(
        "accept",
        [
            *("application/json", "*/*", "application/*", "application/json;charset=UTF-8", "text/html, */*;q=0.1"),
            *("", "application/xml;q=0.9, application/json;q=0.1", "application/json;q=x"),
        ],
    )
    def test_json_is_acceptable(self, ready, accept):
        assert ready.pri("GET", headers={"Accept": accept}).status_code == 200

    @pytest.mark.parametrize(
        "accept", ["text/html", "application/xml", "application/json;q=0", "text/*", ",", "*/*;q=0"]
    )
    def test_an_accept_that_excludes_json_is_a_bad_request(self, ready, accept):
        answer = ready.pri("GET", headers={"Accept": accept})
        assert (answer.status_code, fields_of(answer.json())) == (400, ["Accept"])

    @pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
    @pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PUT", "/ltcu_eventp1")])
    def test_a_body_must_be_json(self, ready, method, path, content_type):
        answer = ready.pri(method, path, content=b"{}", headers={"Content-Type": content_type})
        assert answer.status_code == 400

    def test_a_body_must_say_that_it_is_json(self, ready):
        answer = ready.pri("POST", content=b'{"id": "a", "sourceUri": "s3://mediapackageBucket/a/"}')
        assert (answer.status_code, fields_of(answer.json())) == (400, ["Content-Type"])

    @pytest.mark.parametrize("query", ["x=1", "x", "page=1", "x=&y=", "%00=1"])
    def test_the_query_must_be_empty(self, ready, query):
        for method, path, more in (
            ("POST", "", {"json": samples.CREATE}),
            ("GET", "/ltcu_eventp1", {}),
            ("PUT", "/ltcu_eventp1", {"json": samples.UPDATE}),
            ("DELETE", "/ltcu_eventp1", {}),
        ):
            assert ready.pri(method, f"{path}?{query}", **more).status_code == 400, method
        assert ready.pri("GET").json()["totalCount"] == 0

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"a": NaN}', b"\xff", b"[" * 50_000])
    def test_what_is_no_json_object(self, ready, body):
        answer = ready.pri("POST", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")

    def test_a_body_that_is_too_large_is_a_bad_request(self, make_api):
        api = make_api(body_bytes=1000)
        api.ready_for_pri()
        answer = api.pri("POST", json=samples.CREATE | {"name": "x" * 1000})
        assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")


class TestOtherMethodsAndPaths:
    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
    def test_the_collection(self, ready, method):
        answer = ready.pri(method)
        assert (answer.status_code, answer.json()["statusCode"]) == (501, "501")
        assert answer.headers["allow"] == "GET, POST"

    @pytest.mark.parametrize("method", ["POST", "PATCH", "OPTIONS", "TRACE", "BREW"])
    def test_one_asset(self, ready, method):
        answer = ready.pri(method, "/ltcu_eventp1")
        assert (answer.status_code, answer.json()["statusCode"]) == (501, "501")
        assert answer.headers["allow"] == "DELETE, GET, PUT"

    def test_head(self, ready):
        assert ready.pri("HEAD").status_code == 501

    @pytest.mark.parametrize(
        "path", ["/", "/a/b", "/ltcu_eventp1/", "/%2F", "/a%2Fb", "/nope", "/%00", "/é", "/%ED%A0%80"]
    )
    def test_an_unknown_path_or_id(self, ready, path):
        answer = ready.pri("GET", path)
        assert (answer.status_code, answer.json()["statusCode"]) == (404, "404")


class TestWhenTheDatabaseDoesNotAnswer:
    @pytest.fixture
    def away(self, ready, monkeypatch):
        def timeout(*_, **__):
            orig = sqlite3.OperationalError("database is locked")
            orig.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise OperationalError("SELECT sesame", {}, orig)

        monkeypatch.setattr(packaged_assets, "get", timeout)
        monkeypatch.setattr(jobs, "get", timeout)
        return ready

    def test_it_is_504_in_the_documents_words(self, away):
        answer = away.pri("GET", "/ltcu_eventp1")
        assert answer.status_code == 504
        assert answer.json() == {
            "statusCode": "504",
            "statusMessage": "Internal Error ::The database does not answer."
            "::Try again; ask the operator to look at the server.",
        }

    def test_it_is_503_where_the_document_has_no_504(self, away):
        answer = away.call("GET", "/api/job/DEMO/1")
        assert (answer.status_code, answer.json()["error_code"]) == (503, "E9002")

    def test_a_fault_of_ours_is_500(self, ready, monkeypatch):
        def burst(*_, **__):
            raise RuntimeError("sesame")

        monkeypatch.setattr(packaged_assets, "get", burst)
        answer = ready.pri("GET", "/ltcu_eventp1")
        assert (answer.status_code, answer.json()["statusCode"]) == (500, "500")
        assert answer.json()["statusMessage"].startswith("Internal Error ::Something went wrong on our side.")
        assert "sesame" not in answer.text


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
