"""Jobs of the packaging API: a request is checked whole and then refused; the list finds what other parts make."""

import copy
from datetime import UTC, datetime

import pytest
from tests.api.packaging import INPUT, OUTPUT, add_job, both_storages, call, code, fields, job_count

from telecine.apis.packaging import samples
from telecine.apis.packaging.filters import STATUSES
from telecine.catalog import jobs, sites
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState


def job(path="", value=None):
    """The document's job with the value at `path` (`drm_option.multi_key`) replaced; None takes it away."""
    request = copy.deepcopy(samples.JOB_REGISTER)
    if path:
        *way, last = path.split(".")
        at = request
        for name in way:
            at = at[int(name)] if isinstance(at, list) else at[name]
        at[last] = value
        if value is None:
            del at[last]
    return request


@pytest.fixture
def ready(api):
    """The site DEMO with the storages that the document's job names."""
    both_storages(api)
    return api


def register(api, request):
    """The answer, after which there is no job."""
    answer = call(api, "POST", "pack", request)
    assert job_count(api) == 0
    return answer


class TestRefusal:
    """Until watermarks can be made, a request without a fault is refused too, and says so."""

    @pytest.mark.parametrize(
        "request_body",
        [
            job(),
            job("protect_type", ["watermark"]),
            job("protect_type", "WATERMARK, drm"),
            job("protect_type") | {"protection_type": ["watermark", "DRM"]},
            job() | {"protection_type": ["watermark", "drm"]},
            job("streaming_format", ["HLS"]),
            job("streaming_format", "dash,hls"),
            job("subtitles"),
            job("subtitles", []),
            job("subtitles.0.language"),
            job("dash_option"),
            job("drm_option"),
            job("drm_option", {}),
            job("drm_option.max_sd_height", "0"),
            job("drm_option.multi_key", "true"),
            job("dash_option.min_buffer_time", "2.5"),
            job("storage.input.contents_path", "film/1080p.mp4"),
            job("storage.input.contents_path", ["film/"]),
            job("storage.output.path", ["packaged"]),
            job("storage.output.path", "/packaged/"),
            job("content_id", "k" * 200),
            job() | {"unknown": 1, "region": "RG011"},
        ],
    )
    def test_what_the_document_allows(self, ready, request_body):
        answer = register(ready, request_body)
        assert code(answer) == (400, "A4003")
        assert fields(answer) == ["protection_type"]
        assert "No job was created" in answer.json()["error_message"]
        assert "job_id" not in answer.json()

    def test_a_storage_of_this_api_is_good_for_both(self, api):
        api.add_storage(INPUT, "both")
        assert code(register(api, job("storage.output.storage_id", INPUT))) == (400, "A4003")


class TestFaults:
    @pytest.mark.parametrize(
        "name",
        [
            *("job_name", "storage", "content_id", "streaming_format", "storage.input", "storage.output"),
            *("storage.input.storage_id", "storage.input.contents_path", "storage.output.storage_id"),
            *("storage.output.path", "subtitles.0.path"),
        ],
    )
    def test_what_is_required(self, ready, name):
        answer = register(ready, job(name))
        assert code(answer) == (400, "A1000")
        assert fields(answer) == [name.replace(".0", "[0]")]
        assert "is missing" in answer.json()["error_message"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("job_name", ""),
            ("job_name", "x" * 256),
            ("job_name", "a\nb"),
            ("content_id", "한" * 67),
            ("content_id", "a/b"),
            ("content_id", ".."),
            ("streaming_format", []),
            ("streaming_format", ["cmaf"]),
            ("streaming_format", {"dash": True}),
            ("storage.input.storage_id", "nobody's"),
            ("storage.input.storage_id", OUTPUT),
            ("storage.output.storage_id", INPUT),
            ("storage.input.contents_path", []),
            ("storage.input.contents_path", [5]),
            ("storage.output.path", ["a", "b"]),
            ("storage.output.path", "../a"),
            ("storage.output.path", "a\\b"),
            ("dash_option.min_buffer_time", 1),
            ("dash_option.enable_average_bandwidth_mpd", 1),
            ("drm_option.multi_key", "yes"),
            ("drm_option.clear_lead", -1),
            ("drm_option.max_sd_height", "tall"),
            ("drm_option.max_hd_height", 480),
            ("drm_option.max_uhd1_height", 1000),
            ("protect_type", ["drm"]),
            ("protect_type", []),
            ("subtitles.0.path", "../x.vtt"),
            ("subtitles.0.path", "film/"),
            ("subtitles.0.language", "Klingonish"),
        ],
    )
    def test_what_is_refused_by_name(self, ready, name, value):
        answer = register(ready, job(name, value))
        assert code(answer) == (400, "A1000")
        (field,) = {one.split("[")[0] if "[0]." not in one else one for one in fields(answer)}
        assert field == name.replace(".0", "[0]")

    @pytest.mark.parametrize("path", ["", "/", "a/../b", "a\\b", "x" * 513, "a\x00b"])
    def test_a_content_path_that_cannot_be(self, ready, path):
        answer = register(ready, job("storage.input.contents_path", ["ok.mp4", path]))
        assert code(answer) in ((400, "A1000"), (400, "A7008"))
        if answer.json()["error_code"] == "A1000":
            assert fields(answer) == ["storage.input.contents_path[1]"]

    def test_the_same_content_twice(self, ready):
        answer = register(ready, job("storage.input.contents_path", ["film/a.mp4", "/film//a.mp4"]))
        assert fields(answer) == ["storage.input.contents_path[1]"]

    def test_no_protection_at_all(self, ready):
        answer = register(ready, job("protect_type"))
        assert fields(answer) == ["protection_type"]
        assert "watermark" in answer.json()["error_message"]

    def test_two_names_that_disagree(self, ready):
        answer = register(ready, job() | {"protection_type": ["watermark"]})
        assert fields(answer) == ["protect_type"]

    def test_every_fault_of_the_whole_is_named_at_once(self, ready):
        request = job("storage.input.storage_id", "x") | {"protect_type": ["drm"]}
        request["subtitles"][0]["language"] = "??"
        assert fields(register(ready, request)) == [
            *("storage.input.storage_id", "protect_type", "subtitles[0].language")
        ]

    def test_a_storage_of_another_site(self, api):
        api.add_site("EVIL")
        both_storages(api, "EVIL")
        answer = register(api, job())
        assert fields(answer) == ["storage.input.storage_id", "storage.output.storage_id"]

    def test_a_site_that_is_out_of_service(self, ready):
        with ready.database.write() as s:
            sites.configure(s, "DEMO", in_service=False)
        assert code(register(ready, job())) == (403, "A9010")


class TestTrial:
    @pytest.fixture
    def trial(self, ready):
        with ready.database.write() as s:
            sites.configure(s, "DEMO", trial_limit=1)
        return ready

    def test_one_mp4_is_allowed(self, trial):
        assert code(register(trial, job("storage.input.contents_path", ["film/a.MP4"]))) == (400, "A4003")

    def test_no_adaptive_streaming(self, trial):
        answer = register(trial, job())
        assert code(answer) == (400, "A1000")
        assert fields(answer) == ["storage.input.contents_path"]

    @pytest.mark.parametrize("path", ["film/a.mov", "film/"])
    def test_mp4_only(self, trial, path):
        assert fields(register(trial, job("storage.input.contents_path", [path]))) == ["storage.input.contents_path[0]"]


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
