"""What holds of every plan: counts of frames, spans of chunks, lengths, bitrates, and that it can be kept as JSON."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.found import NTSC, findings, media, planned, sound, track

from telecine.core.enhance.bitrate import inferred_bitrate
from telecine.core.enhance.chain import EVERY_ENGINE
from telecine.core.enhance.chunks import cut_frames
from telecine.core.enhance.coding import gop_of
from telecine.core.enhance.options import (
    Chroma,
    Codec,
    Converter,
    Deinterlacer,
    Denoiser,
    PostProcessor,
    Scaler,
    Scan,
    Stabilizer,
    Tier,
)
from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import EnhancePlan
from telecine.core.enhance.planner import plan_enhancement
from telecine.core.enhance.source import SourceFrames
from telecine.core.enhance.spec import Enhancement
from telecine.core.errors import TelecineError
from telecine.core.ingest import Scanning

RATES = [Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "50", "60000/1001", "60", "120", "12.5")]


def maybe(values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(list(values))


@st.composite
def plans(draw: st.DrawFn) -> EnhancePlan:
    """A plan of any request that is not refused."""
    rate = draw(st.none() | st.sampled_from(RATES))
    asked = Enhancement(
        codec=draw(maybe(Codec)),
        scan=draw(st.sampled_from(Scan)),
        deinterlacer=draw(maybe(Deinterlacer)),
        denoiser=draw(maybe(Denoiser)),
        stabilizer=draw(maybe(Stabilizer)),
        scaler=draw(maybe(Scaler)),
        size=draw(st.none() | st.sampled_from([{"tag": "hd_1080p"}, {"tag": "2x"}, {"width": 720, "height": 576}])),
        converter=draw(maybe(Converter)) if rate else None,
        rate=rate,
        post=draw(maybe(PostProcessor)),
        tier=draw(st.sampled_from(Tier)),
    )
    frames = SourceFrames(frames=draw(st.integers(1, 3000)), rate=draw(st.sampled_from(RATES)))
    order = draw(st.sampled_from(["progressive", "top_first", "bottom_first"]))
    scanning = Scanning(type="progressive" if order == "progressive" else "interlaced", order=order)
    found = findings(media(track(width=1280, height=720, frame_rate=frames.rate)), scanning)
    try:
        return plan_enhancement(asked, found.media, frames, found, EVERY_ENGINE, draw(st.floats(0.1, 30)))
    except TelecineError:
        assume(False)
        raise


@given(plan=plans())
@settings(max_examples=200, deadline=None)
def test_chunks_cover_the_target_and_are_given_what_they_need(plan: EnhancePlan) -> None:
    assert plan.chunks[0].first == 0
    assert plan.chunks[-1].end == plan.target.picture.frames
    for left, right in pairwise(plan.chunks):
        assert left.end == right.first
    for chunk in plan.chunks:
        assert chunk.wanted.frames > 0
        assert chunk.first % plan.target.gop == 0
        spans = plan.spans(chunk.wanted)
        assert spans[-1] == chunk.wanted
        for stage, given_, made in zip(plan.stages, spans, spans[1:], strict=False):
            _check_given(stage.before, stage.after, stage.radius, given_, made)


def _check_given(before: Picture, after: Picture, radius: int, given_: Span, made: Span) -> None:
    """What a stage is given lies in its timeline and holds each frame shown, and `radius` more where there are any."""
    assert 0 <= given_.first < given_.end <= before.frames
    step = before.rate / after.rate
    for frame in (made.first, made.end - 1):
        shown = min(int(frame * step), before.frames - 1)
        assert given_.first <= max(0, shown - radius)
        assert given_.end >= min(before.frames, shown + 1 + radius)


@given(plan=plans())
@settings(max_examples=100, deadline=None)
def test_no_stage_changes_the_length(plan: EnhancePlan) -> None:
    for stage in plan.stages:
        assert abs(stage.after.seconds - stage.before.seconds) <= max(1 / stage.before.rate, 1 / stage.after.rate)
    for left, right in pairwise(plan.stages):
        assert left.after == right.before
    last = plan.stages[-1].after if plan.stages else plan.source.picture
    made = plan.target.picture
    assert (made.width, made.height, made.rate, made.frames) == (last.width, last.height, last.rate, last.frames)
    assert made.fields == last.fields


@given(plan=plans())
@settings(max_examples=50, deadline=None)
def test_neighbours_share_what_their_filters_look_at(plan: EnhancePlan) -> None:
    reach = max((stage.radius for stage in plan.stages), default=0)
    if any(stage.after.rate < stage.before.rate for stage in plan.stages):
        reach = 0  # frames that a lower rate leaves out may lie between what two chunks look at
    for left, right in pairwise(plan.chunks):
        one, other = plan.spans(left.wanted)[0], plan.spans(right.wanted)[0]
        assert one.first <= other.first
        if reach:
            assert one.end > other.first
    assert plan.spans(plan.chunks[0].wanted)[0].first == 0
    read = plan.spans(plan.chunks[-1].wanted)[0].end / plan.source.picture.rate
    unseen = sum(1 / stage.after.rate for stage in plan.stages)  # what a lower rate leaves out behind its last frame
    assert read >= plan.source.picture.seconds - unseen


@given(plan=plans())
@settings(max_examples=25, deadline=None)
def test_a_plan_can_be_kept(plan: EnhancePlan) -> None:
    assert EnhancePlan.model_validate_json(plan.model_dump_json()) == plan


@given(
    frames=st.integers(1, 200_000),
    rate=st.sampled_from(RATES),
    gop=st.sampled_from([1, 12, 15, 24, 25, 30, 250]),
    seconds=st.floats(0.01, 600),
)
def test_chunks_are_whole_gops_of_at_least_a_second(frames: int, rate: Fraction, gop: int, seconds: float) -> None:
    chunks = cut_frames(frames, rate, gop, seconds)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert chunks[0].first == 0
    assert chunks[-1].end == frames
    for chunk in chunks:
        assert chunk.first % gop == 0
        assert len(chunks) == 1 or chunk.wanted.frames >= rate


def test_usual_chunks() -> None:
    chunks = cut_frames(750, Fraction(25), 25, 10)
    assert [(chunk.first, chunk.end) for chunk in chunks] == [(0, 250), (250, 500), (500, 750)]
    rest = cut_frames(520, Fraction(25), 25, 10)
    assert [(chunk.first, chunk.end) for chunk in rest] == [(0, 250), (250, 520)]


@pytest.mark.parametrize(
    ("codec", "rate", "gop"),
    [
        (Codec.PRORES, 25, 1),
        (Codec.DNXHD, 25, 1),
        (Codec.FFV1, 25, 1),
        (Codec.XDCAM, 25, 12),
        (Codec.XDCAM, NTSC, 15),
        (Codec.MPEG2, 50, 12),
        (Codec.MPEG2, Fraction(60000, 1001), 15),
        (Codec.H264, NTSC, 30),
        (Codec.HEVC, 999, 250),
        (Codec.H264, Fraction(1, 10), 1),
    ],
)
def test_gop(codec: Codec, rate: Any, gop: int) -> None:
    assert gop_of(codec, Fraction(rate)) == gop


def picture(width: int = 640, height: int = 360, rate: Fraction = Fraction(25)) -> Picture:
    return Picture(width=width, height=height, chroma=Chroma.C420, bits=8, rate=rate, frames=100)


@pytest.mark.parametrize(
    ("codec", "made", "bitrate"),
    [
        (Codec.H264, picture(), 1_000_000),  # the same picture: the source's own
        (Codec.H264, picture(1280, 720), 2_830_000),  # four times the pixels: 4 ^ 0.75
        (Codec.H264, picture(rate=Fraction(50)), 1_410_000),
        (Codec.HEVC, picture(), 650_000),
        (Codec.MPEG2, picture(), 2_000_000),
        (Codec.H264, picture(320, 180), 354_000),
        (Codec.H264, picture(7680, 4320), 66_400_000),
    ],
)
def test_bitrate_follows_the_source_and_the_size(codec: Codec, made: Picture, bitrate: int) -> None:
    assert inferred_bitrate(codec, made, media(), Fraction(25)) == bitrate


def test_a_poor_source_leaves_room_for_what_is_restored() -> None:
    poor = media(track(bitrate=20_000))
    assert inferred_bitrate(Codec.H264, picture(1920, 1080), poor, Fraction(25)) == 4_150_000


def test_a_file_of_pictures_alone_says_its_bitrate_by_its_size() -> None:
    """2 MB in 10 s are 1.6 Mb/s, of which 128 kb/s are sound."""
    unknown = media(track(bitrate=0), audio=(sound(bitrate=128_000),))
    assert inferred_bitrate(Codec.H264, picture(), unknown, Fraction(25)) == 1_470_000


def test_a_mezzanine_is_not_copied_into_a_delivery_codec() -> None:
    prores = media(track(codec="prores", bitrate=180_000_000, width=1920, height=1080))
    assert inferred_bitrate(Codec.H264, picture(1920, 1080), prores, Fraction(25)) == 30_000_000


def test_an_inferred_bitrate_stays_within_the_level_of_mpeg2() -> None:
    rich = findings(media(track(bitrate=200_000_000)))
    assert planned(rich, codec="mpeg2").target.bitrate == 80_000_000
    assert planned(rich, codec="mpeg2", chroma="4:2:2").target.bitrate == 300_000_000


def test_what_is_inferred_from_the_source() -> None:
    prores = track(codec="prores", profile="HQ", pixel_format="yuv422p10le", bit_depth=10)
    target = planned(findings(media(prores))).target
    assert (target.container, target.codec, target.prores) == ("mov", "prores", "hq")
    assert (target.picture.chroma, target.picture.bits, target.bitrate, target.gop) == ("4:2:2", 10, None, 1)


@pytest.mark.parametrize(
    ("demuxer", "source", "made"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", "h264", ("mp4", "h264")),
        ("mov,mp4,m4a,3gp,3g2,mj2", "hevc", ("mp4", "hevc")),
        ("mov,mp4,m4a,3gp,3g2,mj2", "prores", ("mov", "prores")),
        ("mov,mp4,m4a,3gp,3g2,mj2", "mjpeg", ("mov", "h264")),
        ("mpegts", "mpeg2video", ("mts", "mpeg2")),
        ("mpegts", "vc1", ("mts", "h264")),
        ("mxf", "dnxhd", ("mxf", "dnxhd")),
        ("mxf", "jpeg2000", ("mxf", "dnxhd")),
        ("matroska,webm", "h264", ("mp4", "h264")),
        ("matroska,webm", "vp9", ("mp4", "h264")),
        ("matroska,webm", "ffv1", ("mov", "ffv1")),
        ("avi", "dvvideo", ("mp4", "h264")),
    ],
)
def test_container_and_codec_are_kept_where_they_can_be(demuxer: str, source: str, made: tuple[str, str]) -> None:
    plan = planned(findings(media(track(codec=source), demuxer)))
    assert (plan.target.container, plan.target.codec) == made


def test_xdcam_is_known_by_its_form() -> None:
    source = track(codec="mpeg2video", width=1920, height=1080, pixel_format="yuv422p", bitrate=50_000_000)
    assert planned(findings(media(source, "mxf"))).target.codec == "xdcam"
    assert planned(findings(media(track(codec="mpeg2video"), "mxf"))).target.codec == "mpeg2"


@pytest.mark.parametrize(
    ("pixels", "bits", "codec", "made"),
    [
        ("yuv420p", 8, "h264", ("4:2:0", 8)),
        ("yuv420p10le", 10, "h264", ("4:2:0", 10)),
        ("yuv420p12le", 12, "h264", ("4:2:0", 10)),
        ("yuv444p", 8, "mpeg2", ("4:2:2", 8)),
        ("yuv411p", 8, "h264", ("4:2:2", 8)),
        ("yuv410p", 8, "h264", ("4:2:0", 8)),
        ("yuv410p", 8, "ffv1", ("4:1:0", 8)),
        ("yuv440p", 8, "h264", ("4:4:4", 8)),
        ("yuvj422p", 8, "h264", ("4:2:2", 8)),
        ("gbrp10le", 10, "hevc", ("4:4:4", 10)),
        ("rgb24", 8, "prores", ("4:4:4", 10)),
        ("nv12", 8, "hevc", ("4:2:0", 8)),
        ("p010le", 10, "hevc", ("4:2:0", 10)),
        ("uyvy422", 8, "h264", ("4:2:2", 8)),
        ("gray", 8, "h264", ("4:2:0", 8)),
        ("yuva444p10le", 10, "prores", ("4:4:4", 10)),
        ("yuv422p14le", 14, "ffv1", ("4:2:2", 14)),
        ("yuv420p", 9, "ffv1", ("4:2:0", 10)),
    ],
)
def test_pixels_are_kept_or_the_nearest_are_made(pixels: str, bits: int, codec: str, made: tuple[str, int]) -> None:
    plan = planned(findings(media(track(pixel_format=pixels, bit_depth=bits))), codec=codec)
    assert (plan.target.picture.chroma, plan.target.picture.bits) == made


def test_work_is_done_in_what_all_engines_know() -> None:
    source = findings(media(track(pixel_format="yuv411p")))
    plan = planned(source, codec="ffv1", denoiser="denoise")
    assert (plan.source.picture.chroma, plan.target.picture.chroma) == ("4:4:4", "4:1:1")
    assert planned(source, codec="ffv1").source.picture.chroma == "4:1:1"
    deep = findings(media(track(pixel_format="yuv420p14le", bit_depth=14)))
    assert planned(deep, codec="ffv1", denoiser="denoise").source.picture.bits == 16
    assert planned(deep, codec="ffv1").source.picture.bits == 14


def test_colours_are_carried() -> None:
    hdr = track(
        width=1920,
        height=1080,
        color_primaries="bt2020",
        color_transfer="smpte2084",
        color_space="bt2020nc",
        color_range="tv",
        content_light="1000,400",
        pixel_format="yuv420p10le",
        bit_depth=10,
    )
    plan = planned(findings(media(hdr)), codec="hevc", size={"tag": "uhd_4k"})
    assert plan.target.picture.colour.transfer == "smpte2084"
    assert plan.target.picture.colour.content_light == "1000,400"
    assert plan.warnings == ()
    assert "HDR in 8 bits" in planned(findings(media(hdr)), codec="mpeg2").warnings[0]


def test_colours_that_nobody_said_stay_unsaid() -> None:
    assert planned(size={"tag": "no_scaling"}).target.picture.colour.matrix == ""


def test_colours_are_written_down_where_players_would_guess_another() -> None:
    plan = planned(size={"tag": "hd_1080p"})
    assert plan.target.picture.colour.matrix == "bt470bg"  # 25 frames per second and few lines: PAL
    assert any("does not say its colours" in line for line in plan.warnings)


def test_invented_detail_is_warned_of_where_it_cannot_be_restored() -> None:
    source = findings(media(track(width=160, height=90)))
    assert any("beyond 4 times" in line for line in planned(source, scaler="pabsr1", size={"tag": "hd_1080p"}).warnings)
