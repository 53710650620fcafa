"""Manifests of encrypted trees: what is said, where, and which manifest leaves which picture out."""

from fractions import Fraction

import pytest
from tests import plans
from tests.keys import keys_of

from telecine.core.drm import Signalling, TrackType
from telecine.core.layout import for_screens, main_manifests, track_files
from telecine.media.drm_signals import Marks
from telecine.media.mend_protection import (
    clear_segments,
    protect_master,
    protect_mpd,
    protect_playlist,
    session_lines,
)
from telecine.media.mpd_elements import number_sets, printed, tag
from telecine.media.read_mpd import parse_xml
from telecine.media.track_types import without_in_master, without_in_mpd

PLAN = plans.protected(
    plans.plan(
        plans.tree("cmaf"),
        video=(plans.video("v0", size=(640, 360)), plans.video("v1", size=(1280, 720))),
        audio=(plans.audio("a0"),),
    ),
    multi_key=True,
    track_types=True,
)
TREE = PLAN.trees[0]
FILES = track_files(PLAN, TREE)
KEYS = keys_of(TREE.protection)
MARKS = {
    name: Marks(KEYS[label], TREE.protection.scheme, "content", Signalling())
    for name, label in TREE.protection.labels.items()
}
LINES = ["#EXT-X-KEY:one", "#EXT-X-KEY:two"]

PLAYLIST = """#EXTM3U
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.000,
seg-1.m4s
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:…",KEYFORMAT="identity"
#EXTINF:4.000,
seg-2.m4s
#EXT-X-ENDLIST
"""

MASTER = """#EXTM3U

#EXT-X-INDEPENDENT-SEGMENTS

#EXT-X-MEDIA:TYPE=AUDIO,URI="audio/en/mp4a/1/stream.m3u8",GROUP-ID="audio",NAME="en"

#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360
video/avc1/1/stream.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1280x720
video/avc1/2/stream.m3u8

#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="video/avc1/1/iframes.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=2,URI="video/avc1/2/iframes.m3u8"
"""

UNEVEN = "#EXTM3U\n" + "".join(f"#EXTINF:{length},\n{length}.ts\n" for length in ("2.200", "1.840", "1.360", "0.6"))

SET = """<AdaptationSet id="{id}" contentType="{kind}">
  <ContentProtection schemeIdUri="urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"/>
  {more}<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
  <Representation id="{id}"><SegmentTemplate media="{media}"/></Representation>
</AdaptationSet>"""
SWITCHING = '<SupplementalProperty schemeIdUri="urn:mpeg:dash:adaptation-set-switching:2016" value="{}"/>'


def mpd() -> str:
    sets = [
        SET.format(id=7, kind="video", more=SWITCHING.format(3), media=FILES["v1"].segments),
        SET.format(id=3, kind="video", more=SWITCHING.format(7), media=FILES["v0"].segments),
        SET.format(id=5, kind="audio", more="", media=FILES["a0"].segments),
    ]
    return f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>{"".join(sets)}</Period></MPD>'


def numbered() -> str:
    root = parse_xml("stream.mpd", mpd())
    number_sets(root.find(tag("Period")))
    return printed(root)


def switchings(text: str) -> list[tuple[str, str]]:
    sets = parse_xml("stream.mpd", text).iter(tag("AdaptationSet"))
    return [
        (adaptation.get("id"), found.get("value"))
        for adaptation in sets
        for found in adaptation.findall(tag("SupplementalProperty"))
    ]


def test_key_lines_stand_before_the_first_encrypted_segment_and_nothing_is_discontinuous():
    text = protect_playlist(PLAYLIST, LINES, 1)
    assert text.splitlines()[3:7] == ["seg-1.m4s", *LINES, "#EXTINF:4.000,"]
    assert "DISCONTINUITY" not in text
    assert "identity" not in text


def test_without_a_clear_lead_key_lines_stand_before_the_first_segment():
    assert protect_playlist(PLAYLIST, LINES).splitlines()[2:5] == [*LINES, "#EXTINF:4.000,"]


def test_several_i_frames_of_one_segment_count_once():
    entries = [
        f"#EXTINF:2.000,\n#EXT-X-BYTERANGE:9@{place}\nseg-{number}.m4s" for number in (1, 2, 3) for place in (0, 9)
    ]
    text = protect_playlist("\n".join(["#EXTM3U", *entries]), LINES, 2)
    before, _, after = text.partition("\n".join(LINES))
    assert before.count("seg-") == 4
    assert after.splitlines()[1:4] == ["#EXTINF:2.000,", "#EXT-X-BYTERANGE:9@0", "seg-3.m4s"]


def test_session_keys_come_once_each_before_the_renditions():
    lines = session_lines(MARKS, transport_stream=False)
    text = protect_master(MASTER, [*lines, *lines])
    assert text.splitlines()[2] == "#EXT-X-INDEPENDENT-SEGMENTS"
    assert text.splitlines()[3 : 3 + len(lines)] == lines
    assert text.count("#EXT-X-SESSION-KEY") == len(lines) == 4 * 3
    assert protect_master(text, lines) == text


def test_every_adaptation_set_says_its_own_key_and_only_that():
    root = parse_xml("stream.mpd", protect_mpd(mpd(), FILES, MARKS))
    for adaptation in root.iter(tag("AdaptationSet")):
        said = [one.get("{urn:mpeg:cenc:2013}default_KID") for one in adaptation.findall(tag("ContentProtection"))]
        media = adaptation.find(f"{tag('Representation')}/{tag('SegmentTemplate')}").get("media")
        name = next(name for name, files in FILES.items() if files.segments == media)
        assert said[0].replace("-", "") == MARKS[name].key.kid.hex()
        assert said[1:] == [None] * 3
        kinds = [child.tag.rpartition("}")[2] for child in adaptation if child.tag != tag("ContentProtection")]
        assert kinds == sorted(kinds, key=["SupplementalProperty", "Role", "Representation"].index)


def test_tracks_without_a_key_lose_what_the_packager_said():
    root = parse_xml("stream.mpd", protect_mpd(mpd(), FILES, {}))
    assert not list(root.iter(tag("ContentProtection")))


def test_sets_are_numbered_by_position_also_where_they_name_each_other():
    assert switchings(numbered()) == [("0", "1"), ("1", "0")]


def test_a_manifest_for_small_screens_names_no_large_picture():
    text = without_in_mpd(numbered(), FILES, {"v1"})
    assert FILES["v1"].segments not in text
    assert FILES["v0"].segments in text
    assert FILES["a0"].segments in text
    assert switchings(text) == [], "nobody is left to switch to"
    master = without_in_master(
        protect_master(MASTER, ["#EXT-X-SESSION-KEY:HD"]), FILES, {"v1"}, ["#EXT-X-SESSION-KEY:SD"]
    )
    assert "video/avc1/2/" not in master
    assert "RESOLUTION=1280x720" not in master
    assert master.count("video/avc1/1/") == 2
    assert "audio/en/mp4a/1/stream.m3u8" in master
    assert "SESSION-KEY:SD" in master
    assert "SESSION-KEY:HD" not in master


def test_manifests_for_some_screens_are_named_after_the_full_ones():
    assert for_screens("stream.mpd", TrackType.SD_ONLY) == "stream_SD_ONLY.mpd"
    assert main_manifests(PLAN) == [
        *("cmaf/stream.mpd", "cmaf/master.m3u8"),
        *("cmaf/stream_SD_ONLY.mpd", "cmaf/master_SD_ONLY.m3u8"),
        *("cmaf/stream_SD_HD.mpd", "cmaf/master_SD_HD.m3u8"),
    ]


@pytest.mark.parametrize(("until", "clear"), [(0, 0), (0.5, 1), (2.2, 1), (2.5, 2), (4.5, 3), (100, 4)])
def test_segments_are_clear_by_when_they_begin(until: float, clear: int):
    assert clear_segments(UNEVEN, Fraction(until).limit_denominator(1000)) == clear
