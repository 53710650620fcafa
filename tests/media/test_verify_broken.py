"""Trees that were broken on purpose: each fault is found, and named with its file, though only a sample is decoded."""

import re
import shutil
from dataclasses import replace
from fractions import Fraction

import pytest
from tests import plans
from tests.media import packaging
from tests.media.breaking import Breakable
from tests.media.packaging import audio_clip, packaged, place, plan_of, video_clip, workspace_of

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media.context import Context
from telecine.media.package import package
from telecine.media.thumbnails import make_thumbnails
from telecine.media.verify import verify, verify_tree
from telecine.media.workspace import Workspace

PLAN = plan_of(
    plans.tree("dash"),
    plans.tree("hls", transport_stream=True),
    plans.tree("cmaf", "mp4_vtt"),
    audio=(plans.audio("a0", label="Film"), plans.audio("a1", "ko")),
    subtitles=(plans.subtitle("s0", "en"),),
    thumbnails=True,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    programme = packaged(tmp_path_factory.mktemp("whole"), PLAN)
    make_thumbnails(PLAN, programme.workspace, packaging.context(programme))
    return programme


@pytest.fixture
def broken(whole, tmp_path):
    """A copy that a test may break; `broken.faults(check)` are what verification then says."""
    shutil.copytree(whole.workspace.root, tmp_path / "job")
    return Breakable(PLAN, Workspace(tmp_path / "job"))


@pytest.mark.parametrize(
    "name",
    [
        "dash/video/avc1/2/seg-2.m4s",
        "dash/audio/ko/mp4a/1/seg-3.m4s",
        "hls/video/avc1/1/segment-4.ts",
        "hls/audio/en/mp4a/1/segment-1.aac",
        "cmaf/video/avc1/1/seg-1.m4s",
    ],
)
def test_one_flipped_bit_in_a_segment_is_found_and_the_file_is_named(broken, name):
    broken.flip(name, 0.8)
    assert any(fault.startswith(f"{name}: ") for check in broken.report().checks for fault in map(str, check.faults))


def test_a_flipped_bit_is_told_from_what_was_encoded(broken):
    broken.flip("dash/video/avc1/2/seg-2.m4s", 0.9)
    (fault,) = broken.faults("samples")
    assert re.search(r"dash/video/avc1/2/seg-2.m4s: differs from what was encoded, from its track's sample \d+", fault)


@pytest.mark.parametrize(
    ("name", "missing", "says"),
    [
        ("dash/video/avc1/1/seg-3.m4s", 100, "ends within its mdat box: 100 bytes are missing"),
        ("dash/video/avc1/1/init.mp4", 30, "ends within its moov box: 30 bytes are missing"),
        ("hls/video/avc1/1/segment-1.ts", 100, "its last transport packet has 88 of 188 bytes"),
        ("hls/audio/ko/mp4a/1/segment-2.aac", 5, "ends within an audio frame: 5 bytes are missing"),
        ("cmaf/subtitle/en/seg-1.m4s", 4, "4 bytes are missing"),
    ],
)
def test_a_segment_that_was_cut_off_is_found(broken, name, missing, says):
    broken.cut(name, missing)
    (fault,) = broken.faults("structure")
    assert fault.startswith(f"{name}: ")
    assert says in fault


def test_a_transport_stream_that_lacks_packets_in_the_middle_is_found(broken):
    path = broken.tree / "hls/video/avc1/2/segment-1.ts"
    content = path.read_bytes()
    path.write_bytes(content[: 188 * 50] + content[188 * 51 :])
    assert broken.faults("structure") == [
        f"hls/video/avc1/2/segment-1.ts: lacks transport packets before byte {188 * 50}"
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("dash/video/avc1/1/seg-2.m4s", "dash/stream.mpd: names dash/video/avc1/1/seg-2.m4s, which does not exist"),
        ("dash/audio/en/mp4a/1/init.mp4", "dash/stream.mpd: names dash/audio/en/mp4a/1/init.mp4, which does not exist"),
        ("dash/subtitle/en/subtitle.vtt", "dash/stream.mpd: names dash/subtitle/en/subtitle.vtt, which does not exist"),
        ("hls/video/avc1/2/segment-3.ts", "hls/master.m3u8: names hls/video/avc1/2/segment-3.ts, which does not exist"),
    ],
)
def test_a_missing_file_is_found(broken, name, says):
    (broken.tree / name).unlink()
    assert says in broken.faults("files")


@pytest.mark.parametrize("name", ["hls/video/avc1/1/stream.m3u8", "hls/video/avc1/1/iframes.m3u8"])
def test_a_missing_playlist_is_found(broken, name):
    (broken.tree / name).unlink()
    assert f"{name}: does not exist" in broken.faults("manifests")


@pytest.mark.parametrize("name", ["dash/stream.mpd", "hls/master.m3u8"])
def test_a_missing_main_manifest_is_found(broken, name):
    (broken.tree / name).unlink()
    assert f"{name}: does not exist" in broken.faults("manifests")


@pytest.mark.parametrize("name", ["dash/stream.mpd", "hls/master.m3u8", "hls/audio/en/mp4a/1/stream.m3u8"])
def test_a_manifest_that_is_cut_off_is_found(broken, name):
    broken.cut(name, 25 if name.endswith("mpd") else len(broken.read(name)) - 4)
    assert any(fault.startswith(f"{name}: ") for fault in broken.faults("manifests"))


def test_a_file_that_no_manifest_names_is_found(broken):
    (broken.tree / "dash/video/avc1/1/seg-9.m4s").write_bytes(b"x")
    assert broken.faults("files") == ["dash/video/avc1/1/seg-9.m4s: is named by no manifest"]


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "check", "says"),
    [
        ("hls/master.m3u8", r":BANDWIDTH=\d+", ":BANDWIDTH=1000", "bandwidth", "is 1000, but"),
        ("hls/master.m3u8", r":BANDWIDTH=", ":BANDWIDTH=9", "bandwidth", "is enough"),
        ("hls/master.m3u8", r"AVERAGE-BANDWIDTH=", "AVERAGE-BANDWIDTH=9", "bandwidth", "but its bytes make"),
        ("dash/stream.mpd", r'bandwidth="\d+"', 'bandwidth="1000"', "bandwidth", "is 1000, but"),
        ("dash/stream.mpd", r'bandwidth="', 'bandwidth="9', "bandwidth", "is enough"),
        ("hls/master.m3u8", r"RESOLUTION=\d+x\d+", "RESOLUTION=1920x1080", "signalling", "says 1920x1080"),
        ("hls/master.m3u8", r"FRAME-RATE=23.976", "FRAME-RATE=25.000", "signalling", "says 25.000 frames/s"),
        ("hls/master.m3u8", r'CODECS="avc1\.\w+', 'CODECS="avc1.640028', "signalling", "says avc1.640028"),
        ("hls/master.m3u8", r",RESOLUTION", ",VIDEO-RANGE=PQ,RESOLUTION", "signalling", "VIDEO-RANGE=PQ"),
        ("dash/stream.mpd", r'codecs="mp4a.40.2"', 'codecs="mp4a.40.5"', "signalling", "says mp4a.40.5"),
        ("dash/stream.mpd", r'lang="ko"', 'lang="fr"', "signalling", "says language 'fr'"),
        ("hls/master.m3u8", r'NAME="Film"', 'NAME="Movie"', "signalling", "'Movie' instead of 'Film'"),
        ("hls/master.m3u8", r"DEFAULT=YES", "DEFAULT=NO", "signalling", "0 default audio tracks instead of 1"),
        ("hls/master.m3u8", r'(SUBTITLES.*)DEFAULT=NO', r"\1DEFAULT=YES", "signalling", "unasked"),
        ("dash/stream.mpd", r'mediaPresentationDuration="PT7', 'mediaPresentationDuration="PT9', "timeline", "9.007 s"),
        ("dash/stream.mpd", r'd="48048" r="2"', 'd="48048" r="1"', "timeline", "gap or overlap at"),
        ("hls/video/avc1/1/stream.m3u8", r"EXTINF:2.002", "EXTINF:2.5", "times", "says 2.500 s"),
        ("hls/video/avc1/1/stream.m3u8", r"TARGETDURATION:\d", "TARGETDURATION:1", "timeline", "lasts 2 s"),
        ("hls/video/avc1/1/stream.m3u8", r"#EXT-X-ENDLIST", "", "manifests", "live stream"),
        ("hls/video/avc1/1/iframes.m3u8", r"BYTERANGE:\d+@", "BYTERANGE:20@", "iframes", "no whole keyframe"),
        ("hls/subtitle/en/segment-1.vtt", r"MPEGTS:9000", "MPEGTS:99000", "subtitles", "another X-TIMESTAMP-MAP"),
        ("hls/subtitle/en/segment-1.vtt", r"Hello", "Jello", "subtitles", "shows"),
        ("hls/subtitle/en/segment-1.vtt", r"00:00:01.000", "1 o'clock", "structure", "cannot be read"),
        ("thumbnails/thumbnails.vtt", r"sprite-1", "sprite-7", "thumbnails", "sprite-7.jpg: does not exist"),
        ("hls/master.m3u8", r"video/avc1/1/stream", "../../secret", "manifests", "points out of the published folder"),
        ("hls/master.m3u8", r"video/avc1/1/stream", "https://x/stream", "manifests", "is not a relative file name"),
        ("dash/stream.mpd", r"<MPD", '<!DOCTYPE x [<!ENTITY a "b">]><MPD', "manifests", "has a DOCTYPE"),
    ],
)  # fmt: skip
def test_what_a_manifest_says_wrongly_is_found(broken, name, pattern, replacement, check, says):
    broken.change(name, pattern, replacement)
    assert any(says in fault for fault in broken.faults(check)), broken.report().explain()


def test_subtitles_on_another_clock_are_found(broken):
    """Without its X-TIMESTAMP-MAP a text is shown 100 ms early, because MPEG-TS begins at 100 ms."""
    for number in range(1, 5):
        broken.change(f"hls/subtitle/en/segment-{number}.vtt", r"X-TIMESTAMP-MAP.*\n", "")
    (fault,) = broken.faults("subtitles")
    assert "hls/subtitle/en: shows 'Hello & you' from 900 to 2900 ms" in fault


def test_segments_in_the_wrong_order_are_found(broken):
    first, second = (broken.tree / f"dash/video/avc1/1/seg-{number}.m4s" for number in (1, 2))
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    assert any("dash/video/avc1/1/seg-1.m4s" in fault for fault in broken.faults("samples"))


def test_a_rendition_that_no_manifest_names_any_more_is_found(broken):
    broken.change("dash/stream.mpd", r'(?s)<Representation id="1".*?</Representation>', "")
    assert broken.faults("plan") == ["dash/video/avc1/2: is in no manifest, but the plan has v1"]


def test_sound_that_ends_too_early_is_found(tmp_path):
    programme = short_of(tmp_path, cut=0.5)
    report = programme.report()
    assert any("the programme ends at 7.007 s" in str(fault) for fault in report.check("sync").faults)


def short_of(folder, cut):
    plan = plan_of(plans.tree("dash"))
    programme = workspace_of(folder, plan)
    place(audio_clip(plan.audio[0], cut=cut), programme.workspace.audio("a0"))
    package(plan, programme.workspace, packaging.context(programme))
    return Breakable(plan, programme.workspace)


def test_renditions_off_the_grid_are_found(tmp_path):
    """One rendition has its keyframes elsewhere: players could not switch to it without a stall."""
    plan = plan_of(plans.tree("dash"))
    programme = workspace_of(tmp_path, plan)
    place(video_clip(plan.video[1], gop_frames=36), programme.workspace.video("v1"))
    package(plan, programme.workspace, packaging.context(programme))
    found = Breakable(plan, programme.workspace).faults("grid")
    assert any(
        fault.startswith("dash/video/avc1/2/seg-2.m4s: begins at 3.003 s; the grid says 2.002 s") for fault in found
    )


def test_missing_frames_are_counted(tmp_path):
    programme = packaged(tmp_path, plan_of(plans.tree("dash")))
    longer = programme.plan.model_copy(update={"duration": Fraction(8008, 1000)})
    found = Breakable(longer, programme.workspace).faults("decoding")
    assert "dash/video/avc1/1: has 168 pictures; the programme has 192" in found


def test_a_failure_names_the_fault_and_keeps_the_tree_from_being_published(broken):
    broken.flip("dash/video/avc1/2/seg-2.m4s", 0.9)
    with pytest.raises(TelecineError) as caught:
        verify(PLAN, broken.workspace, packaging.context(broken))
    assert caught.value.kind is ErrorKind.VERIFY_FAILED
    assert "dash/video/avc1/2/seg-2.m4s" in caught.value.detail
    assert any("FAILED  samples" in line for line in broken.commands)
    assert not broken.tree.exists()
    package(PLAN, broken.workspace, packaging.context(broken))
    make_thumbnails(PLAN, broken.workspace, packaging.context(broken))
    assert verify(PLAN, broken.workspace, packaging.context(broken)).ok


def test_a_sample_of_the_picture_is_decoded(broken):
    report = broken.report()
    assert report.ok, report.explain()
    whole_gop, keyframes, sound = 24, 6, 329
    assert report.check("decoding").detail.startswith(f"4 renditions decoded, {2 * (whole_gop + keyframes + sound)} of")


def test_a_retry_finds_its_own_report(broken):
    first = verify(PLAN, broken.workspace, packaging.context(broken))
    assert verify(PLAN, broken.workspace, packaging.context(broken)) == first


def test_stopping_ends_all_reading(broken):
    def stop():
        raise Cancelled

    usual = packaging.context(broken)
    with pytest.raises(Cancelled):
        verify(PLAN, broken.workspace, replace(usual, poll=stop))


def test_a_tree_without_a_plan_is_compared_with_itself(whole, tmp_path):
    shutil.copytree(whole.tree, tmp_path / "tree")
    alone = Breakable(PLAN, Workspace(tmp_path))
    context = Context(packaging.tools(), MediaLimits())
    assert verify_tree(alone.tree, context).ok
    alone.flip("cmaf/video/avc1/2/seg-2.m4s", 0.9)
    report = verify_tree(alone.tree, context)
    assert [fault.path for fault in report.check("samples").faults] != []
    assert "seg-2.m4s" in report.summary() or "segment-2.ts" in report.summary()


def test_one_tree_alone_is_decoded(whole, tmp_path):
    shutil.copytree(whole.tree / "dash", tmp_path / "tree")
    alone = Breakable(PLAN, Workspace(tmp_path))
    report = verify_tree(alone.tree, Context(packaging.tools(), MediaLimits()))
    assert report.ok, report.explain()
    assert report.trees["."].manifests == ("stream.mpd",)
    path = alone.tree / "video/avc1/2/seg-2.m4s"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    report = verify_tree(alone.tree, Context(packaging.tools(), MediaLimits()))
    assert [fault.path for fault in report.check("decoding").faults][:1] == ["video/avc1/2/seg-2.m4s"]
