"""What the engine publishes plays in the players that people use, in a real browser.

Every test plays one tree in one player: DASH in shaka-player and dash.js, HLS in hls.js, CMAF by both manifests.
The clip has three renditions, a tone of 440 Hz in English and one of 880 Hz in Korean, and subtitles in both.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from tests.play.playing import Playing
from tests.play.trees import HEIGHTS, SECONDS, TONES

pytestmark = pytest.mark.browser


@pytest.fixture(
    params=[
        ("dash/stream.mpd", "shaka"),
        ("dash/stream.mpd", "dashjs"),
        ("hls/master.m3u8", "hls"),
        ("cmaf/stream.mpd", "shaka"),
        ("cmaf/stream.mpd", "dashjs"),
        ("cmaf/master.m3u8", "hls"),
    ],
    ids=lambda case: f"{case[0]} in {case[1]}",
)
def playing(request: pytest.FixtureRequest, browser: Browser, site: str, trees: str) -> Iterator[Playing]:
    """The clip playing in one of the cases. Whatever a test does, nothing may have failed when it is done."""
    manifest, player = request.param
    playing = Playing.open(browser, site, f"{trees}/{manifest}", player)
    yield playing
    playing.is_clean()
    playing.page.close()


def test_it_starts_and_goes_on(playing: Playing):
    playing.advances(2)
    duration = playing.run("() => document.querySelector('video').duration")
    assert duration == pytest.approx(SECONDS, abs=0.1)


def test_it_seeks_near_the_end_and_back(playing: Playing):
    playing.seek(SECONDS - 4)
    playing.advances()
    playing.seek(SECONDS / 3 + 0.5)
    playing.advances()
    playing.seek(0)
    playing.advances()


def test_it_switches_rendition_down_and_up(playing: Playing):
    offered = {entry["height"]: entry["id"] for entry in playing.entries("renditions")}
    assert sorted(offered) == sorted(HEIGHTS)
    for height in (max(HEIGHTS), min(HEIGHTS), sorted(HEIGHTS)[1], max(HEIGHTS)):
        playing.pick("Rendition", offered[height])
        playing.picture_becomes(height)
        active = [entry["height"] for entry in playing.entries("renditions") if entry["active"]]
        assert active == [height]
    playing.advances()


def test_each_audio_language_is_heard(playing: Playing):
    offered = _by_language(playing.entries("audio"))
    assert set(offered) == set(TONES)
    for language in ("en", "ko", "en"):
        playing.pick("Audio", offered[language])
        playing.tone_becomes(TONES[language])


def test_each_subtitle_language_is_shown(playing: Playing):
    offered = _by_language(playing.entries("subtitles"))
    assert set(offered) == {"en", "ko"}
    playing.pick("Subtitle", offered["en"])
    playing.cue_becomes("the beginning")
    playing.seek(SECONDS - 8)
    playing.cue_becomes("the end")
    playing.pick("Subtitle", offered["ko"])
    playing.cue_becomes("마지막")


def test_it_plays_to_the_end(playing: Playing):
    playing.seek(SECONDS - 2)
    playing.until("video.ended", "it never ends")
    assert playing.time() == pytest.approx(SECONDS, abs=0.2)


def _by_language(entries: list[dict[str, object]]) -> dict[str, int]:
    """Entry ids by language: `en` or `ko`, whichever is in the label."""
    return {language: int(str(entry["id"])) for entry in entries for language in ("en", "ko")
            if language in str(entry["label"]).split(" · ")}  # fmt: skip
