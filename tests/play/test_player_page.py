"""The player page itself: it fills its selectors, follows them, and says what went wrong."""

import pytest
from playwright.sync_api import Browser
from tests.play.playing import Playing
from tests.play.trees import HEIGHTS

pytestmark = pytest.mark.browser


def test_the_player_is_chosen_by_the_manifest(browser: Browser, site: str, trees: str):
    for manifest, name in [("dash/stream.mpd", "shaka-player"), ("hls/master.m3u8", "hls.js")]:
        playing = Playing.open(browser, site, f"{trees}/{manifest}", "")
        playing.page.locator("#engine").get_by_text(f"{name} ").wait_for()
        playing.is_clean()
        playing.page.close()


def test_the_selectors_do_what_they_say(browser: Browser, site: str, trees: str):
    playing = Playing.open(browser, site, f"{trees}/dash/stream.mpd", "shaka")
    page = playing.page
    offered = page.get_by_label("Rendition").locator("option").all_inner_texts()
    assert offered[0] == "automatic"
    assert [text.split(" ")[0] for text in offered[1:]] == [f"{height}p" for height in sorted(HEIGHTS, reverse=True)]
    page.get_by_label("Rendition").select_option(offered[-1])
    playing.picture_becomes(min(HEIGHTS))
    subtitles = page.get_by_label("Subtitles")
    subtitles.select_option(next(text for text in subtitles.locator("option").all_inner_texts() if "ko" in text))
    playing.cue_becomes("시작")
    playing.is_clean()
    page.close()


def test_a_missing_manifest_is_told(browser: Browser, site: str):
    for manifest, player in [("x/none.mpd", "shaka"), ("x/none.mpd", "dashjs"), ("x/none.m3u8", "hls")]:
        playing = Playing(browser.new_page())
        playing.visit(site, manifest, player)
        playing.page.get_by_role("alert").wait_for()
        assert playing.errors()
        playing.page.close()


def test_an_address_that_is_none_is_refused(browser: Browser, site: str):
    page = browser.new_page()
    page.goto(f"{site}/console/player?manifest=javascript:alert(1)")
    page.get_by_text("must be an http or https address").wait_for()
    page.close()
