"""Encrypted trees play in a real browser with ClearKey licences from Telecine's own licence server, and only with them.

The clip's renditions are SD up to 180 lines, HD up to 270 and UHD1 above, so that one small clip has every label.
"""

from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.play.playing import Playing
from tests.play.studio import Studio
from tests.play.trees import HEIGHTS, SECONDS

pytestmark = pytest.mark.browser

KEYS = {"multi_key": True, "max_sd_height": 180, "max_hd_height": 270}
TREES: dict[str, tuple[list[str], dict[str, Any], dict[str, Any]]] = {
    "one-key-cenc": (["dash"], {}, {}),
    "one-key-cbcs": (["cmaf"], {}, {}),
    "keys-cenc": (["dash", "hls"], KEYS | {"generate_tracktype_manifests": True}, {}),
    "keys-cbcs": (["cmaf"], KEYS | {"generate_tracktype_manifests": True}, {}),
    "cmaf-cenc": (["cmaf"], KEYS, {"drm_scheme_cmaf": "cenc"}),
    "lead": (["dash"], KEYS | {"clear_lead": 6}, {}),
    "lead-cbcs": (["cmaf"], {"clear_lead": 6}, {}),
    "clear-sound": (["dash"], KEYS | {"skip_audio_encryption": True}, {}),
    "clear-sound-cbcs": (["cmaf"], {"skip_audio_encryption": True, "clear_lead": 4}, {}),
}
"""Formats, options of protection and house policy of each tree."""


def open_tree(browser: Browser, studio: Studio, name: str, manifest: str, player: str, token: str) -> Playing:
    formats, drm, policy = TREES[name]
    playing = Playing(browser.new_page())
    playing.visit(studio.url, f"{studio.tree(name, formats, drm, **policy)}/{manifest}", player, token)
    return playing


# Every tree, every player with every kind of tree, each player with each scheme; not every combination of all three.
CASES = [
    ("one-key-cenc", "dash/stream.mpd", "shaka"),
    ("one-key-cenc", "dash/stream.mpd", "dashjs"),
    ("one-key-cbcs", "cmaf/stream.mpd", "shaka"),
    ("one-key-cbcs", "cmaf/master.m3u8", "hls"),
    ("keys-cenc", "dash/stream.mpd", "shaka"),
    ("keys-cenc", "dash/stream.mpd", "dashjs"),
    ("keys-cenc", "hls/master.m3u8", "shaka"),
    ("keys-cenc", "hls/master.m3u8", "hls"),
    ("keys-cbcs", "cmaf/stream.mpd", "dashjs"),
    ("keys-cbcs", "cmaf/master.m3u8", "shaka"),
    ("cmaf-cenc", "cmaf/stream.mpd", "dashjs"),
    ("cmaf-cenc", "cmaf/master.m3u8", "hls"),
    ("lead", "dash/stream.mpd", "shaka"),
    ("lead", "dash/stream.mpd", "dashjs"),
    ("lead-cbcs", "cmaf/stream.mpd", "dashjs"),
    ("lead-cbcs", "cmaf/master.m3u8", "shaka"),
    ("clear-sound", "dash/stream.mpd", "shaka"),
    ("clear-sound", "dash/stream.mpd", "dashjs"),
    ("clear-sound-cbcs", "cmaf/master.m3u8", "hls"),
]


@pytest.mark.parametrize(
    ("name", "manifest", "player"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_it_starts_seeks_and_switches(browser: Browser, studio: Studio, name: str, manifest: str, player: str):
    playing = open_tree(browser, studio, name, manifest, player, studio.token())
    playing.is_ready()
    playing.advances(1)
    playing.seek(SECONDS - 6)
    playing.advances(1)
    offered = {entry["height"]: entry["id"] for entry in playing.entries("renditions")}
    if len(offered) == len(HEIGHTS):  # dash.js offers those of one AdaptationSet, which is one key's
        for height in (min(HEIGHTS), max(HEIGHTS)):
            playing.pick("Rendition", offered[height])
            playing.picture_becomes(height)
    playing.seek(0)
    playing.advances(1)
    playing.seek(SECONDS - 1.5)
    playing.until("video.ended", "it never ends")
    playing.is_clean()
    playing.page.close()


@pytest.mark.parametrize(
    ("name", "manifest", "player"),
    [
        ("keys-cenc", "dash/stream_SD_ONLY.mpd", "shaka"),
        ("keys-cenc", "dash/stream_SD_ONLY.mpd", "dashjs"),
        ("keys-cenc", "hls/master_SD_ONLY.m3u8", "hls"),
        ("keys-cbcs", "cmaf/stream_SD_ONLY.mpd", "dashjs"),
        ("keys-cbcs", "cmaf/master_SD_ONLY.m3u8", "shaka"),
    ],
)
def test_a_manifest_for_small_screens_plays_with_a_token_for_small_screens(
    browser: Browser, studio: Studio, name: str, manifest: str, player: str
):
    playing = open_tree(browser, studio, name, manifest, player, studio.token("SD_ONLY"))
    playing.is_ready()
    playing.advances(1)
    assert {entry["height"] for entry in playing.entries("renditions")} == {180}
    playing.is_clean()
    playing.page.close()


def test_a_token_for_small_screens_gets_no_key_for_large_ones(browser: Browser, studio: Studio):
    playing = open_tree(browser, studio, "keys-cenc", "dash/stream.mpd", "shaka", studio.token("SD_ONLY"))
    playing.is_ready()
    playing.advances(1)
    playing.picture_becomes(180)
    assert {entry["height"] for entry in playing.entries("renditions")} == {180}, "the others cannot be played"
    playing.page.close()


def test_a_larger_token_opens_the_sizes_below_it(browser: Browser, studio: Studio):
    playing = open_tree(browser, studio, "keys-cenc", "dash/stream.mpd", "shaka", studio.token("SD_HD"))
    playing.is_ready()
    playing.advances(1)
    assert {entry["height"] for entry in playing.entries("renditions")} == {180, 270}
    playing.page.close()


@pytest.mark.parametrize(
    ("manifest", "player"), [("cmaf/stream.mpd", "shaka"), ("cmaf/stream.mpd", "dashjs"), ("cmaf/master.m3u8", "hls")]
)
def test_without_a_right_token_it_does_not_play_and_says_so(
    browser: Browser, studio: Studio, manifest: str, player: str
):
    for token in (studio.token("SD_ONLY"), studio.token(content_id="another"), "no token at all"):
        playing = open_tree(browser, studio, "one-key-cbcs", manifest, player, token)
        playing.page.get_by_role("alert").wait_for()
        assert playing.errors()
        assert playing.frames() == 0
        assert any(status in line for line in playing.trouble for status in ("401", "403")), playing.trouble
        playing.page.close()


def test_no_server_sees_the_token_but_the_licence_server_and_no_address_keeps_it(browser: Browser, studio: Studio):
    place = f"{studio.tree('one-key-cbcs', *TREES['one-key-cbcs'][:2])}/cmaf/stream.mpd"
    wrong, right = studio.token(content_id="another"), studio.token()
    playing = Playing(browser.new_page())
    page, told = playing.page, []
    page.on("request", lambda request: told.append((request.url, request.headers)))
    playing.visit(studio.url, place, "shaka", wrong)
    page.get_by_role("alert").wait_for()
    page.get_by_label("Playback token").fill(right)
    page.get_by_role("button", name="Play").click()
    playing.is_ready()
    playing.advances(1)
    for url, headers in told:
        assert wrong not in url
        assert right not in url
        assert not headers.get("referer")
    assert right not in page.url
    page.go_back()
    assert wrong not in page.url
    page.close()


@pytest.mark.parametrize("manifest", ["cmaf/stream.mpd", "cmaf/master.m3u8"])
def test_a_wrong_key_does_not_play(browser: Browser, studio: Studio, manifest: str):
    """The licence names the right key id with another key: the browser decrypts noise, and decodes none of it."""
    page = browser.new_page()
    page.route("**/licence/clearkey", _forge)
    playing = Playing(page)
    place = studio.tree("one-key-cbcs", *TREES["one-key-cbcs"][:2])
    playing.visit(studio.url, f"{place}/{manifest}", "", studio.token())
    page.get_by_role("alert").wait_for()
    assert playing.time() < 1
    page.close()


def _forge(route: Any) -> None:
    answer = route.fetch()
    licence = answer.json()
    for key in licence["keys"]:
        key["k"] = "AAECAwQFBgcICQoLDA0ODw"
    route.fulfill(response=answer, json=licence)
