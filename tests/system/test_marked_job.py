"""A marked and encrypted job, from the request to the bucket: what a customer asks for, and what edges then find."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests import clips
from tests.system.test_end_to_end import SITE, Customer, Deployment, embedded, fetch_tree, licence, request_of

from telecine.catalog.database import Database
from telecine.catalog.mark_models import MarkedTitle
from telecine.core.watermark.pace_info import read_discrete_sidecar
from telecine.jobs.supervisor import environment
from telecine.media.context import Context
from telecine.media.tools import find_tools
from telecine.media.verify import verify_tree

pytestmark = pytest.mark.slow
__all__ = ["embedded"]

SECONDS = 9


def site_marking(deployment: Deployment, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "telecine.cli", "site", "marking", SITE, *options, "--json"]
    told = subprocess.run(command, env=environment(deployment.settings), capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


def marked_request(storages: dict[str, str], content: str, **packaging: bool) -> dict[str, Any]:
    request = request_of(
        storages,
        packaging={"dash": False, "hls": False, "cmaf": False} | packaging,
        drm={"enabled": True},
        forensic_watermarking={"enabled": True},
    )
    del request["input"]["subtitles"]
    request["content_id"] = content
    picture = request["output"]["transcodings"][0] | {"width": 640, "height": 360}
    request["output"]["transcodings"] = [picture, request["output"]["transcodings"][-1]]
    return request


def title(deployment: Deployment, content: str) -> MarkedTitle | None:
    database = Database(deployment.settings.database)
    with database.read() as s:
        found = s.get(MarkedTitle, (SITE, content))
    database.close()
    return found


def test_a_marked_job_is_published_in_the_layout_that_its_site_wants(embedded: Deployment, tmp_path: Path):
    clip = clips.clip(SECONDS, "25", size="640x360")
    embedded.store("input").upload(clip, "films/film.mp4", "video/mp4")
    customer = Customer(embedded)
    storages = customer.register(embedded)

    refused = customer.wait(
        customer.call("POST", f"job/{SITE}", json=marked_request(storages, "x", dash=True))["job_id"]
    )
    assert (refused["job_status"], refused["error_code"]) == ("TP600", "E4009"), "9 s, and a site begins at 300"
    assert title(embedded, "x") is None

    for layout, formats in (("prefixed", {"dash": True, "hls": True}), ("unlabeled", {"cmaf": True})):
        chosen = site_marking(embedded, "--layout", layout, "--shortest-seconds", "5", "--pace-info", "segments")
        assert (chosen["layout"], chosen["shortest_seconds"]) == (layout, 5)
        request = marked_request(storages, layout, **formats)
        job = customer.wait(customer.call("POST", f"job/{SITE}", json=request)["job_id"])
        assert job["job_status"] == "TP500", job
        row = title(embedded, layout)
        assert row is not None
        assert (row.layout, row.formats, row.output_path) == (layout, list(formats), "out")
        seconds = row.segment_ticks / row.segment_scale
        assert row.positions == -(-SECONDS // seconds)

        tree = tmp_path / layout
        fetch_tree(embedded.store("output"), f"out/{layout}/", tree)
        report = verify_tree(tree, Context(find_tools(), embedded.settings.limits))
        assert report.ok, report.explain()
        kids = set(report.check("decryption").detail.rpartition("KID ")[2].split(", "))
        report = verify_tree(tree, Context(find_tools(), embedded.settings.limits), licence(embedded, layout, kids))
        assert report.ok, report.explain()
        assert {found.second_variant for found in report.trees.values()} == {row.positions}
        for sidecar in tree.rglob("WMPaceInfo/sidecar.cbor"):
            assert len(read_discrete_sidecar(sidecar.read_bytes())) == row.positions
            assert len(list(sidecar.parent.iterdir())) == row.positions + 1
    assert len(list((tmp_path / "unlabeled").rglob("b.seg-*.m4s"))) == row.positions
