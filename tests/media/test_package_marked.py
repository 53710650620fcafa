"""Marked trees for real: each layout in each format, clear and encrypted, passes verification for whoever gets what."""

import re
import shutil
from itertools import product

import av
import pytest
from tests import plans
from tests.keys import keys_of, known_key
from tests.media import packaging
from tests.media.packaging import packaged, place, plan_of, video_clip, workspace_of

from telecine.core.drm import Label
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.layout import main_manifests
from telecine.core.plan import variant_track
from telecine.core.watermark.pace_info import read_discrete_sidecar
from telecine.media.package import package
from telecine.media.read_hls import read_hls
from telecine.media.thumbnails import make_thumbnails
from telecine.media.verify import verify, verify_tree

LAYOUTS = ("unlabeled", "prefixed")
PICTURES = (plans.video("v0", size=(160, 90)), plans.video("v1", size=(864, 486)))
SOUND = (plans.audio("a0"), plans.audio("a1", "ko", codec="ac3"))
TEXT = (plans.subtitle("s0"),)
KEYS = {known_key("content", label).kid: known_key("content", label).key for label in Label}
TREES = {
    "dash": plans.tree("dash"),
    "hls": plans.tree("hls", "mp4_vtt"),
    "hls in transport stream": plans.tree("hls", transport_stream=True),
    "cmaf": plans.tree("cmaf", "mp4_ttml"),
}
PROTECTIONS = {
    "clear": None,
    "cenc": {"scheme": "cenc"},
    "cbcs": {"scheme": "cbcs"},
    "cbcs, many keys, clear lead": {"scheme": "cbcs", "multi_key": True, "clear_lead": 2, "track_types": True},
}
SEGMENTS = 7
"""Of 1.001 s each."""


def job(layout, *trees, protection=None, **values):
    plan = plan_of(*trees, **({"video": PICTURES, "audio": SOUND, "subtitles": TEXT} | values))
    marked = plans.marked(plan, layout)
    return plans.protected(marked, **protection) if protection else marked


CASES = [
    pytest.param(job(layout, TREES[tree], protection=wanted), id=f"{layout} {tree}, {protection}")
    for layout, tree, (protection, wanted) in product(LAYOUTS, TREES, PROTECTIONS.items())
    if not (tree == "hls in transport stream" and protection == "cenc")  # which MPEG-TS has not
]


@pytest.mark.parametrize("plan", CASES)
def test_every_kind_of_marked_tree_is_whole_for_whoever_gets_what(tmp_path, plan):
    programme = packaged(tmp_path, plan)
    keys = KEYS if plan.trees[0].protection else {}
    report = verify(plan, programme.workspace, packaging.context(programme), keys)
    manifests = [manifest for tree in report.trees.values() for manifest in tree.manifests]
    assert sorted(manifests) == sorted(main_manifests(plan))
    assert {tree.second_variant for tree in report.trees.values()} == {len(PICTURES) * SEGMENTS}
    assert report.check("variants").detail == f"{2 * SEGMENTS} of {2 * SEGMENTS} segments differ"
    alone = verify_tree(programme.tree, packaging.context(programme), keys)
    assert alone.ok, alone.explain()
    assert not list(tmp_path.glob("package/.*")), "nothing is left behind"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_several_trees_with_thumbnails_and_a_report_that_counts_variants(tmp_path, layout):
    plan = job(layout, TREES["dash"], TREES["hls in transport stream"], thumbnails=True)
    programme = packaged(tmp_path, plan)
    make_thumbnails(plan, programme.workspace, packaging.context(programme))
    report = verify(plan, programme.workspace, packaging.context(programme))
    assert {check.name for check in report.checks if check.outcome == "skipped"} == {
        *("iframes", "encryption", "key ids", "protection", "track types")
    }
    folders = ("dash", "hls") if layout == "unlabeled" else ("0/dash", "0/hls")
    assert tuple(sorted(report.trees)) == folders


class TestNames:
    def test_variant_1_lies_unlisted_beside_variant_0(self, tmp_path):
        programme = packaged(tmp_path, job("unlabeled", TREES["cmaf"]))
        assert programme.files("cmaf/video/avc1/1") == sorted(
            ["WMPaceInfo/sidecar.cbor", "init.mp4", "stream.m3u8"]
            + [f"{before}seg-{number}.m4s" for before in ("", "b.") for number in range(SEGMENTS)]
        )
        for manifest in ("cmaf/stream.mpd", "cmaf/master.m3u8", "cmaf/video/avc1/1/stream.m3u8"):
            assert "b." not in re.sub(r"[\w]b\.", "", programme.read(manifest))
        assert 'startNumber="0"' in programme.read("cmaf/stream.mpd")

    def test_each_variant_has_a_tree_that_differs_by_its_pictures_alone(self, tmp_path):
        programme = packaged(tmp_path, job("prefixed", TREES["hls in transport stream"]))
        assert programme.files("0") == programme.files("1")
        assert sorted(path.name for path in programme.tree.iterdir()) == ["0", "1"]
        for name in programme.files("0"):
            one, other = (programme.tree / variant / name for variant in "01")
            assert one.samefile(other) is not name.endswith(".ts"), "what is shared takes no room twice"
        assert not any("b." in path for path in programme.files() if path.endswith(".ts"))

    def test_numbers_and_shared_names_are_what_embedders_expect(self, tmp_path):
        programme = packaged(tmp_path, job("unlabeled", TREES["hls in transport stream"]))
        assert {path for path in programme.files("hls") if re.search(r"[-_]\d+\.(?!aac|vtt)", path)} == {
            f"video/avc1/{rung}/{before}segment-{number}.ts"
            for rung in (1, 2)
            for before in ("", "b.")
            for number in range(1, SEGMENTS + 1)
        }
        assert "hls/audio/ko/ac-3/1/segment-1_init.ac3" in programme.files()

    def test_there_is_no_trick_play_which_would_betray_variant_0(self, tmp_path):
        programme = packaged(tmp_path, job("unlabeled", TREES["cmaf"]))
        assert not [path for path in programme.files() if "iframe" in path]
        assert "I-FRAME" not in programme.read("cmaf/master.m3u8")


class TestPaceInfo:
    def test_a_rendition_says_which_segment_has_which_position(self, tmp_path):
        programme = packaged(tmp_path, job("prefixed", TREES["hls in transport stream"]))
        for variant in "01":
            sidecar = programme.tree / variant / "hls/video/avc1/1/WMPaceInfo/sidecar.cbor"
            said = read_discrete_sidecar(sidecar.read_bytes())
            assert [(one.position, one.pattern) for one in said][:2] == [
                (0, r"(^|/)segment-1\.ts$"),
                (1, r"(^|/)segment-2\.ts$"),
            ]
            assert len(said) == SEGMENTS

    def test_each_segment_has_its_own_where_a_site_wants_it(self, tmp_path):
        plan = plans.marked(plan_of(TREES["dash"]), pace_info="segments")
        programme = packaged(tmp_path, plan)
        beside = programme.tree / "dash/video/avc1/2/WMPaceInfo"
        said = [read_discrete_sidecar((beside / f"seg-{number}.m4s").read_bytes()) for number in range(SEGMENTS)]
        assert [[one.position for one in segments] for segments in said] == [[number] for number in range(SEGMENTS)]
        assert verify(plan, programme.workspace, packaging.context(programme)).ok

    def test_there_is_none_where_a_site_wants_none(self, tmp_path):
        plan = plans.marked(plan_of(TREES["dash"]), pace_info="none")
        programme = packaged(tmp_path, plan)
        assert not [path for path in programme.files() if "WMPaceInfo" in path]
        report = verify(plan, programme.workspace, packaging.context(programme))
        assert report.check("pace info").outcome == "skipped"


def test_bandwidth_holds_for_the_larger_variant_of_each_segment(tmp_path):
    programme = packaged(tmp_path, job("unlabeled", plans.tree("hls"), audio=(), subtitles=()))
    master = read_hls(programme.tree, "hls/master.m3u8")
    for variant in master.variants:
        folder = (programme.tree / variant.playlist).parent
        sizes = [
            [(folder / f"{before}segment-{number}.m4s").stat().st_size for number in range(1, SEGMENTS + 1)]
            for before in ("", "b.")
        ]
        assert sizes[0] != sizes[1]
        peak = max(max(pair) * 8 / 1.001 for pair in zip(*sizes, strict=True))
        assert peak <= variant.bandwidth < peak * 1.001
        assert variant.average == pytest.approx(max(map(sum, sizes)) * 8 / 7.007, rel=0.001)


class TestWhatDoesNotFit:
    def refused(self, tmp_path, clip) -> TelecineError:
        programme = workspace_of(tmp_path, job("unlabeled", TREES["cmaf"]))
        place(clip, programme.workspace.video(variant_track("v1", 1)))
        with pytest.raises(TelecineError) as caught:
            package(programme.plan, programme.workspace, packaging.context(programme))
        assert caught.value.kind is ErrorKind.PACKAGE_FAILED
        assert not programme.files()
        return caught.value

    def test_another_codec_header(self, tmp_path):
        other = video_clip(replace_size(PICTURES[1], (864, 484)), variant=1)
        assert "video/avc1/2/init.mp4 is not the same for both variants" in str(self.refused(tmp_path, other))

    def test_another_grid(self, tmp_path):
        coarser = video_clip(PICTURES[1], gop_frames=48, variant=1)
        assert "names other segments or times" in str(self.refused(tmp_path, coarser))


def replace_size(output, size):
    return output.model_copy(update={"width": size[0], "height": size[1]})


class TestAgain:
    def test_a_tree_of_one_variant_that_is_missing_is_made_of_what_is_there(self, tmp_path):
        programme = packaged(tmp_path, job("prefixed", TREES["dash"], protection={"scheme": "cbcs"}))
        before = {name: (programme.tree / name).read_bytes() for name in programme.files()}
        shutil.rmtree(programme.tree / "0")
        programme.commands.clear()
        package(programme.plan, programme.workspace, packaging.context(programme), keys_of)
        assert {name: (programme.tree / name).read_bytes() for name in programme.files()} == before
        assert not programme.commands, "the packager was not needed"

    def test_what_failed_verification_is_packaged_anew(self, tmp_path):
        programme = packaged(tmp_path, job("prefixed", TREES["dash"]))
        segment = programme.tree / "1/dash/video/avc1/1/seg-3.m4s"
        segment.write_bytes(segment.read_bytes()[:-9])
        with pytest.raises(TelecineError, match=r"1/dash/video/avc1/1/seg-3\.m4s"):
            verify(programme.plan, programme.workspace, packaging.context(programme))
        package(programme.plan, programme.workspace, packaging.context(programme))
        assert verify(programme.plan, programme.workspace, packaging.context(programme)).ok


def test_thumbnails_are_the_mean_of_both_variants(tmp_path):
    """Whoever had one variant's pictures could tell by them which variant somebody has."""
    plan = job("prefixed", TREES["dash"], thumbnails=True)
    programme = packaged(tmp_path, plan)
    make_thumbnails(plan, programme.workspace, packaging.context(programme))
    sprite = programme.tree / "0/thumbnails/sprite-1_init.jpg"
    assert sprite.samefile(programme.tree / "1/thumbnails/sprite-1_init.jpg")
    assert "sprite-1_init.jpg#xywh=" in programme.read("0/thumbnails/thumbnails.vtt")
    made = brightness(sprite)
    plain = plan.model_copy(update={"marking": None})
    alone = []
    for variant in (0, 1):
        folder = workspace_of(tmp_path / str(variant), plain)
        place(video_clip(PICTURES[0], variant=variant), folder.workspace.video("v0"))
        make_thumbnails(plain, folder.workspace, packaging.context(folder))
        alone.append(brightness(folder.tree / "thumbnails/sprite-1.jpg"))
    assert alone[1] - alone[0] > 3
    assert made == pytest.approx(sum(alone) / 2, abs=0.7)


def brightness(path) -> float:
    with av.open(path) as picture_file:
        (frame,) = picture_file.decode(video=0)
        return float(frame.to_ndarray(format="gray").mean())
