"""`telecine verify` on folders and on addresses, as a person runs it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests import plans
from tests.keys import known_key
from tests.media.packaging import packaged, plan_of
from typer.testing import CliRunner

from telecine.cli import app
from telecine.core.drm import Label

KEY = known_key("content", Label.ALL)
GIVEN = f"{KEY.kid.hex()}:{KEY.key.hex()}"
PLAN = plans.protected(plan_of(plans.tree("cmaf", "mp4_vtt"), subtitles=(plans.subtitle("s0"),)), clear_lead=2)


class Shelf(SimpleHTTPRequestHandler):
    """Serves a folder, and keeps what it was asked for; what is below `/moved/` is elsewhere."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path.replace("/moved/", "/"))
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a server on `folder`, and the paths that it was asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Shelf, directory=str(folder)))
    server.asked = []
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packaged(tmp_path_factory.mktemp("whole"), PLAN).tree


@pytest.fixture
def tree(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "tree")
    return tmp_path / "tree"


def verify(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["verify", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def as_json(*arguments: object, code: int = 0) -> Any:
    return json.loads(verify(*arguments, "--json", code=code))


def test_a_folder_is_decrypted_with_the_keys_given(tree: Path):
    assert "ok      decryption: 3 renditions decrypted with 1 keys" in verify(tree, "--key", GIVEN)
    assert f"skipped decryption: no key for KID {KEY.kid.hex()}" in verify(tree)
    assert verify(tree / "cmaf/stream.mpd", "--key", GIVEN).count("ok ") > 10


def test_a_wrong_key_is_a_fault(tree: Path):
    said = verify(tree, "--key", f"{KEY.kid.hex()}:{'00' * 16}", code=5)
    assert "FAILED  decoding" in said


def test_a_key_that_cannot_be_is_refused_and_not_repeated(tree: Path):
    said = verify(tree, "--key", GIVEN, "--key", "secret", code=2)
    assert "number 2 is not KID:KEY" in said
    assert "secret" not in said


@pytest.mark.parametrize("place", ["/", "/cmaf/", "/cmaf/stream.mpd", "/cmaf/master.m3u8"])
def test_an_address_is_fetched_and_verified(tree: Path, place: str):
    with served(tree) as (address, asked):
        report = as_json(f"{address}{place}", "--key", GIVEN)
    assert report["ok"]
    assert {check["name"] for check in report["checks"] if check["outcome"] == "passed"} >= {"decoding", "decryption"}
    assert len(asked) == len(set(asked))


def test_a_signed_addresss_query_goes_with_every_file(tree: Path):
    with served(tree) as (address, asked):
        assert as_json(f"{address}/cmaf/master.m3u8?Signature=abc", "--key", GIVEN)["ok"]
    assert all(path.endswith("?Signature=abc") for path in asked)


def test_what_is_missing_or_broken_on_a_server_is_named(tree: Path):
    (tree / "cmaf/video/avc1/1/seg-2.m4s").unlink()
    broken = tree / "cmaf/video/avc1/2/seg-3.m4s"
    broken.write_bytes(broken.read_bytes()[:-10])
    with served(tree) as (address, _):
        said = verify(f"{address}/cmaf/stream.mpd", "--key", GIVEN, code=5)
    assert "stream.mpd: names video/avc1/1/seg-2.m4s, which does not exist" in said
    assert "video/avc1/2/seg-3.m4s: ends within its mdat box: 10 bytes are missing" in said


def test_a_manifest_that_points_elsewhere_is_at_fault_and_not_followed(tree: Path):
    playlist = tree / "cmaf/master.m3u8"
    playlist.write_text(playlist.read_text().replace("video/avc1/2/stream.m3u8", "../../secret/stream.m3u8"))
    with served(tree) as (address, asked):
        said = verify(f"{address}/cmaf/master.m3u8", code=5)
    assert "points out of the published folder" in said
    assert not any("secret" in path for path in asked)


def test_what_is_fetched_has_limits(tree: Path):
    with served(tree) as (address, _):
        assert "more than 5 files" in verify(f"{address}/cmaf/stream.mpd", "--max-files", 5, code=1)
        assert "more than 0.0001 GB" in verify(f"{address}/cmaf/stream.mpd", "--max-gb", 0.0001, code=1)


def test_an_address_that_leads_nowhere_is_told_so(tree: Path):
    with served(tree) as (address, _):
        assert "was not found" in verify(f"{address}/elsewhere/", code=3)
        assert "has moved to /cmaf/stream.mpd" in verify(f"{address}/moved/cmaf/stream.mpd", code=2)
        assert "ends in .mpd, .m3u8" in verify(f"{address}/cmaf/page.html", code=2)
    assert "does not answer" in verify(f"{address}/cmaf/stream.mpd", code=1)
    assert "was not found" in verify(tree / "nothing", code=3)


@pytest.fixture(scope="module", params=["unlabeled", "prefixed"])
def marked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = plans.marked(plan_of(plans.tree("dash"), plans.tree("hls", transport_stream=True)), request.param)
    return packaged(tmp_path_factory.mktemp("marked"), plan).tree


class TestMarked:
    """Both layouts, here and by address; an edge for viewers shows what one viewer gets."""

    SEGMENTS = 2 * 7

    def test_a_folder_says_how_many_segments_there_are_of_variant_1(self, marked: Path):
        found = as_json(marked)
        assert [tree["second_variant"] for tree in found["trees"].values()] == [self.SEGMENTS, self.SEGMENTS]
        assert f"ok      variants: {2 * self.SEGMENTS} segments in two variants, of which" in verify(marked)

    def test_an_origin_shows_both_variants(self, marked: Path):
        with served(marked) as (address, _):
            found = as_json(f"{address}/")
        assert found["ok"]
        assert {tree["second_variant"] for tree in found["trees"].values()} == {self.SEGMENTS}

    def test_a_fault_of_variant_1_is_found_by_address(self, marked: Path, tmp_path: Path):
        shutil.copytree(marked, tmp_path / "tree")
        unlisted = list((tmp_path / "tree").rglob("b.seg-3.m4s"))
        (broken, *_) = unlisted or (tmp_path / "tree/1").rglob("seg-3.m4s")
        broken.write_bytes(broken.read_bytes()[:-5])
        with served(tmp_path / "tree") as (address, _):
            found = as_json(f"{address}/", code=5)
        name = broken.relative_to(tmp_path / "tree").as_posix()
        faults = [fault["path"] for check in found["checks"] for fault in check["faults"]]
        assert name in faults

    def test_an_edge_that_shows_one_variant_serves_a_whole_tree(self, marked: Path, tmp_path: Path):
        first = marked / "0" if (marked / "0").is_dir() else marked
        shutil.copytree(first, tmp_path / "tree", ignore=shutil.ignore_patterns("b.*", "WMPaceInfo"))
        with served(tmp_path / "tree") as (address, _):
            found = as_json(f"{address}/dash/stream.mpd")
        assert found["ok"]
        assert {tree["second_variant"] for tree in found["trees"].values()} == {0}
