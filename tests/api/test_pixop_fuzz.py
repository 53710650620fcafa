"""Thousands of odd requests to the video API, made from its OpenAPI description: no fault of ours, and every answer as
described. Whatever route the dialect gets is tried.
"""

import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis import GenerationMode
from tests.api.conftest import new_api
from tests.api.pixop import add_person
from tests.api.test_fuzz import BOUNDED, CHECKS, at_loopback

from telecine.catalog import users

NOT_JSON = ("/upload", "/download/", "/tus")
"""Routes whose requests or answers are no JSON; they have tests of their own."""


@pytest.fixture(scope="module")
def ann(app, tmp_path_factory, migrated):
    """Somebody with one of everything."""
    api = new_api(app, tmp_path_factory.mktemp("pixop"), migrated)
    person = add_person(api)
    person.project_id, person.video_id = person.add_project(), person.add_video()
    person.upload(person.video_id)
    yield person
    api.database.close()


@pytest.fixture(scope="module")
def operations(ann):
    described = schemathesis.openapi.from_asgi("/openapi.json", at_loopback(ann.api.app))
    found = [one.ok() for one in described.get_all_operations()]
    ours = [one for one in found if one.path.startswith("/pixop/") and not any(part in one.path for part in NOT_JSON)]
    assert {one.tags[0] for one in ours} >= {"Pixop: account", "Pixop: project", "Pixop: video"}
    return ours


def tried(operations, probe):
    for operation in operations:
        good, bad = (operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE))
        settings(BOUNDED, max_examples=10)(given(good | bad)(probe))()


def check(case, response):
    assert response.status_code < 500, response.text
    case.validate_response(response, checks=CHECKS)
    body = response.json()
    if response.status_code != 200:
        assert list(body) == ["exception", "errorMessage"]
        assert body["errorMessage"]


def test_a_user_with_ids_that_exist(operations, ann):
    def probe(case):
        known = {"projectId": ann.project_id, "videoId": ann.video_id}
        case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
        check(case, case.call(headers=token))
        if "/accounts/" in case.path:
            with ann.api.database.write() as s:  # the token is to outlive what was changed
                users.must_find(s, ann.user_id).token_version = 1

    token = {"Authorization": f"Bearer {ann.token}"}
    gone = [one for one in operations if one.method.upper() == "DELETE"]
    tried([one for one in operations if one not in gone] + gone, probe)


def test_a_stranger_with_ids_of_his_own(operations):
    tried(operations, lambda case: check(case, case.call()))
