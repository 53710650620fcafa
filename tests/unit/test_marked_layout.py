"""Names in marked trees: what embedders switch, and what they must leave alone.

The rule of embedders (spec-gaps 3.5): a name that ends in `-N` or `_N` before its extension is switched, unless it ends
in `_init` or `init`, or is a manifest, WebVTT or AAC.
"""

import re

import pytest
from tests import plans

from telecine.core import layout

SWITCHED = re.compile(r"[-_]\d+\.(?!mpd$|m3u8$|vtt$|aac$)\w+$")
SOUND = tuple(plans.audio(f"a{n}", codec=codec) for n, codec in enumerate(("aac", "ac3", "eac3")))
TREES = {
    "dash": plans.tree("dash"),
    "dash, TTML": plans.tree("dash", "mp4_ttml"),
    "hls": plans.tree("hls", transport_stream=True),
    "hls, MP4": plans.tree("hls", "mp4_vtt"),
    "cmaf": plans.tree("cmaf"),
    "cmaf, TTML": plans.tree("cmaf", "mp4_ttml"),
}


def marked(tree, kind="unlabeled"):
    return plans.marked(
        plans.plan(tree, video=(plans.video("v0"),), audio=SOUND, subtitles=(plans.subtitle("s0"),)), kind
    )


def files(tree, kind="unlabeled"):
    return layout.track_files(marked(tree, kind), tree)


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES.keys())
def test_embedders_switch_pictures_and_nothing_else(tree):
    for name, track in files(tree).items():
        for file in (track.at(7) if track.segments else "", track.init, track.playlist, track.sidecar):
            switched = bool(SWITCHED.search(file))
            assert switched == (name == "v0" and file == track.at(7)), file


@pytest.mark.parametrize(
    ("tree", "first", "second"),
    [
        ("dash", "video/avc1/1/seg-0.m4s", "video/avc1/1/b.seg-0.m4s"),
        ("cmaf", "video/avc1/1/seg-0.m4s", "video/avc1/1/b.seg-0.m4s"),
        ("hls", "video/avc1/1/segment-1.ts", "video/avc1/1/b.segment-1.ts"),
        ("hls, MP4", "video/avc1/1/segment-1.m4s", "video/avc1/1/b.segment-1.m4s"),
    ],
)
def test_dash_and_cmaf_count_from_0_and_hls_from_1(tree, first, second):
    track = files(TREES[tree])["v0"]
    assert track.at(0) == first
    assert layout.second_variant(track.at(0)) == second
    assert track.segment(track.first) == track.at(0)


def test_shared_segments_say_so_behind_their_number_unless_their_extension_does():
    hls = files(TREES["hls"])
    assert [hls[name].at(0) for name in ("a0", "a1", "a2", "s0")] == [
        "audio/en/mp4a/1/segment-1.aac",
        "audio/en/ac-3/1/segment-1_init.ac3",
        "audio/en/ec-3/1/segment-1_init.ec3",
        "subtitle/en/segment-1.vtt",
    ]
    cmaf = files(TREES["cmaf, TTML"])
    assert (cmaf["a0"].at(3), cmaf["s0"].at(3)) == ("audio/en/mp4a/1/seg-3_init.m4s", "subtitle/en/seg-3_init.m4s")


def test_marked_trees_have_no_i_frame_playlists():
    assert not any(track.iframes for tree in TREES.values() for track in files(tree).values())


def test_viewers_are_given_the_manifests_of_variant_0():
    tree = TREES["cmaf"]
    assert layout.main_manifests(marked(tree)) == ["cmaf/stream.mpd", "cmaf/master.m3u8"]
    assert layout.main_manifests(marked(tree, "prefixed")) == ["0/cmaf/stream.mpd", "0/cmaf/master.m3u8"]
    assert layout.published_folders(marked(tree, "prefixed"), "cmaf") == ("0/cmaf", "1/cmaf")
    assert files(tree, "prefixed") == files(tree), "both layouts have the same names within a tree"


def test_sheets_of_thumbnails_are_not_switched():
    plan = marked(TREES["dash"])
    assert not SWITCHED.search(layout.thumbnail_sheets(plan) % 3)
    assert layout.thumbnail_sheets(plan.model_copy(update={"marking": None})) == "sprite-%d.jpg"


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("dash/stream.mpd", "dash"),
        ("dash/video/avc1/1/b.seg-0.m4s", "dash"),
        ("0/dash/stream.mpd", "0/dash"),
        ("1/dash/video/avc1/1/seg-0.m4s", "1/dash"),
        ("1/thumbnails/sprite-1_init.jpg", "1/thumbnails"),
        ("0/stream.mpd", "0"),
        ("2/dash/stream.mpd", "2"),
        ("film.mp4", ""),
    ],
)
def test_a_tree_has_a_folder_to_itself(name, folder):
    assert layout.own_folder(name) == folder
