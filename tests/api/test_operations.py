"""Health and metrics."""

import re

from telecine.catalog import jobs
from telecine.core.states import JobState


def test_alive(api):
    answer = api.client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_ready(api):
    answer = api.client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


def test_not_ready_with_the_schema_of_another_release(api):
    with api.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    answer = api.client.get("/health/ready")
    assert answer.status_code == 503
    assert "schema" in answer.json()["reason"]


def test_not_ready_without_the_database_and_alive_all_the_same(make_api, tmp_path):
    api = make_api()
    api.database.close()
    for path in tmp_path.glob("telecine.db*"):
        path.unlink()
    (tmp_path / "telecine.db").mkdir()
    assert api.client.get("/health/ready").status_code == 503
    assert api.client.get("/health/live").status_code == 200


def test_jobs_by_state(api):
    for _ in range(3):
        job_id = api.add_job()
    with api.database.write() as s:
        jobs.advance(s, job_id, 1, JobState.COMPLETE, now=api.clock())
    text = api.client.get("/metrics").text
    assert 'telecine_jobs{state="queued"} 2.0' in text
    assert 'telecine_jobs{state="complete"} 1.0' in text
    assert 'telecine_jobs{state="error"} 0.0' in text


def test_requests_are_counted_by_route_and_no_id_is_a_label(api):
    job_id = api.add_job()
    for path in (f"/api/job/DEMO/{job_id}", "/api/job/DEMO/999", "/api/job/DEMO?job_name=private"):
        api.call("GET", path)
    api.client.get("/somewhere/else")
    api.client.request("BREW", "/tnp/api/job/DEMO")
    answer = api.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    requests = [line for line in answer.text.splitlines() if line.startswith("telecine_http_requests_total")]
    detail = 'method="GET",route="/tnp/api/job/{siteId}/{jobId}"'
    assert f'telecine_http_requests_total{{{detail},status="200"}} 1.0' in requests
    assert f'telecine_http_requests_total{{{detail},status="404"}} 1.0' in requests
    assert any('route="unmatched",status="404"' in line for line in requests)
    assert any('method="other"' in line for line in requests)
    labels = re.findall(r'="([^"]*)"', answer.text)
    for private in ("DEMO", "999", "private", "somewhere", "BREW", "input-storage-id"):
        assert not [label for label in labels if private in label]
    assert re.search(r'telecine_http_request_seconds_bucket{le="0.05",method="GET"', answer.text)


def test_the_openapi_page_is_there(api):
    described = api.client.get("/openapi.json").json()
    assert described["info"]["title"] == "Telecine"
    assert api.client.get("/docs").status_code == 200


def test_requests_by_host_name_are_counted_by_the_same_route(api):
    headers = api.basic() | {"Host": "tnp.pallycon.com"}
    api.client.get("/api/token/DEMO", headers=headers)
    assert 'method="GET",route="/tnp/api/token/{siteId}",status="200"} 1.0' in api.client.get("/metrics").text


def test_a_line_break_in_a_path_makes_no_line_in_the_log(api, capsys):
    api.client.get("/x%0Aforged%20line")
    log = capsys.readouterr().out
    assert "forged" in log
    assert not [line for line in log.splitlines() if line.startswith("forged")]
