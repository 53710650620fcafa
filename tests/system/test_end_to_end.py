"""One customer, one job, nothing but HTTP and a bucket: on the embedded defaults, and on everything grown.

Grown means PostgreSQL, S3, and API, Temporal and two workers as processes of their own. The customer's side of the
test is the same for both.
"""

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import clips
from tests.servers import settings_in
from tests.services import Moto, Seaweed

from telecine.catalog import sites
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer, load_master_key
from telecine.core.limits import Policy
from telecine.jobs import temporal_server
from telecine.jobs.supervisor import environment
from telecine.media.context import Context
from telecine.media.tools import find_tools
from telecine.media.verify import verify_tree
from telecine.processes import Child
from telecine.settings import Settings
from telecine.storage.open import StoreFactory
from telecine.storage.store import Store

pytestmark = pytest.mark.slow

SITE = "DEMO"
REGION = "RG011"
PATIENCE = 300
SECONDS = 8
POLICY = Policy(gop_seconds=1, chunk_seconds=4, preset_h264="ultrafast")
SUBTITLE = b"WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nHello.\n"


@dataclass
class Deployment:
    """A running Telecine as its customer knows it: an address, a login, two buckets and their keys."""

    settings: Settings
    login: str
    buckets: dict[str, str]
    access_key_id: str
    secret_key: str

    def store(self, io_type: str) -> Store:
        factory = StoreFactory(self.settings.storage_kind, self.settings.buckets, self.settings.s3_endpoint)
        return factory.open(self.buckets[io_type], REGION, self.access_key_id, self.secret_key)


class Customer:
    """Talks T&P, as a customer's own program would."""

    def __init__(self, deployment: Deployment) -> None:
        self.http = httpx.Client(base_url=f"{deployment.settings.base_url}/tnp/api", timeout=60)
        basic = base64.b64encode(deployment.login.encode()).decode()
        answer = self.call("GET", f"token/{SITE}", headers={"Authorization": f"basic {basic}"})
        self.http.headers["Authorization"] = answer["token"]

    def call(self, method: str, path: str, **more: Any) -> Any:
        response = self.http.request(method, path, **more)
        answer = response.json()
        assert (response.status_code, answer["error_code"]) == (200, "0000"), response.text
        return answer["data"]

    def register(self, deployment: Deployment) -> dict[str, str]:
        """Register both buckets; gives the storage ids by `input` and `output`."""
        keys = {"access_key_id": deployment.access_key_id, "secret_key": deployment.secret_key, "region": REGION}
        return {
            io_type: self.call(
                "POST",
                f"storage/{SITE}",
                json={"storage_name": io_type, "aws_bucket": bucket, "io_type": io_type, **keys},
            )["storage_id"]
            for io_type, bucket in deployment.buckets.items()
        }

    def wait(self, job_id: int) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while True:
            job: dict[str, Any] = self.call("GET", f"job/{SITE}/{job_id}")
            if job["status"] in ("complete", "error", "stopped"):
                return job
            assert time.monotonic() < deadline, job
            time.sleep(0.3)


def prepare(settings: Settings) -> str:
    """Make the site; gives the login, `email:key`."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    database.migrate()
    sealer = Sealer(load_master_key(settings.master_key.get_secret_value(), settings.data_dir / "master.key"))
    with database.write() as s:
        sites.create(s, sealer, SITE, REGION)
        account, key = sites.create_account(s, sealer, SITE, "customer@example.com")
    database.close()
    return f"{account.email}:{key}"


def part(settings: Settings, *arguments: str) -> Child:
    name = "-".join(arguments)
    argv = [sys.executable, "-m", "telecine.cli", *arguments]
    return Child(name, argv, env=environment(settings), log=settings.data_dir / "logs" / f"{name}.log")


def wait_until_ready(settings: Settings) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if httpx.get(f"{settings.base_url}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "the API does not become ready"
        time.sleep(0.2)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Deployment]:
    """`telecine serve`, and nothing set but ports and a quick policy."""
    with serving(settings_in(tmp_path, policy=POLICY)) as deployment:
        yield deployment


@contextmanager
def serving(settings: Settings) -> Iterator[Deployment]:
    """`telecine serve` with two buckets, while the block lasts."""
    login = prepare(settings)
    for bucket in ("films", "vod"):
        (settings.buckets / bucket).mkdir(parents=True)
    serve = part(settings, "serve")
    serve.start()
    try:
        wait_until_ready(settings)
        yield Deployment(settings, login, {"input": "films", "output": "vod"}, "unused", "unused")
    finally:
        serve.stop(grace=30)


@pytest.fixture
def grown(tmp_path: Path, postgres_url: str, seaweed: Seaweed, moto: Moto) -> Iterator[Deployment]:
    """PostgreSQL, S3, SNS, and every part a process of its own; two workers."""
    settings = settings_in(
        tmp_path,
        policy=POLICY,
        database_url=postgres_url,
        storage_kind="s3",
        s3_endpoint=seaweed.endpoint,
        sns_endpoint=moto.endpoint,
        private_targets=["127.0.0.0/8"],
        cpu_slots=1,
    )
    login = prepare(settings)
    buckets = {"input": seaweed.make_bucket(), "output": seaweed.make_bucket()}
    with ExitStack() as stack:
        temporal = temporal_server.child(settings, environment(settings))
        children = [part(settings, "api"), part(settings, "worker"), part(settings, "worker")]
        for child in (temporal, *children):
            stack.callback(child.stop, 30)
            child.start()
        wait_until_ready(settings)
        yield Deployment(settings, login, buckets, seaweed.keys.access_key, seaweed.keys.secret_key)


@pytest.fixture(params=["embedded", "grown"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    return request.getfixturevalue(request.param)


def request_of(storages: dict[str, str], **output: Any) -> dict[str, Any]:
    rungs = [(320, 180, 400_000), (160, 90, 150_000)]
    return {
        "job_name": "first job",
        "content_id": "film-1",
        "input": {
            "storage_id": storages["input"],
            "files": [
                {
                    "file_type": "multi",
                    "file_path": "films/film.mp4",
                    "audios": [{"in": {"track": 0}, "remap": {"track": 0}}],
                }
            ],
            "subtitles": [{"file_path": "films/en.vtt", "language": "eng"}],
        },
        "output": {
            "storage_id": storages["output"],
            "path": "out/",
            "transcodings": [
                *(
                    {
                        "track_id": f"video_{number}",
                        "track_type": "video",
                        "codec": "h264",
                        "width": width,
                        "height": height,
                        "bitrate": bitrate,
                    }
                    for number, (width, height, bitrate) in enumerate(rungs)
                ),
                {"track_id": "audio_0", "track_type": "audio", "codec": "aac", "sources": [{"track": 0}]},
            ],
            "packaging": {"dash": True, "hls": True, "cmaf": False},
            **output,
        },
    }


def fetch_tree(store: Store, prefix: str, target: Path) -> None:
    for found in store.list(prefix):
        path = target / found.key.removeprefix(prefix)
        path.parent.mkdir(parents=True, exist_ok=True)
        store.download(found.key, path)


def test_a_customer_gets_a_tree_that_plays(deployment: Deployment, tmp_path: Path):
    films = deployment.store("input")
    films.upload(clips.clip(SECONDS, "25"), "films/film.mp4", "video/mp4")
    films.upload(SUBTITLE, "films/en.vtt", "text/vtt")
    customer = Customer(deployment)
    storages = customer.register(deployment)

    job = customer.wait(customer.call("POST", f"job/{SITE}", json=request_of(storages))["job_id"])

    assert job["job_status"] == "TP500", job
    assert job["progress"] == 100
    vod = deployment.store("output")
    assert vod.head("out/film-1/dash/stream.mpd")
    assert vod.head("out/film-1/hls/master.m3u8")
    fetch_tree(vod, "out/film-1/", tmp_path / "tree")
    report = verify_tree(tmp_path / "tree", Context(find_tools(), deployment.settings.limits))
    assert report.ok, report
    assert not list((deployment.settings.work).glob("job-*")), "the work folder was left"


def licence(deployment: Deployment, content_id: str, kids: set[str]) -> dict[bytes, bytes]:
    """The keys that the licence server gives for these KIDs to whoever shows a token that an operator has printed."""
    command = [sys.executable, "-m", "telecine.cli", "token", "--site", SITE, "--content", content_id]
    told = subprocess.run(command, env=environment(deployment.settings), capture_output=True, text=True, check=True)
    asked = {"kids": [_base64url(bytes.fromhex(kid)) for kid in sorted(kids)], "type": "temporary"}
    headers = {"Authorization": f"Bearer {told.stdout.strip()}"}
    answer = httpx.post(f"{deployment.settings.base_url}/licence/clearkey", json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return {_bytes(key["kid"]): _bytes(key["k"]) for key in answer.json()["keys"]}


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_an_encrypted_tree_opens_with_the_keys_of_its_licence(grown: Deployment, tmp_path: Path):
    films = grown.store("input")
    films.upload(clips.clip(SECONDS, "25"), "films/film.mp4", "video/mp4")
    films.upload(SUBTITLE, "films/en.vtt", "text/vtt")
    customer = Customer(grown)
    option = {"multi_key": True, "max_sd_height": 100, "clear_lead": 2, "generate_tracktype_manifests": True}
    sent = request_of(customer.register(grown), drm={"enabled": True, "option": option})

    job = customer.wait(customer.call("POST", f"job/{SITE}", json=sent)["job_id"])

    assert job["job_status"] == "TP500", job
    fetch_tree(grown.store("output"), "out/film-1/", tmp_path / "tree")
    manifest = (tmp_path / "tree/dash/stream.mpd").read_text()
    kids = {kid.replace("-", "") for kid in re.findall(r'default_KID="([^"]+)"', manifest)}
    assert len(kids) == 3, "SD, HD and AUDIO"
    assert (tmp_path / "tree/hls/master_SD_ONLY.m3u8").exists()
    report = verify_tree(
        tmp_path / "tree", Context(find_tools(), grown.settings.limits), licence(grown, "film-1", kids)
    )
    assert report.ok, report
    assert "no key" not in report.check("decryption").detail
    logs = b"".join(path.read_bytes() for path in (grown.settings.data_dir / "logs").glob("*.log"))
    for key in licence(grown, "film-1", kids).values():
        assert key.hex().encode() not in logs


def test_sns_is_told_of_just_the_states_that_are_on(grown: Deployment, moto: Moto):
    films = grown.store("input")
    films.upload(clips.clip(2, "25"), "films/film.mp4", "video/mp4")
    films.upload(SUBTITLE, "films/en.vtt", "text/vtt")
    arn, take = moto.make_topic("telecine-end-to-end")
    customer = Customer(grown)
    noti_id = customer.call(
        "POST",
        f"noti/job/{SITE}",
        json={
            "noti_name": "noti_test",
            "noti_type": "SNS",
            "url_end_point": arn,
            "aws_access": {"access_key": moto.keys.access_key, "secret_key": moto.keys.secret_key},
            "alarm_status": {"queued": False, "progressing": True, "stopped": True, "error": True, "complete": True},
        },
    )["noti_id"]
    storages = customer.register(grown)

    made = customer.call("POST", f"job/{SITE}", json=request_of(storages, job_noti_id=noti_id))
    customer.wait(made["job_id"])

    told: list[str] = []
    wait_for(lambda: told.extend(_statuses(take())) or "COMPLETE" in told, "SNS was not told of the end")
    assert set(told) == {"PROGRESSING", "COMPLETE"}


def _statuses(messages: list[dict[str, Any]]) -> list[str]:
    return [json.loads(message["Message"])["job_status"] for message in messages]


def wait_for(condition: Callable[[], object], complaint: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.3)
