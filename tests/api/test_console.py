"""The console: what was published can be read by players, what was not stays private, the player page is there."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from telecine import console
from telecine.catalog import sites, storages
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer
from telecine.console import player
from telecine.settings import Settings

SEGMENT = bytes(range(256)) * 4


@pytest.fixture
def settings(tmp_path):
    for bucket in ("published", "sources", "shared", "unknown"):
        folder = tmp_path / "buckets" / bucket / "show"
        folder.mkdir(parents=True)
        (folder / "stream.mpd").write_text("<MPD/>")
        (folder / "seg-1.m4s").write_bytes(SEGMENT)
    (tmp_path / "buckets" / "secret.txt").write_text("not in a bucket")
    (tmp_path / "outside.txt").write_text("outside")
    (tmp_path / "buckets" / "published" / "link.txt").symlink_to(tmp_path / "outside.txt")
    return Settings(data_dir=tmp_path, cors_origins=["https://player.example"], players_dir=tmp_path / "players")


@pytest.fixture
def client(settings):
    database = Database(settings.database)
    database.migrate()
    sealer = Sealer(bytes(32))
    with database.write() as s:
        sites.create(s, sealer, "DEMO")
        for bucket, kind in [("published", "output"), ("sources", "input"), ("shared", "input"), ("shared", "output")]:
            storages.create(s, sealer, "DEMO", storages.StorageValues(bucket, bucket, kind, "RG011", "key", "secret"))
    app = FastAPI()
    console.mount(app, settings, database)
    with TestClient(app) as client:
        yield client
    database.close()


def test_a_published_manifest_is_served_with_its_type(client):
    answer = client.get("/files/published/show/stream.mpd")
    assert (answer.status_code, answer.text) == (200, "<MPD/>")
    assert answer.headers["content-type"].startswith("application/dash+xml")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_range_of_a_segment_can_be_read(client):
    answer = client.get("/files/published/show/seg-1.m4s", headers={"Range": "bytes=256-511"})
    assert (answer.status_code, answer.content) == (206, bytes(range(256)))
    assert answer.headers["content-range"] == "bytes 256-511/1024"
    assert client.get("/files/published/show/seg-1.m4s", headers={"Range": "bytes=5000-"}).status_code == 416


def test_head_tells_the_size_and_sends_nothing(client):
    answer = client.head("/files/published/show/seg-1.m4s")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "1024"


def test_an_unchanged_file_is_not_sent_again(client):
    tag = client.get("/files/published/show/stream.mpd").headers["etag"]
    answer = client.get("/files/published/show/stream.mpd", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("bucket", ["sources", "shared", "unknown"])
def test_only_buckets_that_are_output_and_nobodys_input_are_served(client, bucket):
    assert client.get(f"/files/{bucket}/show/stream.mpd").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "published/../sources/show/stream.mpd",
        "published/..%2fsources/show/stream.mpd",
        "published/%2e%2e/secret.txt",
        "published/show/..%5c..%5csecret.txt",
        "published//etc/passwd",
        "published/show/%00",
        "published/link.txt",
        "..%2f/outside.txt",
        "./secret.txt",
        "published/show",
        "published/",
    ],
)
def test_no_name_leads_out_of_the_bucket(client, path):
    assert client.get(f"/files/{path}").status_code == 404


def test_a_player_on_a_configured_origin_may_read_and_no_other(client):
    url = "/files/published/show/stream.mpd"
    allowed = client.get(url, headers={"Origin": "https://player.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://player.example"
    assert "access-control-allow-origin" not in client.get(url, headers={"Origin": "https://other.example"}).headers
    preflight = client.options(url, headers={"Origin": "https://player.example"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"


def test_the_player_page_has_its_parts(client):
    page = client.get("/console/player")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    for part in ("player.js", "player.css", "adapters.js"):
        assert client.get(f"/console/static/{part}").status_code == 200
    assert client.get("/console/static/..%2fplayer.py").status_code == 404


def test_players_are_served_where_they_are_installed(client, settings):
    assert client.get("/console/vendor/hls.js").status_code == 404
    target = Path(settings.players_dir) / player.VENDOR["hls.js"]
    target.parent.mkdir(parents=True)
    target.write_text("hls")
    assert client.get("/console/vendor/hls.js").text == "hls"
    assert client.get("/console/vendor/package.json").status_code == 404


def test_an_s3_deployment_serves_no_files(tmp_path):
    app = FastAPI()
    console.mount(app, Settings(data_dir=tmp_path, storage_kind="s3"), Database(f"sqlite:///{tmp_path / 'db'}"))
    with TestClient(app) as client:
        assert client.get("/files/published/show/stream.mpd").status_code == 404
