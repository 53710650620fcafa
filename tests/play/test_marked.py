"""Marked and encrypted titles play through the edge in real players, and each viewer gets his own variants alone."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import av
import pytest
from playwright.sync_api import Browser
from tests.play.marked import Gate, MarkedTitle, Viewer, edge_of
from tests.play.playing import Playing
from tests.play.studio import Studio
from tests.play.trees import SECONDS

from telecine.core.job import MarkLayout
from telecine.core.layout import VARIANT_FOLDERS, second_variant
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.tokens import TokenForm
from telecine.edge.names import read_name

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TITLES = {
    "unlabeled": ("unlabeled", ["dash", "hls"], {}),
    "prefixed": ("prefixed", ["cmaf"], {}),
}
RATE = 25
BEGINNING = 3
"""Segments that every player has fetched when it has played for two seconds."""
CASES = [
    ("unlabeled", "dash", "shaka", SessionCode.UNIFORM, TokenForm.JWT),
    ("unlabeled", "dash", "dashjs", SessionCode.UNIFORM, TokenForm.CWT),
    ("unlabeled", "hls", "hls", SessionCode.UNIFORM, TokenForm.CWT),
    ("prefixed", "dash", "dashjs", SessionCode.DELIVERY, TokenForm.AES),
    ("prefixed", "hls", "shaka", SessionCode.UP_TO_4, TokenForm.JWT),
    ("prefixed", "hls", "hls", SessionCode.UNIFORM, TokenForm.CWT),
]


@pytest.fixture(scope="module")
def gate(studio: Studio) -> Iterator[Gate]:
    with edge_of(studio) as gate:
        yield gate


def play(browser: Browser, gate: Gate, viewer: Viewer, player: str) -> None:
    """Play it to its end from two places, as somebody would who looks into it."""
    playing = Playing(browser.new_page())
    query = urlencode({"manifest": viewer.url, "player": player})
    token = gate.studio.token(content_id=viewer.title.content)
    playing.page.goto(f"{gate.studio.url}/console/player?{query}#{urlencode({'token': token})}")
    playing.is_ready()
    playing.advances(2)
    playing.seek(SECONDS - 6)
    playing.advances(1)
    playing.seek(SECONDS - 1.5)
    playing.until("video.ended", "it never ends")
    playing.is_clean()
    playing.page.close()


def stored(title: MarkedTitle, path: str, variant: int) -> bytes:
    """A segment's variant as it was published."""
    if title.layout is MarkLayout.PREFIXED:
        return (title.folder / VARIANT_FOLDERS[variant] / path).read_bytes()
    return (title.folder / (second_variant(path) if variant else path)).read_bytes()


@pytest.mark.parametrize(("name", "streaming_format", "player", "code", "form"), CASES)
def test_two_viewers_play_and_get_what_their_sessions_say(
    browser: Browser, gate: Gate, name: str, streaming_format: str, player: str, code: SessionCode, form: TokenForm
):
    title = gate.title(name, *TITLES[name])
    viewers = two_viewers(gate, title, streaming_format, code, form)
    seen = []
    for viewer in viewers:
        play(browser, gate, viewer, player)
    for viewer in viewers:
        segments = gate.served(viewer).segments()
        first = 1 if next(iter(segments)).startswith("hls/") else 0
        variants = {}
        for path, body in segments.items():
            position = read_name(tuple(path.split("/"))).number - first
            variants[position] = viewer.variant(position)
            assert stored(title, path, 0) != stored(title, path, 1)
            assert body == stored(title, path, variants[position]), path
        assert {*range(BEGINNING)} <= set(variants), sorted(segments)
        seen.append([variants[position] for position in range(BEGINNING)])
    assert code is SessionCode.DELIVERY or seen[0] != seen[1]


def two_viewers(
    gate: Gate, title: MarkedTitle, streaming_format: str, code: SessionCode, form: TokenForm
) -> list[Viewer]:
    """Two sessions that differ at the beginning, unless their code gives everybody the same there."""
    first = gate.viewer(title, streaming_format, code, form)
    while True:
        second = gate.viewer(title, streaming_format, code, form)
        if code is SessionCode.DELIVERY or any(first.variant(at) != second.variant(at) for at in range(BEGINNING)):
            return [first, second]


@pytest.mark.parametrize(("name", "streaming_format"), [("unlabeled", "dash"), ("prefixed", "dash")])
def test_what_a_viewer_got_is_there_for_a_detector(
    browser: Browser, gate: Gate, tmp_path: Path, name: str, streaming_format: str
):
    title = gate.title(name, *TITLES[name])
    viewer = gate.viewer(title, streaming_format, SessionCode.UNIFORM, TokenForm.JWT)
    play(browser, gate, viewer, "shaka")
    rendition = max(
        (path.rpartition("/")[0] for path in gate.served(viewer).segments()),
        key=lambda folder: sum(path.startswith(folder) for path in gate.served(viewer).segments()),
    )
    with av.open(str(gate.watched(viewer, rendition, tmp_path))) as film:
        pictures = sum(1 for _ in film.decode(video=0))
    segments = [path for path in gate.served(viewer).segments() if path.startswith(rendition)]
    assert pictures == RATE * title.plan.segment * len(segments)
