"""The DWM dialect as a whole: token, hosts, envelope, and that no site reaches what another has."""

import re

import pytest
from tests.api.conftest import EMAIL
from tests.api.dwm import add_job, call, prepare_for, request

from telecine.apis.dwm import samples
from telecine.catalog.distribution_models import CopyTask, Recipient
from telecine.catalog.models import Job
from telecine.settings import Settings

BODIES = {
    ("post", "/dwm/api/job/{siteId}"): request(),
    ("post", "/dwm/api/recipient/{siteId}"): samples.RECIPIENT_REGISTER,
    ("put", "/dwm/api/recipient/{siteId}/{dwmId}"): samples.RECIPIENT_MODIFY,
}


class TestToken:
    def test_the_documents_sample(self, api):
        answer = api.client.get("/api/token/DEMO", headers=api.basic(scheme="basic") | {"Host": "dwm.pallycon.com"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json;charset=UTF-8"
        assert list(answer.json()) == ["error_code", "error_message", "data"]
        assert answer.json()["data"]["token"].startswith("Bearer ")

    def test_it_opens_this_api_and_the_other_one(self, api):
        token = api.client.get("/dwm/api/token/DEMO", headers=api.basic()).json()["data"]["token"]
        for path in ("/dwm/api/job/DEMO", "/tnp/api/job/DEMO"):
            assert api.client.get(path, headers={"Authorization": token}).json()["error_code"] == "0000"

    def test_without_the_right_key_there_is_none(self, api):
        api.keys["BAD"] = "wrong"
        answer = api.client.get("/dwm/api/token/DEMO", headers=api.basic("BAD", EMAIL))
        assert (answer.status_code, answer.json()["error_code"]) == (401, "DW2001")

    def test_an_expired_one_is_refused(self, api):
        token = api.token()
        api.clock.turn(3601)
        answer = api.client.get("/dwm/api/job/DEMO", headers={"Authorization": token})
        assert (answer.status_code, answer.json()["error_code"]) == (401, "DW2003")


class TestHosts:
    @pytest.mark.parametrize("host", ["dwm.pallycon.com", "DWM.doverunner.com:8443", "dwm.example.com"])
    def test_its_own_hosts_need_no_prefix(self, api, host):
        headers = {"Authorization": api.token(), "Host": host}
        assert api.client.get("/api/recipient/DEMO", headers=headers).json()["total_count"] == 0

    def test_the_operator_may_choose_them(self, make_api):
        assert Settings(dwm_hosts=["d.test"], _env_file=None).dwm_hosts == ["d.test"]


class TestEnvelope:
    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("GET", "/dwm/api/nothing", 404, "DW1007"),
            ("PATCH", "/dwm/api/job/DEMO", 405, "DW1008"),
            ("POST", "/dwm/copy/a/b", 405, "DW1008"),
            ("GET", "/dwm/copy/a/b", 403, "DW7003"),
        ],
    )
    def test_failures_are_json_in_the_codes_of_this_api(self, api, method, path, status, code):
        answer = api.client.request(method, path)
        assert (answer.status_code, answer.json()["error_code"]) == (status, code)

    def test_a_body_that_is_no_json(self, api):
        answer = call(api, "POST", "/api/recipient/DEMO", content=b"{", headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "DW1004")


class TestTenancy:
    @pytest.fixture
    def two(self, api):
        """DEMO has one of everything, EVIL has nothing."""
        prepare_for(api, add_job(api, "test"))
        api.add_site("EVIL")
        return api

    def routes(self, app):
        described = app.openapi()["paths"]
        return [(method, path) for path, known in described.items() for method in known if path.startswith("/dwm/")]

    def call(self, api, method, path, site_id, token):
        ids = {"siteId": site_id, "jobId": "1", "dwmId": "1", "detectionId": "1"}
        body = BODIES.get((method, path))
        at = re.sub(r"{(\w+)}", lambda match: ids[match[1]], path)
        headers = {} if token is None else {"Authorization": token}
        return api.client.request(method, at, headers=headers, **({"json": body} if body else {}))

    def everything(self, api):
        with api.database.read() as s:
            return [
                [(row.id, row.site_id, row.name, row.description) for row in s.query(Recipient)],
                [(row.id, row.site_id, row.state, row.attempt) for row in s.query(Job)],
                [(row.job_id, row.recipient_id, row.state) for row in s.query(CopyTask)],
            ]

    def behind_a_token(self, app):
        return [route for route in self.routes(app) if route[1] != "/dwm/api/token/{siteId}"]

    def test_without_a_token_every_route_answers_401_and_nothing_changes(self, two):
        before = self.everything(two)
        for method, path in self.behind_a_token(two.app):
            answer = self.call(two, method, path, "DEMO", None)
            assert (answer.status_code, answer.json()["error_code"]) == (401, "DW2002"), (method, path)
        assert self.everything(two) == before

    def test_with_the_token_of_another_site_every_route_answers_403_and_nothing_changes(self, two):
        before, token = self.everything(two), two.token("EVIL")
        for method, path in self.behind_a_token(two.app):
            answer = self.call(two, method, path, "DEMO", token)
            assert (answer.status_code, answer.json()["error_code"]) == (403, "DW2004"), (method, path)
        assert self.everything(two) == before

    def test_under_its_own_site_nobody_reaches_what_another_site_has(self, two):
        before, token = self.everything(two), two.token("EVIL")
        named = [(method, path) for method, path in self.routes(two.app) if path.count("{") > 1]
        assert len(named) >= 8
        for method, path in named:
            answer = self.call(two, method, path, "EVIL", token)
            assert (answer.status_code, answer.json()["error_code"]) == (404, "DW1007"), (method, path)
        for path in ("job", "recipient"):
            body = call(two, "GET", f"/api/{path}/EVIL", "EVIL").json()
            assert (body["total_count"], body["data"]) == (0, [])
        assert self.everything(two) == before

    def test_a_job_cannot_use_what_another_site_has(self, two):
        for recipients in (["test"], [1]):
            answer = call(two, "POST", "/api/job/EVIL", "EVIL", json=request(recipients=recipients))
            fields = [fault["field"] for fault in answer.json()["data"]["errors"]]
            assert fields == ["input.storage_id", "output.storage_id", "recipients[0]"]
