"""Thousands of odd requests made from the OpenAPI description: no fault of ours, and every answer as described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks as openapi_checks
from tests.api.conftest import new_api, plain_job

from telecine.apis.pri import samples as pri_samples

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
    api.add_job(request)
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
}
PARTS = ["token", "setting", "job", "storage", "notification", "Operations", "packaged assets", "Licence"]


def each(described, part, probe):
    """Run `probe(case)` for many cases of every operation of this part of the API."""
    operations = [found.ok() for found in described.get_all_operations()]
    wanted = [operation for operation in operations if operation.tags[0].endswith(part)]
    assert wanted
    for operation in wanted:
        good, bad = (operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE))
        BOUNDED(given(good | bad)(probe))()


def check(case, response):
    assert response.status_code < 500 or response.status_code == 501, response.text
    case.validate_response(response, checks=CHECKS)
    if case.path.startswith("/tnp/"):
        body = response.json()
        assert list(body)[:2] == ["error_code", "error_message"]
        assert (body["error_code"] == "0000") == (response.status_code == 200)
    if case.path.startswith("/pri/") and response.status_code >= 400:
        assert response.json()["statusCode"] == str(response.status_code)
    if case.path.startswith("/licence/") and response.status_code != 200:
        assert list(response.json()) == ["error", "field", "message", "cure"]


def test_every_part_is_tried(described):
    tags = {found.ok().tags[0] for found in described.get_all_operations()}
    assert {tag.removeprefix("T&P: ").removeprefix("PRI: ") for tag in tags} == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_a_caller_with_a_token_and_ids_that_exist(described, filled, part):
    def probe(case):
        case.path_parameters = {name: KNOWN[name] for name in case.path_parameters or {}}
        check(case, case.call(headers=headers))

    basic, playback = filled.basic(), {"Authorization": filled.playback_token()}
    others = {"token": basic, "packaged assets": basic, "Licence": playback}
    headers = others.get(part, {"Authorization": filled.token_once()})

    each(described, part, probe)


@pytest.mark.parametrize("part", PARTS)
def test_a_stranger_with_ids_of_his_own(described, part):
    each(described, part, lambda case: check(case, case.call()))
