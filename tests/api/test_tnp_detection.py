"""Detections through the T&P API: who may ask what, and how little an answer tells that names nobody."""

import json

import pytest
from tests.api.conftest import Api
from tests.marked import add_title

from telecine.apis.tnp import samples
from telecine.catalog import detections
from telecine.catalog.detections import Told
from telecine.core.detection_codes import DetectionState

NAMED = {
    "outcome": "named",
    "accused": [
        {
            "session": "ab" * 16, "forensic_mark": "viewer 7", "payload": "50b658ee13e133", "code": "delivery",
            "method": "alone", "log10_p": -16.9, "log10_bound": -10.8, "strength": "evidence", "agreeing": 80,
            "compared": 80,
        }
    ],
    "population": 1000, "codes": ["delivery"], "limit": 1e-6, "positions": 80, "positions_of_title": 300,
    "seconds": 160.0, "median_z": 9.1, "log10_best_bound": -10.8, "delivery": None, "objections": [], "z": [9.0, None],
}  # fmt: skip
NOT_ENOUGH = NAMED | {"outcome": "not_enough", "accused": [], "log10_best_bound": -1.2, "positions": 9}


@pytest.fixture
def marked(api: Api) -> Api:
    """DEMO with a storage for input and a marked title `test-cid`."""
    job_id = api.add_job()
    with api.database.write() as s:
        add_title(s, job_id, content_id="test-cid")
    return api


def body(**changes):
    sent = json.loads(json.dumps(samples.DETECTION))
    del sent["noti_id"]
    return sent | changes


def ask(api: Api, **changes) -> int:
    answer = api.call("POST", "/api/detect/DEMO", json=body(**changes))
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["detection_id"]


def detail(api: Api, detection_id: int):
    answer = api.call("GET", f"/api/detect/DEMO/{detection_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def finish(api: Api, detection_id: int, state: DetectionState, result=None):
    with api.database.write() as s:
        detections.begin(s, detection_id, 1, api.clock())
        if result:
            detections.keep_result(s, detection_id, 1, result, b"\x89PNG picture")
        detections.finish(s, detection_id, 1, state, now=api.clock(), told=[Told("viewer 7")])


def test_a_detection_is_asked_for_and_waits(marked: Api):
    detection_id = ask(marked)
    found = detail(marked, detection_id)
    assert (found["detection_status"], found["status"], found["progress"]) == ("FD001", "ready", 0)
    assert found["input"] == {"storage_id": "input-storage-id", "path": "leaks/clip.mp4"}
    assert (found["content_id"], found["title"], found["limit"]) == ("test-cid", "Found on 24 November", 1e-6)
    assert found["result"] is None
    assert marked.call("GET", f"/api/detect/DEMO/{detection_id}/evidence.png").status_code == 404


def test_the_query_of_an_address_is_never_shown(marked: Api):
    url = "https://93.184.216.34/clip.mp4?signature=sesame"
    detection_id = ask(marked, input={"url": url})
    assert "sesame" not in json.dumps(detail(marked, detection_id))
    assert detail(marked, detection_id)["input"] == {"url": "https://93.184.216.34/clip.mp4"}


def test_who_is_named_is_shown_with_how_sure_that_is(marked: Api):
    detection_id = ask(marked)
    finish(marked, detection_id, DetectionState.COMPLETE, NAMED)
    found = detail(marked, detection_id)
    assert (found["detection_status"], found["status"], found["progress"]) == ("FD004", "complete", 100)
    (one,) = found["result"]["accused"]
    assert one["forensic_mark"] == "viewer 7"
    assert (one["strength"], one["log10_p"], one["log10_bound"]) == ("evidence", -16.9, -10.8)
    assert found["result"]["positions"] == 80
    assert found["result"]["seconds"] == 160
    assert "z" not in found["result"]
    picture = marked.call("GET", f"/api/detect/DEMO/{detection_id}/evidence.png")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content == b"\x89PNG picture"


@pytest.mark.parametrize(
    ("bound", "positions", "outcome", "nearness"),
    [
        (-1.2, 9, "not_enough", "some"),
        (-4.0, 20, "not_enough", "near"),
        (0.0, 0, "not_enough", "none"),
        (0, 0, "unreliable", "none"),
    ],
)
def test_an_answer_that_names_nobody_says_little_more(marked: Api, bound, positions, outcome, nearness):
    """Whoever tries to wash out a mark must not learn segment by segment how far he is."""
    detection_id = ask(marked)
    result = NOT_ENOUGH | {"log10_best_bound": bound, "positions": positions, "outcome": outcome}
    finish(marked, detection_id, DetectionState.FAILED, result)
    found = detail(marked, detection_id)
    assert (found["detection_status"], found["error_code"]) == ("FD007", "D3001")
    assert found["result"] == {"outcome": outcome, "accused": [], "nearness": nearness}
    assert marked.call("GET", f"/api/detect/DEMO/{detection_id}/evidence.png").status_code == 404


def test_what_is_not_settled_is_not_shown(marked: Api):
    detection_id = ask(marked)
    with marked.database.write() as s:
        detections.begin(s, detection_id, 1, marked.clock())
        detections.keep_result(s, detection_id, 1, NAMED, b"png")
    assert detail(marked, detection_id)["result"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"content_id": "unmarked"}, "content_id"),
        ({"content_id": "a/b"}, "content_id"),
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"input": {}}, "input.storage_id"),
        ({"input": {"storage_id": "input-storage-id"}}, "input.path"),
        ({"input": {"storage_id": "input-storage-id", "path": "a/../b"}}, "input.path"),
        ({"input": {"storage_id": "input-storage-id", "path": "folder/"}}, "input.path"),
        ({"input": {"storage_id": "nobody", "path": "a.mp4"}}, "input.storage_id"),
        ({"input": {"storage_id": "output-storage-id", "path": "a.mp4"}}, "input.storage_id"),
        ({"input": {"url": "https://93.184.216.34/a", "path": "a.mp4"}}, "input.path"),
        ({"input": {"url": "http://93.184.216.34/a.mp4"}}, "input.url"),
        ({"input": {"url": "https://127.0.0.1/a.mp4"}}, "input.url"),
        ({"input": {"url": "https://169.254.169.254/latest/meta-data"}}, "input.url"),
        ({"input": {"url": "https://localhost/a.mp4"}}, "input.url"),
        ({"input": {"url": "https://user:word@93.184.216.34/a.mp4"}}, "input.url"),
        ({"input": {"url": "file:///etc/passwd"}}, "input.url"),
        ({"input": {"url": "not a url"}}, "input.url"),
        ({"limit": 0}, "limit"),
        ({"limit": 0.5}, "limit"),
        ({"limit": "often"}, "limit"),
        ({"noti_id": 99}, "noti_id"),
    ],
)
def test_what_is_wrong_is_refused_with_its_field(marked: Api, changes, field):
    answer = marked.call("POST", "/api/detect/DEMO", json=body(**changes))
    assert answer.status_code == 400, answer.text
    assert field in [fault["field"] for fault in answer.json()["data"]["errors"]]
    assert marked.call("GET", "/api/detect/DEMO").json()["total_count"] == 0


def test_the_list_is_filtered_by_status_and_content(marked: Api):
    first, second, third = ask(marked), ask(marked), ask(marked)
    finish(marked, first, DetectionState.COMPLETE, NAMED)
    finish(marked, second, DetectionState.FAILED, NOT_ENOUGH)

    def listed(query):
        answer = marked.call("GET", f"/api/detect/DEMO?{query}").json()
        return answer["total_count"], {line["detection_id"] for line in answer["data"]}

    assert listed("") == (3, {first, second, third})
    assert listed("detection_status=FD004") == (1, {first})
    assert listed("detection_status=failed,ready") == (2, {second, third})
    assert listed("content_id=else") == (0, set())
    assert listed("page_unit=1&page_index=2") == (3, {second})
    wrong = marked.call("GET", "/api/detect/DEMO?detection_status=FD003")
    assert (wrong.status_code, wrong.json()["data"]["errors"][0]["field"]) == (400, "detection_status")


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("PUT", "/stop")])
def test_a_detection_is_stopped_once(marked: Api, method, path):
    detection_id = ask(marked)
    assert marked.call(method, f"/api/detect/DEMO/{detection_id}{path}").status_code == 200
    assert detail(marked, detection_id)["detection_status"] == "FD005"
    again = marked.call(method, f"/api/detect/DEMO/{detection_id}{path}")
    assert (again.status_code, again.json()["error_code"]) == (409, "E1011")


def test_another_sites_detection_is_not_there(marked: Api):
    detection_id = ask(marked)
    finish(marked, detection_id, DetectionState.COMPLETE, NAMED)
    marked.add_site("ELSE")
    for method, path in (("GET", ""), ("DELETE", ""), ("PUT", "/stop"), ("GET", "/evidence.png")):
        answer = marked.call(method, f"/api/detect/ELSE/{detection_id}{path}", "ELSE")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "E1007"), path
        assert marked.call(method, f"/api/detect/DEMO/{detection_id}{path}", "ELSE").status_code == 403
    assert marked.call("GET", "/api/detect/ELSE", "ELSE").json()["total_count"] == 0
    theirs = marked.call("POST", "/api/detect/ELSE", "ELSE", json=body(input={"url": "https://93.184.216.34/a.mp4"}))
    assert theirs.json()["data"]["errors"][0]["field"] == "content_id"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("GET", ""), ("GET", "/1"), ("DELETE", "/1"), ("GET", "/1/evidence.png")]
)
def test_nothing_is_answered_without_a_token(marked: Api, method, path):
    answer = marked.client.request(method, f"/tnp/api/detect/DEMO{path}", json=body() if method == "POST" else None)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "E2002")


def test_a_site_may_ask_so_often_a_day(make_api):
    api = make_api(detections_per_day=2)
    job_id = api.add_job()
    with api.database.write() as s:
        add_title(s, job_id, content_id="test-cid")
    stopped = ask(api)
    api.call("DELETE", f"/api/detect/DEMO/{stopped}")  # one that is stopped counts too
    ask(api)
    refused = api.call("POST", "/api/detect/DEMO", json=body())
    assert (refused.status_code, refused.json()["error_code"]) == (429, "E6001")
    api.clock.turn(24 * 3600 - 60)
    api._tokens.clear()
    assert api.call("POST", "/api/detect/DEMO", json=body()).status_code == 429
    api.clock.turn(61)
    ask(api)


def test_sending_a_request_twice_makes_one(marked: Api):
    answers = [
        marked.call("POST", "/api/detect/DEMO", json=body(), headers={"Idempotency-Key": "k"}).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert marked.call("GET", "/api/detect/DEMO").json()["total_count"] == 1


def test_the_log_of_deliveries_shows_what_was_told_of_a_detection(marked: Api):
    noti_id = marked.add_notification(complete=True)
    detection_id = ask(marked, noti_id=noti_id)
    finish(marked, detection_id, DetectionState.COMPLETE, NAMED)
    (line,) = marked.call("GET", f"/api/noti/job/DEMO/{noti_id}/deliveries").json()["data"]
    assert (line["detection_id"], line["job_status"]) == (detection_id, "FD004")
    assert line["payload"]["forensic_mark"] == "viewer 7"
