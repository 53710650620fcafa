"""One customer of the packaging API: ready renditions in, marked and encrypted trees out, and a callback at the end."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import clips
from tests.contract.receiver import Receiver, receiving
from tests.servers import settings_in
from tests.system.test_end_to_end import (
    PATIENCE,
    POLICY,
    SITE,
    SUBTITLE,
    Deployment,
    fetch_tree,
    licence,
    serving,
    wait_for,
)

from telecine.apis.packaging import samples
from telecine.apis.packaging.sealed import seal
from telecine.jobs.supervisor import environment
from telecine.media.context import Context
from telecine.media.tools import find_tools
from telecine.media.verify import verify_tree

pytestmark = pytest.mark.slow

SECONDS = 6


@dataclass
class Customer:
    """Seals requests as a customer's program would, and takes results at a URL of its own."""

    deployment: Deployment
    receiver: Receiver
    site_key: str

    def call(self, method: str, what: str, plain: dict[str, Any]) -> dict[str, Any]:
        access_key = self.deployment.login.partition(":")[2]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = seal(plain, site_id=SITE, site_key=self.site_key, access_key=access_key, timestamp=now)
        url = f"{self.deployment.settings.base_url}/packaging/api/v2/{what}/{SITE}?pallycon-apidata={text}"
        answer: dict[str, Any] = httpx.request(method, url, timeout=60).json()
        assert answer["error_code"] == "0000", answer
        return answer

    def register(self, bucket: str) -> str:
        body = samples.STORAGE_REGISTER | {"storage_name": bucket, "aws_bucket": bucket, "region": "RG011"}
        return str(self.call("POST", "storage", body)["storage_id"])

    def job(self, content_id: str, **changes: Any) -> int:
        places = {
            "input": {"storage_id": self.register("films"), "contents_path": ["film"]},
            "output": {"storage_id": self.register("vod"), "path": "packaged"},
        }
        body = samples.JOB_REGISTER | {"storage": places, "content_id": content_id} | changes
        return int(self.call("POST", "pack", body)["job_id"])

    def told(self, job_id: int) -> dict[str, Any]:
        """What the callback says of the end of a job."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for _, body in list(self.receiver.requests):
                message: dict[str, Any] = json.loads(body)
                if message["job_id"] == job_id:
                    return message
            assert time.monotonic() < deadline, self.line(job_id)
            time.sleep(0.3)

    def line(self, job_id: int) -> dict[str, Any]:
        search = {"search_keyword": str(job_id), "search_keyword_type": "jobId"}
        (line,) = self.call("GET", "pack", search)["data"]
        return dict(line)

    def operator(self, *arguments: str) -> dict[str, Any]:
        """What an operator's command prints."""
        command = [sys.executable, "-m", "telecine.cli", *arguments, "--json"]
        done = subprocess.run(command, env=environment(self.deployment.settings), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        printed: dict[str, Any] = json.loads(done.stdout)
        return printed


@pytest.fixture
def customer(tmp_path: Path) -> Iterator[Customer]:
    """`telecine serve` with ready renditions in its bucket."""
    settings = settings_in(tmp_path, policy=POLICY, private_targets=["127.0.0.0/8"])
    with receiving() as receiver, serving(settings) as deployment:
        films = deployment.store("input")
        films.upload(clips.clip(SECONDS, "25", "960x540"), "film/540p.mp4", "video/mp4")
        films.upload(clips.clip(SECONDS, "25", "640x360"), "film/360p.mp4", "video/mp4")
        films.upload(SUBTITLE, "film/ko.vtt", "text/vtt")
        made = Customer(deployment, receiver, "")
        made.site_key = made.operator("site", "key", SITE)["site_key"]
        made.operator("site", "packaging", SITE, "--callback-url", receiver.url)
        yield made


def test_ready_renditions_become_marked_and_encrypted_trees_in_either_layout(customer: Customer, tmp_path: Path):
    for layout in ("unlabeled", "prefixed"):
        customer.operator("site", "marking", SITE, "--shortest-seconds", "5", "--layout", layout)
        job_id = customer.job(layout, drm_option={"multi_key": True, "max_sd_height": 400})

        message = customer.told(job_id)

        assert message == {
            "job_id": job_id,
            "error_code": "0000",
            "error_message": "Success.",
            "input_contents_path": ["film"],
            "output_path": "packaged",
        }
        line = customer.line(job_id)
        assert (line["status"], line["watermark"], line["drm"]) == ("WM030", "true", "true")
        tree = tmp_path / layout
        fetch_tree(customer.deployment.store("output"), f"packaged/{layout}/", tree)
        check_tree(customer, layout, tree)
    logs = b"".join(path.read_bytes() for path in (customer.deployment.settings.data_dir / "logs").glob("*.log"))
    assert customer.site_key.encode() not in logs
    assert b"apidata" not in logs


def check_tree(customer: Customer, layout: str, tree: Path) -> None:
    """Both renditions are there, each segment twice, and a stranger who has the keys finds nothing wrong."""
    names = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    for rendition in ("1", "2"):
        first, second = {
            "unlabeled": ("dash/video/avc1/{}/seg-0.m4s", "dash/video/avc1/{}/b.seg-0.m4s"),
            "prefixed": ("0/dash/video/avc1/{}/seg-0.m4s", "1/dash/video/avc1/{}/seg-0.m4s"),
        }[layout]
        assert {first.format(rendition), second.format(rendition)} <= names
        first_bytes, second_bytes = ((tree / name.format(rendition)).read_bytes() for name in (first, second))
        assert first_bytes != second_bytes
    folder = "0/" if layout == "prefixed" else ""
    assert {f"{folder}dash/stream.mpd", f"{folder}hls/master.m3u8"} <= names
    manifest = (tree / folder / "dash/stream.mpd").read_text()
    assert set(re.findall(r'\bwidth="(\d+)"', manifest)) == {"960", "640"}
    kids = {kid.replace("-", "") for kid in re.findall(r'default_KID="([^"]+)"', manifest)}
    assert len(kids) == 3, "SD, HD and AUDIO"
    keys = licence(customer.deployment, layout, kids)
    report = verify_tree(tree, Context(find_tools(), customer.deployment.settings.limits), keys)
    assert report.ok, report


def test_what_cannot_be_marked_is_told_by_its_code(customer: Customer):
    short = customer.job("short")
    message = customer.told(short)
    assert (message["error_code"], message["output_path"]) == ("WM900016", "packaged")
    assert "it lasts 6.00 s; at least 300 s" in message["error_message"]
    line = customer.line(short)
    assert (line["status"], line["error_code"], line["error_message"]) == (
        "WM999",
        "WM900016",
        message["error_message"],
    )

    customer.operator("site", "marking", SITE, "--shortest-seconds", "5", "--narrowest", "700")
    assert customer.told(customer.job("narrow"))["error_code"] == "WM900017"

    films = customer.deployment.store("input")
    films.upload(clips.clip(SECONDS - 1, "25", "640x360"), "film/longer.mp4", "video/mp4")
    customer.operator("site", "marking", SITE, "--narrowest", "640")
    uneven = customer.told(customer.job("uneven"))
    assert uneven["error_code"] == "WM900022"
    assert "film/longer.mp4" in uneven["error_message"]

    away = samples.JOB_REGISTER["storage"] | {
        "input": {"storage_id": customer.register("films"), "contents_path": ["film/8k.mp4"]},
        "output": {"storage_id": customer.register("vod"), "path": "packaged"},
    }
    missing = customer.told(customer.job("missing", storage=away))
    assert (missing["error_code"], missing["input_contents_path"]) == ("WM900013", ["film/8k.mp4"])
    assert not list(customer.deployment.store("output").list())


def test_a_job_is_stopped_and_restarted(customer: Customer):
    customer.operator("site", "marking", SITE, "--shortest-seconds", "5")
    job_id = customer.job("stopped", protect_type=["watermark"])
    customer.operator("jobs", "stop", str(job_id))
    assert customer.told(job_id)["error_code"] == "WM200"
    assert customer.line(job_id)["status"] == "WM200"
    customer.receiver.requests.clear()
    customer.operator("jobs", "restart", str(job_id))
    assert customer.told(job_id)["error_code"] == "0000"
    wait_for(lambda: customer.line(job_id)["status"] == "WM030", "the list does not say so")
