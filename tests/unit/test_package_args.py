"""The packager's command lines, as text."""

from fractions import Fraction

import pytest
from tests import plans

from telecine.media.package_args import packager_arguments, segment_seconds

SOURCES = {name: f"in/{name}" for name in ("v0", "v1", "a0", "a1", "s0")}


def lines(plan):
    return packager_arguments(plan, plan.trees[0], SOURCES, "out")


def test_dash():
    plan = plans.plan(
        plans.tree("dash"),
        video=(plans.video("v0"), plans.video("v1", "h265")),
        audio=(plans.audio("a0", label="Film, with=commas"), plans.audio("a1", "und")),
        subtitles=(plans.subtitle("s0"),),
    )
    assert lines(plan) == [
        "in=in/v0,stream=video,init_segment=out/video/avc1/1/init.mp4,segment_template=out/video/avc1/1/seg-$Number$.m4s",
        "in=in/v1,stream=video,init_segment=out/video/hvc1/1/init.mp4,segment_template=out/video/hvc1/1/seg-$Number$.m4s",
        "in=in/a0,stream=audio,init_segment=out/audio/en/mp4a/1/init.mp4,"
        "segment_template=out/audio/en/mp4a/1/seg-$Number$.m4s,language=en,dash_label=a0",
        "in=in/a1,stream=audio,init_segment=out/audio/und/mp4a/1/init.mp4,"
        "segment_template=out/audio/und/mp4a/1/seg-$Number$.m4s,dash_label=a1",
        "--quiet",
        "--segment_duration=4.004000100",
        "--generate_sidx_in_media_segments=false",
        "--default_text_zero_bias_ms=11012",
        "--mpd_output=out/stream.mpd",
        "--generate_static_live_mpd",
        "--min_buffer_time=2",
    ]


def test_hls_in_transport_stream():
    plan = plans.plan(
        plans.tree("hls", transport_stream=True),
        video=(plans.video("v0"),),
        audio=(plans.audio("a0"),),
        subtitles=(plans.subtitle("s0", "ko"),),
    )
    assert lines(plan) == [
        "in=in/v0,stream=video,segment_template=out/video/avc1/1/segment-$Number$.ts,"
        "playlist_name=video/avc1/1/stream.m3u8,iframe_playlist_name=video/avc1/1/iframes.m3u8",
        "in=in/a0,stream=audio,segment_template=out/audio/en/mp4a/1/segment-$Number$.aac,"
        "playlist_name=audio/en/mp4a/1/stream.m3u8,language=en,hls_name=a0,hls_group_id=audio",
        "in=in/s0,stream=text,segment_template=out/subtitle/ko/segment-$Number$.vtt,"
        "playlist_name=subtitle/ko/subtitle.m3u8,language=ko,hls_name=s0,hls_group_id=subtitles",
        "--quiet",
        "--segment_duration=4.004000100",
        "--generate_sidx_in_media_segments=false",
        "--default_text_zero_bias_ms=11012",
        "--hls_master_playlist_output=out/master.m3u8",
    ]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text_vtt", "segment_template=out/subtitle/en/seg-$Number$.vtt"),
        ("mp4_vtt", "format=vtt+mp4"),
        ("mp4_ttml", "format=ttml+mp4"),
    ],
)
def test_cmaf_writes_both_manifests_over_one_set_of_segments(kind, text):
    plan = plans.plan(plans.tree("cmaf", kind), video=(plans.video("v0"),), subtitles=(plans.subtitle("s0"),))
    arguments = lines(plan)
    assert "--mpd_output=out/stream.mpd" in arguments
    assert "--hls_master_playlist_output=out/master.m3u8" in arguments
    assert len([argument for argument in arguments if argument.startswith("in=")]) == 2
    assert text in arguments[1]
    assert ("hls_only=1" in arguments[1]) == (kind == "text_vtt")


@pytest.mark.parametrize("scale", [1000, 12800, 15360, 24000, 30000, 48000, 60000, 90000, 1_000_000])
@pytest.mark.parametrize("segment", [Fraction(4), Fraction(4004, 1000), Fraction(6006, 1000), Fraction(8, 3)])
def test_no_binary_fraction_moves_a_cut_by_a_tick(scale, segment):
    """The packager computes int(segment_duration * time scale)."""
    assert int(float(segment_seconds(segment)) * scale) == int(segment * scale)
