"""The job list of the packaging API: lines as the document prints them, and every filter."""

import copy
from datetime import UTC, datetime

import pytest
from tests.api.packaging import add_job, both_storages, call, code, fields

from telecine.apis.packaging import samples
from telecine.apis.packaging.filters import STATUSES
from telecine.catalog import jobs
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState


@pytest.fixture
def ready(api):
    """The site DEMO with the storages that the document's job names."""
    both_storages(api)
    return api


def listed(api, **search):
    answer = call(api, "GET", "pack", search)
    assert answer.status_code == 200, answer.text
    return answer.json()


def time(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def five(ready):
    """Jobs a to e in five states, one of them of another API; their ids by name."""
    ids = {
        "a": add_job(ready, "a", now=time("2022-05-12T23:59:59"), content_id="cid-a"),
        "b": add_job(ready, "b", now=time("2022-05-13T00:00:00"), drm=True, region="RG004"),
        "c": add_job(ready, "c", now=time("2022-05-13T12:00:00"), formats=["hls"]),
        "d": add_job(ready, "d", now=time("2022-05-13T14:59:59"), formats=["dash"], drm=True),
        "e": add_job(ready, "e", now=time("2022-05-14T00:00:00"), forensic_watermark=False),
        "x": add_job(ready, "x", dialect="tnp", now=time("2022-05-13T00:00:00")),
    }
    failed = TelecineError(ErrorKind.PACKAGE_FAILED, "the packager said no.")
    with ready.database.write() as s:
        at = ready.clock()
        jobs.advance(s, ids["b"], 1, JobState.COMPLETE, now=at)
        jobs.advance(s, ids["c"], 1, JobState.ERROR, now=at, error=failed, error_code="WM900005")
        jobs.advance(s, ids["d"], 1, JobState.PACKAGING, now=at)
        jobs.request_stop(s, "DEMO", ids["e"], now=at)
    ready.ids = ids
    return ready


class TestListing:
    def test_a_line_as_the_document_has_it(self, five):
        body = listed(five, search_keyword="a")
        assert list(body) == ["error_code", "error_message", "total_count", "time_zone", "data"]
        (line,) = body["data"]
        assert list(line.items()) == [
            ("job_id", str(five.ids["a"])),
            ("job_name", "a"),
            ("start_date", None),
            ("update_date", "2022-05-12T23:59:59Z"),
            ("reg_date", "2022-05-12T23:59:59Z"),
            ("watermark", "true"),
            ("drm", "false"),
            ("dash", "true"),
            ("hls", "true"),
            ("content_id", "cid-a"),
            ("status", "WM000"),
            ("storage", samples.JOB_REGISTER["storage"]),
            ("subtitles", samples.JOB_REGISTER["subtitles"]),
        ]

    def test_one_that_failed_says_why(self, five):
        (line,) = listed(five, search_status="failed")["data"]
        assert (line["status"], line["error_code"]) == ("WM999", "WM900005")
        assert "packager said no" in line["error_message"]
        assert line["start_date"]

    def test_statuses(self, five):
        found = {line["job_name"]: line["status"] for line in listed(five)["data"]}
        assert found == {"a": "WM000", "b": "WM030", "c": "WM999", "d": "WM023100", "e": "WM100"}

    def test_paths_in_either_form_and_no_subtitles(self, ready):
        storage = copy.deepcopy(samples.JOB_REGISTER["storage"])
        storage["input"]["contents_path"] = "film/a.mp4"
        storage["output"]["path"] = ["packaged"]
        add_job(ready, request={"storage": storage, "subtitles": None})
        (line,) = listed(ready)["data"]
        assert line["storage"]["input"]["contents_path"] == ["film/a.mp4"]
        assert line["storage"]["output"]["path"] == "packaged"
        assert line["subtitles"] == []

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ({}, "edcba"),
            ({"region": "RG011"}, "edca"),
            ({"region": "us-west-2"}, "b"),
            (dict.fromkeys(samples.JOB_LIST, ""), "edcba"),
            ({"search_keyword": "cid-a", "search_keyword_type": "cid"}, "a"),
            ({"search_keyword": "cid", "search_keyword_type": "cid"}, ""),
            ({"search_keyword": "C", "search_keyword_type": "jobname"}, "c"),
            ({"search_keyword": "C", "search_keyword_type": "jobName"}, "c"),
            ({"search_keyword": "C"}, "c"),
            ({"search_keyword": "{a}", "search_keyword_type": "jobId"}, "a"),
            ({"search_keyword": " {b} ", "search_keyword_type": "JOBID"}, "b"),
            ({"search_keyword": "{x}", "search_keyword_type": "jobId"}, ""),
            ({"search_keyword": "", "search_keyword_type": "jobId"}, "edcba"),
            ({"search_type": "drm"}, "db"),
            ({"search_type": "watermark"}, "dcba"),
            ({"search_type": "Watermark, DRM"}, "db"),
            ({"search_type": ["watermark", "drm"]}, "db"),
            ({"search_condition": "dash"}, "edba"),
            ({"search_condition": "HLS"}, "ecba"),
            ({"search_condition": ["dash", "hls"]}, "eba"),
            ({"search_status": "ready"}, "a"),
            ({"search_status": "success"}, "b"),
            ({"search_status": "failed"}, "c"),
            ({"search_status": "complete"}, "cb"),
            ({"search_status": "working"}, "da"),
            ({"search_status": "process"}, "d"),
            ({"search_status": "Job Progress"}, "d"),
            ({"search_status": "job_progress"}, "d"),
            ({"search_status": "stop"}, "e"),
            ({"from": "2022-05-13T00:00:00Z", "to": "2022-05-13T14:59:59Z"}, "dcb"),
            ({"from": "2022-05-13", "time_zone": "09:00"}, "edcba"),
            ({"to": "2022-05-12", "time_zone": "-05:00"}, "ba"),
            ({"page_unit": "2", "page_index": "2"}, "cb"),
        ],
    )
    def test_every_filter(self, five, search, found):
        search = {name: value.format(**five.ids) if isinstance(value, str) else value for name, value in search.items()}
        body = listed(five, **search)
        assert "".join(line["job_name"] for line in body["data"]) == found
        assert body["total_count"] == ("5" if "page_unit" in search else str(len(found)))

    @pytest.mark.parametrize(
        ("search", "name"),
        [
            ({"search_status": "lost"}, "search_status"),
            ({"search_type": "drm,cas"}, "search_type"),
            ({"search_condition": "cmaf"}, "search_condition"),
            ({"search_keyword_type": "jobs"}, "search_keyword_type"),
            ({"search_keyword": "one", "search_keyword_type": "jobId"}, "search_keyword"),
            ({"search_keyword": "9" * 30, "search_keyword_type": "jobId"}, "search_keyword"),
            ({"region": "moon"}, "region"),
            ({"from": "yesterday"}, "from"),
            ({"page_index": "x"}, "page_index"),
            ({"time_zone": "25:00"}, "time_zone"),
        ],
    )
    def test_what_is_wrong_is_named(self, five, search, name):
        answer = call(five, "GET", "pack", search)
        assert code(answer) == (400, "A1000")
        assert {one.split("[")[0] for one in fields(answer)} == {name}

    def test_every_state_is_found_by_some_status(self):
        assert {state for states in STATUSES.values() for state in states} == set(JobState)

    def test_jobs_of_this_api_are_not_in_the_list_of_another(self, five):
        data = five.call("GET", "/api/job/DEMO").json()["data"]
        assert [line["job_name"] for line in data] == ["x"]
