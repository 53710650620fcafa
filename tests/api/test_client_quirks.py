"""What real clients of the T&P API send and expect, one test for each quirk that was found in their sources."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import uvicorn
from tests.api.conftest import plain_job

from telecine.apis.app import server_config
from telecine.apis.tnp import samples
from telecine.catalog.models import Job

JAVA_JOB = {
    "job_name": "sample job",
    "content_id": "sample-cid",
    "input": {
        "storage_id": "12312312312312312312312312312312",
        "files": [
            {
                "file_type": "multi",
                "file_path": "input/sample.mp4",
                "audios": [{"in": {"track": 0}, "remap": {"track": 0}}],
            }
        ],
        "subtitles": [{"file_path": "input/subtitle/en.vtt", "language": "eng"}],
    },
    "output": {
        "storage_id": "32132132132132132132131231232132",
        "path": "output",
        "transcodings": [
            {
                "track_id": "video1",
                "track_type": "video",
                "track_name": "video",
                "codec": "h264",
                "height": 1080,
                "width": 1920,
                "bitrate_mode": "cbr",
                "bitrate": 10000,
            },
            {
                "track_id": "audio1",
                "track_type": "audio",
                "track_name": "english",
                "codec": "aac",
                "language": "en",
                "sources": [{"track": 0}],
            },
        ],
        "packaging": {
            "dash": True,
            "hls": False,
            "cmaf": False,
            "option": {"min_buffer_time": 2, "subtitle_format": {"dash": "text_vtt"}},
        },
        "drm": {
            "enabled": False,
            "option": {
                "multi_key": False,
                "max_sd_height": 0,
                "max_hd_height": 0,
                "max_uhd1_height": 0,
                "clear_lead": 0,
            },
        },
        "forensic_watermarking": {"enabled": False},
    },
}
"""Quirk 7: the Java sample's body."""

TYPESCRIPT_JOB = {
    "job_name": "lesson 1",
    "content_id": "course-1-lesson-1",
    "input": {
        "storage_id": "12312312312312312312312312312312",
        "files": [
            {
                "file_type": "multi",
                "file_path": "videos/lesson.mp4",
                "audios": [{"in": {"track": 0}, "remap": {"track": 0}}],
            }
        ],
    },
    "output": {
        "storage_id": "32132132132132132132131231232132",
        "path": "videos/course-1/",
        "default_language": "en",
        "transcodings": [
            {
                "track_id": "video_0",
                "track_type": "video",
                "codec": "h264",
                "width": 1280,
                "height": 720,
                "bitrate_mode": "cbr",
                "bitrate": 2_500_000,
                "bandwidth": 2_500_000,
                "frame_rate": 30,
            },
            {
                "track_id": "audio_0",
                "track_type": "audio",
                "codec": "aac",
                "bitrate": 128_000,
                "sample_rate": 48_000,
                "language": "en",
                "sources": [{"track": 0}],
            },
        ],
        "packaging": {
            "dash": True,
            "hls": True,
            "cmaf": False,
            "option": {"min_buffer_time": 2, "enable_average_bandwidth_mpd": False},
        },
        "drm": {"enabled": False},
    },
}
"""Quirk 8: the TypeScript client's body."""

TYPESCRIPT_LATER_JOB = {
    "job_name": "lesson 1",
    "content_id": "course-1-lesson-1",
    "input": TYPESCRIPT_JOB["input"],
    "output": {
        "storage_id": "32132132132132132132131231232132",
        "path": "videos/course-1/",
        "transcodings": [
            {
                "track_id": "video_0",
                "track_type": "video",
                "codec": "h264",
                "width": 1280,
                "height": 720,
                "bitrate": 2_500_000,
                "frame_rate": 30,
            },
            {"track_id": "audio_0", "track_type": "audio", "codec": "aac", "sources": [{"track": 0}]},
        ],
        "packaging": {"dash": True, "hls": True, "cmaf": False},
        "drm": {
            "enabled": False,
            "option": {
                "multi_key": False,
                "skip_audio_encryption": False,
                "clear_lead": 0,
                "generate_tracktype_manifests": False,
            },
        },
    },
}
"""Quirk 8, the later variant: what the live service accepted in the end."""


@pytest.mark.parametrize("scheme", ["basic", "Basic"])
def test_1_the_scheme_of_the_token_call_in_lower_case_or_not(api, scheme):
    assert api.client.get("/tnp/api/token/DEMO", headers=api.basic(scheme=scheme)).status_code == 200


def test_2_the_token_holds_bearer_already_and_comes_back_verbatim(api):
    token = api.client.get("/tnp/api/token/DEMO", headers=api.basic()).json()["data"]["token"]
    assert token.startswith("Bearer ")
    assert api.client.get("/tnp/api/job/DEMO", headers={"Authorization": token}).status_code == 200
    assert api.client.get("/tnp/api/job/DEMO", headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize("content_type", ["application/json", "application/json;charset=UTF-8"])
def test_3_the_content_type_with_and_without_charset_on_get_too(api, content_type):
    headers = {"Content-Type": content_type}
    assert api.client.get("/tnp/api/token/DEMO", headers=api.basic() | headers).status_code == 200
    assert api.call("GET", "/api/job/DEMO", headers=headers).status_code == 200
    assert api.call("PUT", "/api/setting/DEMO", content=b'{"region":"RG004"}', headers=headers).status_code == 200


def test_4_success_is_a_2xx_and_the_text_0000_and_failures_are_json_too(api):
    good = api.call("GET", "/api/job/DEMO")
    assert good.is_success
    assert good.json()["error_code"] == "0000"
    for bad in (api.call("GET", "/api/job/DEMO/5"), api.client.get("/tnp/api/job/DEMO"), api.client.get("/x")):
        assert not bad.is_success
        assert isinstance(bad.json()["error_code"], str)
        assert bad.json()["error_code"] != "0000"
        assert bad.json()["error_message"]


def test_5_the_detail_has_a_status_word_beside_job_status(api):
    job_id = api.add_job()
    assert isinstance(job_id, int)
    data = api.call("GET", f"/api/job/DEMO/{job_id}").json()["data"]
    known = {"queued", "progress", "progressing", "processing", "success", "complete", "completed", "error", "stopped"}
    assert data["status"] in known
    assert data["job_status"].startswith("TP")


def test_6_the_detail_is_called_without_a_time_zone(api):
    assert api.call("GET", f"/api/job/DEMO/{api.add_job()}").json()["time_zone"] == "+00:00"


@pytest.mark.parametrize("body", [JAVA_JOB, TYPESCRIPT_JOB, TYPESCRIPT_LATER_JOB], ids=["java", "typescript", "later"])
def test_7_and_8_the_bodies_that_clients_send_are_jobs(api, body):
    job_id = api.add_job(body)
    data = api.call("GET", f"/api/job/DEMO/{job_id}").json()["data"]
    assert data["output"] == body["output"]


def test_8_a_slash_at_the_end_of_the_path_makes_no_empty_folder(api):
    job_id = api.add_job(TYPESCRIPT_JOB)
    with api.database.read() as s:
        assert s.get(Job, job_id).spec["output_path"] == "videos/course-1"


def test_10_fields_that_a_client_does_not_know_stand_behind_the_documented_ones(api):
    (line,) = api.call("GET", f"/api/job/DEMO?job_id={api.add_job()}").json()["data"]
    assert list(line)[:4] == ["job_id", "job_name", "content_id", "job_status"]
    assert list(line).index("status") > list(line).index("reg_time")


@contextmanager
def listening(api) -> Iterator[int]:
    """The application behind the real HTTP server, set as in production; its port."""
    config = server_config(api.app, api.services.settings.model_copy(update={"port": 0}))
    server = uvicorn.Server(config)
    with closing(config.bind_socket()) as bound:
        bound.listen()  # so that a client that is quicker than the server waits
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def exchange(port: int, request: str) -> tuple[str, str]:
    """Status line and body of the answer to `request`, sent byte by byte as written."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.decode().partition("\r\n\r\n")
    return head.partition("\r\n")[0], body


H2C = """Connection: Upgrade, HTTP2-Settings
Upgrade: h2c
HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA
User-Agent: Java-http-client/17.0.1
"""
"""What Java's HttpClient sends on plain http in the hope of HTTP/2."""


def test_9_javas_offer_of_http2_and_its_content_length_of_zero(api):
    basic = api.basic()["Authorization"]
    api.add_storage(samples.JOB_CREATE["input"]["storage_id"], "input")
    api.add_storage(samples.JOB_CREATE["output"]["storage_id"], "output")
    with listening(api) as port:
        host = f"Host: 127.0.0.1:{port}\n"

        def get(path: str, authorization: str) -> tuple[str, str]:
            tail = f"{H2C}Authorization: {authorization}\nContent-Type: application/json\n"
            # A second request on the same connection closes it, so that the answer ends.
            last = f"GET /health/live HTTP/1.1\n{host}Connection: close\n\n"
            return exchange(port, f"GET {path} HTTP/1.1\n{host}Content-Length: 0\n{tail}\n{last}")

        status, body = get("/tnp/api/token/DEMO", basic)
        assert status == "HTTP/1.1 200 OK"
        token = body.split('"token":"')[1].split('"')[0]
        status, body = get("/tnp/api/job/DEMO", token)
        assert status == "HTTP/1.1 200 OK"
        assert '"total_count":0' in body
        status, body = get("/tnp/api/job/DEMO/77", token)
        assert status == "HTTP/1.1 404 Not Found"
        assert '"E1007"' in body
        job = json.dumps(plain_job())
        post = f"POST /tnp/api/job/DEMO HTTP/1.1\n{host}{H2C}Authorization: {token}\nContent-Length: {len(job)}\n"
        last = f"GET /health/live HTTP/1.1\n{host}Connection: close\n\n"
        status, body = exchange(port, f"{post}Content-Type: application/json\n\n{job}{last}")
        assert status == "HTTP/1.1 200 OK"
        assert '"job_id":1' in body
