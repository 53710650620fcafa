"""Thousands of odd requests made from the OpenAPI description: no fault of ours, and every answer as described."""

import json
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks as openapi_checks
from tests.api.conftest import new_api, plain_job
from tests.api.dwm import add_job, call, prepare_for
from tests.api.packaging import sealed, send
from tests.marked import add_title

from telecine.apis.dwm import samples as dwm_samples
from telecine.apis.packaging import samples as packaging_samples
from telecine.apis.pri import samples as pri_samples
from telecine.apis.tnp import samples

CHECKS = [
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]
BOUNDED = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def filled(app, tmp_path_factory, migrated):
    """An application with one of everything."""
    api = new_api(app, tmp_path_factory.mktemp("fuzz"), migrated)
    request = plain_job()
    request["output"]["job_noti_id"] = api.add_notification(queued=True)
    job_id = api.add_job(request)
    with api.database.write() as s:
        add_title(s, job_id, content_id=samples.DETECTION["content_id"])
        add_title(s, job_id, content_id=packaging_samples.SESSION_URL["cid"]).output_path = "packaged"
    assert api.call("POST", "/api/detect/DEMO", json=samples.DETECTION).status_code == 200
    prepare_for(api, add_job(api, "test", "distributor_1"))
    assert call(api, "POST", "/api/detect/DEMO", json=dwm_samples.DETECTION).status_code == 200
    api.ready_for_pri()
    assert api.pri("POST", json=pri_samples.CREATE).status_code == 201
    yield api
    api.database.close()


def at_loopback(app):
    """`app` as a program on its own machine calls it."""

    async def local(scope, receive, send):
        await app({**scope, "client": ("127.0.0.1", 50000)} if scope["type"] == "http" else scope, receive, send)

    return local


@pytest.fixture(scope="module")
def described(filled):
    return schemathesis.openapi.from_asgi("/openapi.json", at_loopback(filled.app))


KNOWN = {
    "id": "ltcu_eventp1",
    "siteId": "DEMO",
    "jobId": 1,
    "storageId": "input-storage-id",
    "notiId": 1,
    "deliveryId": 1,
    "detectionId": 1,
    "dwmId": 1,
}
OF_DWM = {"jobId": 2, "detectionId": 2}
PARTS = [
    *("token", "setting", "job", "recipient", "storage", "notification", "detection", "session", "revocation"),
    *("Operations", "packaged assets", "Licence"),
]


def operations_of(described):
    """Everything but the video API, whose people and answers are others: see `test_pixop_fuzz.py`."""
    found = [one.ok() for one in described.get_all_operations()]
    return [operation for operation in found if not operation.path.startswith("/pixop/")]


def each(described, part, probe):
    """Run `probe(case)` for many cases of every operation of this part of the API."""
    wanted = [operation for operation in operations_of(described) if operation.tags[0].endswith(part)]
    assert wanted
    for operation in wanted:
        good, bad = (operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE))
        BOUNDED(given(good | bad)(probe))()


def check(case, response):
    assert response.status_code < 500 or response.status_code == 501, response.text
    case.validate_response(response, checks=CHECKS)
    if case.path.startswith(("/tnp/", "/dwm/")) and response.headers.get("content-type") != "image/png":
        body = response.json()
        assert list(body)[:2] == ["error_code", "error_message"]
        assert (body["error_code"] == "0000") == (response.status_code == 200)
    if case.path.startswith("/packaging/"):
        assert (response.json()["error_code"] == "0000") == (response.status_code == 200)
    if case.path.startswith("/pri/") and response.status_code >= 400:
        assert response.json()["statusCode"] == str(response.status_code)
    if case.path.startswith("/licence/") and response.status_code != 200:
        assert list(response.json()) == ["error", "field", "message", "cure"]


def test_every_part_is_tried(described):
    tags = {operation.tags[0] for operation in operations_of(described)}
    assert {
        tag.removeprefix("T&P: ").removeprefix("PRI: ").removeprefix("Packaging: ").removeprefix("DWM: ")
        for tag in tags
    } == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_a_caller_with_a_token_and_ids_that_exist(described, filled, part):
    def probe(case):
        known = KNOWN | (OF_DWM if case.path.startswith("/dwm/") else {})
        case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
        check(case, case.call(headers=headers))

    basic, playback = filled.basic(), {"Authorization": filled.playback_token()}
    others = {"token": basic, "packaged assets": basic, "Licence": playback}
    headers = others.get(part, {"Authorization": filled.token_once()})

    each(described, part, probe)


@pytest.mark.parametrize("part", PARTS)
def test_a_stranger_with_ids_of_his_own(described, part):
    each(described, part, lambda case: check(case, case.call()))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


def like(sample):
    """JSON like `sample`, some of it left out, some of it replaced by anything."""
    if isinstance(sample, dict):
        kept = st.fixed_dictionaries({}, optional={name: like(value) for name, value in sample.items()})
    elif isinstance(sample, list):
        kept = st.lists(st.one_of([like(value) for value in sample]), max_size=4)
    else:
        kept = st.sampled_from([sample, sample, "", str(sample).upper()])
    return kept | kept | kept | ANYTHING


REQUESTS = {
    ("POST", "storage"): packaging_samples.STORAGE_REGISTER,
    ("PUT", "storage"): packaging_samples.STORAGE_UPDATE | {"storage_id": "input-storage-id"},
    ("GET", "storage"): packaging_samples.STORAGE_LIST,
    ("POST", "pack"): packaging_samples.JOB_REGISTER,
    ("GET", "pack"): packaging_samples.JOB_LIST,
    ("GET", "session/watermarkUrl"): packaging_samples.SESSION_URL,
    ("POST", "session/watermarkUrl/akamai"): packaging_samples.SESSION_AKAMAI,
    ("GET", "session/watermarkData"): packaging_samples.SESSION_DATA,
    ("GET", "session/list"): packaging_samples.SESSION_LIST,
    ("POST", "session/revoke"): packaging_samples.SESSION_REVOKE,
}


@pytest.mark.parametrize(("method", "what"), REQUESTS)
def test_packaging_requests_like_those_of_the_document(filled, method, what):
    """Schemathesis cannot encrypt, so what is inside an envelope is tried here."""
    filled.bucket(packaging_samples.STORAGE_REGISTER["aws_bucket"])
    statuses = set()

    @settings(BOUNDED, max_examples=150)
    @given(like(REQUESTS[method, what]))
    def probe(plain):
        answer = send(filled, method, what, quote(sealed(filled, json.dumps(plain))))
        assert answer.status_code < 500, answer.text
        assert (answer.json()["error_code"] == "0000") == (answer.status_code == 200)
        assert answer.json()["error_message"]
        statuses.add(answer.status_code)

    probe()
    listing = method == "GET" and "watermark" not in what
    assert statuses >= ({200, 400} if listing else {400})
