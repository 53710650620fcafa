"""Storages of the packaging API: tried and registered, changed, found by every filter; the same as every API's."""

from datetime import UTC, datetime

import pytest
from tests.api.conftest import plain_job
from tests.api.packaging import BUCKET, call, code, fields, kinds, register, sealed, send

from telecine.apis.packaging import samples
from telecine.catalog import sites
from telecine.catalog.models import Storage


def listed(api, **search):
    answer = call(api, "GET", "storage", search)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestRegistering:
    def test_the_answer_and_what_is_listed_afterwards(self, api):
        api.bucket(BUCKET)
        answer = call(api, "POST", "storage", samples.STORAGE_REGISTER)
        assert list(answer.json()) == ["storage_id", "error_code", "error_message"]
        assert answer.json()["error_code"] == "0000"
        storage_id = answer.json()["storage_id"]
        assert len(storage_id) == 32
        body = listed(api)
        assert list(body) == ["error_code", "error_message", "total_count", "time_zone", "data"]
        assert body["total_count"] == "1"
        assert body["data"][0] == samples.STORAGE_REGISTER | {
            "storage_id": storage_id,
            "password": "****-key",
            "reg_date": body["data"][0]["reg_date"],
        }
        assert list(body["data"][0]) == [
            *("storage_id", "storage_name", "type", "id", "password", "aws_bucket", "description", "region", "reg_date")
        ]
        assert datetime.fromisoformat(body["data"][0]["reg_date"]).tzinfo == UTC

    def test_a_bucket_that_is_not_there_is_not_registered(self, api):
        answer = call(api, "POST", "storage", samples.STORAGE_REGISTER)
        assert code(answer) == (400, "A1000")
        assert "storage cannot be used" in answer.json()["error_message"]
        assert listed(api)["total_count"] == "0"

    def test_it_is_registered_for_what_its_keys_allow(self, make_api, seaweed):
        api = make_api(storage_kind="s3", s3_endpoint=seaweed.endpoint)
        bucket = seaweed.make_bucket()

        def post(keys):
            more = {"aws_bucket": bucket, "id": keys.access_key, "password": keys.secret_key}
            return call(api, "POST", "storage", samples.STORAGE_REGISTER | more | {"storage_name": keys.access_key})

        assert code(post(seaweed.keys)) == (200, "0000")
        assert code(post(seaweed.reader)) == (200, "0000")
        refused = post(seaweed.stranger)
        assert code(refused) == (400, "A1000")
        assert seaweed.stranger.secret_key not in refused.text
        assert kinds(api) == {seaweed.keys.access_key: "both", seaweed.reader.access_key: "input"}

    def test_one_that_does_not_answer_is_no_fault_of_the_client(self, make_api):
        api = make_api(storage_kind="s3", s3_endpoint="http://127.0.0.1:9")
        assert code(call(api, "POST", "storage", samples.STORAGE_REGISTER)) == (503, "A9003")

    @pytest.mark.parametrize("name", [name for name in samples.STORAGE_REGISTER if name != "description"])
    def test_what_is_required(self, api, name):
        without = {key: value for key, value in samples.STORAGE_REGISTER.items() if key != name}
        for plain in (without, without | {name: None}):
            answer = call(api, "POST", "storage", plain)
            assert code(answer) == (400, "A1000")
            assert fields(answer) == [name]

    def test_every_fault_is_named_at_once(self, api):
        answer = call(api, "POST", "storage", {"type": "GCS", "region": "RG011", "storage_name": "a\nb"})
        assert fields(answer) == ["storage_name", "type", "id", "password", "aws_bucket"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("type", "FTP"),
            ("region", "RG001"),
            ("region", "us-east-1"),
            ("storage_name", "x" * 256),
            ("storage_name", 5),
            ("id", " "),
            ("password", "a\tb"),
            ("aws_bucket", "b" * 64),
            ("description", {}),
            ("description", "x" * 10_001),
        ],
    )
    def test_what_is_refused_by_name(self, api, name, value):
        api.bucket(BUCKET)
        answer = call(api, "POST", "storage", samples.STORAGE_REGISTER | {name: value})
        assert code(answer) == (400, "A1000")
        assert fields(answer) == [name]
        assert listed(api)["total_count"] == "0"

    @pytest.mark.parametrize("region", ["RG004", "rg004", "us-west-2", "US-WEST-2"])
    def test_a_region_by_its_code_or_its_name(self, api, region):
        register(api, region=region, type="s3")
        assert listed(api)["data"][0]["region"] == "RG004"

    def test_without_a_description(self, api):
        register(api, description=None)
        assert listed(api)["data"][0]["description"] == ""


class TestChanging:
    def test_the_answer(self, api):
        storage_id = register(api)
        answer = call(api, "PUT", "storage", samples.STORAGE_UPDATE | {"storage_id": storage_id})
        assert list(answer.json().items())[:2] == [("storage_id", storage_id), ("error_code", "0000")]
        line = listed(api)["data"][0]
        assert (line["storage_name"], line["description"]) == ("seoul films", "films only")

    def test_what_is_not_sent_stays(self, api):
        storage_id = register(api)
        call(api, "PUT", "storage", {"storage_id": storage_id, "storage_name": "other"})
        line = listed(api)["data"][0]
        assert (line["storage_name"], line["description"]) == ("other", samples.STORAGE_REGISTER["description"])
        call(api, "PUT", "storage", {"storage_id": storage_id, "description": ""})
        line = listed(api)["data"][0]
        assert (line["storage_name"], line["description"]) == ("other", "")

    def test_keys_and_place_cannot_be_changed_here(self, api):
        storage_id = register(api)
        call(api, "PUT", "storage", {"storage_id": storage_id, "aws_bucket": "x", "id": "y", "password": "z"})
        line = listed(api)["data"][0]
        assert (line["aws_bucket"], line["id"]) == (BUCKET, samples.STORAGE_REGISTER["id"])

    @pytest.mark.parametrize("storage_id", ["1" * 32, "x", None])
    def test_one_that_is_not_there(self, api, storage_id):
        answer = call(api, "PUT", "storage", {"storage_id": storage_id, "storage_name": "x"})
        assert code(answer) == (400, "A1000")
        assert fields(answer) == ["storage_id"]

    @pytest.mark.parametrize(("name", "value"), [("storage_name", ""), ("storage_name", "x" * 256), ("description", 1)])
    def test_what_is_refused_by_name(self, api, name, value):
        storage_id = register(api)
        assert fields(call(api, "PUT", "storage", {"storage_id": storage_id, name: value})) == [name]


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
        ("search", "found"),
        [
            ({}, "cba"),
            ({"region": "RG011"}, "cba"),
            ({"region": "ap-northeast-2", "storage_type": "S3"}, "cba"),
            ({"region": "RG004"}, ""),
            (dict.fromkeys(samples.STORAGE_LIST, ""), "cba"),
            (dict.fromkeys(samples.STORAGE_LIST), "cba"),
            ({"search_keyword": "OUT", "search_keyword_type": "storageName"}, "c"),
            ({"search_keyword": "OUT"}, "c"),
            ({"search_keyword": "a" * 32, "search_keyword_type": "storageId"}, "a"),
            ({"search_keyword": "a" * 32, "search_keyword_type": "STORAGEID"}, "a"),
            ({"search_keyword": "a", "search_keyword_type": "storageId"}, ""),
            ({"search_keyword": "", "search_keyword_type": "storageId"}, "cba"),
            ({"from": "2022-05-13T00:00:00Z"}, "cb"),
            ({"to": "2022-05-13T00:00:00Z"}, "ba"),
            ({"from": "2022-05-13T00:00:01Z", "to": "2022-05-13T14:59:59Z"}, "c"),
            ({"from": "2022-05-13", "to": "2022-05-13"}, "cb"),
            ({"from": "2022-05-13", "to": "2022-05-13", "time_zone": "09:00"}, "cba"),
            ({"from": "2022-05-13T09:00:00", "time_zone": "+09:00"}, "cb"),
            ({"from": "2022-05-13T09:00:00Z", "time_zone": "+09:00"}, "c"),
            ({"from": "2022-05-13T09:00:00+09:00"}, "cb"),
            ({"page_unit": "2"}, "cb"),
            ({"page_unit": 2, "page_index": "2"}, "a"),
            ({"page_unit": "2", "page_index": 3}, ""),
            ({"unknown": 1}, "cba"),
        ],
    )
    def test_every_filter(self, three, search, found):
        body = listed(three, **search)
        assert "".join(line["storage_id"][0] for line in body["data"]) == found
        if "page_unit" not in search:
            assert body["total_count"] == str(len(found))

    def test_the_zone_is_answered_and_times_with_a_z_are_in_utc(self, three):
        body = listed(three, time_zone="09:00")
        assert body["time_zone"] == "+09:00"
        assert body["data"][0]["reg_date"] == "2022-05-13T14:59:59Z"

    @pytest.mark.parametrize(
        ("search", "name"),
        [
            ({"from": "13-05-2022"}, "from"),
            ({"from": 5}, "from"),
            ({"to": "2022-05-13T24:01:00Z"}, "to"),
            ({"to": "0001-01-01T00:00:00Z"}, "to"),
            ({"from": "2022-05-14T00:00:00Z", "to": "2022-05-13T00:00:00Z"}, "from"),
            ({"region": "RG1"}, "region"),
            ({"storage_type": "NAS"}, "storage_type"),
            ({"search_keyword_type": "bucket"}, "search_keyword_type"),
            ({"search_keyword": ["x"]}, "search_keyword"),
            ({"page_unit": "0"}, "page_unit"),
            ({"page_unit": "1001"}, "page_unit"),
            ({"page_unit": "all"}, "page_unit"),
            ({"page_index": 0}, "page_index"),
            ({"time_zone": "KST"}, "time_zone"),
        ],
    )
    def test_what_is_wrong_is_named(self, three, search, name):
        answer = call(three, "GET", "storage", search)
        assert code(answer) == (400, "A1000")
        assert fields(answer) == [name]

    def test_the_password_is_shown_where_the_operator_allows_it(self, api):
        register(api)
        with api.database.write() as s:
            sites.configure(s, "DEMO", show_storage_secrets=True)
        assert listed(api)["data"][0]["password"] == samples.STORAGE_REGISTER["password"]


class TestOtherApis:
    """A site has its storages once, whichever API registered them."""

    def test_one_registered_here_is_good_for_input_and_output_there(self, api):
        storage_id = register(api)
        job = plain_job()
        job["input"]["storage_id"] = job["output"]["storage_id"] = storage_id
        answer = api.call("POST", "/api/job/DEMO", json=job)
        assert answer.status_code == 200, answer.text

    @pytest.mark.parametrize("io_type", ["", "input", "output"])
    def test_it_is_found_there_by_either_kind(self, api, io_type):
        storage_id = register(api)
        (line,) = api.call("GET", f"/api/storage/DEMO?io_type={io_type}").json()["data"]
        assert (line["storage_id"], line["io_type"]) == (storage_id, "both")

    def test_a_change_there_tries_it_in_both_ways(self, api):
        storage_id = register(api)
        assert api.call("PUT", f"/api/storage/DEMO/{storage_id}", json={"storage_name": "new"}).status_code == 200
        folder = api.bucket(BUCKET)
        folder.rmdir()
        answer = api.call("PUT", f"/api/storage/DEMO/{storage_id}", json={"storage_name": "newer"})
        assert answer.json()["error_code"] == "E3001"

    def test_it_serves_no_files_to_strangers(self, api):
        from telecine.catalog import storages

        register(api)
        with api.database.read() as s:
            assert not storages.is_published(s, BUCKET)


class TestIdempotency:
    KEY = {"headers": {"Idempotency-Key": "k1"}}  # noqa: RUF012

    def test_the_same_request_with_the_same_key_makes_one_whenever_it_was_sealed(self, api):
        api.bucket(BUCKET)
        first = call(api, "POST", "storage", samples.STORAGE_REGISTER, **self.KEY)
        api.clock.turn(5)
        second = call(api, "POST", "storage", samples.STORAGE_REGISTER, **self.KEY)
        assert first.json() == second.json()
        assert second.headers["idempotency-replayed"] == "true"
        assert listed(api)["total_count"] == "1"

    def test_another_request_with_the_same_key_is_refused(self, api):
        api.bucket(BUCKET)
        assert code(call(api, "POST", "storage", samples.STORAGE_REGISTER, **self.KEY)) == (200, "0000")
        other = samples.STORAGE_REGISTER | {"storage_name": "other"}
        assert code(call(api, "POST", "storage", other, **self.KEY)) == (409, "A1000")

    def test_a_key_is_no_key_to_the_site(self, api):
        api.bucket(BUCKET)
        assert code(call(api, "POST", "storage", samples.STORAGE_REGISTER, **self.KEY)) == (200, "0000")
        forged = sealed(api, samples.STORAGE_REGISTER, access_key="x")
        assert code(send(api, "POST", "storage", forged, **self.KEY)) == (403, "A1007")
