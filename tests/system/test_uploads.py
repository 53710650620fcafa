"""Uploads and downloads over a real socket: memory, and what is left where a client or the server dies on the way."""

import http.client
import os
import signal
import socket
import time
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
from bench import uploads as bench
from tests.servers import PATIENCE, settings_in

from telecine.catalog.clock import utcnow
from telecine.jobs.services import Services
from telecine.jobs.upload_sweep import sweep_uploads

SIZE = 64 * 10**6
MORE_MB = 48
"""Memory that an upload and its downloads may cost; the media is larger."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with bench.running(settings_in(tmp_path_factory.mktemp("uploads"))) as server:
        yield server


def until(condition, why):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def test_media_passes_through_little_memory_and_comes_back_in_any_order(server, tmp_path):
    before = server.memory("VmRSS")
    video_id = server.new_video()
    status, answer, sent = server.upload(video_id, SIZE)
    assert (status, answer["videoId"]) == (200, video_id)
    (stored,) = server.stored()
    assert bench.hash_of(stored) == sent
    bench.rebuild(server, video_id, SIZE, tmp_path / "rebuilt", count=40)
    assert bench.hash_of(tmp_path / "rebuilt") == sent
    assert server.memory("VmHWM") - before < MORE_MB
    stored.unlink()


def test_an_upload_that_is_cut_leaves_nothing_and_can_be_sent_again(server):
    video_id = server.new_video()
    server.upload(video_id, SIZE, sent=SIZE // 2)
    until(lambda: not server.stored(), "half of a file is left")
    assert server.upload(video_id, 1000)[0] == 200
    (stored,) = server.stored()
    stored.unlink()


def test_a_client_that_sends_all_before_it_listens_hears_why_it_was_refused(server):
    """As the Java client does. Without the rest of the body being read it would see a broken connection."""
    video_id = server.new_video()
    assert server.upload(video_id, 1000)[0] == 200
    status, answer, _ = server.upload(video_id, 8 * 10**6)
    assert (status, answer["exception"]) == (409, "ConflictException")
    server.stored()[0].unlink()


def test_a_client_that_asks_first_is_refused_before_it_sends(server):
    address = (server.settings.host, server.settings.port)
    token = server.token()["Authorization"]
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        head = (
            f"POST /pixop/media/v1/upload/no-such-video HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert b" 404 " in connection.recv(65536).partition(b"\r\n")[0]


def test_a_killed_server_leaves_what_the_sweeper_removes_and_tus_goes_on(server):
    """The last one here, for nobody else can use the server after it."""
    settings, tus, content = server.settings, {"Tus-Resumable": "1.0.0"}, os.urandom(3_000_000)
    plain, resumable, token = server.new_video(), server.new_video(), server.token()
    begun = httpx.post(
        f"{settings.base_url}/pixop/media/v1/tus/{resumable}", headers={**token, **tus, "Upload-Length": "3000000"}
    )
    location = begun.headers["location"]
    piece = {**tus, "Content-Type": "application/offset+octet-stream"}
    said = {**piece, **token, "Upload-Offset": "0"}
    assert httpx.patch(location, content=content[:1_200_000], headers=said).status_code == 204
    with _half_an_upload(server, plain, content):
        until(lambda: sum(path.stat().st_size for path in server.stored()) > 3_000_000, "nothing of it is stored")
        os.kill(server.pid, signal.SIGKILL)
    worker = Services.of(settings)
    sweep_uploads(worker, utcnow())
    assert len(server.stored()) == 2, "their time is not over"
    sweep_uploads(worker, utcnow() + timedelta(hours=2))
    worker.database.close()
    (left,) = server.stored()
    with bench.restarted(settings) as again:
        token = again.token()
        assert httpx.head(location, headers={**token, **tus}).headers["upload-offset"] == "1200000"
        said = {**piece, **token, "Upload-Offset": "1200000"}
        assert httpx.patch(location, content=content[1_200_000:], headers=said).status_code == 204
        back = httpx.get(f"{settings.base_url}/pixop/media/v1/download/original/{resumable}", headers=token)
        assert back.content == content
    assert not left.exists(), "it has its own name now"


@contextmanager
def _half_an_upload(server, video_id, content):
    """A form of which no more comes than its beginning."""
    connection = http.client.HTTPConnection(server.settings.host, server.settings.port)
    connection.putrequest("POST", f"/pixop/media/v1/upload/{video_id}")
    for name, value in {**server.token(), "Content-Type": "multipart/form-data; boundary=x"}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(content) * 3))
    connection.endheaders(b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.mov"\r\n\r\n')
    connection.send(content)
    yield
    connection.close()
