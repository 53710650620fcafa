"""Assets that are encoded already come out packaged as they went in: the same samples, at the same distance in time.

Samples and times are read from the source by ffprobe, not by the code that is tested.
"""

import json
import subprocess
from fractions import Fraction
from html import escape
from itertools import pairwise
from pathlib import Path

import pytest
from tests import clips
from tests.keys import KnownKeys
from tests.media import harvests
from tests.media.harvests import HOURS, KEY, SECONDS, SIZES, imported, rendition, stored
from tests.media.transcoding import frame_digests

from telecine.core.job import Format, Protection, Target
from telecine.core.limits import MediaLimits, Policy
from telecine.media import subtitles
from telecine.media.samples import read_file
from telecine.media.workspace import Workspace

WRAP_SOON = 2**33 / 90_000 - 4
"""Seconds at which MPEG's clock is four seconds before it begins again; ffmpeg begins 1.4 s after what it is told."""

TICK = Fraction(1, 90_000)

ASSETS = {
    "HLS in MPEG-TS that begins at hours": harvests.hls_ts,
    "HLS in MPEG-TS whose clock wraps": lambda folder: harvests.hls_ts(folder, start=WRAP_SOON),
    "HLS in fragmented MP4": harvests.hls_fmp4,
    "HLS with byte ranges": lambda folder: harvests.hls_fmp4(folder, byte_ranges=True),
    "HLS with packed audio": harvests.hls_packed_audio,
    "HLS with packed audio whose clock wraps": lambda folder: harvests.hls_packed_audio(folder, start=WRAP_SOON),
    "DASH with templates": harvests.dash,
    "DASH that begins at hours": harvests.dash_late,
    "DASH with a file for each rendition": harvests.dash_single_files,
    "CMAF": harvests.cmaf,
    "MP4 renditions": harvests.mp4s,
}


def packets(path: Path | str, stream: str, *options: str) -> list[dict]:
    """What ffprobe says of the packets of a stream, with a digest of each one's content."""
    shown = ["-show_packets", "-show_data_hash", "CRC32", "-select_streams", stream, "-of", "json", *options]
    done = subprocess.run(
        [clips.tools().ffprobe, "-v", "error", *shown, str(path)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)["packets"]


def first_shown(found: list[dict]) -> Fraction:
    return min(Fraction(packet["pts_time"]) for packet in found)


@pytest.mark.parametrize("name", ASSETS)
def test_an_asset_is_packaged_verified_and_published(tmp_path: Path, name: str):
    job = imported(tmp_path / "work", stored(ASSETS[name](tmp_path / "asset")))
    plan = job.outcome.plan
    assert job.outcome.verified.ok, job.outcome.verified.explain()
    assert set(job.outcome.published.manifests) == {"vod/film/dash/stream.mpd", "vod/film/hls/master.m3u8"}
    assert plan.imported
    assert plan.duration == SECONDS
    workspace = Workspace(tmp_path / "work")
    for video in plan.video:
        source = rendition(f"{video.width}x{video.height}")
        assert frame_digests(workspace.video(video.name)) == frame_digests(source)
    [audio] = plan.audio
    mine = packets(workspace.audio(audio.name), "a")
    theirs = [packet["data_hash"] for packet in packets(rendition(), "a")]
    hashes = [packet["data_hash"] for packet in mine]
    # What begins before the picture is left out, and what begins after its end; nothing else.
    begin = theirs.index(hashes[0])
    assert hashes == theirs[begin : begin + len(hashes)]
    assert len(theirs) - len(hashes) <= 2
    # 13 ms late, less one frame of priming, plus the frame that is left out.
    assert abs(first_shown(mine) - Fraction(13, 1000)) <= TICK + Fraction(1, 48_000)


def test_the_picture_keeps_its_times_to_the_tick(tmp_path: Path):
    folder = harvests.hls_ts(tmp_path / "asset", start=HOURS)
    imported(tmp_path / "work", stored(folder))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join((folder / "v0" / f"seg{number}.ts").read_bytes() for number in range(SECONDS // 2)))
    source = [packet["pts"] for packet in packets(joined, "v")]
    mine = [packet["pts"] for packet in packets(Workspace(tmp_path / "work").video("v0"), "v")]
    assert [pts - mine[0] for pts in mine] == [pts - source[0] for pts in source]
    assert min(mine) == 0


def test_segments_are_whole_gops_of_the_source_and_each_tree_has_its_own(tmp_path: Path):
    targets = (
        Target(format=Format.DASH, folder="dash", segment_seconds=1.7),
        Target(format=Format.HLS, folder="hls-2", segment_seconds=3),
        Target(format=Format.CMAF, folder="everything", segment_seconds=0.2),
    )
    job = imported(tmp_path / "work", stored(harvests.mp4s(tmp_path / "asset")), targets=targets)
    assert [tree.segment for tree in job.outcome.plan.trees] == [2, 3, 1]
    published = {there.key for there in job.stores.output.list("vod/film/")}
    assert "vod/film/hls-2/video/avc1/1/segment-2.ts" in published
    assert "vod/film/hls-2/video/avc1/1/segment-3.ts" not in published
    assert "vod/film/everything/video/avc1/1/seg-6.m4s" in published
    assert "vod/film/thumbnails/thumbnails.vtt" in published


def test_keyframes_at_odd_times_are_where_segments_begin(tmp_path: Path):
    (tmp_path / "asset").mkdir()
    harvests.uneven(tmp_path / "asset" / "film.mp4")
    job = imported(tmp_path / "work", stored(tmp_path / "asset"), f"{KEY}film.mp4")
    plan = job.outcome.plan
    assert any("not evenly spaced" in warning for warning in plan.warnings)
    keys = [n for n, p in enumerate(packets(Workspace(tmp_path / "work").video("v0"), "v")) if "K" in p["flags"]]
    assert len({after - before for before, after in pairwise(keys)}) > 1
    assert job.outcome.verified.ok


def test_a_clear_lead_ends_at_a_keyframe_wherever_that_is(tmp_path: Path):
    """Segments of about a second begin at 0, 2.2, 4.04 and 5.4 s, those of the sound at every second."""
    (tmp_path / "asset").mkdir()
    harvests.uneven(tmp_path / "asset" / "film.mp4")
    wanted = Protection(clear_lead=3)
    target = Target(format=Format.CMAF, folder="cmaf", segment_seconds=1, protection=wanted)
    store, keys = stored(tmp_path / "asset"), KnownKeys()
    job = imported(tmp_path / "work", store, f"{KEY}film.mp4", targets=(target,), ring=keys)
    assert job.outcome.verified.ok, job.outcome.verified.explain()
    tree = Workspace(tmp_path / "work").tree / "cmaf"
    for folder, clear in (("video/avc1/1", 2), ("audio/und/mp4a/1", 3)):
        before = (tree / folder / "stream.m3u8").read_text().partition("#EXT-X-KEY")[0]
        assert before.count("#EXTINF") == clear


def test_two_languages_of_which_a_player_knows_the_names(tmp_path: Path):
    job = imported(tmp_path / "work", stored(harvests.hls_languages(tmp_path / "asset")))
    told = [(audio.language, audio.label, audio.default) for audio in job.outcome.plan.audio]
    assert told == [("en", "English", False), ("ko", "한국어", True)]


def test_languages_of_an_mp4_file(tmp_path: Path):
    (tmp_path / "asset").mkdir()
    source = rendition(languages=("eng", "kor"))
    (tmp_path / "asset" / "film.mp4").write_bytes(source.read_bytes())
    job = imported(tmp_path / "work", stored(tmp_path / "asset"), f"{KEY}film.mp4")
    assert [audio.language for audio in job.outcome.plan.audio] == ["en", "ko"]


def test_a_media_playlist_alone_is_an_asset(tmp_path: Path):
    folder = harvests.hls_ts(tmp_path / "asset")
    job = imported(tmp_path / "work", stored(folder), f"{KEY}v1/index.m3u8")
    assert [(video.width, video.height) for video in job.outcome.plan.video] == [(256, 144)]


def test_a_harvest_that_still_looks_live_is_taken_with_a_warning(tmp_path: Path):
    folder = harvests.hls_ts(tmp_path / "asset")
    for playlist in folder.glob("v*/index.m3u8"):
        playlist.write_text(playlist.read_text().replace("#EXT-X-ENDLIST\n", ""))
    job = imported(tmp_path / "work", stored(folder))
    assert any("no end mark" in warning for warning in job.outcome.plan.warnings)


def test_an_asset_that_is_imported_again_finds_what_is_finished(tmp_path: Path):
    store = stored(harvests.hls_ts(tmp_path / "asset"))
    imported(tmp_path / "work", store)
    workspace = Workspace(tmp_path / "work")
    before = {path: path.stat().st_mtime_ns for path in (workspace.video("v0"), workspace.audio("a0"))}
    imported(tmp_path / "work", store)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_harvest_that_begins_within_a_gop_begins_at_its_first_keyframe(tmp_path: Path):
    """As when a recorder is switched on in the middle of a live stream."""
    folder = harvests.hls_ts(tmp_path / "asset", sizes=SIZES[:1])
    segment = folder / "v0" / "seg0.ts"
    content = segment.read_bytes()
    segment.write_bytes(content[: 2 * 188] + content[len(content) // 2 // 188 * 188 :])
    job = imported(tmp_path / "work", stored(folder), policy=Policy(thumbnails=False))
    assert job.outcome.plan.duration in (4, 5)
    samples = read_file(Workspace(tmp_path / "work").video("v0"), "video", lambda size: None)
    assert samples.start == 0
    assert samples.keys[0]


SHOWN = [(500, 1500, "<i>One</i> &amp; only"), (1800, 2600, "Across the border"), (4000, 5000, "Last")]


def cues_of(work: Path) -> list[tuple[int, int, str]]:
    found = subtitles.read(Workspace(work).subtitle(0), MediaLimits()).cues
    return [(cue.start, cue.end, cue.text) for cue in found]


@pytest.mark.parametrize("start", [HOURS, WRAP_SOON])
def test_subtitles_in_segments_come_out_whole_and_on_the_programmes_clock(tmp_path: Path, start: float):
    job = imported(tmp_path / "work", stored(harvests.hls_subtitles(tmp_path / "asset", start=start)))
    assert [subtitle.language for subtitle in job.outcome.plan.subtitles] == ["en"]
    assert cues_of(tmp_path / "work") == SHOWN
    assert any("'ko/index.m3u8' are left out: they hold no text" in w for w in job.outcome.plan.warnings)
    assert job.outcome.verified.ok


@pytest.mark.parametrize("form", ["vtt+mp4", "ttml+mp4"])
def test_subtitles_in_mp4_come_out_as_text(tmp_path: Path, form: str):
    job = imported(tmp_path / "work", stored(harvests.cmaf_subtitles(tmp_path / "asset", form)))
    assert [subtitle.language for subtitle in job.outcome.plan.subtitles] == ["en"]
    # The packager copies a cue's text into TTML letter by letter, so there markup is what is shown.
    expected = [(*times, escape(text, quote=False) if "ttml" in form else text) for *times, text in SHOWN]
    assert cues_of(tmp_path / "work") == expected


def test_subtitle_files_beside_mp4_renditions(tmp_path: Path):
    folder = harvests.mp4s(tmp_path / "asset")
    (folder / "film.ko.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\n안녕\n")
    (folder / "film.en.vtt").write_text("WEBVTT\n\n" + "\n\n".join(harvests.CUES) + "\n")
    job = imported(tmp_path / "work", stored(folder))
    assert [subtitle.language for subtitle in job.outcome.plan.subtitles] == ["en", "ko"]
    assert cues_of(tmp_path / "work") == SHOWN


def test_subtitles_that_cannot_be_read_cost_nothing_but_themselves(tmp_path: Path):
    folder = harvests.hls_subtitles(tmp_path / "asset")
    (folder / "en" / "1.vtt").write_text("<html>not found</html>")
    job = imported(tmp_path / "work", stored(folder))
    assert job.outcome.plan.subtitles == ()
    assert any("'en/index.m3u8' are left out" in warning for warning in job.outcome.plan.warnings)


def test_an_asset_is_encrypted_for_some_targets_with_the_keys_of_its_drm_entry(tmp_path: Path):
    wanted = Protection(multi_key=True, clear_lead=2, key_id="drmId1")
    targets = (
        Target(format=Format.DASH, folder="dash", protection=wanted, segment_seconds=2),
        Target(format=Format.CMAF, folder="cmaf", protection=wanted, segment_seconds=1),
        Target(format=Format.HLS, folder="hls"),
    )
    keys = KnownKeys()
    job = imported(tmp_path / "work", stored(harvests.hls_ts(tmp_path / "asset")), targets=targets, ring=keys)
    assert job.outcome.verified.ok, job.outcome.verified.explain()
    assert {asked[0] for asked in keys.asked} == {"drmId1"}
    tree = Workspace(tmp_path / "work").tree
    assert b"encv" in (tree / "dash/video/avc1/1/init.mp4").read_bytes()
    assert "EXT-X-KEY" not in (tree / "hls/video/avc1/1/stream.m3u8").read_text()


H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25")
H265 = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params", "log-level=error:keyint=25")
OPEN = "open-gop=1:keyint=25:min-keyint=25:scenecut=0:bframes=3"
SKIPPING = ("-vf", "select='not(between(t,1,2)*mod(n,3))'", "-fps_mode", "vfr")
ODD = {
    "open GOPs": ("25", ".ts", (*H264[:6], "-preset", "fast", "-x264-params", OPEN, "-c:a", "aac")),
    "H.265 and E-AC-3 in MPEG-TS": ("25", ".ts", (*H265, "-c:a", "eac3")),
    "pixels that are not square": ("25", ".mp4", (*H264, "-vf", "setsar=4/3", "-c:a", "aac")),
    "a film rate on a clock that cannot count it": ("24000/1001", ".ts", (*H264, "-c:a", "ac3")),
    "a clock of milliseconds": ("30000/1001", ".mp4", (*H264, "-video_track_timescale", "1000", "-c:a", "aac")),
    "pictures that last unequally": ("30", ".mp4", (*H264, *SKIPPING, "-c:a", "aac")),
    "sound that ends early": ("25", ".mp4", (*H264, "-af", "atrim=end=3", "-c:a", "aac")),
    "sound that begins late": ("25", ".ts", (*H264, "-af", "atrim=start=2", "-c:a", "aac")),
    "44.1 kHz in MPEG-TS": ("25", ".ts", (*H264, "-c:a", "aac", "-ar", "44100")),
    "no sound": ("25", ".mp4", (*H264, "-an")),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_sources_come_out_as_they_are(tmp_path: Path, name: str):
    rate, suffix, options = ODD[name]
    (tmp_path / "asset").mkdir()
    source = clips.make(suffix, *clips.picture(SECONDS, rate), *clips.tone(SECONDS), *options)
    (tmp_path / "asset" / f"film{suffix}").write_bytes(source.read_bytes())
    job = imported(tmp_path / "work", stored(tmp_path / "asset"), f"{KEY}film{suffix}")
    assert job.outcome.verified.ok, job.outcome.verified.explain()
    assert frame_digests(Workspace(tmp_path / "work").video("v0")) == frame_digests(source)
