"""Assets that a stranger made to do harm, and assets that are simply broken: refused in words that name the file.

What a hostile manifest points at is there to be read, outside the asset's folder or behind it; nobody must read it.
"""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.clips import make, picture
from tests.keys import known_key
from tests.media import harvests
from tests.media.harvests import KEY, SEGMENTED, SIZES, imported, rendition, stored

from telecine.core.drm import Label
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.storage.memory import MemoryStore

SECRET = "assets/secret.ts"


class Watched(MemoryStore):
    """Writes down every object that somebody asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def head(self, key: str):
        self.asked.add(key)
        return super().head(key)

    def download(self, key: str, target: Path, report=lambda done, total: None) -> None:
        self.asked.add(key)
        super().download(key, target, report)


def refusal(work: Path, store: MemoryStore, key: str = KEY, **more: object) -> TelecineError:
    with pytest.raises(TelecineError) as raised:
        imported(work, store, key, **more)
    assert str(work) not in raised.value.message
    assert raised.value.field == "sourceUri"
    assert raised.value.kind is not ErrorKind.INTERNAL
    return raised.value


def edited(folder: Path, name: str, change: Callable[[str], str]) -> Path:
    path = folder / name
    text = change(path.read_text())
    assert text != path.read_text(), "the edit changed nothing"
    path.write_text(text)
    return folder


# --- manifests that point elsewhere


@pytest.mark.parametrize(
    "target",
    [
        "../../secret.ts",
        "..%2F..%2Fsecret.ts",
        "x/../../../secret.ts",
        "/assets/secret.ts",
        "file:///etc/passwd",
        "http://127.0.0.1:9/secret.ts",
        "//127.0.0.1/secret.ts",
        "concat:secret.ts",
        "data:video/mp2t;base64,R0AAEA==",
    ],
)
@pytest.mark.parametrize("where", ["a segment", "a playlist", "a segment of DASH", "a base of DASH"])
def test_a_manifest_cannot_point_out_of_its_folder(tmp_path: Path, target: str, where: str):
    if where == "a segment":
        folder = harvests.hls_ts(tmp_path / "asset", sizes=SIZES[:1])
        edited(folder, "v0/index.m3u8", lambda text: text.replace("seg1.ts", target))
    elif where == "a playlist":
        folder = harvests.hls_ts(tmp_path / "asset", sizes=SIZES[:1])
        edited(folder, "master.m3u8", lambda text: text.replace("v0/index.m3u8", target))
    elif where == "a segment of DASH":
        folder = harvests.dash(tmp_path / "asset")
        edited(folder, "stream.mpd", lambda text: text.replace("video0/$Number$.m4s", target))
    else:
        folder = harvests.dash(tmp_path / "asset")
        edited(folder, "stream.mpd", lambda text: text.replace("<Period", f"<BaseURL>{target}/</BaseURL><Period", 1))
    store = Watched()
    for there in stored(folder).list():
        store.upload(stored(folder).read(there.key), there.key, "")
    store.upload(b"\x47" * 188, SECRET, "")
    error = refusal(tmp_path / "work", store)
    assert error.kind in (ErrorKind.ASSET_REFUSED, ErrorKind.OBJECT_MISSING)
    assert SECRET not in store.asked
    assert all(key.startswith(KEY) for key in store.asked)


# --- segments in disguise


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    "content",
    [
        b"ffconcat version 1.0\nfile ../../secret.ts\n" + b" " * 188,
        b"#EXTM3U\n#EXTINF:2,\n/etc/passwd\n#EXT-X-ENDLIST\n",
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>",
        b"",
    ],
)
def test_a_list_in_disguise_is_no_segment(tmp_path: Path, content: bytes, number: int):
    folder = harvests.hls_ts(tmp_path / "asset", sizes=SIZES[:1])
    (folder / "v0" / f"seg{number}.ts").write_bytes(content)
    error = refusal(tmp_path / "work", stored(folder))
    assert error.kind is ErrorKind.ASSET_REFUSED
    assert f"v0/seg{number}.ts" in error.message


def test_a_list_in_disguise_is_no_mp4(tmp_path: Path):
    folder = harvests.mp4s(tmp_path / "asset")
    (folder / "film-9.mp4").write_text("ffconcat version 1.0\nfile film-320x180.mp4\n")
    error = refusal(tmp_path / "work", stored(folder))
    assert error.kind is ErrorKind.INPUT_UNSAFE
    assert "film-9.mp4" in error.message


# --- too much


def test_ten_thousand_variants(tmp_path: Path):
    lines = [f"#EXT-X-STREAM-INF:BANDWIDTH={number}\nv{number}.m3u8" for number in range(1, 10_001)]
    store = MemoryStore()
    store.upload("\n".join(["#EXTM3U", *lines]).encode(), f"{KEY}master.m3u8", "")
    error = refusal(tmp_path / "work", store, f"{KEY}master.m3u8")
    assert error.kind is ErrorKind.INPUT_OVER_LIMIT
    assert "more than 64 renditions" in error.message


def playlists(**texts: str) -> MemoryStore:
    store = MemoryStore()
    for name, text in texts.items():
        store.upload(f"#EXTM3U\n{text}".encode(), f"{KEY}{name}.m3u8", "")
    return store


def test_ten_thousand_playlists_for_fast_forward(tmp_path: Path):
    iframes = [f'#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i{number}.m3u8"' for number in range(10_000)]
    lead = "\n".join(["#EXT-X-STREAM-INF:BANDWIDTH=1", "v.m3u8", *iframes])
    error = refusal(tmp_path / "work", playlists(master=lead), f"{KEY}master.m3u8")
    assert error.kind is ErrorKind.INPUT_OVER_LIMIT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("#EXTINF:2,\n0.ts\n#EXT-X-KEY:" + "A" * 10**6, "line of more than"),
        ("\n".join(f'#EXT-X-KEY:METHOD=NONE,URI="{n}"\n#EXTINF:2,\n{n}.ts' for n in range(30_000)), "key lines"),
        ("#EXTINF:2,\n" + "n" * 10_000 + ".ts", "too long for a file name"),
    ],
    ids=["one line", "key lines", "a name"],
)
def test_a_playlist_that_would_take_for_ever_to_read(tmp_path: Path, text: str, reason: str):
    error = refusal(tmp_path / "work", playlists(v=text), f"{KEY}v.m3u8")
    assert reason in error.message


def test_a_template_that_makes_names_of_megabytes(tmp_path: Path):
    folder = harvests.dash(tmp_path / "asset")
    edited(folder, "stream.mpd", lambda text: text.replace("$Number$", "n" * 10**6 + "$Number$"))
    assert "too long for a file name" in refusal(tmp_path / "work", stored(folder)).message


def test_a_timeline_of_a_billion_segments(tmp_path: Path):
    folder = harvests.dash(tmp_path / "asset")
    edited(
        folder, "stream.mpd", lambda text: re.sub(r'<S t="0" d="(\d+)"[^>]*>', r'<S t="0" d="\1" r="999999999"/>', text)
    )
    error = refusal(tmp_path / "work", stored(folder))
    assert "names more than" in error.message


def test_more_bytes_or_files_than_are_allowed(tmp_path: Path):
    store = stored(harvests.hls_ts(tmp_path / "asset"))
    assert refusal(tmp_path / "a", store, limits=MediaLimits(input_bytes=1000)).kind is ErrorKind.INPUT_OVER_LIMIT
    assert refusal(tmp_path / "b", store, limits=MediaLimits(asset_objects=5)).kind is ErrorKind.INPUT_OVER_LIMIT
    assert refusal(tmp_path / "c", store, f"{KEY}master.m3u8", limits=MediaLimits(asset_objects=5)).kind is (
        ErrorKind.INPUT_OVER_LIMIT
    )


def test_entities_in_an_mpd_are_not_expanded(tmp_path: Path):
    folder = harvests.dash(tmp_path / "asset")
    bomb = '?>\n<!DOCTYPE MPD [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    edited(folder, "stream.mpd", lambda text: text.replace("?>", bomb, 1))
    assert "DOCTYPE" in refusal(tmp_path / "work", stored(folder)).message


# --- encrypted


def test_keys_in_a_playlist(tmp_path: Path):
    folder = harvests.hls_ts(tmp_path / "asset", sizes=SIZES[:1])
    key = '#EXT-X-KEY:METHOD=AES-128,URI="key.bin"\n#EXTINF'
    edited(folder, "v0/index.m3u8", lambda text: text.replace("#EXTINF", key, 1))
    error = refusal(tmp_path / "work", stored(folder))
    assert error.kind is ErrorKind.ASSET_REFUSED
    assert "v0/index.m3u8" in error.message
    assert "encrypted" in error.message


def test_a_playlist_that_says_that_it_has_no_key_is_fine(tmp_path: Path):
    folder = harvests.hls_ts(tmp_path / "asset", sizes=SIZES[:1])
    edited(folder, "v0/index.m3u8", lambda text: text.replace("#EXTINF", "#EXT-X-KEY:METHOD=NONE\n#EXTINF", 1))
    assert imported(tmp_path / "work", stored(folder)).outcome.verified.ok


def encrypted(folder: Path) -> Path:
    key = known_key("film", Label.ALL)
    keys = f"label=:key_id={key.kid.hex()}:key={key.key.hex()}"
    return harvests.packaged(
        folder, SEGMENTED, *harvests.MPD, *harvests.MASTER, flags=("--enable_raw_key_encryption", "--keys", keys)
    )


@pytest.mark.parametrize("lead", ["stream.mpd", "master.m3u8"])
def test_protected_manifests(tmp_path: Path, lead: str):
    error = refusal(tmp_path / "work", stored(encrypted(tmp_path / "asset")), f"{KEY}{lead}")
    assert error.kind is ErrorKind.ASSET_REFUSED
    assert "encrypted" in error.message


def test_protected_samples_that_no_manifest_admits(tmp_path: Path):
    folder = encrypted(tmp_path / "asset")
    for playlist in folder.rglob("*.m3u8"):
        lines = [line for line in playlist.read_text().splitlines() if "KEY" not in line]
        playlist.write_text("\n".join(lines) + "\n")
    error = refusal(tmp_path / "work", stored(folder), f"{KEY}master.m3u8")
    assert "encrypted" in error.message
    assert "stream.m3u8" in error.message


# --- broken


@pytest.mark.parametrize("name", ["v0/seg1.ts", "v1/index.m3u8"])
def test_a_missing_object_is_named(tmp_path: Path, name: str):
    folder = harvests.hls_ts(tmp_path / "asset")
    (folder / name).unlink()
    error = refusal(tmp_path / "work", stored(folder))
    assert error.kind is ErrorKind.OBJECT_MISSING
    assert f"{KEY}{name}" in error.message


@pytest.mark.parametrize("key", ["nothing/", "nothing/master.m3u8", "nothing/film.mp4"])
def test_an_asset_that_is_not_there(tmp_path: Path, key: str):
    assert refusal(tmp_path, MemoryStore(), key).kind is ErrorKind.OBJECT_MISSING


def test_a_folder_of_nothing_useful(tmp_path: Path):
    store = MemoryStore()
    store.upload(b"hello", f"{KEY}readme.txt", "")
    assert "holds no manifest and no MP4" in refusal(tmp_path, store).message


@pytest.mark.parametrize("make_asset", [harvests.hls_ts, harvests.dash])
def test_a_segment_that_is_cut_off(tmp_path: Path, make_asset: Callable[[Path], Path]):
    folder = make_asset(tmp_path / "asset")
    segment = next(path for name in ("v0/seg1.ts", "video0/2.m4s") if (path := folder / name).exists())
    segment.write_bytes(segment.read_bytes()[: -(188 // 2)])
    error = refusal(tmp_path / "work", stored(folder))
    assert error.kind is ErrorKind.ASSET_REFUSED
    assert segment.relative_to(folder).as_posix() in error.message


def test_a_damaged_picture_is_found_out_before_anything_is_packaged(tmp_path: Path):
    folder = harvests.dash(tmp_path / "asset")
    segment = folder / "video0" / "2.m4s"
    content = bytearray(segment.read_bytes())
    begin = content.index(b"mdat") + 600
    content[begin : begin + 400] = os.urandom(400)
    segment.write_bytes(content)
    error = refusal(tmp_path / "work", stored(folder))
    assert error.kind is ErrorKind.INPUT_UNREADABLE
    assert "'0' is damaged" in error.message
    assert not (tmp_path / "work" / "tree").exists()


def test_a_discontinuity(tmp_path: Path):
    folder = harvests.hls_ts(tmp_path / "asset", sizes=SIZES[:1])
    edited(folder, "v0/index.m3u8", lambda text: text.replace("#EXTINF", "#EXT-X-DISCONTINUITY\n#EXTINF"))
    error = refusal(tmp_path / "work", stored(folder))
    assert "v0/index.m3u8" in error.message
    assert "discontinuity" in error.message


def test_a_discontinuity_that_nobody_declared(tmp_path: Path):
    folder = harvests.hls_ts(tmp_path / "asset", sizes=SIZES[:1])
    again = (folder / "v0" / "seg0.ts").read_bytes()
    (folder / "v0" / "seg2.ts").write_bytes(again)
    assert "the timestamps of 'v0/index.m3u8' begin anew" in refusal(tmp_path / "work", stored(folder)).message


def test_a_lost_segment_that_nobody_declared(tmp_path: Path):
    folder = harvests.hls_ts(tmp_path / "asset", sizes=SIZES[:1])
    lines = (folder / "v0" / "index.m3u8").read_text().splitlines()
    at = lines.index("seg1.ts")
    (folder / "v0" / "index.m3u8").write_text("\n".join(lines[: at - 1] + lines[at + 1 :]) + "\n")
    error = refusal(tmp_path / "work", stored(folder))
    assert "has a hole from 1.960 to 4.000 s" in error.message


def test_renditions_whose_keyframes_are_apart(tmp_path: Path):
    folder = tmp_path / "asset"
    folder.mkdir()
    for name, source in (("a", rendition()), ("b", rendition(SIZES[1], gop=30))):
        (folder / f"{name}.mp4").write_bytes(source.read_bytes())
    error = refusal(tmp_path / "work", stored(folder))
    assert error.kind is ErrorKind.ASSET_REFUSED
    assert "'b.mp4' has no keyframe at 4.000 s, where a segment of 'a.mp4' begins" in error.message


def test_a_codec_that_no_tree_carries(tmp_path: Path):
    folder = tmp_path / "asset"
    folder.mkdir()
    source = make(".mp4", *picture(2), "-c:v", "mpeg4")
    (folder / "film.mp4").write_bytes(source.read_bytes())
    error = refusal(tmp_path / "work", stored(folder))
    assert error.kind is ErrorKind.ASSET_REFUSED
    assert "neither a picture in H.264" in error.message


def test_media_playlists_that_nothing_holds_together(tmp_path: Path):
    folder = harvests.hls_ts(tmp_path / "asset")
    for number in (0, 1):
        (folder / f"v{number}" / "index.m3u8").rename(folder / f"v{number}.m3u8")
    (folder / "master.m3u8").unlink()
    assert "2 media playlists and no multivariant one" in refusal(tmp_path / "work", stored(folder)).message


def test_no_tool_is_left_running(tmp_path: Path):
    folder = harvests.dash(tmp_path / "asset")
    edited(folder, "stream.mpd", lambda text: text.replace('type="static"', 'type="dynamic"'))
    assert "live presentation" in refusal(tmp_path / "work", stored(folder)).message
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in listed
