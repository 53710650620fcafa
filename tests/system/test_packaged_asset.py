"""An operator sets up a group, a client asks for a packaged asset, a viewer fetches it, and it goes again."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.media.harvests import hls_ts
from tests.servers import settings_in
from tests.system.test_end_to_end import PATIENCE, POLICY, part, wait_until_ready

from telecine.jobs.supervisor import environment
from telecine.media.context import Context
from telecine.media.tools import find_tools
from telecine.media.verify import verify_tree
from telecine.settings import Settings

pytestmark = pytest.mark.slow


def telecine(settings: Settings, *arguments: str) -> None:
    argv = [sys.executable, "-m", "telecine.cli", *arguments]
    done = subprocess.run(argv, env=environment(settings), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """`telecine serve`, set up by the commands that the docs show."""
    settings = settings_in(tmp_path, policy=POLICY)
    telecine(settings, "site", "create", "DEMO")
    for bucket, io_type in (("harvest", "input"), ("vod", "output")):
        telecine(settings, "bucket", "create", bucket)
        telecine(settings, "storage", "create", bucket, "--site", "DEMO", "--type", io_type)
    telecine(settings, "packaging-group", "create", "PackagingGroup1", "--site", "DEMO", "--storage", "vod")
    serve = part(settings, "serve")
    serve.start()
    try:
        wait_until_ready(settings)
        yield settings
    finally:
        serve.stop(grace=30)


def test_an_asset_is_packaged_watched_and_removed(settings: Settings, tmp_path: Path):
    hls_ts(settings.buckets / "harvest" / "live" / "event1")
    assets = f"{settings.base_url}/pri/cxf/pri/v1/packagedassets"
    info = [
        {"packagingGroupId": "PackagingGroup1", "packagingFormat": name, "metadata": []}
        for name in ("HLS", "DASH", "HLS_2")
    ]
    request = {"id": "event1", "sourceUri": "s3://s3.amazonaws.com/harvest/live/event1/", "deliveryURL": None}
    made = httpx.post(assets, json=request | {"packagingInfo": info})
    assert made.status_code == 201, made.text

    shown = _wait(f"{assets}/event1")

    assert shown["status"] == "Completed", json.dumps(shown)
    urls = {pair["key"]: pair["value"] for pair in shown["metadata"]}
    assert list(urls) == ["ConsumptionUrl_HLS", "ConsumptionUrl_DASH", "ConsumptionUrl_HLS_2"]
    assert shown["deliveryURL"] == urls["ConsumptionUrl_HLS"]
    for url in urls.values():
        assert httpx.get(url).status_code == 200, url
    tree = settings.buckets / "vod" / "event1"
    report = verify_tree(tree, Context(find_tools(), settings.limits))
    assert report.ok, report

    assert httpx.delete(f"{assets}/event1").status_code == 200
    assert httpx.get(f"{assets}/event1").status_code == 404
    deadline = time.monotonic() + PATIENCE
    while [path for path in tree.rglob("*") if path.is_file()]:
        assert time.monotonic() < deadline, "what was published was not removed"
        time.sleep(0.3)
    assert httpx.get(shown["deliveryURL"]).status_code == 404


def _wait(url: str) -> dict:
    deadline = time.monotonic() + PATIENCE
    while True:
        shown = httpx.get(url).json()
        if shown["status"] not in ("Scheduled", "InProgress"):
            return shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.3)
