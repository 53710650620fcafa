"""No route shows or changes anything of another site, and none answers without a token. Every route, from OpenAPI."""

import re

import pytest
from tests.api.conftest import plain_job
from tests.marked import add_title

from telecine.apis.tnp import samples
from telecine.catalog.mark_models import Detection
from telecine.catalog.models import Delivery, Job, Notification, Storage

OPEN = {"/health/live", "/health/ready", "/metrics", "/tnp/api/token/{siteId}"}
_OTHERS = ("/pri/", "/licence/", "/packaging/", "/dwm/", "/pixop/")
BODIES = {
    ("put", "/tnp/api/setting/{siteId}"): samples.SETTING_UPDATE,
    ("post", "/tnp/api/job/{siteId}"): plain_job(),
    ("post", "/tnp/api/storage/{siteId}"): samples.STORAGE_CREATE,
    ("put", "/tnp/api/storage/{siteId}/{storageId}"): samples.STORAGE_UPDATE,
    ("delete", "/tnp/api/storage/{siteId}"): {"storage_ids": ["input-storage-id"]},
    ("post", "/tnp/api/detect/{siteId}"): samples.DETECTION,
    ("post", "/tnp/api/noti/job/{siteId}"): samples.NOTIFICATION,
    ("put", "/tnp/api/noti/job/{siteId}/{notiId}"): samples.NOTIFICATION,
}


@pytest.fixture
def two(api):
    """DEMO has one of everything, EVIL has nothing."""
    request = plain_job()
    request["output"]["job_noti_id"] = api.add_notification(queued=True)
    job_id = api.add_job(request)
    with api.database.write() as s:
        add_title(s, job_id, content_id=samples.DETECTION["content_id"])
    sent = {**samples.DETECTION, "noti_id": None}
    assert api.call("POST", "/api/detect/DEMO", json=sent).status_code == 200
    api.bucket("watermark-input-seoul")
    api.add_site("EVIL")
    return api


def routes(app):
    """Every route behind a token; the other APIs have tests of their own for it."""
    described = app.openapi()["paths"].items()
    return [(method, path) for path, known in described if not path.startswith(_OTHERS) for method in known]


def filled(path, site_id):
    """`path` with `site_id` and the ids of what DEMO has."""
    ids = {
        "siteId": site_id,
        "jobId": "1",
        "storageId": "input-storage-id",
        "notiId": "1",
        "deliveryId": "1",
        "detectionId": "1",
    }
    return re.sub(r"{(\w+)}", lambda match: ids[match[1]], path)


def everything(api):
    """What the database holds of the site DEMO, without times."""
    with api.database.read() as s:
        return [
            [(row.job_id, row.state, row.attempts) for row in s.query(Delivery)],
            [(row.id, row.site_id, row.state, row.title) for row in s.query(Detection)],
            [(row.id, row.site_id, row.state, row.attempt) for row in s.query(Job)],
            [(row.id, row.site_id, row.noti_name, row.url_end_point) for row in s.query(Notification)],
            [(row.storage_id, row.site_id, row.aws_bucket) for row in s.query(Storage).order_by(Storage.storage_id)],
        ]


def call(api, method, path, token, body):
    headers = {} if token is None else {"Authorization": token}
    return api.client.request(method, path, headers=headers, **({"json": body} if body else {}))


def test_the_list_of_bodies_is_complete(two):
    described = two.app.openapi()["paths"]
    with_body = {(method, path) for method, path in routes(two.app) if "requestBody" in described[path][method]}
    assert with_body == set(BODIES)


def test_without_a_token_every_route_answers_401_and_nothing_changes(two):
    before = everything(two)
    for method, path in routes(two.app):
        if path not in OPEN:
            for token in (None, "Bearer x", two.token()[:-3] + "abc"):
                answer = call(two, method, filled(path, "DEMO"), token, BODIES.get((method, path)))
                assert (answer.status_code, answer.json()["error_code"]) == (401, "E2002"), (method, path)
    assert everything(two) == before


def test_with_the_token_of_another_site_every_route_answers_403_and_nothing_changes(two):
    before = everything(two)
    token = two.token("EVIL")
    for method, path in routes(two.app):
        if path not in OPEN:
            answer = call(two, method, filled(path, "DEMO"), token, BODIES.get((method, path)))
            assert (answer.status_code, answer.json()["error_code"]) == (403, "E2004"), (method, path)
    assert everything(two) == before


def test_under_its_own_site_nobody_reaches_what_another_site_has(two):
    before = everything(two)
    token = two.token("EVIL")
    for method, path in routes(two.app):
        # A token may make things of its own; whatever names a thing of DEMO must find nothing.
        if path.count("{") > 1 or (method, path) == ("delete", "/tnp/api/storage/{siteId}"):
            answer = call(two, method, filled(path, "EVIL"), token, BODIES.get((method, path)))
            assert (answer.status_code, answer.json()["error_code"]) == (404, "E1007"), (method, path)
            assert "DEMO" not in answer.text
    assert everything(two) == before


def test_lists_hold_the_sites_own_only(two):
    token = two.token("EVIL")
    for path in ("job", "storage", "noti/job", "detect"):
        body = call(two, "get", f"/tnp/api/{path}/EVIL", token, None).json()
        assert (body["total_count"], body["data"]) == (0, [])


def test_a_job_cannot_use_what_another_site_has(two):
    request = plain_job(job_noti_id=1)
    errors = call(two, "post", "/tnp/api/job/EVIL", two.token("EVIL"), request).json()["data"]["errors"]
    assert [error["field"] for error in errors] == ["input.storage_id", "output.storage_id", "job_noti_id"]
