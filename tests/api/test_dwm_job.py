"""DWM jobs: the document's samples, creating one for names, numbers or all, its copies, stop and restart."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert
from tests.api.dwm import add_job, call, register, request, with_storages

from telecine.apis.dwm import samples
from telecine.catalog import copies, jobs
from telecine.catalog.distribution_models import Recipient
from telecine.catalog.models import Delivery, Job
from telecine.core.distribution import CopyMode, Distribution
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState


def faults(answer, status=400):
    """(field, code) of everything that is wrong with a request."""
    assert answer.status_code == status, answer.text
    return [(fault["field"], fault["error_code"]) for fault in answer.json()["data"]["errors"]]


def create(api, **fields):
    return call(api, "POST", "/api/job/DEMO", json=request(**fields))


def set_job(api, job_id, **values):
    with api.database.write() as s:
        for name, value in values.items():
            setattr(s.get_one(Job, job_id), name, value)


def advance(api, job_id, state, attempt=1, **more):
    with api.database.write() as s:
        assert jobs.advance(s, job_id, attempt, state, now=api.clock(), **more)


def lines_of(api, job_id, query=""):
    return call(api, "GET", f"/api/job/DEMO/{job_id}/recipient{query}").json()["data"]


@pytest.fixture
def ready(api):
    """Two recipients and the storages of the sample."""
    with_storages(api)
    register(api, "test", "distributor_1")
    return api


class TestTheDocumentsSamples:
    def test_search(self, api):
        job_id = add_job(api, "test", content_id="test")
        times = {"reg_time": datetime(2023, 11, 8, 15, 33, 47, tzinfo=UTC)}
        set_job(api, job_id, **times, update_time=datetime(2023, 11, 8, 15, 34, 5, tzinfo=UTC), state=JobState.COMPLETE)
        query = "content_id=test&job_status=DM500&job_status=DM600&from=2023-11-07&to=2023-11-09&page_unit=10"
        body = call(api, "GET", f"/api/job/DEMO?{query}&page_index=1&time_zone=%2B00%3A00").json()
        assert list(body) == ["error_code", "error_message", "time_zone", "total_count", "data"]
        assert (body["error_code"], body["time_zone"], body["total_count"]) == ("0000", "+00:00", 1)
        (line,) = body["data"]
        documented = {
            "job_id": job_id,
            "content_id": "test",
            "job_status": "DM500",
            "reg_time": "2023-11-08T15:33:47",
            "update_time": "2023-11-08T15:34:05",
        }
        assert list(line)[:5] == list(documented)
        assert line.items() >= documented.items()

    def test_detail(self, api):
        job_id = add_job(api, "test")
        set_job(api, job_id, reg_time=datetime(2022, 9, 13, 18, 46, 28, tzinfo=UTC), state=JobState.COMPLETE)
        body = call(api, "GET", f"/api/job/DEMO/{job_id}?time_zone=%2B00%3A00").json()
        assert list(body) == ["error_code", "error_message", "time_zone", "data"]
        assert list(body["data"])[:5] == ["job_id", "content_id", "job_status", "reg_time", "update_time"]
        assert body["data"]["job_id"] == job_id
        assert (body["data"]["job_status"], body["data"]["reg_time"]) == ("DM500", "2022-09-13T18:46:28")

    def test_recipients_of_a_job(self, api):
        job_id = add_job(api, "test1")
        with api.database.write() as s:
            copies.begin(s, job_id, 1, 1, now=datetime(2022, 4, 5, 17, 35, 39, tzinfo=UTC))
            copies.tasks_of(s, job_id)[0].reg_time = datetime(2022, 4, 5, 14, 35, 39, tzinfo=UTC)
        body = call(api, "GET", f"/api/job/DEMO/{job_id}/recipient?time_zone=%2B00%3A00").json()
        assert list(body) == ["error_code", "error_message", "time_zone", "total_count", "data"]
        assert body["total_count"] == 1
        documented = {
            "dwm_id": 1,
            "recipient": "test1",
            "description": "test1 corp.",
            "task_status": "TK001",
            "cli_error_code": "0",
            "reg_time": "2022-04-05T14:35:39",
            "update_time": "2022-04-05T17:35:39",
        }
        assert list(body["data"][0])[:7] == list(documented)
        assert body["data"][0].items() >= documented.items()


class TestCreating:
    def test_our_sample_puts_a_job_in_the_queue(self, ready):
        body = create(ready).json()
        assert body == {"error_code": "0000", "error_message": "Success.", "data": {"job_id": 1}}
        with ready.database.read() as s:
            job = jobs.get(s, "DEMO", 1)
            spec = jobs.spec_of(job)
        assert (job.dialect, job.request) == ("dwm", samples.JOB_CREATE)
        assert (spec.files[0].path, spec.output_path) == ("masters/film.mov", "copies")
        assert spec.distribution == Distribution()
        assert [line["recipient"] for line in lines_of(ready, 1)] == ["test", "distributor_1"]

    def test_everything_may_be_chosen(self, ready):
        chosen = {"mode": "Individual", "code": "uniform", "strength": "0.7", "group_seconds": 0.5, "job_name": "J"}
        create(ready, **chosen, recipients=["test"], output={"storage_id": "output-storage-id"}, priority=1)
        with ready.database.read() as s:
            spec = jobs.spec_of(jobs.get(s, "DEMO", 1))
        wanted = Distribution(mode=CopyMode.INDIVIDUAL, code="uniform", strength=0.7, group_seconds=0.5)
        assert (spec.distribution, spec.name, spec.output_path) == (wanted, "J", "")
        shown = call(ready, "GET", "/api/job/DEMO/1").json()["data"]
        assert shown.items() >= {"mode": "individual", "code": "uniform", "job_name": "J", "priority": 1}.items()
        assert shown["input"] == {"storage_id": "input-storage-id", "path": "masters/film.mov"}
        assert shown["recipients"] == {"ready": 1, "progressing": 0, "complete": 0, "failed": 0}

    def test_recipients_by_name_in_any_case_by_number_and_each_once(self, ready):
        assert create(ready, recipients=["DISTRIBUTOR_1", 1, "Test", 2]).status_code == 200
        assert [line["recipient"] for line in lines_of(ready, 1)] == ["distributor_1", "test"]
        warnings = call(ready, "GET", "/api/job/DEMO/1").json()["data"]["warnings"]
        assert warnings == [
            "'recipients[2]' names test again and was ignored.",
            "'recipients[3]' names distributor_1 again and was ignored.",
        ]

    def test_all_means_everybody_of_the_site(self, ready):
        ready.add_site("EVIL")
        register(ready, "somebody_else", site_id="EVIL")
        assert call(ready, "POST", "/api/job/DEMO", json=samples.JOB_CREATE_FOR_ALL).status_code == 200
        assert [line["recipient"] for line in lines_of(ready, 1)] == ["test", "distributor_1"]

    def test_all_of_nobody_is_refused(self, api):
        with_storages(api)
        assert faults(create(api, recipients="all")) == [("recipients", "DW1003")]

    def test_unknown_recipients_are_named(self, ready):
        answer = create(ready, recipients=["test", "nobody", 77, "", 10**18, -1])
        fields = [f"recipients[{place}]" for place in (1, 2, 3, 4, 5)]
        assert faults(answer) == [(field, "DW1003") for field in fields]
        assert "the site has no recipient 'nobody'" in answer.text

    @pytest.mark.parametrize(
        "recipients", [None, [], "test", 1, {}, [None], [True], [1.5], [["test"]], ["x"] * 4096, "ALLE"]
    )
    def test_what_names_nobody_is_refused(self, ready, recipients):
        assert [fault[0] for fault in faults(create(ready, recipients=recipients))] == ["recipients"]

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"content_id": "a/b"}, "content_id"),
            ({"content_id": ".."}, "content_id"),
            ({"content_id": "x" * 201}, "content_id"),
            ({"content_id": ""}, "content_id"),
            ({"input": {"storage_id": "input-storage-id", "path": "a/../b.mov"}}, "input.path"),
            ({"input": {"storage_id": "input-storage-id", "path": "folder/"}}, "input.path"),
            ({"input": {"storage_id": "input-storage-id"}}, "input.path"),
            ({"input": {"storage_id": "unknown", "path": "a.mov"}}, "input.storage_id"),
            ({"input": {"storage_id": "output-storage-id", "path": "a.mov"}}, "input.storage_id"),
            ({"output": {"storage_id": "input-storage-id", "path": "x"}}, "output.storage_id"),
            ({"output": {"storage_id": "output-storage-id", "path": "../x"}}, "output.path"),
            ({"mode": "both"}, "mode"),
            ({"code": "up_to_5"}, "code"),
            ({"strength": 0.2}, "strength"),
            ({"strength": 1.1}, "strength"),
            ({"group_seconds": 0}, "group_seconds"),
            ({"group_seconds": 11}, "group_seconds"),
            ({"job_noti_id": 7}, "job_noti_id"),
            ({"priority": 6}, "priority"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_made(self, ready, fields, field):
        assert [fault[0] for fault in faults(create(ready, **fields))] == [field]
        assert call(ready, "GET", "/api/job/DEMO").json()["total_count"] == 0

    def test_unknown_fields_are_warned_of(self, ready):
        create(ready, colour="blue")
        assert "'colour' is unknown" in call(ready, "GET", "/api/job/DEMO/1").json()["data"]["warnings"][0]

    def test_creating_under_one_key_twice_is_creating_once(self, ready):
        key = {"Idempotency-Key": "k"}
        answers = [call(ready, "POST", "/api/job/DEMO", json=request(), headers=key) for _ in range(2)]
        assert [answer.json()["data"]["job_id"] for answer in answers] == [1, 1]
        assert call(ready, "GET", "/api/job/DEMO").json()["total_count"] == 1

    def test_a_content_has_4095_recipients_over_all_its_jobs(self, ready):
        now = ready.clock()
        rows = [
            {"site_id": "DEMO", "name": f"N{n}", "name_key": f"n{n}", "description": "", "reg_time": now,
             "update_time": now} for n in range(3, 4096)
        ]  # fmt: skip
        with ready.database.write() as s:
            s.execute(insert(Recipient), rows)
        assert create(ready, recipients=list(range(1, 4096))).status_code == 200
        assert create(ready, recipients="all").status_code == 200
        register(ready, "one_more")
        for recipients in (["one_more"], "all"):
            assert faults(create(ready, recipients=recipients)) == [("recipients", "DW1002")]
        assert create(ready, recipients=["one_more"], content_id="another").status_code == 200
        assert len(lines_of(ready, 1)) == 4095

    def test_a_job_has_500_individual_copies_at_most(self, ready):
        for batch in range(4):
            register(ready, *(f"more{batch}-{number}" for number in range(125)))
        assert faults(create(ready, recipients="all", mode="individual")) == [("recipients", "DW1002")]
        assert create(ready, recipients=list(range(1, 501)), mode="individual").status_code == 200

    def test_a_notification_is_told_in_this_apis_states(self, ready):
        noti_id = ready.add_notification(queued=True)
        assert create(ready, job_noti_id=noti_id).status_code == 200
        with ready.database.read() as s:
            assert [row.payload["job_status"] for row in s.query(Delivery)] == ["QUEUED"]

    def test_a_site_out_of_service_makes_none(self, ready):
        from telecine.catalog import sites

        with ready.database.write() as s:
            sites.configure(s, "DEMO", in_service=False)
        answer = create(ready)
        assert (answer.status_code, answer.json()["error_code"]) == (403, "DW9010")


class TestTheList:
    @pytest.fixture
    def listed(self, api):
        """Jobs 1 to 4, a day apart, and one of another API."""
        states = [JobState.QUEUED, JobState.TRANSCODING, JobState.STOPPED, JobState.COMPLETE]
        for day, state in enumerate(states):
            job_id = add_job(api, "test", content_id="ab"[day % 2])
            set_job(api, job_id, state=state, reg_time=datetime(2023, 11, 7 + day, 20, tzinfo=UTC))
        api.add_job()
        return api

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", [4, 3, 2, 1]),
            ("content_id=a", [3, 1]),
            ("content_id=A", []),
            ("job_status=DM000", [1]),
            ("job_status=dm001", [2]),
            ("job_status=DM500,DM600", [4, 3]),
            ("job_status=DM500&job_status=DM600", [4, 3]),
            ("job_status=stopped", [3]),
            ("job_status=progressing&job_status=complete", [4, 2]),
            ("from=2023-11-08&to=2023-11-09", [3, 2]),
            ("from=2023-11-08&to=2023-11-08&time_zone=%2B09:00", [1]),
            ("page_unit=3&page_index=2", [1]),
        ],
    )
    def test_filters_and_pages(self, listed, query, expected):
        body = call(listed, "GET", f"/api/job/DEMO?{query}").json()
        assert [line["job_id"] for line in body["data"]] == expected
        assert body["total_count"] == (4 if "page_unit" in query else len(expected))

    def test_an_unknown_status_is_refused(self, listed):
        assert faults(call(listed, "GET", "/api/job/DEMO?job_status=TP500")) == [("job_status", "DW1003")]

    def test_jobs_of_other_apis_are_not_here_and_ours_not_there(self, listed):
        for path in ("", "/recipient"):
            assert call(listed, "GET", f"/api/job/DEMO/5{path}").json()["error_code"] == "DW1007"
        assert listed.call("GET", "/api/job/DEMO/1").status_code == 404
        assert [line["job_id"] for line in listed.call("GET", "/api/job/DEMO").json()["data"]] == [5]


class TestCopies:
    def test_each_copy_says_how_far_it_is(self, api):
        job_id = add_job(api, "a", "b", "c", "d")
        with api.database.write() as s:
            copies.complete(s, job_id, 1, 1, "copies/film/a/film_a.mov", 12345)
            copies.begin(s, job_id, 1, 2)
            copies.fail(s, job_id, 1, 3, TelecineError(ErrorKind.STORAGE_REFUSED, "no right to write"))
        lines = lines_of(api, job_id)
        assert [(line["task_status"], line["cli_error_code"]) for line in lines] == [
            ("TK002", "0"),
            ("TK001", "0"),
            ("TK005", "3001"),
            ("TK000", "0"),
        ]
        assert (lines[0]["path"], lines[0]["size"]) == ("copies/film/a/film_a.mov", 12345)
        assert "no right to write" in lines[2]["error_message"]
        counts = call(api, "GET", f"/api/job/DEMO/{job_id}").json()["data"]["recipients"]
        assert counts == {"ready": 1, "progressing": 1, "complete": 1, "failed": 1}

    def test_a_job_that_fails_takes_its_open_copies_with_it(self, api):
        job_id = add_job(api, "a", "b")
        with api.database.write() as s:
            copies.complete(s, job_id, 1, 1, "k", 1)
        error = TelecineError(ErrorKind.INPUT_UNREADABLE, "no picture")
        advance(api, job_id, JobState.ERROR, error=error, error_code="DW4002")
        lines = lines_of(api, job_id)
        assert [(line["task_status"], line["cli_error_code"]) for line in lines] == [("TK002", "0"), ("TK005", "4002")]
        assert "no picture" in lines[1]["error_message"]
        job = call(api, "GET", f"/api/job/DEMO/{job_id}").json()["data"]
        assert (job["job_status"], job["error_code"], job["recipients"]["failed"]) == ("DM600", "DW4002", 1)

    def test_times_are_of_the_zone(self, api):
        job_id = add_job(api, "a")
        utc, seoul = (lines_of(api, job_id, query)[0]["reg_time"] for query in ("", "?time_zone=%2B09:00"))
        assert (datetime.fromisoformat(seoul) - datetime.fromisoformat(utc)).total_seconds() == 9 * 3600


class TestStopAndRestart:
    def test_a_stop_is_asked_for_once(self, api):
        job_id = add_job(api, "a")
        stopped = call(api, "PUT", f"/api/job/DEMO/{job_id}/stop")
        assert stopped.json() == {"error_code": "0000", "error_message": "Success.", "data": {"job_id": job_id}}
        assert call(api, "GET", f"/api/job/DEMO/{job_id}").json()["data"]["job_status"] == "DM001"
        again = call(api, "PUT", f"/api/job/DEMO/{job_id}/stop")
        assert (again.status_code, again.json()["error_code"]) == (409, "DW1011")

    def test_a_stopped_job_is_restarted_without_its_complete_copies(self, api):
        job_id = add_job(api, "a", "b")
        with api.database.write() as s:
            copies.complete(s, job_id, 1, 1, "k", 1)
        advance(api, job_id, JobState.STOPPED)
        assert [line["cli_error_code"] for line in lines_of(api, job_id)] == ["0", "8009"]
        assert call(api, "PUT", f"/api/job/DEMO/{job_id}/restart").status_code == 200
        assert [line["task_status"] for line in lines_of(api, job_id)] == ["TK002", "TK000"]
        job = call(api, "GET", f"/api/job/DEMO/{job_id}").json()["data"]
        assert (job["job_status"], job["attempt"]) == ("DM000", 2)
        assert call(api, "PUT", f"/api/job/DEMO/{job_id}/restart").json()["error_code"] == "DW1011"

    def test_jobs_of_other_apis_are_left_alone(self, api):
        other = api.add_job()
        for what in ("stop", "restart"):
            assert call(api, "PUT", f"/api/job/DEMO/{other}/{what}").json()["error_code"] == "DW1007"
