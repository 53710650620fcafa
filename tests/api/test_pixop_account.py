"""The account calls of the video API, and the shell of the dialect: where it answers, how it fails."""

import re

import pytest
from tests.api.pixop import PASSWORD, UNKNOWN, add_person, basic, bearer

from telecine.settings import Settings

ACCOUNTS = "/pixop/accounts/v1"

USER = [
    *("id", "name", "email", "emailConfirmed", "authSignatureMethod", "authSignaturePublicKey"),
    *("authSignaturePublicKeyId", "banned", "bannedReason", "bannedDate", "apiRequestSignatureSecret"),
    *("apiRequestSignatureMethod", "dateCreated", "timeLastUpdated"),
]
TEAM = ["id", "name", "dateCreated", "timeLastUpdated"]
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@pytest.fixture
def ann(api):
    return add_person(api)


def test_an_account_is_shown_with_exactly_what_the_java_client_knows(api, ann):
    """Not with `apiRequestSignatureSethod`, as one of the document's samples has it."""
    answer = ann.call("GET", "/accounts/v1/account")
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["user", "team"]
    assert list(body["user"]) == USER
    assert list(body["team"]) == TEAM
    for thing in body.values():
        assert TIME.fullmatch(thing["dateCreated"])
        assert TIME.fullmatch(thing["timeLastUpdated"])
    assert body["user"]["dateCreated"] == api.clock().strftime("%Y-%m-%d %H:%M:%S")
    assert (body["user"]["name"], body["user"]["email"]) == ("ann", "ann@example.com")
    assert (body["user"]["emailConfirmed"], body["user"]["banned"]) == (True, False)
    secrets = [name for name in USER if "Signature" in name]
    assert {body["user"][name] for name in secrets} == {None}, "there are none yet"


def test_secrets_are_made_shown_and_replaced(api, ann):
    for call, name, more in (
        ("generate-auth-secret", "authSignaturePublicKey", {"authSignatureMethod": "HS256"}),
        ("generate-signature-secret", "apiRequestSignatureSecret", {"apiRequestSignatureMethod": "HmacSHA256"}),
    ):
        made = []
        for headers in (bearer(ann.token), ann.basic):
            answer = api.client.get(f"{ACCOUNTS}/{call}", headers=headers)
            assert answer.status_code == 200
            user = answer.json()["user"]
            assert list(user) == USER
            assert more.items() <= user.items()
            made.append(user[name])
        assert len(set(made)) == 2
        assert all(len(secret) >= 40 for secret in made)
        ann._token = ""
        assert ann.call("GET", "/accounts/v1/account").json()["user"][name] == made[1]


def test_a_secret_for_requests_ends_no_token(api, ann):
    token = ann.token
    ann.call("GET", "/accounts/v1/generate-signature-secret")
    assert api.client.get(f"{ACCOUNTS}/account", headers=bearer(token)).status_code == 200


def test_secrets_are_sealed_at_rest(api, ann):
    shown = [
        api.client.get(f"{ACCOUNTS}/{call}", headers=ann.basic).json()["user"]
        for call in ("generate-auth-secret", "generate-signature-secret")
    ][-1]
    kept = b"".join(path.read_bytes() for path in api.services.settings.data_dir.glob("telecine.db*"))
    for secret in (shown["authSignaturePublicKey"], shown["apiRequestSignatureSecret"], PASSWORD):
        assert secret
        assert secret.encode() not in kept


def test_a_new_password_ends_the_old_one_and_every_token(api, ann):
    token = ann.token
    answer = ann.call("POST", "/accounts/v1/update-password", json={"newPassword": "another good one"})
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == ann.user_id
    assert api.client.get(f"{ACCOUNTS}/token", headers=basic(ann.email, PASSWORD)).status_code == 401
    assert api.client.get(f"{ACCOUNTS}/account", headers=bearer(token)).status_code == 401
    new = basic(ann.email, "another good one")
    assert api.client.get(f"{ACCOUNTS}/token", headers=new).status_code == 200
    again = api.client.post(f"{ACCOUNTS}/update-password", headers=new, json={"newPassword": PASSWORD})
    assert again.status_code == 200


def test_a_password_that_will_not_do_changes_nothing(api, ann):
    for body in ({}, {"newPassword": None}, {"newPassword": "short"}, {"newPassword": "x" * 257}, {"newPassword": 5}):
        answer = ann.call("POST", "/accounts/v1/update-password", json=body)
        assert (answer.status_code, answer.json()["exception"]) == (400, "ValidationException")
        assert "newPassword" in answer.json()["errorMessage"]
    assert api.client.get(f"{ACCOUNTS}/token", headers=ann.basic).status_code == 200


def test_the_dialect_answers_without_its_prefix_on_its_own_hosts(api, ann):
    for host in (*Settings(_env_file=None).pixop_hosts, "API.PIXOP.COM:443"):
        headers = {"Host": host, **ann.basic}
        assert api.client.get("/accounts/v1/token", headers=headers).status_code == 200
        assert api.client.get("/pixop/accounts/v1/token", headers=headers).status_code == 200
        assert api.client.get("/videos/v1/projects", headers={"Host": host, **bearer(ann.token)}).status_code == 200
    assert api.client.get("/accounts/v1/token", headers=ann.basic).status_code == 404
    assert Settings(pixop_hosts=["v.test"], _env_file=None).pixop_hosts == ["v.test"]


def test_addresses_are_those_that_the_client_itself_calls(api, ann):
    def created(path, host, scheme="http"):
        url = f"{scheme}://{host}{path}" if host else path
        answer = api.client.put(url, headers={"Host": host or "testserver", **bearer(ann.token)}, json={})
        return {name: value for name, value in answer.json().items() if name.endswith("Url")}, answer.json()["videoId"]

    for path, host, base in (
        ("/pixop/videos/v1/video", "localhost:8787", "http://localhost:8787/pixop"),
        ("/videos/v1/video", "staging-api.pixop.com:9443", "http://staging-api.pixop.com:9443"),
        ("/pixop/videos/v1/video", "api.pixop.com", "http://api.pixop.com/pixop"),
        ("/pixop/videos/v1/video", "[::1]:80", "http://[::1]:80/pixop"),
        ("/pixop/videos/v1/video", "evil;$(x)", "http://127.0.0.1:8787/pixop"),
    ):
        urls, video_id = created(path, host if ";" not in host else "")
        if ";" in host:
            answer = api.client.put(path, headers={"Host": host, **bearer(ann.token)}, json={})
            video_id = answer.json()["videoId"]
            urls = {name: value for name, value in answer.json().items() if name.endswith("Url")}
        assert urls == {
            "uploadMediaUrl": f"{base}/media/v1/upload/{video_id}",
            "uploadLightMediaUrl": f"{base}/media/v1/upload/light/{video_id}",
            "processVideoUrl": f"{base}/videos/v1/process-video/{video_id}",
        }
        assert not set("&;$'\"() ") & set("".join(urls.values())), "clients expand them in a shell"


def test_addresses_have_the_scheme_of_the_public_url(make_api):
    api = make_api(public_url="https://video.example.com")
    ann = add_person(api)
    for host, begin in (("video.example.com", "https://video.example.com/"), ("other", "http://other/")):
        answer = api.client.put("/pixop/videos/v1/video", headers={"Host": host, **bearer(ann.token)}, json={})
        assert answer.json()["processVideoUrl"].startswith(begin)


def test_no_route_answers_without_proof_of_who_calls(api):
    """Every route of the dialect, whoever wrote it, from OpenAPI."""
    described = api.app.openapi()["paths"]
    routes = [(method, path) for path, known in described.items() if path.startswith("/pixop/") for method in known]
    assert len(routes) >= 15
    for method, path in routes:
        filled = re.sub(r"{(\w+)}", UNKNOWN, path)
        for headers in ({}, bearer("x"), basic("nobody@example.com")):
            assert api.client.request(method, filled, headers=headers).status_code in (401, 429), (method, path)


def test_every_failure_is_in_the_envelope(api, ann):
    def failed(method, path, status, exception, **more):
        answer = ann.call(method, path, **more)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["exception"] == exception
        assert list(answer.json()) == ["exception", "errorMessage"]

    failed("GET", "/videos/v1/nothing", 404, "NotFoundException")
    failed("PATCH", "/videos/v1/project", 405, "MethodNotAllowedException")
    failed("PUT", "/videos/v1/project", 400, "ValidationException", content=b"{")
    failed("PUT", "/videos/v1/project", 400, "ValidationException", content=b"[]")
    failed("PUT", "/videos/v1/project", 400, "ValidationException", content=b'{"name": NaN}')
    big = b'{"name": "' + b"x" * 2_000_001 + b'"}'
    failed("PUT", "/videos/v1/project", 413, "ContentTooLargeException", content=big)


def test_a_fault_of_ours_is_in_the_envelope_too(api, ann, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret")

    monkeypatch.setattr("telecine.catalog.projects.page", broken)
    answer = ann.call("GET", "/videos/v1/projects")
    assert (answer.status_code, answer.json()["exception"]) == (500, "InternalServerException")
    assert "secret" not in answer.text
