"""`telecine edge` as a process: it serves a marked title over HTTP, says that it is well, and ends when told to."""

import base64
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from pydantic import SecretStr
from tests.edges import TREES, stage_in, url
from tests.servers import PATIENCE, free_port

from telecine.jobs.supervisor import environment

pytestmark = pytest.mark.slow

FIRST = "dash/video/avc1/1/seg-4.m4s"


def test_a_viewer_is_served_by_the_command(tmp_path):
    stage = stage_in(tmp_path)
    stage.publish(trees=TREES[:1])
    token = stage.open(stage.aes())
    port = free_port()
    key = SecretStr(base64.b64encode(bytes(32)).decode())
    settings = stage.services.settings.model_copy(update={"edge_port": port, "log_format": "json", "master_key": key})
    command = [sys.executable, "-m", "telecine.cli", "edge"]
    log = (tmp_path / "log").open("w+")
    edge = subprocess.Popen(command, env=environment(settings), stderr=log, stdout=log)
    try:
        base = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE
        while not well(base):
            assert edge.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert httpx.get(base + url(token, FIRST)).text == "dash/video/avc1/1/b.seg-4.m4s"
        assert httpx.get(base + url(token, "dash/video/avc1/1/seg-3.m4s")).text == "dash/video/avc1/1/seg-3.m4s"
        part = httpx.get(base + url(token, FIRST), headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, b"dash")
        traversal = raw(port, f"GET /wm-contents/{token}/vod/film/../film/dash/stream.mpd HTTP/1.1")
        assert traversal.startswith("HTTP/1.1 400"), traversal
    finally:
        edge.send_signal(signal.SIGTERM)
        status = edge.wait(PATIENCE)
        log.close()
    said = (tmp_path / "log").read_text()
    assert status in (0, -signal.SIGTERM), said
    assert FIRST in said
    assert token[:20] not in said


def test_an_unknown_site_is_said_at_once(tmp_path):
    stage = stage_in(tmp_path)
    command = [sys.executable, "-m", "telecine.cli", "edge", "--site", "NONE"]
    told = subprocess.run(command, env=environment(stage.services.settings), capture_output=True, text=True)
    assert told.returncode
    assert "site" in told.stderr.lower()


def well(base: str) -> bool:
    try:
        return httpx.get(f"{base}/health/ready").json() == {"status": "ready"}
    except httpx.HTTPError:
        return False


def raw(port: int, line: str) -> str:
    """The answer to a request as it is written here: clients tidy an address up before they send it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(f"{line}\r\nHost: edge\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while more := connection.recv(65536):
            received += more
    return received.decode()
