"""What the browser tests need: Debian's chromium, a server for trees and player page, and trees to play."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright
from tests.play.studio import Studio, running
from tests.play.trees import HEIGHTS, publish
from tests.servers import free_port

from telecine.console import files, player

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
]

REQUIRED = os.environ.get("CI") == "true" or os.environ.get("TELECINE_REQUIRE_ALL") == "1"
"""Whether a missing browser is a failure."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless chromium. Not for longer than one file: while Playwright runs, nothing else may use asyncio."""
    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not path:
        complain = pytest.fail if REQUIRED else pytest.skip
        complain("no chromium on the PATH (apt install chromium)")
    if not (player.default_players_dir() / player.VENDOR["hls.js"]).is_file():
        complain = pytest.fail if REQUIRED else pytest.skip
        complain("the JavaScript players are not installed (make players)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of buckets that `site` serves."""
    return tmp_path_factory.mktemp("buckets")


@pytest.fixture(scope="session")
def site(buckets: Path) -> Iterator[str]:
    """The base URL of a server with our player page and every file below `buckets`."""
    app = FastAPI()
    app.include_router(player.router())
    app.include_router(files.router(buckets, lambda _bucket: True, ["*"]))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def trees(buckets: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """`bucket/folder` below which the engine has published `dash`, `hls` and `cmaf` of the test clip."""
    work = tmp_path_factory.mktemp("work")
    publish(buckets, "published", work / "separate", ["dash", "hls"])
    return publish(buckets, "published", work / "cmaf", ["cmaf"])


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A whole API with a vault and its licence server, for encrypted trees."""
    with running(tmp_path_factory.mktemp("studio")) as studio:
        yield studio


@pytest.fixture(scope="session")
def packed_texts(buckets: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """`bucket/folder` of trees in one rendition whose subtitles are in MP4 segments, by subtitle format."""
    work, heights = tmp_path_factory.mktemp("packed"), HEIGHTS[-1:]
    ttml = dict.fromkeys(("dash", "hls", "cmaf"), "mp4_ttml")
    vtt = dict.fromkeys(("dash", "hls"), "mp4_vtt")
    publish(buckets, "packed-ttml", work / "cmaf", ["cmaf"], ttml, heights)
    return {
        "mp4_ttml": publish(buckets, "packed-ttml", work / "ttml", ["dash", "hls"], ttml, heights),
        "mp4_vtt": publish(buckets, "packed-vtt", work / "vtt", ["dash", "hls"], vtt, heights),
    }
