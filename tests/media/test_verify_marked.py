"""Marked trees that were broken on purpose: each fault is found, and named with the file that is at fault."""

import shutil
from dataclasses import replace

import pytest
from tests import plans
from tests.keys import keys_of, known_key
from tests.media import packaging
from tests.media.breaking import Breakable
from tests.media.packaging import packaged, place, plan_of, video_clip

from telecine.core.drm import Label
from telecine.core.plan import variant_track
from telecine.core.watermark.pace_info import egress_sidecar, rendition_sidecar
from telecine.media.package import package
from telecine.media.verify import verify_tree
from telecine.media.workspace import Workspace

TREES = (plans.tree("dash"), plans.tree("hls", transport_stream=True))
PICTURES = (plans.video("v0", size=(160, 90)), plans.video("v1"))
PLAN = plan_of(*TREES, video=PICTURES, audio=(plans.audio("a0"), plans.audio("a1", "ko")))
UNLABELED, PREFIXED = (plans.marked(PLAN, layout) for layout in ("unlabeled", "prefixed"))
KEY = known_key("content", Label.ALL)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Both layouts, whole."""
    return {plan.marking.layout: packaged(tmp_path_factory.mktemp("whole"), plan) for plan in (UNLABELED, PREFIXED)}


def copy_of(programme, folder):
    shutil.copytree(programme.workspace.root, folder / "job")
    return Breakable(programme.plan, Workspace(folder / "job"), keys={KEY.kid: KEY.key})


@pytest.fixture
def unlabeled(whole, tmp_path):
    return copy_of(whole[UNLABELED.marking.layout], tmp_path)


@pytest.fixture
def prefixed(whole, tmp_path):
    return copy_of(whole[PREFIXED.marking.layout], tmp_path)


def alone(broken):
    """What somebody says who has the tree alone."""
    return verify_tree(broken.tree, packaging.context(broken), broken.keys)


class TestUnlabeled:
    SECOND = "dash/video/avc1/2/b.seg-3.m4s"

    def test_a_missing_second_variant(self, unlabeled):
        (unlabeled.tree / self.SECOND).unlink()
        assert f"{self.SECOND}: does not exist: dash/video/avc1/2/seg-3.m4s has one variant" in unlabeled.faults(
            "variants"
        )
        assert not alone(unlabeled).ok

    def test_all_second_variants_missing(self, unlabeled):
        for path in list(unlabeled.tree.rglob("b.*")):
            path.unlink()
        assert len(unlabeled.faults("variants")) == 2 * 2 * 7

    @pytest.mark.parametrize("name", [SECOND, "hls/video/avc1/1/b.segment-5.ts"])
    def test_one_flipped_bit(self, unlabeled, name):
        unlabeled.flip(name, 0.8)
        assert any(fault.startswith(f"{name}: ") for fault in unlabeled.faults("variant 1"))
        assert unlabeled.report().check("samples").outcome == "passed", "variant 0 is whole"

    def test_a_segment_that_was_cut_off(self, unlabeled):
        unlabeled.cut(self.SECOND, 7)
        assert f"{self.SECOND}: ends within its mdat box: 7 bytes are missing" in unlabeled.faults("variant 1")
        assert any(self.SECOND in str(fault) for fault in alone(unlabeled).faults)

    def test_a_segment_of_another_position(self, unlabeled):
        shutil.copy(unlabeled.tree / "dash/video/avc1/2/b.seg-4.m4s", unlabeled.tree / self.SECOND)
        assert any(fault.startswith(self.SECOND) for fault in unlabeled.faults("variant 1"))
        assert any(self.SECOND in str(fault) for fault in alone(unlabeled).check("variant 1").faults)

    def test_a_segment_of_another_rendition(self, unlabeled):
        shutil.copy(unlabeled.tree / "dash/video/avc1/1/b.seg-3.m4s", unlabeled.tree / self.SECOND)
        assert any(fault.startswith(self.SECOND) for fault in unlabeled.faults("variant 1"))

    def test_variants_that_were_exchanged(self, unlabeled):
        """A viewer would see nothing, and a detector the wrong bit."""
        one, other = unlabeled.tree / "dash/video/avc1/2/seg-3.m4s", unlabeled.tree / self.SECOND
        held = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(held)
        assert any("seg-3.m4s: differs from what was encoded" in fault for fault in unlabeled.faults("samples"))
        assert any(fault.startswith(self.SECOND) for fault in unlabeled.faults("variant 1"))

    def test_two_variants_that_are_the_same(self, unlabeled):
        for path in list((unlabeled.tree / "dash/video/avc1/2").glob("seg-*.m4s")):
            shutil.copy(path, path.with_name(f"b.{path.name}"))
        says = "dash/video/avc1/2: has the same pictures in both variants, so that it carries no mark"
        assert says in unlabeled.faults("variants")
        assert says in [str(fault) for fault in alone(unlabeled).faults]

    def test_a_second_variant_of_what_is_shared(self, unlabeled):
        sound = unlabeled.tree / "dash/audio/en/mp4a/1/seg-1_init.m4s"
        shutil.copy(sound, sound.with_name(f"b.{sound.name}"))
        (fault,) = unlabeled.faults("variants")
        assert fault == "dash/audio/en/mp4a/1/b.seg-1_init.m4s: is variant 1 of nothing that has one"

    def test_a_manifest_that_betrays_variant_1(self, unlabeled):
        unlabeled.change("hls/video/avc1/1/stream.m3u8", r"segment-3\.ts", "b.segment-3.ts")
        says = "hls/master.m3u8: names hls/video/avc1/1/b.segment-3.ts, which nobody may ask for"
        assert says in unlabeled.faults("variants")


class TestPrefixed:
    def test_swapped_sound(self, prefixed):
        name = "dash/audio/en/mp4a/1/seg-2_init.m4s"
        (prefixed.tree / "1" / name).unlink()
        shutil.copy(prefixed.tree / "1/dash/audio/ko/mp4a/1/seg-2_init.m4s", prefixed.tree / "1" / name)
        assert f"1/{name}: is not the same as 0/{name}" in prefixed.faults("variants")
        assert any(fault.path == f"1/{name}" for fault in alone(prefixed).faults)

    def test_a_missing_segment(self, prefixed):
        (prefixed.tree / "1/hls/video/avc1/2/segment-3.ts").unlink()
        says = "1/hls/video/avc1/2/segment-3.ts: does not exist: 0/hls/video/avc1/2/segment-3.ts has one variant"
        assert says in prefixed.faults("variants")

    @pytest.mark.parametrize("variant", ["0", "1"])
    def test_a_file_that_is_in_one_tree_alone(self, prefixed, variant):
        name = "dash/audio/en/mp4a/1/init.mp4"
        (prefixed.tree / variant / name).unlink()
        assert f"{variant}/{name}: does not exist in the tree of this variant" in prefixed.faults("variants")

    def test_a_manifest_of_its_own(self, prefixed):
        path = prefixed.tree / "1/dash/stream.mpd"
        text = path.read_text().replace("<MPD", "<!-- 1 --><MPD")
        path.unlink()
        path.write_text(text)
        assert "1/dash/stream.mpd: is not the same as 0/dash/stream.mpd" in prefixed.faults("variants")

    def test_a_manifest_that_leads_to_the_other_tree(self, prefixed):
        for variant in "01":
            path = prefixed.tree / variant / "hls/video/avc1/1/stream.m3u8"
            text = path.read_text().replace("segment-2.ts", "../../../../../1/hls/video/avc1/1/segment-2.ts")
            path.unlink()
            path.write_text(text)
        assert any("points out of the published folder" in fault for fault in prefixed.faults("manifests"))

    def test_a_whole_tree_missing(self, prefixed):
        shutil.rmtree(prefixed.tree / "1")
        assert len(prefixed.faults("variants")) > 2 * 2 * 7

    def test_one_variant_alone_is_a_whole_tree(self, prefixed):
        for variant in "01":
            report = verify_tree(prefixed.tree / variant, packaging.context(prefixed))
            assert report.ok, report.explain()


class TestPaceInfo:
    WHOLE = "dash/video/avc1/1/WMPaceInfo/sidecar.cbor"

    def test_missing(self, unlabeled):
        (unlabeled.tree / self.WHOLE).unlink()
        assert unlabeled.faults("pace info") == [f"{self.WHOLE}: does not exist"]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"junk", "cannot be read"),
            (rendition_sidecar([f"seg-{number}.m4s" for number in range(1, 8)]), "does not say the positions"),
            (rendition_sidecar(["seg-0.m4s"]), "does not say the positions"),
        ],
    )
    def test_wrong(self, unlabeled, content, says):
        (unlabeled.tree / self.WHOLE).write_bytes(content)
        (fault,) = unlabeled.faults("pace info")
        assert fault.startswith(f"{self.WHOLE}: {says}")

    def test_of_a_segment_that_is_not_there(self, unlabeled):
        stray = "dash/video/avc1/1/WMPaceInfo/seg-70.m4s"
        (unlabeled.tree / stray).write_bytes(egress_sidecar(70))
        assert unlabeled.faults("pace info") == [f"{stray}: tells the position of no segment that there is"]

    def test_of_a_segment_at_another_position(self, unlabeled):
        wrong = "dash/video/avc1/1/WMPaceInfo/seg-2.m4s"
        (unlabeled.tree / wrong).write_bytes(egress_sidecar(3))
        assert unlabeled.faults("pace info") == [f"{wrong}: does not say the positions of its segments"]


class TestEncrypted:
    def packaged_by(self, folder, scheme, keys=keys_of):
        plan = plans.protected(plans.marked(plan_of(plans.tree("dash"), video=PICTURES[:1])), scheme)
        programme = packaging.workspace_of(folder, plan)
        package(plan, programme.workspace, packaging.context(programme), keys)
        return Breakable(plan, programme.workspace, keys={KEY.kid: KEY.key})

    @pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
    def test_variant_1_under_another_key(self, tmp_path, scheme):
        broken = self.packaged_by(tmp_path / "one", scheme)
        assert broken.report().ok

        def others(protection):
            return {label: replace(key, key=bytes(16)) for label, key in keys_of(protection).items()}

        other = self.packaged_by(tmp_path / "other", scheme, others)
        for path in other.tree.rglob("b.*"):
            shutil.copy(path, broken.tree / path.relative_to(other.tree))
        assert any("b.seg-0.m4s" in fault for fault in broken.faults("variant 1"))
        assert any("b.seg-" in str(fault) for fault in alone(broken).check("variant 1").faults)

    def test_variant_1_in_the_clear(self, tmp_path):
        broken = self.packaged_by(tmp_path / "one", "cbcs")
        plan = plans.marked(plan_of(plans.tree("dash"), video=PICTURES[:1]))
        other = packaged(tmp_path / "other", plan)
        name = "dash/video/avc1/1/b.seg-4.m4s"
        shutil.copy(other.tree / name, broken.tree / name)
        assert any(fault.startswith(f"{name}: ") for fault in broken.faults("variant 1"))

    def test_counters_that_both_variants_use(self, tmp_path):
        broken = self.packaged_by(tmp_path / "one", "cenc")
        shutil.copy(broken.tree / "dash/video/avc1/1/seg-2.m4s", broken.tree / "dash/video/avc1/1/b.seg-2.m4s")
        says = "repeats AES counters (IVs) of dash/video/avc1/1 (variant"
        assert any(says in fault for fault in broken.faults("variants"))

    def test_without_keys_variants_are_judged_from_outside(self, tmp_path):
        broken = self.packaged_by(tmp_path / "one", "cbcs")
        broken.keys.clear()
        report = alone(broken)
        assert report.ok, report.explain()
        assert report.check("variants").detail == "they could not be compared"
        (broken.tree / "dash/video/avc1/1/b.seg-2.m4s").unlink()
        assert not alone(broken).ok


class TestAgainstTheEncoder:
    """What the packager was given is what must come out, of each variant by itself."""

    @pytest.mark.parametrize("variant", [0, 2])
    def test_variant_1_of_another_encode(self, unlabeled, variant):
        place(video_clip(PICTURES[1], variant=variant), unlabeled.workspace.video(variant_track("v1", 1)))
        found = unlabeled.faults("variant 1")
        assert any("b.seg-0.m4s: differs from what was encoded" in fault for fault in found)

    def test_variant_1_that_was_not_encoded(self, unlabeled):
        unlabeled.workspace.video(variant_track("v1", 1)).unlink()
        assert any("has no encoded file" in fault for fault in unlabeled.faults("variant 1"))
