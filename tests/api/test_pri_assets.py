"""Packaged assets: the document's samples, and what a request must be and means."""

import re
from datetime import timedelta

import pytest
from tests.api.pri import add_group, advance, create, faults, fields_of, group, job_of, spec_of

from telecine.apis.pri import samples
from telecine.catalog import packaging_groups, pri_access, sites, storages
from telecine.catalog.models import Command, Job
from telecine.catalog.packaging_groups import GroupChanges
from telecine.core.job import Format, Protection
from telecine.core.states import JobState


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

    @pytest.mark.parametrize(
        ("source", "fits"),
        [
            ("other/", True),
            ("videos/ltcu_eventp1-harvest/", True),
            ("film.mp4", True),
            ("videos/ltcu_eventp1/film.mp4", True),
            ("videos/ltcu_eventp1/", False),
            ("videos/ltcu_eventp1/hls/v/film.mp4", False),
            ("videos/index.m3u8", False),
            ("index.m3u8", False),
        ],
    )
    def test_an_asset_is_never_where_its_outputs_go(self, ready, source, fits):
        """What lies in a folder that is published to goes as stale, and so would the asset."""
        bucket = "nagra-terminators-vod-output"
        with ready.database.write() as s:
            values = storages.StorageValues("in", bucket, "input", "RG011", "AKID", "sesame-open")
            storages.create(s, ready.services.sealer, "DEMO", values)
        if fits:
            create(ready, sourceUri=f"s3://{bucket}/{source}")
        else:
            assert fields_of(faults(ready, sourceUri=f"s3://{bucket}/{source}")) == ["sourceUri"]

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
