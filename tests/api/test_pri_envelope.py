"""What the PRI API answers to odd headers, methods, paths and bodies, and in trouble of our own."""

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError
from tests.api.pri import fields_of

from telecine.apis.pri import samples
from telecine.catalog import jobs, packaged_assets


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
