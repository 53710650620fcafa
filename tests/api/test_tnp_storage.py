"""Storages: registered after a try, found by every filter, changed, deleted; their secrets kept."""

from datetime import UTC, datetime

import pytest

from telecine.apis.tnp import samples
from telecine.catalog import jobs, sites
from telecine.catalog.models import Storage
from telecine.core.states import JobState

IDS = samples.STORAGE_DELETE["storage_ids"]


def create(api, **fields):
    api.bucket("watermark-input-seoul")
    return api.call("POST", "/api/storage/DEMO", json=samples.STORAGE_CREATE | fields)


class TestDocumentSamples:
    def test_create(self, api):
        answer = create(api)
        assert answer.status_code == 200
        body = answer.json()
        assert (body["error_code"], body["error_message"]) == ("0000", "Success.")
        assert list(body["data"]) == ["storage_id"]
        assert len(body["data"]["storage_id"]) == 32

    def test_list(self, api):
        made = [create(api, storage_name=f"test storage {number}") for number in range(3)]
        answer = api.call(
            "GET",
            "/api/storage/DEMO?from=2022-05-01&to=2032-05-13&storage_name=test storage&region=RG011"
            "&page_unit=20&page_index=1&time_zone=%2B00%3A00",
        )
        body = answer.json()
        assert list(body) == ["error_code", "error_message", "time_zone", "total_count", "data"]
        assert (body["time_zone"], body["total_count"]) == ("+00:00", 3)
        assert {line["storage_id"] for line in body["data"]} == {one.json()["data"]["storage_id"] for one in made}
        line = body["data"][0]
        documented = ["storage_id", "storage_name", "aws_bucket", "io_type", "region", "reg_time", "update_time"]
        assert list(line) == documented
        datetime.strptime(line["reg_time"], "%Y-%m-%dT%H:%M:%S").astimezone()

    def test_detail(self, api):
        storage_id = create(api).json()["data"]["storage_id"]
        body = api.call("GET", f"/api/storage/DEMO/{storage_id}?time_zone=%2B00%3A00").json()
        data = body["data"]
        sent = samples.STORAGE_CREATE
        assert {name: data[name] for name in sent if name != "secret_key"} == {
            name: value for name, value in sent.items() if name != "secret_key"
        }
        documented = ["storage_id", "storage_name", "io_type", "aws_bucket", "region", "access_key_id", "secret_key"]
        assert list(data) == [*documented, "description", "update_time", "reg_time"]
        assert list(body) == ["error_code", "error_message", "time_zone", "data"]

    def test_update(self, api):
        api.bucket("watermark-input-seoul")
        api.add_storage(IDS[0], "input")
        answer = api.call("PUT", f"/api/storage/DEMO/{IDS[0]}", json=samples.STORAGE_UPDATE)
        assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"storage_id": IDS[0]}}
        data = api.call("GET", f"/api/storage/DEMO/{IDS[0]}").json()["data"]
        assert (data["storage_name"], data["aws_bucket"]) == ("test-input-storage", "watermark-input-seoul")

    def test_delete(self, api):
        api.add_storage(IDS[0], "input")
        answer = api.call("DELETE", f"/api/storage/DEMO/{IDS[0]}")
        assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"storage_id": IDS[0]}}
        assert api.call("GET", f"/api/storage/DEMO/{IDS[0]}").status_code == 404

    def test_delete_several(self, api):
        for storage_id in IDS:
            api.add_storage(storage_id, "input")
        answer = api.call("DELETE", "/api/storage/DEMO", json=samples.STORAGE_DELETE)
        assert answer.json() == {
            "error_code": "0000",
            "error_message": "Success.",
            "data": {"site_id": "DEMO", "storage_ids": IDS},
        }
        assert api.call("GET", "/api/storage/DEMO").json()["total_count"] == 0


class TestTrying:
    def test_a_bucket_that_is_not_there_is_refused_with_the_reason(self, api):
        answer = api.call("POST", "/api/storage/DEMO", json=samples.STORAGE_CREATE | {"aws_bucket": "no-such-bucket"})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "E3001")
        assert api.call("GET", "/api/storage/DEMO").json()["total_count"] == 0

    @pytest.mark.parametrize("name", ["../etc", "UPPER", "a", "x/y", "..", "10.0.0.1"])
    def test_a_name_that_no_bucket_can_have(self, api, name):
        assert create(api, aws_bucket=name).json()["error_code"] == "E3001"

    def test_an_output_is_left_as_it_was(self, api):
        assert create(api, io_type="output").status_code == 200
        assert list(api.bucket("watermark-input-seoul").rglob("*")) == []

    def test_an_output_that_cannot_be_written(self, api):
        folder = api.services.settings.buckets
        folder.mkdir(parents=True)
        (folder / "watermark-input-seoul").write_text("a file, not a folder")
        answer = api.call("POST", "/api/storage/DEMO", json=samples.STORAGE_CREATE | {"io_type": "output"})
        assert answer.json()["error_code"] == "E3001"

    def test_an_update_is_tried_as_it_will_be_and_changes_nothing_where_that_fails(self, api):
        storage_id = create(api).json()["data"]["storage_id"]
        answer = api.call("PUT", f"/api/storage/DEMO/{storage_id}", json={"aws_bucket": "gone", "storage_name": "x"})
        assert answer.json()["error_code"] == "E3001"
        data = api.call("GET", f"/api/storage/DEMO/{storage_id}").json()["data"]
        assert (data["aws_bucket"], data["storage_name"]) == ("watermark-input-seoul", "test-input-storage")

    def test_on_s3_with_real_keys(self, make_api, seaweed):
        api = make_api(storage_kind="s3", s3_endpoint=seaweed.endpoint)
        bucket = seaweed.make_bucket()

        def post(keys, io_type):
            more = {"aws_bucket": bucket, "io_type": io_type}
            more |= {"access_key_id": keys.access_key, "secret_key": keys.secret_key}
            return api.call("POST", "/api/storage/DEMO", json=samples.STORAGE_CREATE | more).json()

        assert post(seaweed.keys, "output")["error_code"] == "0000"
        assert post(seaweed.reader, "input")["error_code"] == "0000"
        for keys, io_type in ((seaweed.reader, "output"), (seaweed.stranger, "input")):
            refused = post(keys, io_type)
            assert refused["error_code"] == "E3001"
            assert keys.secret_key not in refused["error_message"]

    def test_on_s3_that_does_not_answer(self, make_api):
        api = make_api(storage_kind="s3", s3_endpoint="http://127.0.0.1:9")
        answer = api.call("POST", "/api/storage/DEMO", json=samples.STORAGE_CREATE)
        assert (answer.status_code, answer.json()["error_code"]) == (503, "E3002")


class TestFields:
    @pytest.mark.parametrize("name", [name for name in samples.STORAGE_CREATE if name != "description"])
    def test_what_is_required(self, api, name):
        for body in (
            {k: v for k, v in samples.STORAGE_CREATE.items() if k != name},
            samples.STORAGE_CREATE | {name: None},
        ):
            answer = api.call("POST", "/api/storage/DEMO", json=body)
            assert (answer.status_code, answer.json()["error_code"]) == (400, "E1001")
            assert f"'{name}'" in answer.json()["error_message"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("io_type", "both"),
            ("region", "RG001"),
            ("region", "us-west-2"),
            ("storage_name", ""),
            ("storage_name", "x" * 51),
            ("storage_name", "a\nb"),
            ("storage_name", 5),
            ("access_key_id", " "),
            ("secret_key", "a\tb"),
            ("description", {}),
        ],
    )
    def test_what_is_refused_by_name(self, api, name, value):
        answer = create(api, **{name: value})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "E1003")
        assert f"'{name}'" in answer.json()["error_message"]

    def test_words_in_any_case(self, api):
        storage_id = create(api, io_type="INPUT", region="rg011").json()["data"]["storage_id"]
        data = api.call("GET", f"/api/storage/DEMO/{storage_id}").json()["data"]
        assert (data["io_type"], data["region"]) == ("input", "RG011")

    def test_no_description(self, api):
        storage_id = create(api, description=None).json()["data"]["storage_id"]
        assert api.call("GET", f"/api/storage/DEMO/{storage_id}").json()["data"]["description"] == ""


class TestSecrets:
    def test_the_secret_is_masked_in_details_and_in_no_list(self, api):
        storage_id = create(api).json()["data"]["storage_id"]
        data = api.call("GET", f"/api/storage/DEMO/{storage_id}").json()["data"]
        assert data["secret_key"] == "****-key"
        listed = api.call("GET", "/api/storage/DEMO").text
        assert "secret" not in listed
        assert samples.STORAGE_CREATE["access_key_id"] not in listed

    def test_a_short_secret_is_masked_whole(self, api):
        storage_id = create(api, secret_key="short").json()["data"]["storage_id"]
        assert api.call("GET", f"/api/storage/DEMO/{storage_id}").json()["data"]["secret_key"] == "****"

    def test_it_is_shown_where_the_operator_allows_it(self, api):
        storage_id = create(api).json()["data"]["storage_id"]
        with api.database.write() as s:
            sites.configure(s, "DEMO", show_storage_secrets=True)
        data = api.call("GET", f"/api/storage/DEMO/{storage_id}").json()["data"]
        assert data["secret_key"] == samples.STORAGE_CREATE["secret_key"]

    def test_sending_the_mask_back_changes_nothing(self, api):
        storage_id = create(api).json()["data"]["storage_id"]
        data = api.call("GET", f"/api/storage/DEMO/{storage_id}").json()["data"]
        assert (
            api.call("PUT", f"/api/storage/DEMO/{storage_id}", json=data | {"storage_name": "new"}).status_code == 200
        )
        with api.database.write() as s:
            sites.configure(s, "DEMO", show_storage_secrets=True)
        changed = api.call("GET", f"/api/storage/DEMO/{storage_id}").json()["data"]
        assert (changed["storage_name"], changed["secret_key"]) == ("new", samples.STORAGE_CREATE["secret_key"])


class TestListing:
    @pytest.fixture
    def three(self, api):
        """Storages of three days around midnight in UTC."""
        times = {"a" * 32: "2022-05-12T23:59:59", "b" * 32: "2022-05-13T00:00:00", "c" * 32: "2022-05-13T14:59:59"}
        for storage_id, time in times.items():
            api.add_storage(storage_id, "output" if storage_id[0] == "c" else "input")
            with api.database.write() as s:
                s.get(Storage, storage_id).reg_time = datetime.fromisoformat(time).replace(tzinfo=UTC)
        return api

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", "cba"),
            ("from=2022-05-13", "cb"),
            ("to=2022-05-12", "a"),
            ("from=2022-05-13&to=2022-05-13", "cb"),
            ("from=2022-05-13&to=2022-05-13&time_zone=%2B09:00", "cba"),
            ("to=2022-05-12&time_zone=-05:00", "ba"),
            ("from=&to=&region=&storage_name=&time_zone=&page_unit=&page_index=", "cba"),
            ("storage_name=PUT%20ONE", "cba"),
            ("storage_name=nothing", ""),
            ("storage_name=%25", ""),
            ("region=RG011", "cba"),
            ("region=RG004", ""),
            ("io_type=output", "c"),
            ("page_unit=2", "cb"),
            ("page_unit=2&page_index=2", "a"),
            ("page_unit=2&page_index=3", ""),
            ("unknown=1", "cba"),
        ],
    )
    def test_every_filter(self, three, query, found):
        body = three.call("GET", f"/api/storage/DEMO?{query}").json()
        assert "".join(line["storage_id"][0] for line in body["data"]) == found

    def test_times_are_local(self, three):
        body = three.call("GET", "/api/storage/DEMO?time_zone=%2B09%3A00").json()
        assert body["time_zone"] == "+09:00"
        assert body["data"][0]["reg_time"] == "2022-05-13T23:59:59"

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("from=13-05-2022", "from"),
            ("to=soon", "to"),
            ("from=2022-05-14&to=2022-05-13", "from"),
            ("region=RG1", "region"),
            ("page_unit=0", "page_unit"),
            ("page_unit=1001", "page_unit"),
            ("page_unit=x", "page_unit"),
            ("page_index=0", "page_index"),
            ("page_index=99999999999", "page_index"),
            ("time_zone=KST", "time_zone"),
            ("io_type=x", "io_type"),
        ],
    )
    def test_what_is_wrong_is_named(self, three, query, name):
        answer = three.call("GET", f"/api/storage/DEMO?{query}")
        assert answer.status_code == 400
        assert f"'{name}'" in answer.json()["error_message"]
        assert answer.json()["data"]["errors"][0]["field"] == name

    def test_25_by_default_and_1000_at_most(self, api):
        for number in range(27):
            api.add_storage(f"{number:032}", "input")
        assert len(api.call("GET", "/api/storage/DEMO").json()["data"]) == 25
        assert len(api.call("GET", "/api/storage/DEMO?page_unit=1000").json()["data"]) == 27


class TestDeleting:
    def test_one_that_an_unfinished_job_uses_is_kept(self, api):
        job_id = api.add_job()
        for storage_id in ("input-storage-id", "output-storage-id"):
            answer = api.call("DELETE", f"/api/storage/DEMO/{storage_id}")
            assert (answer.status_code, answer.json()["error_code"]) == (409, "E1010")
            assert str(job_id) in answer.json()["error_message"]
        with api.database.write() as s:
            jobs.advance(s, job_id, 1, JobState.STOPPED, now=api.clock())
        assert api.call("DELETE", "/api/storage/DEMO/input-storage-id").status_code == 200

    def test_all_or_none(self, api):
        api.add_storage(IDS[0], "input")
        answer = api.call("DELETE", "/api/storage/DEMO", json=samples.STORAGE_DELETE)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "E1007")
        assert IDS[1] in answer.json()["error_message"]
        assert api.call("GET", f"/api/storage/DEMO/{IDS[0]}").status_code == 200

    @pytest.mark.parametrize("query", ["storage_ids={},{}", "storage_ids={}&storage_ids={}"])
    def test_by_query_for_clients_that_send_no_body(self, api, query):
        for storage_id in IDS:
            api.add_storage(storage_id, "input")
        answer = api.call("DELETE", f"/api/storage/DEMO?{query.format(*IDS)}")
        assert answer.json()["data"]["storage_ids"] == IDS

    @pytest.mark.parametrize("body", [None, {}, {"storage_ids": []}, {"storage_ids": None}])
    def test_nothing_to_delete(self, api, body):
        answer = api.call("DELETE", "/api/storage/DEMO", **({} if body is None else {"json": body}))
        assert answer.status_code == 400
        assert "'storage_ids'" in answer.json()["error_message"]

    def test_one_that_is_not_there(self, api):
        assert api.call("DELETE", "/api/storage/DEMO/none").json()["error_code"] == "E1007"


class TestIdempotency:
    def test_the_same_request_with_the_same_key_makes_one(self, api):
        api.bucket("watermark-input-seoul")
        sent = {"json": samples.STORAGE_CREATE, "headers": {"Idempotency-Key": "k1"}}
        first, second = (api.call("POST", "/api/storage/DEMO", **sent) for _ in range(2))
        assert first.json() == second.json()
        assert "idempotency-replayed" not in first.headers
        assert second.headers["idempotency-replayed"] == "true"
        assert api.call("GET", "/api/storage/DEMO").json()["total_count"] == 1

    def test_a_failure_is_not_remembered(self, api):
        sent = {"json": samples.STORAGE_CREATE, "headers": {"Idempotency-Key": "k1"}}
        assert api.call("POST", "/api/storage/DEMO", **sent).status_code == 400
        api.bucket("watermark-input-seoul")
        assert api.call("POST", "/api/storage/DEMO", **sent).status_code == 200

    def test_another_request_with_the_same_key_is_refused(self, api):
        api.bucket("watermark-input-seoul")
        headers = {"Idempotency-Key": "k1"}
        assert api.call("POST", "/api/storage/DEMO", json=samples.STORAGE_CREATE, headers=headers).status_code == 200
        other = samples.STORAGE_CREATE | {"description": "other"}
        answer = api.call("POST", "/api/storage/DEMO", json=other, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (409, "E1012")
