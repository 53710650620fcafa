"""Packaging for real: every kind of tree is made by Shaka Packager and passes verification."""

import re
import time
from dataclasses import replace
from threading import get_ident

import av
import pytest
from tests import plans
from tests.media import packaging
from tests.media.packaging import packaged, plan_of, workspace_of

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.layout import main_manifests
from telecine.media.context import Context
from telecine.media.package import package
from telecine.media.thumbnails import make_thumbnails
from telecine.media.verify import judge, verify, verify_tree

LANGUAGES = (plans.audio("a0", "en", label="Film"), plans.audio("a1", "ko", default=True), plans.audio("a2", "en"))
TEXTS = (plans.subtitle("s0", "en", "English"), plans.subtitle("s1", "ko", file=1))

JOBS = {
    "dash": plan_of(plans.tree("dash")),
    "hls in transport stream": plan_of(plans.tree("hls", transport_stream=True)),
    "hls in fragmented MP4": plan_of(plans.tree("hls")),
    "cmaf": plan_of(plans.tree("cmaf")),
    "h264 and h265": plan_of(
        plans.tree("dash"),
        plans.tree("hls", transport_stream=True),
        video=(plans.video("v0"), plans.video("v1", "h265")),
    ),
    "several languages": plan_of(plans.tree("dash"), plans.tree("hls", transport_stream=True), audio=LANGUAGES),
    "several audio codecs": plan_of(
        plans.tree("hls", transport_stream=True),
        plans.tree("cmaf"),
        audio=(plans.audio("a0"), plans.audio("a1", codec="ac3"), plans.audio("a2", codec="eac3")),
    ),
    "text subtitles": plan_of(
        plans.tree("dash"), plans.tree("hls", transport_stream=True), plans.tree("cmaf"), subtitles=TEXTS
    ),
    "WebVTT in MP4": plan_of(
        plans.tree("dash", "mp4_vtt"), plans.tree("hls", "mp4_vtt", transport_stream=True), subtitles=TEXTS
    ),
    "TTML in MP4": plan_of(
        plans.tree("dash", "mp4_ttml"), plans.tree("hls", "mp4_ttml"), plans.tree("cmaf", "mp4_ttml"), subtitles=TEXTS
    ),
    "average bandwidth": plan_of(plans.tree("dash"), plans.tree("cmaf"), subtitles=TEXTS, average_bandwidth=True),
    "picture without sound": plan_of(plans.tree("dash"), plans.tree("hls", transport_stream=True), audio=()),
    "sound without picture": plan_of(plans.tree("dash"), plans.tree("hls", transport_stream=True), video=()),
}


@pytest.mark.parametrize("name", JOBS)
def test_every_kind_of_tree_passes_verification(tmp_path, name):
    programme = packaged(tmp_path, JOBS[name])
    report = verify(programme.plan, programme.workspace, packaging.context(programme))
    assert report.ok, report.explain()
    manifests = [manifest for tree in report.trees.values() for manifest in tree.manifests]
    assert sorted(manifests) == sorted(main_manifests(programme.plan))
    alone = verify_tree(programme.tree, packaging.context(programme))
    assert alone.ok, alone.explain()
    assert alone.check("plan").outcome == "skipped"


@pytest.fixture(scope="module")
def hls(tmp_path_factory):
    plan = plan_of(plans.tree("hls", transport_stream=True), audio=LANGUAGES, subtitles=TEXTS)
    return packaged(tmp_path_factory.mktemp("hls"), plan)


@pytest.fixture(scope="module")
def cmaf(tmp_path_factory):
    plan = plan_of(plans.tree("cmaf"), audio=LANGUAGES, subtitles=TEXTS)
    return packaged(tmp_path_factory.mktemp("cmaf"), plan)


def media_lines(programme, kind):
    text = next(programme.read(f"{tree}/master.m3u8") for tree in ("hls", "cmaf") if (programme.tree / tree).is_dir())
    return [line for line in text.splitlines() if line.startswith(f"#EXT-X-MEDIA:TYPE={kind}")]


def test_published_names_are_the_documented_ones(hls):
    assert hls.files("hls/video") == sorted(
        f"avc1/{number}/{name}"
        for number in (1, 2)
        for name in ("iframes.m3u8", "stream.m3u8", *(f"segment-{part}.ts" for part in range(1, 5)))
    )
    assert hls.files("hls/audio/en/mp4a/2") == [*(f"segment-{part}.aac" for part in range(1, 5)), "stream.m3u8"]
    assert hls.files("hls/subtitle/ko") == [*(f"segment-{part}.vtt" for part in range(1, 5)), "subtitle.m3u8"]


def test_cmaf_serves_both_manifests_from_one_set_of_segments(cmaf):
    segments = [name for name in cmaf.files("cmaf") if name.endswith(".m4s")]
    assert len(segments) == 4 * 5
    assert "video/avc1/1/seg-$Number$.m4s" in cmaf.read("cmaf/stream.mpd")
    assert "seg-1.m4s" in cmaf.read("cmaf/video/avc1/1/stream.m3u8")


def test_a_player_knows_every_track_by_name_and_language_and_which_plays_unasked(hls, cmaf):
    for programme in (hls, cmaf):
        told = [
            re.findall(r'(LANGUAGE|NAME|DEFAULT|AUTOSELECT)="?([^",]*)', s) for s in media_lines(programme, "AUDIO")
        ]
        assert [dict(attributes) for attributes in told] == [
            {"LANGUAGE": "en", "NAME": "Film", "DEFAULT": "NO", "AUTOSELECT": "YES"},
            {"LANGUAGE": "ko", "NAME": "ko", "DEFAULT": "YES", "AUTOSELECT": "YES"},
            {"LANGUAGE": "en", "NAME": "en", "DEFAULT": "NO", "AUTOSELECT": "NO"},
        ]
        texts = media_lines(programme, "SUBTITLES")
        assert all("DEFAULT=NO" in line and "AUTOSELECT=YES" in line for line in texts)
    mpd = cmaf.read("cmaf/stream.mpd")
    assert mpd.count('value="main"') == 1
    assert re.search(r'lang="ko"[^>]*>\s*<Label>ko</Label>\s*<Role [^>]*value="main"', mpd)


def test_frame_rates_are_exact_although_transport_stream_rounds(hls):
    rates = re.findall(r"FRAME-RATE=([\d.]+)", hls.read("hls/master.m3u8"))
    assert rates == ["23.976", "23.976"]


def test_subtitles_fill_the_programme_whenever_their_cues_are(hls, cmaf):
    for name in ("hls/subtitle/en", "hls/subtitle/ko", "cmaf/subtitle/ko"):
        programme = hls if name.startswith("hls") else cmaf
        lengths = [float(x) for x in re.findall(r"#EXTINF:([\d.]+)", programme.read(f"{name}/subtitle.m3u8"))]
        assert lengths == [2.002, 2.002, 2.002, 1.001]
    assert "MPEGTS:9000" in hls.read("hls/subtitle/ko/segment-1.vtt")
    assert "MPEGTS:0" in cmaf.read("cmaf/subtitle/ko/seg-1.vtt")
    assert "00:00:06.500 --> 00:00:07.007" in cmaf.read("cmaf/subtitle/en/subtitle.vtt")


@pytest.mark.parametrize("kind", ["text_vtt", "mp4_vtt", "mp4_ttml"])
def test_subtitles_that_all_come_after_the_end_make_an_empty_track(tmp_path, kind):
    plan = plan_of(plans.tree("dash", kind), plans.tree("hls", kind), subtitles=TEXTS[:1])
    programme = workspace_of(tmp_path, plan)
    programme.workspace.subtitle(0).write_text("WEBVTT\n\n01:00.000 --> 01:01.000\nlate\n")
    package(plan, programme.workspace, packaging.context(programme))
    report = judge(programme.tree, plan, programme.workspace, packaging.context(programme))
    assert report.ok, report.explain()
    assert any("1 of 1 subtitle cues begin after the programme's end" in line for line in programme.commands)


def test_no_label_becomes_a_field_of_the_packagers(tmp_path):
    label = 'x,drm_label=y "z" <&>'
    plan = plan_of(plans.tree("cmaf"), audio=(plans.audio("a0", label=label),))
    programme = packaged(tmp_path, plan)
    assert "drm_label" not in programme.commands[0]
    assert 'NAME="x,drm_label=y z <&>"' in media_lines(programme, "AUDIO")[0]
    assert "<Label>x,drm_label=y z &lt;&amp;&gt;</Label>" in programme.read("cmaf/stream.mpd")


def test_average_bandwidth_is_smaller_than_peak(tmp_path):
    figures = {}
    for average in (False, True):
        plan = plan_of(plans.tree("dash"), average_bandwidth=average)
        programme = packaged(tmp_path / str(average), plan)
        figures[average] = [int(x) for x in re.findall(r'bandwidth="(\d+)"', programme.read("dash/stream.mpd"))]
    assert all(mean < peak for mean, peak in zip(figures[True], figures[False], strict=True))


def test_a_retry_finds_finished_trees_and_makes_the_others(tmp_path):
    plan = plan_of(plans.tree("dash"), plans.tree("cmaf"))
    programme = workspace_of(tmp_path, plan)
    package(plan.model_copy(update={"trees": plan.trees[:1]}), programme.workspace, packaging.context(programme))
    before = (programme.tree / "dash/stream.mpd").stat().st_mtime_ns
    abandoned = programme.workspace.temporary(programme.workspace.root / "package" / "cmaf")
    abandoned.mkdir()
    (abandoned / "half").write_text("from a crash")
    package(plan, programme.workspace, packaging.context(programme))
    assert len(programme.commands) == 2
    assert (programme.tree / "dash/stream.mpd").stat().st_mtime_ns == before
    assert "half" not in programme.files("cmaf")
    assert not list(programme.workspace.temporaries())


def test_stopping_leaves_no_tree(tmp_path):
    plan = plan_of(plans.tree("dash"))
    programme = workspace_of(tmp_path, plan)

    def stop():
        raise Cancelled

    usual = packaging.context(programme)
    with pytest.raises(Cancelled):
        package(plan, programme.workspace, Context(usual.tools, usual.limits, poll=stop))
    assert programme.files() == []


@pytest.fixture
def slow_and_failing(tmp_path_factory):
    """A packager that fails at once on DASH and hardly ends on anything else."""
    program = tmp_path_factory.mktemp("bin") / "packager"
    program.write_text('#!/bin/sh\ncase "$*" in *mpd_output*) echo no >&2; exit 1;; esac\nexec sleep 60\n')
    program.chmod(0o755)
    return program


def test_the_first_tree_that_fails_ends_the_others_at_once(tmp_path, slow_and_failing):
    plan = plan_of(plans.tree("hls"), plans.tree("dash"))
    programme = workspace_of(tmp_path, plan)
    usual = packaging.context(programme)
    begun = time.monotonic()
    with pytest.raises(TelecineError) as caught:
        package(plan, programme.workspace, replace(usual, tools=replace(usual.tools, packager=slow_and_failing)))
    assert caught.value.kind is ErrorKind.PACKAGE_FAILED
    assert time.monotonic() - begun < 20
    assert programme.files() == []


def test_stopping_ends_all_trees_at_once(tmp_path, slow_and_failing):
    plan = plan_of(plans.tree("hls"), plans.tree("hls").model_copy(update={"name": "other"}))
    programme = workspace_of(tmp_path, plan)
    usual = packaging.context(programme)
    asking = set()

    def stop():
        asking.add(get_ident())
        if len(asking) == 2:
            raise Cancelled

    tools = replace(usual.tools, packager=slow_and_failing)
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        package(plan, programme.workspace, replace(usual, tools=tools, poll=stop))
    assert time.monotonic() - begun < 20
    assert programme.files() == []


def test_a_file_that_is_no_media_is_refused_with_the_packagers_words(tmp_path):
    plan = plan_of(plans.tree("dash"))
    programme = workspace_of(tmp_path, plan)
    programme.workspace.video("v0").write_bytes(b"nothing" * 1000)
    with pytest.raises(TelecineError) as caught:
        package(plan, programme.workspace, packaging.context(programme))
    assert caught.value.kind is ErrorKind.PACKAGE_FAILED
    assert "packager" in caught.value.detail
    assert programme.files() == []


def test_progress_is_the_bytes_of_all_trees_and_ends_full(tmp_path):
    plan = plan_of(plans.tree("dash"), plans.tree("hls"))
    programme = workspace_of(tmp_path, plan)
    ticks = []
    usual = packaging.context(programme)
    package(plan, programme.workspace, Context(usual.tools, usual.limits, report=ticks.append))
    assert [tick.done for tick in ticks] == sorted(tick.done for tick in ticks)
    assert ticks[-1].fraction == 1.0
    assert len({tick.total for tick in ticks}) == 1


def test_thumbnails_are_one_picture_per_moment(tmp_path):
    plan = plan_of(plans.tree("dash"), gop=packaging.GOP, thumbnails=True)
    programme = packaged(tmp_path, plan)
    make_thumbnails(plan, programme.workspace, packaging.context(programme))
    make_thumbnails(plan, programme.workspace, packaging.context(programme))
    assert programme.files("thumbnails") == ["sprite-1.jpg", "thumbnails.vtt"]
    with av.open(programme.tree / "thumbnails/sprite-1.jpg") as picture:
        frame = next(picture.decode(video=0))
        assert (frame.width, frame.height) == (160, 90)
    report = verify(plan, programme.workspace, packaging.context(programme))
    assert report.ok, report.explain()
    assert report.check("thumbnails").outcome == "passed"
