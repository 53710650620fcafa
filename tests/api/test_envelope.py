"""Whatever goes wrong, the answer is JSON in the envelope, says what and how to mend it, and gives nothing away."""

import json
import re

import pytest
from fastapi.testclient import TestClient
from tests.api.conftest import plain_job

from telecine.apis.envelope import Answer
from telecine.apis.tnp import samples
from telecine.core.errors import ErrorKind
from telecine.core.tnp_codes import ERROR_CODES

JOB = "/tnp/api/job/DEMO"


def assert_envelope(answer, status, kind):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    body = answer.json()
    assert list(body)[:2] == ["error_code", "error_message"]
    assert body["error_code"] == ERROR_CODES[kind]
    assert body["error_message"]
    assert set(body) <= {"error_code", "error_message", "data"}


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/tnp", "/tnp/", "/tnp/api/nope/DEMO", "/tnp/api/job/DEMO/", "/%00", "/é"]
)
def test_an_unknown_path(api, path):
    assert_envelope(api.client.get(path), 404, ErrorKind.NOT_FOUND)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/api/job/DEMO", "GET, POST"),
        ("DELETE", "/api/job/DEMO/1", "GET"),
        ("GET", "/api/job/DEMO/1/stop", "PUT"),
        ("POST", "/api/setting/DEMO", "GET, PUT"),
        ("PUT", "/api/token/DEMO", "GET, POST"),
        ("PUT", "/api/storage/DEMO", "DELETE, GET, POST"),
        ("POST", "/api/noti/job/DEMO/1", "DELETE, PUT"),
        ("OPTIONS", "/api/job/DEMO", "GET, POST"),
        ("TRACE", "/api/job/DEMO", "GET, POST"),
        ("BREW", "/api/job/DEMO", "GET, POST"),
    ],
)
def test_a_method_that_the_path_does_not_know(api, method, path, allowed):
    answer = api.call(method, path)
    assert_envelope(answer, 405, ErrorKind.METHOD_NOT_ALLOWED)
    assert answer.headers["allow"] == allowed


def test_head_is_not_among_the_documented_methods(api):
    assert api.call("HEAD", "/api/job/DEMO").status_code == 405


class TestBodies:
    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "application/json;charset=UTF-8",
            "application/json; charset=utf-8",
            'Application/JSON; charset="utf-8"; x=y',
            "application/json;charset=ISO-8859-1",
            "application/vnd.telecine+json",
            None,
        ],
    )
    def test_json_by_whatever_name(self, api, content_type):
        headers = {} if content_type is None else {"Content-Type": content_type}
        answer = api.call("PUT", "/api/setting/DEMO", content=json.dumps({"region": "RG004"}), headers=headers)
        assert answer.status_code == 200, answer.text

    @pytest.mark.parametrize(
        "content_type",
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense", "text/json"],
    )
    def test_other_content_types(self, api, content_type):
        headers = {"Content-Type": content_type}
        answer = api.call("PUT", "/api/setting/DEMO", content=b'{"region": "RG004"}', headers=headers)
        assert_envelope(answer, 400, ErrorKind.BODY_NOT_JSON)

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"null", b'"x"', b'{"a": NaN}', b"\xff\xfe\xfd", b'{"a": "\\ud800"}', b"[" * 50_000]
    )
    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "job"), ("POST", "storage"), ("PUT", "setting"), ("POST", "noti/job")]
    )
    def test_what_is_no_json_object(self, api, body, method, path):
        answer = api.call(method, f"/api/{path}/DEMO", content=body, headers={"Content-Type": "application/json"})
        assert_envelope(answer, 400, ErrorKind.BODY_NOT_JSON)

    def test_a_body_in_the_charset_that_it_names(self, api):
        body = json.dumps(plain_job(job_name="café"), ensure_ascii=False).encode("iso-8859-1")
        for io_type in ("input", "output"):
            api.add_storage(samples.JOB_CREATE[io_type]["storage_id"], io_type)
        headers = {"Content-Type": "application/json;charset=ISO-8859-1"}
        assert api.call("POST", "/api/job/DEMO", content=body, headers=headers).status_code == 200
        assert api.call("GET", "/api/job/DEMO").json()["data"][0]["job_name"] == "café"

    def test_too_large_by_what_it_declares_and_by_what_comes(self, make_api):
        api = make_api(body_bytes=1000)
        headers = {"Content-Type": "application/json"}
        declared = api.call("POST", "/api/job/DEMO", content=b"{" + b" " * 1000 + b"}", headers=headers)
        assert_envelope(declared, 413, ErrorKind.BODY_TOO_LARGE)
        streamed = api.call("POST", "/api/job/DEMO", content=iter([b"{", b" " * 999, b"}"]), headers=headers)
        assert_envelope(streamed, 413, ErrorKind.BODY_TOO_LARGE)
        just_fits = b'{"region": "RG004"' + b" " * 981 + b"}"
        assert len(just_fits) == 1000
        assert api.call("PUT", "/api/setting/DEMO", content=just_fits, headers=headers).status_code == 200

    def test_a_body_where_none_is_read_does_no_harm(self, api):
        job_id = api.add_job()
        answer = api.call("PUT", f"/api/job/DEMO/{job_id}/stop", content=b"{nonsense", headers={"Content-Type": "x/y"})
        assert answer.status_code == 200


class TestFaultsOfOurOwn:
    @pytest.fixture
    def broken(self, api, monkeypatch):
        def burst(*_, **__):
            raise RuntimeError("secret inside: sesame-open")

        monkeypatch.setattr("telecine.catalog.jobs.get", burst)
        return api

    def test_it_says_nothing_and_gives_a_number_that_is_in_the_log(self, broken, capsys):
        client = TestClient(broken.app, raise_server_exceptions=False)
        answer = client.get(f"{JOB}/1", headers={"Authorization": broken.token()})
        assert_envelope(answer, 500, ErrorKind.INTERNAL)
        assert "sesame" not in answer.text
        number = re.search(r"number is (\w{12})", answer.text)[1]
        assert number in capsys.readouterr().out

    def test_it_is_counted_as_500(self, broken):
        TestClient(broken.app).get(f"{JOB}/1", headers={"Authorization": broken.token()})
        assert 'route="/tnp/api/job/{siteId}/{jobId}",status="500"} 1.0' in broken.client.get("/metrics").text

    def test_a_database_that_is_gone(self, api):
        token = api.token()
        with api.database.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE account")
        assert_envelope(api.client.get(JOB, headers={"Authorization": token}), 500, ErrorKind.INTERNAL)


class TestSecretsInLogs:
    def test_no_credential_reaches_the_log(self, api, capsys):
        api.bucket("watermark-input-seoul")
        api.call("POST", "/api/storage/DEMO", json=samples.STORAGE_CREATE)
        api.call("POST", "/api/storage/DEMO", json=samples.STORAGE_CREATE | {"aws_bucket": "nowhere"})
        api.call("POST", "/api/noti/job/DEMO", json=samples.NOTIFICATION)
        api.client.get("/tnp/api/token/DEMO", headers={"Authorization": "Basic c29tZW9uZTpsZXQtbWUtaW4="})
        api.client.get(f"{JOB}?token=in-the-query", headers={"Authorization": "Bearer x.y.z"})
        log = capsys.readouterr()
        secrets = [samples.STORAGE_CREATE["secret_key"], samples.NOTIFICATION["aws_access"]["secret_key"]]
        secrets += [api.keys["DEMO"], api.token().split(" ")[1], "let-me-in", "c29tZW9uZ", "in-the-query", "x.y.z"]
        for secret in secrets:
            assert secret not in log.out + log.err


class TestHosts:
    @pytest.mark.parametrize("host", ["tnp.pallycon.com", "TNP.doverunner.com", "tnp.example.com:8787"])
    def test_without_the_prefix_on_the_documents_own_host_names(self, api, host):
        answer = api.client.get("/api/token/DEMO", headers=api.basic() | {"Host": host})
        assert answer.json()["error_code"] == "0000"
        token = answer.json()["data"]["token"]
        assert api.client.get("/api/job/DEMO", headers={"Authorization": token, "Host": host}).status_code == 200

    def test_with_the_prefix_there_too(self, api):
        headers = api.basic() | {"Host": "tnp.pallycon.com"}
        assert api.client.get("/tnp/api/token/DEMO", headers=headers).status_code == 200

    def test_not_on_other_hosts(self, api):
        assert_envelope(api.client.get("/api/token/DEMO", headers=api.basic()), 404, ErrorKind.NOT_FOUND)

    def test_failures_there_are_in_the_envelope(self, api):
        host = {"Host": "tnp.pallycon.com"}
        assert_envelope(api.client.get("/api/nope", headers=host), 404, ErrorKind.NOT_FOUND)
        assert_envelope(api.client.patch("/api/job/DEMO", headers=host), 405, ErrorKind.METHOD_NOT_ALLOWED)
        assert_envelope(api.client.get("/api/job/DEMO", headers=host), 401, ErrorKind.TOKEN_INVALID)

    def test_a_fault_of_ours_there_too(self, api, monkeypatch):
        monkeypatch.setattr("telecine.catalog.jobs.get", None)
        headers = {"Host": "tnp.pallycon.com", "Authorization": api.token()}
        assert_envelope(api.client.get("/api/job/DEMO/1", headers=headers), 500, ErrorKind.INTERNAL)


def test_an_answer_is_compact_utf_8_in_its_own_order():
    answer = Answer({"z": "영화", "a": [1.5, True, None, float("nan"), 2**70], "": {}})
    assert answer.body.decode() == f'{{"z":"영화","a":[1.5,true,null,null,{2**70}],"":{{}}}}'
