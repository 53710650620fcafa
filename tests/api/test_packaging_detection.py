"""Detections through the packaging API: the T&P API's, in this one's envelope."""

import pytest
from sqlalchemy import select
from tests.api.packaging import add_job, both_storages, code, fields, sealed
from tests.api.test_tnp_detection import NAMED, NOT_ENOUGH
from tests.marked import add_sessions, add_title

from telecine.apis.packaging import samples
from telecine.catalog import detections
from telecine.catalog.mark_models import MarkSession
from telecine.catalog.session_tokens import sealed_token
from telecine.core.detection_codes import DetectionState

LEAK = samples.DETECTION | {"url": "https://93.184.216.34/clip.mp4?signature=sesame"}


def marked(api):
    """DEMO with the marked title that the sample names."""
    both_storages(api)
    job_id = add_job(api)
    with api.database.write() as s:
        add_title(s, job_id, content_id="sample-film")
    return api


@pytest.fixture
def ready(api):
    return marked(api)


def call(api, method, what, plain, site_id="DEMO", **more):
    url = f"/packaging/api/v2/detect/{site_id}/{what}?pallycon-apidata={sealed(api, plain, site_id)}"
    return api.client.request(method, url, **more)


def ask(api, **changes):
    answer = call(api, "POST", "url", LEAK | changes)
    assert answer.status_code == 200, answer.text
    return answer.json()["detection_id"]


def detail(api, detection_id):
    answer = call(api, "GET", "detail", {"detection_id": detection_id})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def finish(api, detection_id, state, result=None):
    with api.database.write() as s:
        detections.begin(s, detection_id, 1, api.clock())
        if result:
            detections.keep_result(s, detection_id, 1, result, b"png")
        detections.finish(s, detection_id, 1, state, now=api.clock())


def test_a_detection_is_asked_for_and_is_that_of_the_other_api(ready):
    detection_id = ask(ready)
    assert detail(ready, detection_id) == {
        "detection_id": str(detection_id), "title": "found on 24 November", "cid": "sample-film",
        "detection_status": "FD001", "progress": "0", "reg_date": ready.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "update_date": ready.clock().strftime("%Y-%m-%dT%H:%M:%SZ"), "forensic_mark": "", "watermark_token": "",
        "named": [],
    }  # fmt: skip
    theirs = ready.call("GET", f"/api/detect/DEMO/{detection_id}").json()["data"]
    assert (theirs["status"], theirs["input"]) == ("ready", {"url": "https://93.184.216.34/clip.mp4"})


def test_who_is_named_is_shown_with_mark_and_token(ready):
    with ready.database.write() as s:
        ((session, _),) = add_sessions(s, "delivery", 1, content_id="sample-film")
        row = s.scalars(select(MarkSession)).one()
        row.token_sealed = sealed_token(ready.services.sealer, "DEMO", session, "the token")
    result = NAMED | {"accused": [NAMED["accused"][0] | {"session": session}, NAMED["accused"][0]]}
    detection_id = ask(ready)
    finish(ready, detection_id, DetectionState.COMPLETE, result)
    found = detail(ready, detection_id)
    assert (found["detection_status"], found["forensic_mark"]) == ("FD004", "viewer 7")
    assert found["watermark_token"] == "the token"
    assert [one["watermark_token"] for one in found["named"]] == ["the token", ""]
    assert found["named"][0] == {
        "session": session, "forensic_mark": "viewer 7", "payload": "50b658ee13e133", "strength": "evidence",
        "log10_bound": -10.8, "watermark_token": "the token",
    }  # fmt: skip


def test_an_answer_that_names_nobody_says_no_more(ready):
    detection_id = ask(ready)
    finish(ready, detection_id, DetectionState.FAILED, NOT_ENOUGH)
    found = detail(ready, detection_id)
    assert (found["detection_status"], found["error_code"], found["named"]) == ("FD007", "D3001", [])
    assert not {"z", "positions", "log10_best_bound"} & set(found)


def test_what_is_not_settled_is_not_shown(ready):
    detection_id = ask(ready)
    with ready.database.write() as s:
        detections.begin(s, detection_id, 1, ready.clock())
        detections.keep_result(s, detection_id, 1, NAMED, b"png")
    assert detail(ready, detection_id)["named"] == []


@pytest.mark.parametrize("spelling", ["cid", "content_id"])
def test_a_content_is_named_in_either_spelling(ready, spelling):
    body = {name: value for name, value in LEAK.items() if name != "cid"}
    assert code(call(ready, "POST", "url", body | {spelling: "sample-film"})) == (200, "0000")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": None}, "title"),
        ({"cid": "unmarked"}, "content_id"),
        ({"cid": None}, "cid"),
        ({"url": None}, "url"),
        ({"url": "http://93.184.216.34/a.mp4"}, "url"),
        ({"url": "https://127.0.0.1/a.mp4"}, "url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "not a url"}, "url"),
    ],
)
def test_what_is_wrong_is_refused_with_its_field(ready, changes, field):
    answer = call(ready, "POST", "url", LEAK | changes)
    assert (code(answer), fields(answer)) == ((400, "A1000"), [field])
    assert "sesame" not in answer.text
    assert call(ready, "GET", "list", {}).json()["total_count"] == "0"


def test_the_list_is_filtered_by_content_and_status(ready):
    first, second, third = ask(ready), ask(ready), ask(ready)
    finish(ready, first, DetectionState.COMPLETE, NAMED)
    finish(ready, second, DetectionState.FAILED, NOT_ENOUGH)

    def listed(**search):
        answer = call(ready, "GET", "list", search)
        assert code(answer) == (200, "0000")
        assert answer.json()["total_count"] == str(len(answer.json()["data"]))
        return [int(line["detection_id"]) for line in answer.json()["data"]]

    assert listed() == [third, second, first]
    assert listed(search_keyword="sample-film", search_status="FD004") == [first]
    assert listed(search_status="Failed", time_zone="09:00") == [second]
    assert listed(search_keyword="else") == []
    assert listed(**{"from": "2010-01-01", "to": "2010-01-02"}) == []
    wrong = call(ready, "GET", "list", {"search_status": "FD003"})
    assert (code(wrong), fields(wrong)) == ((400, "A1000"), ["search_status"])


@pytest.mark.parametrize("asked", [999, "", "x", -1, 10**15])
def test_a_detection_that_is_not_there_is_refused(ready, asked):
    answer = call(ready, "GET", "detail", {"detection_id": asked})
    assert (code(answer), fields(answer)) == ((400, "A1000"), ["detection_id"])


def test_another_sites_detection_is_not_there(ready):
    detection_id = ask(ready)
    ready.add_site("ELSE")
    answer = call(ready, "GET", "detail", {"detection_id": detection_id}, "ELSE")
    assert (code(answer), fields(answer)) == ((400, "A1000"), ["detection_id"])
    assert call(ready, "GET", "list", {}, "ELSE").json()["total_count"] == "0"


def test_a_site_may_ask_so_often_a_day_by_either_api(make_api):
    api = marked(make_api(detections_per_day=1))
    ask(api)
    assert code(call(api, "POST", "url", LEAK)) == (429, "A9011")


def test_sending_a_request_twice_makes_one(ready):
    answers = [call(ready, "POST", "url", LEAK, headers={"Idempotency-Key": "k"}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert call(ready, "GET", "list", {}).json()["total_count"] == "1"


@pytest.mark.parametrize(("method", "what"), [("POST", "url"), ("GET", "list"), ("GET", "detail")])
def test_nothing_is_answered_without_a_right_envelope_or_in_another_version(ready, method, what):
    answer = ready.client.request(method, f"/packaging/api/v2/detect/DEMO/{what}?pallycon-apidata=e30=")
    assert answer.json()["error_code"] == "A1000"
    assert code(ready.client.request(method, f"/packaging/api/v1/detect/DEMO/{what}")) == (404, "A7009")
