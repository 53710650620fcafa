"""The packaging API behind its real server: requests as long as jobs are, and a log that tells nothing of them."""

import base64
import copy
import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.servers import settings_in
from tests.system.test_end_to_end import SITE, part, prepare, wait_until_ready

from telecine.apis.app import LONGEST_HEAD
from telecine.apis.packaging import samples
from telecine.apis.packaging.faults import API_CODES
from telecine.apis.packaging.sealed import seal
from telecine.catalog import sites, storages
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer, load_master_key
from telecine.settings import Settings

PATH = f"/packaging/api/v2/pack/{SITE}"


@dataclass
class Server:
    """A running API process, what its client knows, and what it has logged."""

    settings: Settings
    site_key: str
    access_key: str
    storage_id: str

    def sealed(self, plain: Any) -> str:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return seal(plain, site_id=SITE, site_key=self.site_key, access_key=self.access_key, timestamp=now)

    def job(self) -> dict[str, Any]:
        job = copy.deepcopy(samples.JOB_REGISTER)
        for place in job["storage"].values():
            place["storage_id"] = self.storage_id
        return job

    @property
    def log(self) -> str:
        return (self.settings.data_dir / "logs" / "api.log").read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = settings_in(tmp_path_factory.mktemp("server"))
    access_key = prepare(settings).partition(":")[2]
    sealer = Sealer(load_master_key("", settings.data_dir / "master.key"))
    database = Database(settings.database)
    with database.write() as s:
        site_key = sites.site_key(sealer, sites.get(s, SITE))
        values = storages.StorageValues("films", "films", "both", "RG011", "AKID", "sesame-open")
        storage_id = storages.create(s, sealer, SITE, values).storage_id
    database.close()
    api = part(settings, "api")
    api.start()
    try:
        wait_until_ready(settings)
        yield Server(settings, site_key, access_key, storage_id)
    finally:
        api.stop(grace=10)


def raw(server: Server, request: bytes) -> bytes:
    """The whole answer to bytes that no library would send; what came until the server hung up."""
    answer = b""
    address = (server.settings.host, server.settings.port)
    with socket.create_connection(address, timeout=10) as connection, suppress(ConnectionError):
        connection.sendall(request)
        while piece := connection.recv(65536):
            answer += piece
    return answer


def get(server: Server, method: str, text: str) -> tuple[int, dict[str, Any]]:
    """The status and the answer to `text` in the query, unescaped as the vendor's samples send it."""
    head = f"{method} {PATH}?pallycon-apidata={text} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = raw(server, head.encode())
    status, _, body = answer.partition(b"\r\n\r\n")
    return int(status.split()[1]), json.loads(body)


@pytest.mark.parametrize("size", [2_000, 16_000, 32_000, LONGEST_HEAD - 2_000])
def test_a_job_may_be_as_long_as_this(server: Server, size: int):
    job = server.job()
    job["note"] = "x" * round(size / 16 * 9 - 900)  # two layers of base64
    text = server.sealed(job)
    assert size * 0.8 < len(text) < LONGEST_HEAD
    status, answer = get(server, "POST", text)
    assert (status, answer["error_code"]) == (200, "0000")
    assert answer["job_id"] > 0


def test_a_job_that_is_longer_may_come_in_a_form_or_as_json(server: Server):
    text = server.sealed(server.job() | {"note": "x" * 200_000})
    for body in ({"data": {"pallycon-apidata": text}}, {"json": {"pallycon-apidata": text}}):
        answer = httpx.post(f"{server.settings.base_url}{PATH}", timeout=30, **body)
        assert (answer.status_code, answer.json()["error_code"]) == (200, "0000")


def test_a_longer_head_is_refused_and_the_server_lives_on(server: Server):
    answer = raw(server, f"POST {PATH}?pallycon-apidata={'A' * 200_000} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 4") or answer == b""
    assert get(server, "GET", server.sealed({"region": "RG011"}))[0] == 200


def test_what_comes_broken_is_answered_with_a_code_of_the_document(server: Server):
    good = server.sealed(server.job())
    wrong_key = seal(
        server.job(), site_id=SITE, site_key="k" * 32, access_key=server.access_key, timestamp="2020-07-15T10:42:34Z"
    )
    wrong_hash = seal(
        server.job(), site_id=SITE, site_key=server.site_key, access_key="k", timestamp="2020-07-15T10:42:34Z"
    )
    for text, code in (
        (good[:-8], "A7008"),
        ("%", "A7008"),
        ("", "A1000"),
        (base64.b64encode(b"[]").decode(), "A7008"),
        (wrong_key, "A1006"),
        (wrong_hash, "A1007"),
        (server.sealed("no json"), "A7008"),
        (server.sealed({}), "A1000"),
    ):
        status, body = get(server, "POST", text)
        assert (body["error_code"], status < 500) == (code, True), text[:40]
        assert body["error_code"] in API_CODES


def test_nothing_of_an_envelope_is_in_the_log(server: Server):
    """Whatever comes of a request, and wherever it carries the envelope."""
    storage = samples.STORAGE_REGISTER | {
        "id": "AKIDVERYSECRET",
        "password": "hunter2-hunter2",
        "aws_bucket": "no-such",
    }
    texts = [server.sealed(server.job()), server.sealed(storage), server.sealed(storage)[:-12], server.sealed("{")]
    calls = (("pack", "POST"), ("storage", "POST"), ("storage", "PUT"), ("nothing", "GET"), ("pack", "GET"))
    with httpx.Client(base_url=f"{server.settings.base_url}/packaging/api/v2", timeout=30) as client:
        for text, (what, method) in product(texts, calls):
            client.request(method, f"/{what}/{SITE}?pallycon-apidata={quote(text)}")
            client.request(method, f"/{what}/{SITE}", data={"pallycon-apidata": text})
            client.request(method, f"/{what}/{SITE}", json={"pallycon-apidata": text})
    for rest in ("HTTP/9.9\r\n\r\n", "HTTP/1.1\r\nbroken\r\n\r\n", "\r\n\r\n"):
        raw(server, f"GET {PATH}?pallycon-apidata={texts[0]} {rest}".encode())
    log = server.log
    assert log.count("/packaging/api/v2/pack/DEMO") >= 12, "requests are logged"
    envelopes = [json.loads(base64.b64decode(text)) for text in (texts[0], texts[1])]
    secrets = [*texts, *(one["data"] for one in envelopes), *(one["hash"] for one in envelopes)]
    secrets += [server.site_key, server.access_key, "hunter2", "AKIDVERYSECRET", "apidata="]
    for secret in secrets:
        for piece in (secret, quote(secret), secret[:32], secret[-32:]):
            assert piece not in log
    assert not re.search(r"[A-Za-z0-9+/]{80}", log)
