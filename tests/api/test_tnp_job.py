"""Jobs: the document's samples, what a create checks, and how a job is shown, stopped and restarted."""

from copy import deepcopy
from datetime import datetime, timedelta

import pytest
from tests.api.conftest import plain_job

from telecine.apis.tnp import samples
from telecine.catalog import jobs, marks, sites
from telecine.catalog.models import Command, Job
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import MarkLayout
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState
from telecine.core.watermark.policy import MarkingPolicy


def advance(api, job_id, *states, error=None, error_code="", attempt=1):
    with api.database.write() as s:
        for state in states:
            assert jobs.advance(s, job_id, attempt, state, now=api.clock(), error=error, error_code=error_code)


def detail(api, job_id, query=""):
    return api.call("GET", f"/api/job/DEMO/{job_id}{query}").json()


class TestDocumentSamples:
    @pytest.fixture
    def ready(self, api):
        """What the samples refer to."""
        for request in (samples.JOB_CREATE, samples.JOB_DETAIL):
            for io_type in ("input", "output"):
                api.add_storage(request[io_type]["storage_id"], io_type)
        assert api.add_notification(error=True) == 1
        return api

    @pytest.mark.parametrize("request_", [samples.JOB_CREATE, samples.JOB_DETAIL], ids=["create", "detail"])
    def test_as_printed_they_are_encrypted_and_marked_jobs(self, ready, request_):
        answer = ready.call("POST", "/api/job/DEMO", json=request_)
        assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"job_id": 1}}
        (line,) = ready.call("GET", "/api/job/DEMO?job_type=drm,forensic_watermark").json()["data"]
        assert (line["drm"], line["forensic_watermark"]) == (True, True)
        detail = ready.call("GET", "/api/job/DEMO/1").json()["data"]
        assert detail["output"]["forensic_watermarking"] == {"enabled": True}

    @pytest.mark.parametrize("request_", [samples.JOB_CREATE, samples.JOB_DETAIL], ids=["create", "detail"])
    def test_without_a_watermark_they_are_encrypted_jobs(self, ready, request_):
        answer = ready.call("POST", "/api/job/DEMO", json=samples.without_watermark(request_))
        assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"job_id": 1}}
        (line,) = ready.call("GET", "/api/job/DEMO?job_type=drm").json()["data"]
        assert (line["drm"], line["forensic_watermark"]) == (True, False)
        detail = ready.call("GET", "/api/job/DEMO/1").json()["data"]
        assert detail["output"]["drm"] == request_["output"]["drm"]

    @pytest.mark.parametrize("request_", [samples.JOB_CREATE, samples.JOB_DETAIL], ids=["create", "detail"])
    def test_without_protection_they_are_jobs(self, ready, request_):
        answer = ready.call("POST", "/api/job/DEMO", json=samples.without_protection(request_))
        assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"job_id": 1}}

    def test_list(self, ready):
        sent = samples.without_protection(samples.JOB_CREATE) | {"job_name": "test-job"}
        ready.call("POST", "/api/job/DEMO", json=sent | {"content_id": "test-content-id"})
        query = "from=2022-05-01&to=2022-05-13&job_name=test-job&region=RG011&page_unit=20&page_index=1&job_id=123"
        query += "&content_id=test-content-id&security=forensic_watermark&streaming_format=dash&time_zone=%2B00%3A00"
        body = ready.call("GET", f"/api/job/DEMO?{query}").json()
        assert body == {
            "error_code": "0000",
            "error_message": "Success.",
            "time_zone": "+00:00",
            "total_count": 0,
            "data": [],
        }
        assert list(body) == ["error_code", "error_message", "time_zone", "total_count", "data"]
        query = query.replace("to=2022", "to=2062").replace("job_id=123", "job_id=1").replace("security", "x")
        (line,) = ready.call("GET", f"/api/job/DEMO?{query}").json()["data"]
        documented = {
            "job_id": 1,
            "job_name": "test-job",
            "content_id": "test-content-id",
            "job_status": "TP000",
            "drm": False,
            "forensic_watermark": False,
            "dash": True,
            "hls": False,
            "cmaf": False,
            "codec": "h264",
            "region": "RG011",
            "reg_time": line["reg_time"],
        }
        assert list(line)[: len(documented)] == list(documented)
        assert line.items() >= documented.items()
        assert "start_time" not in line

    def test_detail(self, ready):
        sent = samples.without_protection(samples.JOB_DETAIL)
        ready.call("POST", "/api/job/DEMO", json=sent)
        advance(ready, 1, JobState.DOWNLOADING)
        body = detail(ready, 1, "?time_zone=%2B00%3A00")
        assert list(body) == ["error_code", "error_message", "time_zone", "data"]
        data = body["data"]
        documented = [*sent, "job_id", "region", "job_status", "start_time", "reg_time"]
        assert list(data)[: len(documented)] == documented
        assert {name: data[name] for name in sent} == sent
        assert (data["job_id"], data["region"], data["job_status"]) == (1, "RG011", "TP100100")
        for name in ("start_time", "reg_time"):
            datetime.strptime(data[name], "%Y-%m-%dT%H:%M:%S").astimezone()

    def test_stop(self, ready):
        job_id = ready.add_job()
        answer = ready.call("PUT", f"/api/job/DEMO/{job_id}/stop", headers={"Content-Type": "application/json"})
        assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"job_id": job_id}}

    def test_restart(self, ready):
        job_id = ready.add_job()
        advance(ready, job_id, JobState.STOPPED)
        answer = ready.call("PUT", f"/api/job/DEMO/{job_id}/restart")
        assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"job_id": job_id}}


class TestCreate:
    def test_a_job_is_queued_with_its_start_command_in_one_step(self, api):
        job_id = api.add_job()
        with api.database.read() as s:
            job = s.get(Job, job_id)
            (command,) = s.query(Command).all()
        assert job.state is JobState.QUEUED
        assert (command.kind, command.job_id, command.attempt) == ("start", job_id, 1)
        assert job.spec["video"][0]["rate"] == {"mode": "cbr", "bitrate": 10_000_000}

    def test_faults_of_the_whole_request_are_told_at_once_and_nothing_is_made(self, api):
        request = plain_job(content_id="a/b")
        request["input"]["files"][0]["file_path"] = 5
        del request["output"]["packaging"]
        body = api.call("POST", "/api/job/DEMO", json=request).json()
        assert [(error["field"], error["error_code"]) for error in body["data"]["errors"]] == [
            ("content_id", "E1003"),
            ("input.files[0].file_path", "E1003"),
            ("output.packaging", "E1001"),
        ]
        assert api.call("GET", "/api/job/DEMO").json()["total_count"] == 0

    @pytest.mark.parametrize("io_type", ["input", "output"])
    def test_storages_must_be_the_sites(self, api, io_type):
        api.add_site("EVIL")
        request = plain_job()
        for kind in ("input", "output"):
            api.add_storage(request[kind]["storage_id"], kind, "EVIL" if kind == io_type else "DEMO")
        answer = api.call("POST", "/api/job/DEMO", json=request)
        assert answer.status_code == 400
        assert f"'{io_type}.storage_id'" in answer.json()["error_message"]

    def test_storages_must_be_of_the_kind_that_they_are_used_as(self, api):
        api.add_storage("s1", "input")
        api.add_storage("s2", "output")
        request = plain_job()
        request["input"]["storage_id"], request["output"]["storage_id"] = "s2", "s1"
        errors = api.call("POST", "/api/job/DEMO", json=request).json()["data"]["errors"]
        assert [error["field"] for error in errors] == ["input.storage_id", "output.storage_id"]
        assert "registered for output" in errors[0]["error_message"]

    @pytest.mark.parametrize("noti_id", [5, "5", 0, -1, 10**18])
    def test_the_notification_must_be_the_sites(self, api, noti_id):
        api.add_job()
        request = plain_job()
        request["output"]["job_noti_id"] = noti_id
        answer = api.call("POST", "/api/job/DEMO", json=request)
        assert answer.status_code == 400
        assert "'output.job_noti_id'" in answer.json()["error_message"]

    def test_a_foreign_notification_is_as_good_as_none(self, api):
        api.add_site("EVIL")
        api.add_job()
        answer = api.call("POST", "/api/job/DEMO", json=plain_job(job_noti_id=api.add_notification("EVIL")))
        assert "'job_noti_id'" in answer.json()["error_message"]

    def test_a_trial_ends(self, api):
        with api.database.write() as s:
            sites.configure(s, "DEMO", trial_limit=1)
        api.add_job()
        answer = api.call("POST", "/api/job/DEMO", json=plain_job())
        assert (answer.status_code, answer.json()["error_code"]) == (403, "E9011")

    def test_a_site_out_of_service_makes_no_jobs_but_can_look(self, api):
        api.add_job()
        with api.database.write() as s:
            sites.configure(s, "DEMO", in_service=False)
        answer = api.call("POST", "/api/job/DEMO", json=plain_job())
        assert (answer.status_code, answer.json()["error_code"]) == (403, "E9010")
        assert api.call("GET", "/api/job/DEMO/1").status_code == 200

    @pytest.mark.parametrize(("sent", "kept"), [(None, 3), (1, 1), ("5", 5)])
    def test_priority(self, api, sent, kept):
        request = plain_job() if sent is None else plain_job(priority=sent)
        assert detail(api, api.add_job(request))["data"]["priority"] == kept

    def test_what_was_read_otherwise_is_a_warning_on_the_job(self, api):
        job_id = api.add_job(plain_job(surprise=1))
        warnings = detail(api, job_id)["data"]["warnings"]
        assert [warning.split(" ")[0] for warning in warnings] == [
            "'output.transcodings[0].bitrate'",
            "'output.transcodings[1].codec'",
            "'surprise'",
        ]

    def test_user_data_and_unknown_inner_fields_come_back_as_sent(self, api):
        request = plain_job(user_data={"order": [1, {"z": None, "a": "é"}]})
        request["output"]["note"] = "mine"
        data = detail(api, api.add_job(request))["data"]
        assert data["user_data"] == request["user_data"]
        assert data["output"] == request["output"]
        assert list(data["output"]) == list(request["output"])


class TestMarking:
    def test_how_a_job_is_marked_follows_the_sites_policy_when_it_is_created(self, api):
        with api.database.write() as s:
            marks.set_policy(s, "DEMO", MarkingPolicy(layout=MarkLayout.PREFIXED, strength=0.7, shortest_seconds=10))
        request = plain_job()
        request["output"]["forensic_watermarking"] = {"enabled": True}
        job_id = api.add_job(request)
        with api.database.read() as s:
            marking = jobs.spec_of(jobs.load(s, job_id)).marking
        assert (marking.layout, marking.strength, marking.shortest_seconds) == (MarkLayout.PREFIXED, 0.7, 10)

    def test_what_cannot_be_marked_is_refused_and_changes_nothing(self, api):
        request = plain_job()
        request["output"]["forensic_watermarking"] = {"enabled": True}
        request["output"]["transcodings"][0] |= {"width": 320, "height": 180}
        for io_type in ("input", "output"):
            api.add_storage(request[io_type]["storage_id"], io_type)
        answer = api.call("POST", "/api/job/DEMO", json=request)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "E1002")
        assert [fault["field"] for fault in answer.json()["data"]["errors"]] == ["output.transcodings[0].width"]
        assert api.call("GET", "/api/job/DEMO").json()["total_count"] == 0


class TestIdempotency:
    def test_the_same_request_with_the_same_key_makes_one_job(self, api):
        first = api.add_job(**{"Idempotency-Key": "k"})
        answer = api.call("POST", "/api/job/DEMO", json=plain_job(), headers={"Idempotency-Key": "k"})
        assert answer.json()["data"] == {"job_id": first}
        assert answer.headers["idempotency-replayed"] == "true"
        assert api.call("GET", "/api/job/DEMO").json()["total_count"] == 1

    def test_without_a_key_two_requests_are_two_jobs(self, api):
        assert api.add_job() != api.add_job()

    def test_another_request_with_the_same_key_is_refused(self, api):
        api.add_job(**{"Idempotency-Key": "k"})
        answer = api.call("POST", "/api/job/DEMO", json=plain_job(job_name="x"), headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["error_code"]) == (409, "E1012")

    def test_keys_of_two_sites_have_nothing_to_do_with_each_other(self, api):
        api.add_site("EVIL")
        first = api.add_job(**{"Idempotency-Key": "k"})
        request = deepcopy(plain_job())
        for io_type in ("input", "output"):
            request[io_type]["storage_id"] = f"evil-{io_type}"
        assert api.add_job(request, "EVIL", **{"Idempotency-Key": "k"}) != first

    def test_a_key_that_is_too_long(self, api):
        answer = api.call("POST", "/api/job/DEMO", json=plain_job(), headers={"Idempotency-Key": "k" * 256})
        assert "'Idempotency-Key'" in answer.json()["error_message"]


class TestDetail:
    def test_progress_is_told_while_it_works(self, api):
        job_id = api.add_job()
        api.clock.turn(100)
        advance(api, job_id, JobState.DOWNLOADING, JobState.TRANSCODING)
        with api.database.write() as s:
            for phase in (Phase.STAGE_IN, Phase.PROBE):
                jobs.report_work(s, job_id, 1, phase, 0, Tick(1, 1), now=api.clock())
            jobs.report_work(s, job_id, 1, Phase.ENCODE, 0, Tick(60, 60, 2.0), now=api.clock())
            api.clock.turn(1)
            jobs.report_work(s, job_id, 1, Phase.ENCODE, 1, Tick(0, 60, 1.5), now=api.clock())
        api.clock.turn(99)
        data = detail(api, job_id)["data"]
        assert (data["job_status"], data["status"], data["phase"]) == ("TP300100", "progressing", "encode")
        assert data["progress"] == 43.0
        assert data["speed"] == 1.5
        assert data["eta"] == round(100 * 57 / 43)
        assert api.call("GET", "/api/job/DEMO").json()["data"][0]["progress"] == 43.0

    def test_a_failed_job_says_why(self, api):
        job_id = api.add_job()
        error = TelecineError(ErrorKind.PACKAGE_FAILED)
        advance(api, job_id, JobState.ERROR, error=error, error_code="E8005")
        for data in (detail(api, job_id)["data"], api.call("GET", "/api/job/DEMO").json()["data"][0]):
            assert (data["job_status"], data["status"]) == ("TP600", "error")
            assert data["error_code"] == "E8005"
            assert data["error_message"] == "Failed to segmenting and DRM packaging."

    def test_a_complete_job_is_at_100_percent(self, api):
        job_id = api.add_job()
        advance(api, job_id, JobState.UPLOADING, JobState.COMPLETE)
        data = detail(api, job_id)["data"]
        assert (data["job_status"], data["status"], data["progress"]) == ("TP500", "complete", 100.0)
        assert data["eta"] is None
        assert "error_code" not in data
        assert data["end_time"]

    def test_times_are_local(self, api):
        job_id = api.add_job()
        utc = detail(api, job_id)
        for zone in ("%2B09:00", "+09:00", "%2B0900", "09:00", "%252B09%3A00"):
            local = detail(api, job_id, f"?time_zone={zone}")
            assert local["time_zone"] == "+09:00"
            shift = datetime.fromisoformat(local["data"]["reg_time"]) - datetime.fromisoformat(utc["data"]["reg_time"])
            assert shift == timedelta(hours=9)

    @pytest.mark.parametrize("zone", ["Asia/Seoul", "%2B99:00", "x"])
    def test_a_bad_zone(self, api, zone):
        answer = api.call("GET", f"/api/job/DEMO/{api.add_job()}?time_zone={zone}")
        assert answer.status_code == 400
        assert "'time_zone'" in answer.json()["error_message"]

    @pytest.mark.parametrize(("job_id", "status"), [("2", 404), ("0", 404), ("-5", 404), ("9" * 30, 404), ("x", 400)])
    def test_a_job_that_is_not_there(self, api, job_id, status):
        api.add_job()
        for method, path in (("GET", ""), ("PUT", "/stop"), ("PUT", "/restart"), ("GET", "/events")):
            assert api.call(method, f"/api/job/DEMO/{job_id}{path}").status_code == status


class TestLife:
    def test_a_job_is_stopped_and_begun_again(self, api):
        job_id = api.add_job()
        assert api.call("PUT", f"/api/job/DEMO/{job_id}/stop").status_code == 200
        data = detail(api, job_id)["data"]
        assert (data["job_status"], data["status"]) == ("TP700100", "progressing")
        advance(api, job_id, JobState.STOPPED)
        assert detail(api, job_id)["data"]["job_status"] == "TP700200"
        assert api.call("PUT", f"/api/job/DEMO/{job_id}/restart").status_code == 200
        data = detail(api, job_id)["data"]
        assert (data["job_status"], data["status"], data["attempt"]) == ("TP000", "queued", 2)
        assert "start_time" not in data

    @pytest.mark.parametrize("state", [JobState.COMPLETE, JobState.STOPPED, JobState.ERROR, JobState.STOP_REQUESTED])
    def test_what_has_ended_cannot_be_stopped(self, api, state):
        job_id = api.add_job()
        advance(api, job_id, state)
        answer = api.call("PUT", f"/api/job/DEMO/{job_id}/stop")
        assert (answer.status_code, answer.json()["error_code"]) == (409, "E1011")

    @pytest.mark.parametrize("state", [None, JobState.TRANSCODING, JobState.COMPLETE])
    def test_what_has_not_failed_cannot_be_restarted(self, api, state):
        job_id = api.add_job()
        if state:
            advance(api, job_id, state)
        assert api.call("PUT", f"/api/job/DEMO/{job_id}/restart").json()["error_code"] == "E1011"

    def test_its_log_can_be_read_and_followed(self, api):
        job_id = api.add_job()
        advance(api, job_id, JobState.DOWNLOADING)
        with api.database.write() as s:
            jobs.add_event(s, job_id, 1, "warning", "probe", "odd", {"frames": 3})
        lines = api.call("GET", f"/api/job/DEMO/{job_id}/events").json()["data"]
        assert [line["phase"] for line in lines] == ["state", "state", "probe"]
        assert (lines[2]["level"], lines[2]["message"], lines[2]["data"]) == ("warning", "odd", {"frames": 3})
        later = api.call("GET", f"/api/job/DEMO/{job_id}/events?after={lines[1]['id']}&time_zone=%2B09:00").json()
        assert [line["message"] for line in later["data"]] == ["odd"]
        assert api.call("GET", f"/api/job/DEMO/{job_id}/events?after=-1").status_code == 400
