"""Detections of recipients through the DWM API: who may ask what, and how little an answer tells that names nobody."""

import json

import pytest
from tests.api.conftest import Api
from tests.api.dwm import add_job, call, prepare_for
from tests.marked import add_title

from telecine.apis.dwm import samples
from telecine.catalog import detections
from telecine.catalog.detections import Told
from telecine.core.detection_codes import DetectionState

NAMED = {
    "outcome": "named",
    "accused": [
        {
            "recipient": "Festival", "dwm_id": 2, "code": "up_to_4", "method": "alone", "log10_p": -16.9,
            "log10_bound": -10.8, "strength": "evidence", "agreeing": 80, "compared": 81,
        }
    ],
    "population": 2, "codes": ["up_to_4"], "limit": 1e-6, "positions": 80, "positions_of_title": 300,
    "seconds": 80.0, "median_z": 9.1, "log10_best_bound": -10.8, "delivery": None, "objections": [], "z": [9.0, None],
}  # fmt: skip
NOT_ENOUGH = NAMED | {"outcome": "not_enough", "accused": [], "log10_best_bound": -1.2, "positions": 9}


@pytest.fixture
def ready(api: Api) -> Api:
    """DEMO with a job, number 1, that has prepared the master `content_id` for two recipients."""
    prepare_for(api, add_job(api, "Airline", "Festival"))
    return api


def body(**changes):
    return json.loads(json.dumps(samples.DETECTION)) | changes


def ask(api: Api, **changes) -> int:
    answer = call(api, "POST", "/api/detect/DEMO", json=body(**changes))
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["detection_id"]


def detail(api: Api, detection_id: int):
    answer = call(api, "GET", f"/api/detect/DEMO/{detection_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def finish(api: Api, detection_id: int, state: DetectionState, result=None):
    with api.database.write() as s:
        detections.begin(s, detection_id, 1, api.clock())
        if result:
            detections.keep_result(s, detection_id, 1, result, b"\x89PNG picture")
        detections.finish(s, detection_id, 1, state, now=api.clock(), told=[Told("Festival")])


def test_a_detection_is_asked_for_and_waits(ready: Api):
    found = detail(ready, ask(ready))
    assert (found["detection_status"], found["status"], found["progress"]) == ("FD001", "ready", 0)
    assert found["input"] == {"storage_id": "input-storage-id", "path": "leaks/clip.mp4"}
    assert (found["content_id"], found["job_id"], found["title"]) == ("content_id", 1, "Found on 24 November")
    assert (found["limit"], found["result"]) == (1e-6, None)


def test_a_title_of_its_own_is_not_needed_and_the_query_of_an_address_is_never_shown(ready: Api):
    sent = json.loads(json.dumps(samples.DETECTION_BY_URL))
    sent["input"]["url"] = "https://93.184.216.34/clip.mp4?signature=sesame"
    answer = call(ready, "POST", "/api/detect/DEMO", json=sent)
    found = detail(ready, answer.json()["data"]["detection_id"])
    assert (found["title"], found["input"]) == ("content_id", {"url": "https://93.184.216.34/clip.mp4"})


def test_who_is_named_is_shown_with_how_sure_that_is(ready: Api):
    detection_id = ask(ready)
    finish(ready, detection_id, DetectionState.COMPLETE, NAMED)
    found = detail(ready, detection_id)
    assert (found["detection_status"], found["status"], found["progress"]) == ("FD004", "complete", 100)
    assert found["result"]["accused"] == NAMED["accused"]
    assert (found["result"]["population"], found["result"]["seconds"]) == (2, 80)
    assert "z" not in found["result"]
    picture = call(ready, "GET", f"/api/detect/DEMO/{detection_id}/evidence.png")
    assert (picture.headers["content-type"], picture.content) == ("image/png", b"\x89PNG picture")


def test_an_answer_that_names_nobody_says_little_more(ready: Api):
    detection_id = ask(ready)
    finish(ready, detection_id, DetectionState.FAILED, NOT_ENOUGH)
    found = detail(ready, detection_id)
    assert (found["detection_status"], found["error_code"]) == ("FD007", "D3001")
    assert found["result"] == {"outcome": "not_enough", "accused": [], "nearness": "some"}
    assert call(ready, "GET", f"/api/detect/DEMO/{detection_id}/evidence.png").status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"content_id": "unknown"}, "content_id"),
        ({"content_id": "a/b"}, "content_id"),
        ({"job_id": 99}, "job_id"),
        ({"job_id": "first"}, "job_id"),
        ({"title": "x" * 201}, "title"),
        ({"input": {}}, "input.storage_id"),
        ({"input": {"storage_id": "input-storage-id"}}, "input.path"),
        ({"input": {"storage_id": "input-storage-id", "path": "a/../b"}}, "input.path"),
        ({"input": {"storage_id": "nobody", "path": "a.mp4"}}, "input.storage_id"),
        ({"input": {"storage_id": "output-storage-id", "path": "a.mp4"}}, "input.storage_id"),
        ({"input": {"url": "https://93.184.216.34/a", "path": "a.mp4"}}, "input.path"),
        ({"input": {"url": "https://127.0.0.1/a.mp4"}}, "input.url"),
        ({"input": {"url": "file:///etc/passwd"}}, "input.url"),
        ({"limit": 0}, "limit"),
        ({"limit": 0.5}, "limit"),
        ({"noti_id": 99}, "noti_id"),
    ],
)
def test_what_is_wrong_is_refused_with_its_field(ready: Api, changes, field):
    answer = call(ready, "POST", "/api/detect/DEMO", json=body(**changes))
    assert answer.status_code == 400, answer.text
    assert answer.json()["error_code"].startswith("DW")
    assert field in [fault["field"] for fault in answer.json()["data"]["errors"]]
    assert call(ready, "GET", "/api/detect/DEMO").json()["total_count"] == 0


def test_one_that_has_not_prepared_its_master_yet_cannot_be_compared_with(ready: Api):
    second = add_job(ready, "Airline")
    answer = call(ready, "POST", "/api/detect/DEMO", json=body(job_id=second))
    assert answer.json()["data"]["errors"][0]["field"] == "job_id"
    assert detail(ready, ask(ready))["job_id"] == 1
    prepare_for(ready, second)
    assert detail(ready, ask(ready))["job_id"] == second
    assert detail(ready, ask(ready, job_id=1))["job_id"] == 1


def test_the_list_is_filtered_by_status_and_content(ready: Api):
    first, second = ask(ready), ask(ready)
    finish(ready, first, DetectionState.COMPLETE, NAMED)

    def listed(query):
        answer = call(ready, "GET", f"/api/detect/DEMO?{query}").json()
        return answer["total_count"], {line["detection_id"] for line in answer["data"]}

    assert listed("") == (2, {first, second})
    assert listed("detection_status=FD004") == (1, {first})
    assert listed("detection_status=ready,failed") == (1, {second})
    assert listed("content_id=else") == (0, set())
    assert listed("page_unit=1&page_index=2") == (2, {first})
    wrong = call(ready, "GET", "/api/detect/DEMO?detection_status=FD003")
    assert (wrong.status_code, wrong.json()["data"]["errors"][0]["field"]) == (400, "detection_status")


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("PUT", "/stop")])
def test_a_detection_is_stopped_once(ready: Api, method, path):
    detection_id = ask(ready)
    assert call(ready, method, f"/api/detect/DEMO/{detection_id}{path}").status_code == 200
    assert detail(ready, detection_id)["detection_status"] == "FD005"
    assert call(ready, method, f"/api/detect/DEMO/{detection_id}{path}").status_code == 409


def test_viewers_and_recipients_are_looked_for_by_calls_of_their_own(ready: Api):
    streamed = ready.add_job()
    with ready.database.write() as s:
        add_title(s, streamed, content_id="streamed")
    place = {"storage_id": "input-storage-id", "path": "leaks/clip.mp4"}
    viewers = ready.call(
        "POST", "/api/detect/DEMO", json={"content_id": "streamed", "title": "x", "input": place}
    ).json()["data"]["detection_id"]
    ours = ask(ready)
    for method, path in (("GET", ""), ("DELETE", ""), ("PUT", "/stop"), ("GET", "/evidence.png")):
        assert call(ready, method, f"/api/detect/DEMO/{viewers}{path}").status_code == 404, path
        assert ready.call(method, f"/api/detect/DEMO/{ours}{path}").status_code == 404, path
    assert [one["detection_id"] for one in call(ready, "GET", "/api/detect/DEMO").json()["data"]] == [ours]
    assert [one["detection_id"] for one in ready.call("GET", "/api/detect/DEMO").json()["data"]] == [viewers]


def test_another_sites_detection_is_not_there(ready: Api):
    detection_id = ask(ready)
    finish(ready, detection_id, DetectionState.COMPLETE, NAMED)
    ready.add_site("ELSE")
    for method, path in (("GET", ""), ("DELETE", ""), ("PUT", "/stop"), ("GET", "/evidence.png")):
        assert call(ready, method, f"/api/detect/ELSE/{detection_id}{path}", "ELSE").status_code == 404, path
        assert call(ready, method, f"/api/detect/DEMO/{detection_id}{path}", "ELSE").status_code == 403
    theirs = call(ready, "POST", "/api/detect/ELSE", "ELSE", json=body(input={"url": "https://93.184.216.34/a.mp4"}))
    assert theirs.json()["data"]["errors"][0]["field"] == "content_id"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("GET", ""), ("GET", "/1"), ("DELETE", "/1"), ("GET", "/1/evidence.png")]
)
def test_nothing_is_answered_without_a_token(ready: Api, method, path):
    answer = ready.client.request(method, f"/dwm/api/detect/DEMO{path}", json=body() if method == "POST" else None)
    assert answer.status_code == 401


def test_a_site_may_ask_so_often_a_day(make_api):
    api = make_api(detections_per_day=2)
    prepare_for(api, add_job(api, "Airline"))
    ask(api)
    ask(api)
    assert call(api, "POST", "/api/detect/DEMO", json=body()).status_code == 429


def test_sending_a_request_twice_makes_one(ready: Api):
    answers = [
        call(ready, "POST", "/api/detect/DEMO", json=body(), headers={"Idempotency-Key": "k"}).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert call(ready, "GET", "/api/detect/DEMO").json()["total_count"] == 1
