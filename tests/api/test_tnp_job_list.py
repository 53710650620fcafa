"""The job list: every filter in every spelling, pages, and what is wrong named."""

from datetime import UTC, datetime

import pytest
from tests.api.conftest import new_api, plain_job

from telecine.catalog.models import Job
from telecine.core.states import JobState

JOBS = {
    # name: (registered, state, formats, codecs, drm, watermark, region, content)
    "Alpha one": ("2022-05-12T23:59:59", JobState.QUEUED, "dash", "h264", False, False, "RG011", "a"),
    "alpha two": ("2022-05-13T00:00:00", JobState.TRANSCODING, "dash hls", "h264,h265", True, False, "RG011", "b"),
    "Beta 50%": ("2022-05-13T14:59:59", JobState.COMPLETE, "hls", "h265", True, True, "RG004", "c"),
    "gamma": ("2022-05-14T00:00:00", JobState.ERROR, "cmaf", "h264", False, True, "RG013", "c"),
}
"""Called 1 to 4 below."""


@pytest.fixture(scope="module")
def listed(app, tmp_path_factory, migrated):
    """All tests here share one application, which they only read."""
    api = new_api(app, tmp_path_factory.mktemp("listed"), migrated)
    for name, (time, state, formats, codecs, drm, watermark, region, content) in JOBS.items():
        job_id = api.add_job(plain_job(job_name=name, content_id=content))
        with api.database.write() as s:
            job = s.get(Job, job_id)
            job.reg_time = datetime.fromisoformat(time).replace(tzinfo=UTC)
            job.state, job.region, job.codecs, job.drm, job.forensic_watermark = state, region, codecs, drm, watermark
            job.dash, job.hls, job.cmaf = ("dash" in formats, "hls" in formats, "cmaf" in formats)
    yield api
    api.database.close()


def found(api, query):
    body = api.call("GET", f"/api/job/DEMO?{query}").json()
    assert body["error_code"] == "0000", body
    return "".join(str(line["job_id"]) for line in body["data"])


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", "4321"),
        ("from=2022-05-13", "432"),
        ("to=2022-05-13", "321"),
        ("from=2022-05-13&to=2022-05-13", "32"),
        ("from=2022-05-13&to=2022-05-13&time_zone=%2B09:00", "321"),
        ("from=2022-05-13&to=2022-05-13&time_zone=+09:00", "321"),
        ("from=2022-05-13&to=2022-05-13&time_zone=-0100", "43"),
        ("job_name=ALPHA", "21"),
        ("job_name=alpha%20t", "2"),
        ("job_name=%25", "3"),
        ("job_name=_", ""),
        ("region=RG011", "21"),
        ("region=rg004", "3"),
        ("job_id=2", "2"),
        ("job_id=2&job_id_operator=eq", "2"),
        ("job_id=2&job_id_operator=gt", "43"),
        ("job_id=2&job_id_operator=goe", "432"),
        ("job_id=2&job_id_operator=LT", "1"),
        ("job_id=2&job_id_operator=loe", "21"),
        ("job_id_operator=gt", "4321"),
        ("job_id=99999999999999999", ""),
        ("content_id=c", "43"),
        ("content_id=C", ""),
        ("streaming_format=dash", "21"),
        ("streaming_format=dash,hls", "2"),
        ("streaming_format=dash&streaming_format=hls", "2"),
        ("streaming_format=CMAF", "4"),
        ("streaming_format=cmaf,dash", ""),
        ("job_status=TP500", "3"),
        ("job_status=TP000,TP600", "41"),
        ("job_status=TP000&job_status=TP600", "41"),
        ("job_status=complete,error", "43"),
        ("job_status=progressing", "2"),
        ("job_status=tp300100", "2"),
        ("job_type=drm", "32"),
        ("job_type=forensic_watermark", "43"),
        ("job_type=drm,forensic_watermark", "3"),
        ("job_type=drm&job_type=forensic_watermark", "3"),
        ("security=forensic_watermark", "43"),
        ("security=drm&job_type=forensic_watermark", "3"),
        ("codec=h264", "421"),
        ("codec=h264,h265", "2"),
        ("codec=h264,h2655", "2"),
        ("codec=H265&codec=h264", "2"),
        ("page_unit=3", "432"),
        ("page_unit=3&page_index=2", "1"),
        ("page_unit=3&page_index=3", ""),
        ("page_unit=1000&page_index=1000000000", ""),
        ("job_status=&streaming_format=&codec=&job_type=&job_id=&job_id_operator=&region=&from=&to=", "4321"),
        ("job_status=,&codec=,,", "4321"),
        ("nonsense=1", "4321"),
        ("job_name=alpha&streaming_format=dash&codec=h265&job_status=progressing&region=RG011&job_type=drm", "2"),
    ],
)
def test_every_filter(listed, query, ids):
    assert found(listed, query) == ids


def test_the_count_is_of_all_pages(listed):
    body = listed.call("GET", "/api/job/DEMO?page_unit=1&job_name=alpha").json()
    assert (len(body["data"]), body["total_count"]) == (1, 2)


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("from=yesterday", "from", "E1003"),
        ("to=2022-13-01", "to", "E1003"),
        ("from=2022-06-01&to=2022-05-01", "from", "E1003"),
        ("region=RG099", "region", "E1003"),
        ("page_unit=0", "page_unit", "E1002"),
        ("page_unit=1001", "page_unit", "E1002"),
        ("page_unit=-1", "page_unit", "E1002"),
        ("page_unit=1.5", "page_unit", "E1003"),
        ("page_index=0", "page_index", "E1002"),
        ("page_index=1000000001", "page_index", "E1002"),
        ("job_id=abc", "job_id", "E1003"),
        ("job_id_operator=ne", "job_id_operator", "E1003"),
        ("streaming_format=dash,smooth", "streaming_format", "E1003"),
        ("job_status=TP999", "job_status", "E1003"),
        ("job_type=fairplay", "job_type", "E1003"),
        ("security=x", "security", "E1003"),
        ("codec=av1", "codec", "E1003"),
        ("time_zone=+25:00", "time_zone", "E1002"),
    ],
)
def test_what_is_wrong_is_named(listed, query, name, code):
    answer = listed.call("GET", f"/api/job/DEMO?{query}")
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert answer.json()["data"]["errors"][0]["field"] == name
    assert f"'{name}'" in answer.json()["error_message"]


def test_text_that_no_database_holds_finds_nothing(listed):
    assert found(listed, "job_name=%00") == ""
    assert found(listed, "content_id=a%00b&region=") == ""


def test_jobs_of_other_apis_are_found_there_only(api):
    job = api.add_job()
    with api.database.write() as s:
        s.get(Job, job).dialect = "pri"
    assert api.call("GET", "/api/job/DEMO").json()["total_count"] == 0
    for method, path in (("GET", ""), ("PUT", "/stop"), ("PUT", "/restart"), ("GET", "/events")):
        answer = api.call(method, f"/api/job/DEMO/{job}{path}")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "E1007")
