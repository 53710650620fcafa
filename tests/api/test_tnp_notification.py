"""Notifications: SNS as documented, signed webhooks as ours, and the log of what was sent."""

import base64

import pytest
from tests.api.conftest import plain_job

from telecine.apis.tnp import samples
from telecine.catalog import deliveries, notifications
from telecine.catalog.models import IdempotencyRecord, Notification

HOOK = {"noti_name": "hook", "noti_type": "WEBHOOK", "url_end_point": "https://203.0.114.7/told", "alarm_status": {}}


def post(api, body, **headers):
    return api.call("POST", "/api/noti/job/DEMO", json=body, headers=headers)


def secret_of(api, noti_id):
    with api.database.read() as s:
        return notifications.secret(api.services.sealer, s.get(Notification, noti_id))


class TestDocumentSamples:
    def test_create(self, api):
        assert post(api, samples.NOTIFICATION).json() == {
            "error_code": "0000",
            "error_message": "Success.",
            "data": {"noti_id": 1},
        }

    def test_update(self, api):
        post(api, samples.NOTIFICATION)
        answer = api.call("PUT", "/api/noti/job/DEMO/1", json=samples.NOTIFICATION)
        assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"noti_id": 1}}

    def test_search(self, api):
        post(api, samples.NOTIFICATION)
        body = api.call("GET", "/api/noti/job/DEMO").json()
        assert list(body) == ["error_code", "error_message", "time_zone", "total_count", "data"]
        assert (body["time_zone"], body["total_count"]) == ("+00:00", 1)
        (line,) = body["data"]
        times = {"update_time": line["update_time"], "reg_time": line["reg_time"]}
        assert line == {
            "noti_id": 1,
            "site_id": "DEMO",
            "noti_name": "noti_test",
            "noti_type": "SNS",
            "url_end_point": "arn:aws:sns:us-west-2:73041xxxxx:PallyCon_TNP_SNS",
            "access_key": "AK1252GDTP5xxxxx",
            "alarm_status": samples.NOTIFICATION["alarm_status"],
            **times,
        }

    def test_delete(self, api):
        post(api, samples.NOTIFICATION)
        answer = api.call("DELETE", "/api/noti/job/DEMO/1")
        assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"noti_id": 1}}
        assert api.call("GET", "/api/noti/job/DEMO").json()["total_count"] == 0


class TestFields:
    @pytest.mark.parametrize("name", ["noti_name", "noti_type", "url_end_point", "alarm_status"])
    def test_what_is_required(self, api, name):
        answer = post(api, {key: value for key, value in samples.NOTIFICATION.items() if key != name})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "E1001")
        assert f"'{name}'" in answer.json()["error_message"]

    @pytest.mark.parametrize("name", ["access_key", "secret_key"])
    @pytest.mark.parametrize("value", [None, ""])
    def test_sns_needs_keys(self, api, name, value):
        access = samples.NOTIFICATION["aws_access"] | {name: value}
        answer = post(api, samples.NOTIFICATION | {"aws_access": access})
        assert f"'aws_access.{name}'" in answer.json()["error_message"]

    @pytest.mark.parametrize("noti_name", ["", "x" * 51, "with space", "한국어", "a/b", 5])
    def test_names_are_short_and_plain(self, api, noti_name):
        answer = post(api, samples.NOTIFICATION | {"noti_name": noti_name})
        assert answer.status_code == 400
        assert "'noti_name'" in answer.json()["error_message"]

    def test_a_name_of_50_characters(self, api):
        assert post(api, samples.NOTIFICATION | {"noti_name": "aZ0-_." + "x" * 44}).status_code == 200

    @pytest.mark.parametrize("noti_type", ["EMAIL", "", None, 1])
    def test_types(self, api, noti_type):
        assert "'noti_type'" in post(api, samples.NOTIFICATION | {"noti_type": noti_type}).json()["error_message"]

    @pytest.mark.parametrize(
        "target", ["arn:aws:s3:::bucket", "https://example.com", "topic", "arn:aws:sns:us-west-2:1"]
    )
    def test_sns_needs_the_arn_of_a_topic(self, api, target):
        answer = post(api, samples.NOTIFICATION | {"url_end_point": target})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "E3004")

    @pytest.mark.parametrize("flag", [1, "yes", []])
    def test_flags_are_true_or_false(self, api, flag):
        answer = post(api, samples.NOTIFICATION | {"alarm_status": {"queued": flag}})
        assert "'alarm_status.queued'" in answer.json()["error_message"]

    def test_a_word_that_is_not_sent_is_off(self, api):
        post(api, samples.NOTIFICATION | {"alarm_status": {"error": "true"}})
        alarms = api.call("GET", "/api/noti/job/DEMO").json()["data"][0]["alarm_status"]
        assert alarms == dict.fromkeys(("queued", "progressing", "complete", "stopped"), False) | {"error": True}

    def test_an_update_leaves_what_it_does_not_name(self, api):
        post(api, samples.NOTIFICATION)
        assert api.call("PUT", "/api/noti/job/DEMO/1", json={"alarm_status": {"queued": True}}).status_code == 200
        (line,) = api.call("GET", "/api/noti/job/DEMO").json()["data"]
        assert line["alarm_status"] == samples.NOTIFICATION["alarm_status"] | {"queued": True}
        assert line["noti_name"] == "noti_test"
        assert secret_of(api, 1) == samples.NOTIFICATION["aws_access"]["secret_key"]

    @pytest.mark.parametrize("noti_id", ["2", "0", "-1", "99999999999999999999", "x"])
    def test_one_that_is_not_there(self, api, noti_id):
        for method in ("PUT", "DELETE"):
            answer = api.call(method, f"/api/noti/job/DEMO/{noti_id}", json={})
            assert answer.status_code == (400 if noti_id == "x" else 404)

    def test_the_list_has_pages(self, api):
        for number in range(3):
            post(api, samples.NOTIFICATION | {"noti_name": f"n{number}"})
        body = api.call("GET", "/api/noti/job/DEMO?page_unit=2&page_index=2&time_zone=%2B09:00").json()
        assert (body["total_count"], body["time_zone"]) == (3, "+09:00")
        assert [line["noti_name"] for line in body["data"]] == ["n0"]

    def test_secrets_are_in_no_list(self, api):
        post(api, samples.NOTIFICATION)
        assert samples.NOTIFICATION["aws_access"]["secret_key"] not in api.call("GET", "/api/noti/job/DEMO").text


class TestWebhooks:
    def test_one_without_a_secret_gets_one_that_is_shown_once(self, api):
        data = post(api, HOOK).json()["data"]
        assert data["signing_secret"].startswith("whsec_")
        assert len(base64.b64decode(data["signing_secret"].removeprefix("whsec_"))) == 32
        assert secret_of(api, data["noti_id"]) == data["signing_secret"]
        assert "whsec_" not in api.call("GET", "/api/noti/job/DEMO").text

    def test_the_secret_is_kept_in_no_record_of_the_answer(self, api):
        first = post(api, HOOK, **{"Idempotency-Key": "k"}).json()["data"]
        again = post(api, HOOK, **{"Idempotency-Key": "k"})
        assert again.json()["data"] == {"noti_id": first["noti_id"]}
        assert again.headers["idempotency-replayed"] == "true"
        with api.database.read() as s:
            assert "whsec_" not in str([record.answer for record in s.query(IdempotencyRecord)])

    @pytest.mark.parametrize("prefix", ["", "whsec_"])
    def test_one_with_a_secret_of_its_own(self, api, prefix):
        own = base64.b64encode(b"s" * 24).decode()
        data = post(api, HOOK | {"aws_access": {"secret_key": prefix + own}}).json()["data"]
        assert "signing_secret" not in data
        assert secret_of(api, data["noti_id"]) == "whsec_" + own

    @pytest.mark.parametrize("secret", ["short", "whsec_", "whsec_c2hvcnQ=", "not base64!" * 4])
    def test_a_secret_that_is_none(self, api, secret):
        answer = post(api, HOOK | {"aws_access": {"secret_key": secret}})
        assert "'aws_access.secret_key'" in answer.json()["error_message"]

    @pytest.mark.parametrize(
        "url",
        [
            "http://203.0.114.7/told",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.1/",
            "https://[::1]/",
            "https://user:pw@203.0.114.7/",
            "ftp://203.0.114.7/",
            "arn:aws:sns:us-west-2:1:t",
            "https://203.0.114.7:22/",
            "nonsense",
        ],
    )
    def test_targets_inside_are_refused(self, api, url):
        answer = post(api, HOOK | {"url_end_point": url})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "E3004")

    def test_a_private_target_that_the_operator_allows(self, make_api):
        api = make_api(private_targets=["127.0.0.0/8"])
        assert post(api, HOOK | {"url_end_point": "http://127.0.0.1:9/told"}).status_code == 200

    def test_an_update_is_checked_too(self, api):
        post(api, HOOK)
        assert api.call("PUT", "/api/noti/job/DEMO/1", json={"url_end_point": "https://127.0.0.1/"}).status_code == 400
        assert api.call("PUT", "/api/noti/job/DEMO/1", json={"noti_type": "SNS"}).status_code == 400

    def test_a_change_of_type_needs_what_the_new_type_needs(self, api):
        post(api, samples.NOTIFICATION)
        answer = api.call(
            "PUT", "/api/noti/job/DEMO/1", json={"noti_type": "WEBHOOK", "url_end_point": "https://203.0.114.7/"}
        )
        assert answer.json()["data"]["signing_secret"] == secret_of(api, 1)
        back = {"noti_type": "SNS", "url_end_point": samples.NOTIFICATION["url_end_point"]}
        assert "'aws_access.access_key'" in api.call("PUT", "/api/noti/job/DEMO/1", json=back).json()["error_message"]


class TestDeliveries:
    @pytest.fixture
    def told(self, api):
        """A notification with one delivery that failed once."""
        noti_id = api.add_notification(queued=True)
        request = plain_job()
        request["output"]["job_noti_id"] = noti_id
        api.add_job(request | {"user_data": {"a": 1}})
        api.clock.turn(60)
        with api.database.write() as s:
            (row,) = deliveries.due(s, api.clock(), 60, 10)
            deliveries.failed(s, row.id, api.clock(), 500, "no", None)
        return api

    def test_the_log_shows_every_try(self, told):
        body = told.call("GET", "/api/noti/job/DEMO/1/deliveries").json()
        assert body["total_count"] == 1
        (line,) = body["data"]
        assert (line["delivery_id"], line["job_id"], line["job_status"], line["state"]) == (1, 1, "queued", "dead")
        assert line["payload"]["user_data"] == {"a": 1}
        assert [(attempt["status"], attempt["answer"]) for attempt in line["tries"]] == [(500, "no")]

    def test_sending_again(self, told):
        answer = told.call("PUT", "/api/noti/job/DEMO/1/deliveries/1/resend")
        assert answer.json()["data"] == {"delivery_id": 1}
        (line,) = told.call("GET", "/api/noti/job/DEMO/1/deliveries").json()["data"]
        assert line["state"] == "pending"
        assert line["next_try"] is not None

    def test_only_of_its_own_notification(self, told):
        other = told.add_notification()
        answer = told.call("PUT", f"/api/noti/job/DEMO/{other}/deliveries/1/resend")
        assert answer.json()["error_code"] == "E1007"
        (line,) = told.call("GET", "/api/noti/job/DEMO/1/deliveries").json()["data"]
        assert line["state"] == "dead"

    def test_what_is_not_there(self, told):
        assert told.call("GET", "/api/noti/job/DEMO/9/deliveries").status_code == 404
        assert told.call("PUT", "/api/noti/job/DEMO/1/deliveries/9/resend").status_code == 404
