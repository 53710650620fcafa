"""Subtitles in MP4 segments are shown by every player that knows them.

hls.js knows TTML and not WebVTT in MP4 (its issue 6273), so that pair is not here; shaka-player plays it.
"""

import pytest
from playwright.sync_api import Browser
from tests.play.playing import Playing

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("form", "manifest", "player"),
    [
        ("mp4_ttml", "dash/stream.mpd", "shaka"),
        ("mp4_ttml", "dash/stream.mpd", "dashjs"),
        ("mp4_ttml", "hls/master.m3u8", "hls"),
        ("mp4_ttml", "cmaf/stream.mpd", "shaka"),
        ("mp4_ttml", "cmaf/stream.mpd", "dashjs"),
        ("mp4_ttml", "cmaf/master.m3u8", "hls"),
        ("mp4_vtt", "dash/stream.mpd", "shaka"),
        ("mp4_vtt", "dash/stream.mpd", "dashjs"),
        ("mp4_vtt", "hls/master.m3u8", "shaka"),
    ],
)
def test_both_languages_are_shown(
    browser: Browser, site: str, packed_texts: dict[str, str], form: str, manifest: str, player: str
):
    playing = Playing.open(browser, site, f"{packed_texts[form]}/{manifest}", player)
    playing.slow_down()
    for number, (beginning, end) in enumerate([("the beginning", "the end"), ("시작", "마지막")]):
        playing.seek(0)
        playing.pick("Subtitle", number)
        playing.cue_becomes(beginning)
        playing.seek(14)
        playing.cue_becomes(end)
    playing.is_clean()
    playing.page.close()
