"""Real servers that tests talk to: SeaweedFS for S3, moto for SNS and SQS, key servers. Each test process starts its
own, once.

A pytest plugin (named in `tests/conftest.py`), so any test takes the fixtures `seaweed`, `moto` and `key_server` as
arguments.
The servers listen on free ports of 127.0.0.1, keep their data in a folder of their own, and die with the tests.
"""

import json
import os
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from telecine.processes import Child

START_SECONDS = 60
"""Both are up in one to three seconds on an idle machine."""

REGION = "us-west-2"


@dataclass(frozen=True)
class Keys:
    """What somebody signs requests with."""

    access_key: str
    secret_key: str


@dataclass(frozen=True)
class Seaweed:
    """A running S3 server. `keys` may do everything; `reader` may list and read; `stranger` may nothing."""

    endpoint: str
    keys: Keys
    reader: Keys
    stranger: Keys

    @property
    def client(self) -> Any:
        """boto3's S3 client with all rights."""
        return client("s3", self.endpoint, self.keys)

    def make_bucket(self, name: str = "") -> str:
        """A new bucket; its name."""
        name = name or f"bucket-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name)
        return name


@dataclass(frozen=True)
class Moto:
    """A running server that plays SNS and SQS."""

    endpoint: str
    keys: Keys = Keys("AKIDMOTO", "moto-secret")

    def make_topic(self, name: str) -> tuple[str, Callable[[], list[dict[str, Any]]]]:
        """A topic's ARN, and a function that takes what was published there since it was last called, as SNS
        wraps it.
        """
        sns, sqs = client("sns", self.endpoint, self.keys), client("sqs", self.endpoint, self.keys)
        arn: str = sns.create_topic(Name=name)["TopicArn"]
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)

        def take() -> list[dict[str, Any]]:
            taken = []
            while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                for message in found:
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                    taken.append(json.loads(message["Body"]))
            return taken

        return arn, take


@dataclass(frozen=True)
class KeyServers:
    """A process that plays key servers, each at an address of its own; see `tests/contract/keyserver.py`."""

    endpoint: str

    def url(self, protocol: str, mode: str = "good") -> str:
        """The address of a new server that speaks `speke` or `widevine`, in this mode."""
        return f"{self.endpoint}/{protocol}/{mode}/{uuid.uuid4().hex}"

    def seen(self, url: str) -> list[dict[str, Any]]:
        """Headers and body of every request that came to the address, oldest first."""
        run = "-".join(url.partition("?")[0].split("/")[-3:])
        found: list[dict[str, Any]] = httpx.get(f"{self.endpoint}/seen/{run}").json()
        return found


@pytest.fixture(scope="session")
def key_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyServers]:
    """Key servers of this test process's own."""
    (port,) = free_ports(1)
    argv = [sys.executable, "-m", "tests.contract.keyserver", str(port)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with _running("key server", argv, tmp_path_factory.mktemp("keys") / "log", env) as child:
        server = KeyServers(f"http://127.0.0.1:{port}")
        _await(child, lambda: httpx.get(f"{server.endpoint}/seen/nobody").is_success)
        yield server


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """A SeaweedFS server of this test process's own."""
    with running_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A moto server of this test process's own."""
    with running_moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@contextmanager
def running_seaweed(folder: Path) -> Iterator[Seaweed]:
    """A SeaweedFS server while the block lasts, with its data below `folder`."""
    keys, reader, stranger = (Keys(f"AKID{name}", f"{name}-secret-key") for name in ("ADMIN", "READER", "STRANGER"))
    rights = [(keys, ["Admin", "Read", "Write", "List", "Tagging"]), (reader, ["Read", "List"]), (stranger, [])]
    identities = [
        {
            "name": who.access_key,
            "credentials": [{"accessKey": who.access_key, "secretKey": who.secret_key}],
            "actions": actions,
        }
        for who, actions in rights
    ]
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": identities}))
    with ExitStack() as stack:
        # `weed mini` is up in a second where `weed server` takes six, and stops in two where that takes 25.
        ports = dict(zip(_SEAWEED_PORTS, free_ports(len(_SEAWEED_PORTS)), strict=True))
        options = [f"-{name}={port}" for name, port in ports.items()]
        argv = [str(Path(sys.executable).with_name("weed")), "mini", f"-dir={folder}", f"-s3.config={config}"]
        child = stack.enter_context(_running("seaweed", [*argv, *_SEAWEED_OPTIONS, *options], folder / "log"))
        server = Seaweed(f"http://127.0.0.1:{ports['s3.port']}", keys, reader, stranger)
        _await(child, lambda: _seaweed_writes(server))
        yield server


@contextmanager
def running_moto(folder: Path) -> Iterator[Moto]:
    """A moto server while the block lasts."""
    (port,) = free_ports(1)
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running("moto", argv, folder / "log") as child:
        server = Moto(f"http://127.0.0.1:{port}")
        _await(child, lambda: httpx.get(f"{server.endpoint}/moto-api/").is_success)
        yield server


def client(service: str, endpoint: str, keys: Keys) -> Any:
    """A boto3 client that asks once and gives up."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


_SEAWEED_PORTS = [
    f"{part}.port{kind}" for part in ("s3", "master", "filer", "volume", "admin") for kind in ("", ".grpc")
]

_SEAWEED_OPTIONS = [
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-master.telemetry=false",
    "-webdav=false",
    "-admin.ui=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-volume.max=4096",  # each bucket takes one; by default there are as many as the disk has free gigabytes
    "-s3.autoCreateBucket=false",  # as S3 does
]


def _seaweed_writes(server: Seaweed) -> bool:
    """Whether it stores an object already; it answers a little earlier than that."""
    bucket = server.make_bucket()
    server.client.put_object(Bucket=bucket, Key="probe", Body=b"x")
    server.client.delete_object(Bucket=bucket, Key="probe")
    server.client.delete_bucket(Bucket=bucket)
    return True


@contextmanager
def _running(name: str, argv: list[str], log: Path, env: dict[str, str] | None = None) -> Iterator[Child]:
    child = Child(name, argv, env=env, log=log)
    child.start()
    try:
        yield child
    finally:
        child.kill()


def _await(child: Child, ready: Callable[[], bool]) -> None:
    """Wait until `ready` is true; what it raises until then means: not yet."""
    deadline = time.monotonic() + START_SECONDS
    trouble: object = "it says that it is not ready"
    while time.monotonic() < deadline and child.running:
        try:
            if ready():
                return
        except Exception as error:
            trouble = error
        time.sleep(0.05)
    raise RuntimeError(f"{child.name} did not start: {trouble}\n{child.last_words(20)}")
