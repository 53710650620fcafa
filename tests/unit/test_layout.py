"""What a viewer's URL looks like."""

from tests import plans

from telecine.core import layout


def names(plan, tree):
    return layout.track_files(plan, tree)


def test_the_documented_names_of_a_dash_tree():
    dash = plans.tree("dash")
    files = names(plans.plan(dash, video=(plans.video("v0"),), audio=(plans.audio("a0"),)), dash)
    assert files["v0"].init == "video/avc1/1/init.mp4"
    assert files["v0"].segment(12) == "video/avc1/1/seg-12.m4s"
    assert files["a0"].segment(1) == "audio/en/mp4a/1/seg-1.m4s"
    assert not files["v0"].playlist
    assert not files["v0"].iframes


def test_the_documented_names_of_an_hls_tree_in_transport_stream():
    hls = plans.tree("hls", transport_stream=True)
    plan = plans.plan(
        hls, video=(plans.video("v0"),), audio=(plans.audio("a0", codec="eac3"),), subtitles=(plans.subtitle("s0"),)
    )
    files = names(plan, hls)
    assert files["v0"].segment(1) == "video/avc1/1/segment-1.ts"
    assert not files["v0"].init
    assert files["v0"].playlist == "video/avc1/1/stream.m3u8"
    assert files["v0"].iframes == "video/avc1/1/iframes.m3u8"
    assert files["a0"].segment(1) == "audio/en/ec-3/1/segment-1.ec3"
    assert not files["a0"].iframes
    assert files["s0"].playlist == "subtitle/en/subtitle.m3u8"
    assert files["s0"].segment(2) == "subtitle/en/segment-2.vtt"


def test_cmaf_has_one_set_of_segments_and_both_manifests():
    cmaf = plans.tree("cmaf")
    plan = plans.plan(cmaf, video=(plans.video("v0"),), subtitles=(plans.subtitle("s0", "ko"),))
    assert layout.main_manifests(plan) == ["cmaf/stream.mpd", "cmaf/master.m3u8"]
    files = names(plan, cmaf)
    assert files["v0"].segment(1) == "video/avc1/1/seg-1.m4s"
    assert files["v0"].playlist == "video/avc1/1/stream.m3u8"
    assert files["s0"].sidecar == "subtitle/ko/subtitle.vtt"
    assert files["s0"].segment(1) == "subtitle/ko/seg-1.vtt"


def test_dash_points_to_one_whole_text_subtitle_and_segments_the_others():
    text, ttml = plans.tree("dash"), plans.tree("dash", "mp4_ttml")
    plan = plans.plan(text, subtitles=(plans.subtitle("s0"),))
    assert (names(plan, text)["s0"].sidecar, names(plan, text)["s0"].segments) == ("subtitle/en/subtitle.vtt", "")
    assert names(plan, ttml)["s0"].init == "subtitle/en/init.mp4"
    assert not names(plan, ttml)["s0"].sidecar


def test_h265_makes_the_whole_hls_tree_fragmented_mp4():
    hls = plans.tree("hls", transport_stream=True)
    plan = plans.plan(hls, video=(plans.video("v0"), plans.video("v1", "h265")), audio=(plans.audio("a0"),))
    files = names(plan, hls)
    assert not layout.uses_transport_stream(plan, hls)
    assert files["v0"].segment(1) == "video/avc1/1/segment-1.m4s"
    assert files["v1"].segment(1) == "video/hvc1/1/segment-1.m4s"
    assert files["a0"].init == "audio/en/mp4a/1/init.mp4"


def test_subtitles_in_mp4_make_the_whole_hls_tree_fragmented_mp4():
    hls = plans.tree("hls", "mp4_ttml", transport_stream=True)
    plan = plans.plan(hls, video=(plans.video("v0"),))
    assert layout.uses_transport_stream(plan, hls)
    assert not layout.uses_transport_stream(plan.model_copy(update={"subtitles": (plans.subtitle("s0"),)}), hls)


def test_renditions_and_languages_that_are_alike_get_names_of_their_own():
    dash = plans.tree("cmaf")
    plan = plans.plan(
        dash,
        video=(plans.video("v0"), plans.video("v1"), plans.video("v2", "h265")),
        audio=(plans.audio("a0"), plans.audio("a1"), plans.audio("a2", codec="ac3"), plans.audio("a3", "ko")),
        subtitles=(plans.subtitle("s0"), plans.subtitle("s1"), plans.subtitle("s2", "ko")),
    )
    files = names(plan, dash)
    assert [files[name].folder for name in files] == [
        "video/avc1/1",
        "video/avc1/2",
        "video/hvc1/1",
        "audio/en/mp4a/1",
        "audio/en/mp4a/2",
        "audio/en/ac-3/1",
        "audio/ko/mp4a/1",
        "subtitle/en",
        "subtitle/en-2",
        "subtitle/ko",
    ]


def test_a_language_that_is_no_tag_cannot_leave_its_folder():
    dash = plans.tree("dash")
    plan = plans.plan(dash, audio=(plans.audio("a0", "../../etc"), plans.audio("a1", "한국")))
    assert names(plan, dash)["a0"].folder == "audio/etc/mp4a/1"
    assert names(plan, dash)["a1"].folder == "audio/und/mp4a/1"


def test_audio_codecs_have_hls_groups_of_their_own_in_the_order_of_the_job():
    one = plans.plan(audio=(plans.audio("a0"), plans.audio("a1", "ko")))
    assert {layout.audio_group(one, audio) for audio in one.audio} == {"audio"}
    two = plans.plan(audio=(plans.audio("a0"), plans.audio("a1", codec="ac3")))
    assert [layout.audio_group(two, audio) for audio in two.audio] == ["audio-1-mp4a", "audio-2-ac-3"]


def test_menu_names_are_unique_and_cannot_break_out_of_an_attribute():
    outputs = (
        plans.audio("a0", label="Film"),
        plans.audio("a1", label="Film"),
        plans.audio("a2", "ko"),
        plans.audio("a3", label='x",URI="evil"\n#EXT'),
    )
    named = layout.display_names(outputs)
    assert named == {"a0": "Film", "a1": "Film 2", "a2": "ko", "a3": "x ,URI= evil #EXT"}
