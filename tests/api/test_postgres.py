"""The API on PostgreSQL: the few things that could differ from SQLite, through the front door."""

import json
from concurrent.futures import ThreadPoolExecutor

from tests.api.conftest import plain_job

from telecine.apis.tnp import samples


def test_a_jobs_life_on_postgresql(make_api, postgres_url):
    api = make_api(database_url=postgres_url)
    api.bucket("watermark-input-seoul")
    assert api.call("POST", "/api/storage/DEMO", json=samples.STORAGE_CREATE).status_code == 200
    request = plain_job(user_data={"z": 1, "a": "é한🎬"})
    job_id = api.add_job(request)
    data = api.call("GET", f"/api/job/DEMO/{job_id}").json()["data"]
    assert json.dumps(data["user_data"]) == json.dumps(request["user_data"])
    assert json.dumps(data["output"]) == json.dumps(request["output"])
    for query in ("job_name=%00", "content_id=%ED%A0%80", "job_id=99999999999999999", "page_index=1000000000"):
        assert api.call("GET", f"/api/job/DEMO?{query}").json()["data"] == []
    assert api.call("GET", f"/api/job/DEMO/{10**30}").status_code == 404
    assert api.call("GET", "/api/job/DEMO?job_name=JOB&codec=h264&job_status=queued").json()["total_count"] == 1
    assert api.call("PUT", f"/api/job/DEMO/{job_id}/stop").status_code == 200
    assert api.call("DELETE", "/api/storage/DEMO/input-storage-id").status_code == 409
    assert api.client.get("/health/ready").status_code == 200
    assert 'telecine_jobs{state="stop_requested"} 1.0' in api.client.get("/metrics").text
    assert api.client.get("/tnp/api/token/DEMO", headers={"Authorization": "Basic eDp5"}).status_code == 401


def test_two_requests_with_one_key_at_once_make_one_job(make_api, postgres_url):
    api = make_api(database_url=postgres_url)
    api.add_job()
    api.token_once()

    def post(_: int) -> tuple[int, str]:
        answer = api.call("POST", "/api/job/DEMO", json=plain_job(), headers={"Idempotency-Key": "k"})
        return answer.json()["data"]["job_id"], answer.headers.get("idempotency-replayed", "")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(8)))
    assert len({job_id for job_id, _ in answers}) == 1
    assert sorted(replayed for _, replayed in answers) == ["", *["true"] * 7]
    assert api.call("GET", "/api/job/DEMO").json()["total_count"] == 2
