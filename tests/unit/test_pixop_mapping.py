"""Requests to process a video, as they are written, and what they mean."""

from copy import deepcopy
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError
from tests.found import MP4, findings, interlaced, media, track

from telecine.apis.invalid import translate as found_by_pydantic
from telecine.apis.pixop.mapping import translate
from telecine.apis.pixop.schema_process import DOCUMENT_EXAMPLE, FRAME_RATES, ProcessRequest
from telecine.core.enhance.options import (
    Chroma,
    Clarity,
    Codec,
    Container,
    Converter,
    Deinterlacer,
    Denoiser,
    DnxProfile,
    PostProcessor,
    ProresProfile,
    Scaler,
    Scan,
    Stabilizer,
    Tier,
)
from telecine.core.enhance.parameters import processing_parameters
from telecine.core.enhance.planner import plan_request
from telecine.core.enhance.spec import Clip, Enhancement, Size
from telecine.core.errors import TelecineError


def read(file_name: str = "beach.mp4", demuxer: str = MP4, **body: Any) -> Enhancement:
    return translate(ProcessRequest.model_validate(body), file_name, demuxer)


def faults(body: dict[str, Any]) -> list[str]:
    """Fields that are refused, by the wire or by its translation."""
    try:
        translate(ProcessRequest.model_validate(body), "beach.mp4", MP4)
    except ValidationError as error:
        return [
            one.field for one in found_by_pydantic({**part, "loc": ("body", *part["loc"])} for part in error.errors())
        ]
    except TelecineError as error:
        return [one.field for one in getattr(error, "errors", (error,))]
    return []


def test_the_example_of_the_document() -> None:
    asked = read(**deepcopy(DOCUMENT_EXAMPLE))
    assert asked == Enhancement(
        container=Container.MOV,
        codec=Codec.H264,
        scan=Scan.TOP_FIRST,
        chroma=Chroma.C422,
        bits=8,
        bitrate=20_500_000,
        deinterlacer=Deinterlacer.DEINT,
        denoiser=Denoiser.DENOISE,
        stabilizer=Stabilizer.DEJIT,
        scaler=Scaler.PABSR1,
        clarity=Clarity.LOW,
        size=Size(tag="hd_1080p", width=1920, height=1080, aspect="16:9"),
        converter=Converter.FBLEND,
        rate=Fraction(24),
        post=PostProcessor.FILMGRAIN,
        clip=Clip(start=0, end=30_000),
    )
    long = findings(media(track(duration=Fraction(60), frames=1500)))
    target = plan_request(asked, long).target
    assert (target.container, target.codec, target.bitrate) == ("mov", "h264", 20_500_000)
    assert (target.picture.width, target.picture.height, target.picture.fields) == (1920, 1080, "top_first")
    assert (target.picture.rate, target.picture.frames) == (12, 360)


def test_the_example_of_the_java_client() -> None:
    asked = read(
        mediaContainerCodec={"container": "mov", "codec": "prores"},
        appleProresProfile="standard",
        denoiser="denoise",
        scaler="pabsr1",
        resolution={"tag": "hd_1080p"},
        clarityBoost="high",
        frameRateConverter="fblend",
        frameRate={"tag": "video_hd_fast"},
        postProcessor="filmgrain",
        range={"startPositionMilliseconds": 0, "endPositionMilliseconds": 5000},
    )
    plan = plan_request(asked, findings())
    assert (plan.target.prores, plan.target.picture.rate, plan.target.picture.frames) == ("standard", 60, 300)


def test_nothing_asked_for_is_everything_inferred() -> None:
    assert read() == Enhancement()
    assert read(**dict.fromkeys(ProcessRequest.model_fields)) == Enhancement()
    assert read(mediaContainerCodec={}, chromaSubsampling={}, scanning={}, bitrate={}, range={}) == Enhancement()


WORDS: list[tuple[str, str, Any]] = [
    *(("deinterlacer", "deinterlacer", value) for value in Deinterlacer),
    *(("denoiser", "denoiser", value) for value in Denoiser),
    *(("stabilizer", "stabilizer", value) for value in Stabilizer),
    *(("scaler", "scaler", value) for value in Scaler),
    *(("clarityBoost", "clarity", value) for value in Clarity),
    *(("frameRateConverter", "converter", value) for value in Converter),
    *(("postProcessor", "post", value) for value in PostProcessor),
    *(("appleProresProfile", "prores", value) for value in ProresProfile),
    *(("dnxhdHrProfile", "dnx", value) for value in DnxProfile),
    *(("tier", "tier", value) for value in Tier),
]


@pytest.mark.parametrize(("name", "field", "value"), WORDS)
def test_every_word(name: str, field: str, value: Any) -> None:
    assert getattr(read(**{name: value.value}), field) == value
    assert getattr(read(**{name: value.value.upper()}), field) == value
    assert faults({name: f"no {value.value}"}) == [name]


@pytest.mark.parametrize("container", Container)
@pytest.mark.parametrize("codec", Codec)
def test_every_container_and_codec(container: Container, codec: Codec) -> None:
    asked = read(mediaContainerCodec={"container": container, "codec": codec})
    assert (asked.container, asked.codec) == (container, codec)


@pytest.mark.parametrize(("level", "word"), [*enumerate(Clarity)])
def test_clarity_as_a_number(level: int, word: Clarity) -> None:
    assert read(clarityBoost=level).clarity == read(clarityBoost=str(level)).clarity == word


@pytest.mark.parametrize(
    ("scanning", "scan"),
    [
        ({"tag": "auto"}, Scan.AUTO),
        ({"tag": "progressive"}, Scan.PROGRESSIVE),
        ({"tag": "interlaced_tff"}, Scan.TOP_FIRST),
        ({"tag": "interlaced_bff"}, Scan.BOTTOM_FIRST),
        ({"tag": "progressive", "scanningType": "interlaced"}, Scan.PROGRESSIVE),
        ({"scanningType": "progressive"}, Scan.PROGRESSIVE),
        ({"scanningType": "interlaced", "interlacedFieldOrder": "top_field"}, Scan.TOP_FIRST),
        ({"scanningType": "interlaced", "interlacedFieldOrder": "bottom_field"}, Scan.BOTTOM_FIRST),
        ({"scanningType": "interlaced", "interlacedFieldOrder": "top_first"}, Scan.TOP_FIRST),
        ({"scanningType": "interlaced", "interlacedFieldOrder": "bottom_first"}, Scan.BOTTOM_FIRST),
    ],
)
def test_scanning(scanning: dict[str, Any], scan: Scan) -> None:
    assert read(scanning=scanning).scan == scan


@pytest.mark.parametrize(("tag", "rate"), [*FRAME_RATES.items()])
def test_tags_of_frame_rates(tag: str, rate: str) -> None:
    assert read(frameRate={"tag": tag}).rate == Fraction(rate)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (23.976, "24000/1001"),
        (23.98, "24000/1001"),
        (29.97, "30000/1001"),
        (59.94, "60000/1001"),
        (24.0, "24"),
        ("25", "25"),
        (12.5, "25/2"),
        (0.001, "1/1000"),
        (999, "999"),
    ],
)
def test_frames_per_second_are_exact(fps: object, rate: str) -> None:
    assert read(frameRate={"fps": fps}).rate == Fraction(rate)


@pytest.mark.parametrize("tag", ["hd_1080p", "uhd_4k", "uhd_8k", "2x", "3x", "4x", "no_scaling"])
def test_tags_of_resolutions(tag: str) -> None:
    assert read(resolution={"tag": tag}).size == Size(tag=tag)  # type: ignore[arg-type]


@pytest.mark.parametrize("aspect", ["display", "storage", "16:9", "4:3"])
def test_aspects(aspect: Any) -> None:
    assert read(resolution={"width": 640, "aspectRatioTag": aspect}).size == Size(width=640, aspect=aspect)


@pytest.mark.parametrize("chroma", Chroma)
@pytest.mark.parametrize("bits", [8, 10, "12", 14, 16])
def test_pixels(chroma: Chroma, bits: Any) -> None:
    asked = read(chromaSubsampling={"yuv": chroma, "bits": bits})
    assert (asked.chroma, asked.bits) == (chroma, int(bits))


@pytest.mark.parametrize(("mbps", "bits"), [(0.01, 10_000), (20.5, 20_500_000), ("4000.0", 4_000_000_000)])
def test_bitrate(mbps: object, bits: int) -> None:
    assert read(bitrate={"mbps": mbps}).bitrate == bits


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"scalar": "pabsr1"}, ["scalar"]),
        ({"resolution": {"tag": "2x", "hight": 3}}, ["resolution.hight"]),
        ({"mediaContainerCodec": {"container": "avi"}}, ["mediaContainerCodec.container"]),
        ({"mediaContainerCodec": {"codec": "vp9"}}, ["mediaContainerCodec.codec"]),
        ({"mediaContainerCodec": "mov"}, ["mediaContainerCodec"]),
        ({"chromaSubsampling": {"yuv": "4:2:1"}}, ["chromaSubsampling.yuv"]),
        ({"chromaSubsampling": {"bits": 9}}, ["chromaSubsampling.bits"]),
        ({"chromaSubsampling": {"bits": 8.5}}, ["chromaSubsampling.bits"]),
        ({"bitrate": {"mbps": 0.009}}, ["bitrate.mbps"]),
        ({"bitrate": {"mbps": 4000.1}}, ["bitrate.mbps"]),
        ({"bitrate": {"mbps": "fast"}}, ["bitrate.mbps"]),
        ({"bitrate": 20}, ["bitrate"]),
        ({"resolution": {"width": 15}}, ["resolution.width"]),
        ({"resolution": {"width": 7681}}, ["resolution.width"]),
        ({"resolution": {"height": 15}}, ["resolution.height"]),
        ({"resolution": {"height": 4321}}, ["resolution.height"]),
        ({"resolution": {"width": 640, "aspectRatioTag": "21:9"}}, ["resolution.aspectRatioTag"]),
        ({"resolution": {"tag": "5x"}}, ["resolution.tag"]),
        ({"clarityBoost": 7}, ["clarityBoost"]),
        ({"clarityBoost": True}, ["clarityBoost"]),
        ({"frameRate": {}}, ["frameRate"]),
        ({"frameRate": {"tag": "slow"}}, ["frameRate.tag"]),
        ({"frameRate": {"fps": 0}}, ["frameRate.fps"]),
        ({"frameRate": {"fps": 999.5}}, ["frameRate.fps"]),
        ({"scanning": {"tag": "interlaced"}}, ["scanning.tag"]),
        ({"scanning": {"scanningType": "interlaced"}}, ["scanning.interlacedFieldOrder"]),
        ({"scanning": {"interlacedFieldOrder": "top_field"}}, ["scanning.scanningType"]),
        (
            {"scanning": {"scanningType": "progressive", "interlacedFieldOrder": "top_field"}},
            ["scanning.interlacedFieldOrder"],
        ),
        ({"range": {"startPositionMilliseconds": -1}}, ["range.startPositionMilliseconds"]),
        ({"range": {"startPositionMilliseconds": 5, "endPositionMilliseconds": 5}}, ["range.endPositionMilliseconds"]),
        ({"range": {"endPositionMilliseconds": 0}}, ["range.endPositionMilliseconds"]),
        ({"a": 1, "b": 2, "frameRate": {}}, ["a", "b", "frameRate"]),
        ({"tier": "cheap"}, ["tier"]),
    ],
)
def test_each_fault_is_named_by_its_field(body: dict[str, Any], fields: list[str]) -> None:
    assert faults(body) == fields


def test_one_profile_is_its_codecs_and_two_leave_the_choice_to_the_codec() -> None:
    both = {"appleProresProfile": "hq", "dnxhdHrProfile": "dnxhr_lb"}
    for codec, prores, dnx in [("h264", None, None), ("prores", "hq", None), ("dnxhd", None, "dnxhr_lb")]:
        asked = read(mediaContainerCodec={"codec": codec}, **both)
        assert (asked.prores, asked.dnx) == (prores, dnx)
    with pytest.raises(TelecineError, match="appleProresProfile"):
        plan_request(read(mediaContainerCodec={"codec": "h264"}, appleProresProfile="hq"), findings())


@pytest.mark.parametrize(
    ("file_name", "demuxer", "container"),
    [
        ("beach.mov", MP4, "mov"),
        ("BEACH.MOV", MP4, "mov"),
        ("beach.mp4", MP4, "mp4"),
        ("", MP4, "mp4"),
        ("beach.mov", "mpegts", "mts"),
    ],
)
def test_a_source_is_quicktime_by_its_name(file_name: str, demuxer: str, container: str) -> None:
    asked = read(file_name, demuxer)
    assert plan_request(asked, findings(media(demuxer=demuxer))).target.container == container


def test_a_preset_stands_for_what_is_not_given() -> None:
    asked = read(preset="SD_to_HD", resolution={"tag": "2x"}, tier="fast")
    assert asked == Enhancement(
        deinterlacer=Deinterlacer.DEINT,
        denoiser=Denoiser.DENOISE,
        scaler=Scaler.PABSR1,
        clarity=Clarity.LOW,
        size=Size(tag="2x"),
        tier=Tier.FAST,
        preset="sd_to_hd",
    )
    plan = plan_request(asked, findings())
    assert processing_parameters(plan, None)["targetVideo"]["preset"] == {"name": "sd_to_hd"}


def test_what_replaces_a_part_of_a_preset_takes_its_details_with_it() -> None:
    assert read(preset="edit", mediaContainerCodec={"codec": "h264"}).prores is None
    assert read(preset="edit", mediaContainerCodec={"codec": "prores"}).prores == ProresProfile.HQ
    assert read(preset="sd_to_hd", scaler="dvres").clarity is None


def test_an_unknown_preset() -> None:
    assert faults({"preset": "hollywood"}) == ["preset"]


def test_parameters_are_shown_as_the_document_has_them() -> None:
    body: dict[str, Any] = {
        **{"mediaContainerCodec": {"container": "mov", "codec": "h264"}, "deinterlacer": "deint", "scaler": "pabsr1"},
        **{"resolution": {"tag": "hd_1080p"}, "clarityBoost": "low", "frameRateConverter": "fblend"},
        **{"frameRate": {"tag": "video_ntsc"}, "range": {"startPositionMilliseconds": 1000}},
    }
    asked = read(**body)
    plan = plan_request(asked, interlaced())
    assert processing_parameters(plan, asked.clip) == {
        "sourceVideo": {"startPositionMilliseconds": 1000},
        "targetVideo": {
            "container": {"name": "mov", "properties": {}},
            "codec": {"name": "h264", "properties": {}},
            "pixelFormat": {"name": "yuv420p", "chromaSubsampling": {"yuv": "4:2:0", "bits": 8}},
            "bitrate": plan.target.bitrate,
            "frameWidth": 1440,
            "frameHeight": 1080,
            "averageFramerate": pytest.approx(29.97, abs=0.001),
            "videoFilters": [
                {"name": "deint", "properties": {}},
                {
                    "name": "pabsr1",
                    "properties": {"targetWidth": 1440, "targetHeight": 1080, "clarityBoost": "low"},
                },
                {"name": "fblend", "properties": {"fps": pytest.approx(29.97, abs=0.001)}},
            ],
        },
    }
