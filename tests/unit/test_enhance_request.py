"""What a request for an enhancement may not say, field by field, and the cure that each refusal tells."""

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError
from tests.found import findings, media, planned, sound, steps, track

from telecine.core.enhance.spec import Enhancement
from telecine.core.errors import ErrorKind, TelecineError

INVALID, MISSING, RANGE = ErrorKind.FIELD_INVALID, ErrorKind.FIELD_MISSING, ErrorKind.FIELD_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("asked", "kind", "field", "words"),
    [
        ({"prores": "hq", "codec": "h264"}, INVALID, "appleProresProfile", "a profile of prores, not of h264"),
        ({"prores": "hq"}, INVALID, "appleProresProfile", "ask for that codec"),
        ({"dnx": "dnxhr_sq", "codec": "prores"}, INVALID, "dnxhdHrProfile", "not of prores"),
        ({"dnx": "dnxhr_sq"}, INVALID, "dnxhdHrProfile", "leave it out"),
        ({"codec": "prores", "bits": 8}, INVALID, "chromaSubsampling.bits", "8 bits for a sample, but 10"),
        ({"codec": "mpeg2", "chroma": "4:4:4"}, INVALID, "chromaSubsampling.yuv", "4:2:0 or 4:2:2"),
        ({"codec": "hevc", "bits": 16}, INVALID, "chromaSubsampling.bits", "8, 10 or 12"),
        ({"codec": "prores", "bitrate": 10**7}, INVALID, "bitrate.mbps", "leave it out"),
        ({"codec": "dnxhd", "bitrate": 10**7}, INVALID, "bitrate.mbps", "its profile decides"),
        ({"codec": "ffv1", "bitrate": 10**7}, INVALID, "bitrate.mbps", "loses nothing"),
        ({"codec": "xdcam", "bitrate": 10**7}, INVALID, "bitrate.mbps", "send that"),
        ({"codec": "mpeg2", "bitrate": 80_000_001}, RANGE, "bitrate.mbps", "4:2:0 has up to 80"),
        ({"codec": "mpeg2", "chroma": "4:2:2", "bitrate": 300_000_001}, RANGE, "bitrate.mbps", "has up to 300"),
        ({"clarity": "low"}, INVALID, "clarityBoost", "pabsr1"),
        ({"clarity": "none", "scaler": "dvres"}, INVALID, "clarityBoost", "pabsr1"),
        ({"converter": "vfi"}, MISSING, "frameRate", "vfi needs a rate"),
        ({"converter": "fblend"}, MISSING, "frameRate", ""),
        ({"converter": "mcinterpolate"}, MISSING, "frameRate", ""),
        ({"rate": 1000}, RANGE, "frameRate.fps", "0.001 to 999"),
        ({"rate": "1/2000"}, RANGE, "frameRate.fps", "0.001 to 999"),
        ({"size": {}}, MISSING, "resolution", "a tag, or a width, or a height"),
        ({"size": {"aspect": "16:9"}}, MISSING, "resolution.width", "beside the aspect ratio"),
        (
            {"size": {"width": 640, "height": 480, "aspect": "4:3"}},
            INVALID,
            "resolution.aspectRatioTag",
            "leave out one of the three",
        ),
        ({"size": {"width": 7680, "aspect": "4:3"}}, RANGE, "resolution.height", "would be 5760, not 16 to 4320"),
        ({"size": {"height": 16, "width": 16}, "codec": "dnxhd"}, INVALID, "resolution", "256x120"),
        ({"scaler": "dvres", "size": {"tag": "uhd_4k"}}, RANGE, "resolution", "dvres makes up to 1920x1080"),
        ({"clip": {"start": 500, "end": 500}}, RANGE, "range.endPositionMilliseconds", "after the start"),
        ({"clip": {"start": 10_000}}, RANGE, "range.startPositionMilliseconds", "before the end of the video, 10000"),
        ({"clip": {"end": 10_042}}, RANGE, "range.endPositionMilliseconds", "10000 milliseconds"),
    ],
)
def test_refusal(asked: dict[str, Any], kind: ErrorKind, field: str, words: str) -> None:
    with pytest.raises(TelecineError) as refused:
        planned(**asked)
    assert (refused.value.kind, refused.value.field) == (kind, field)
    assert words in refused.value.detail


@pytest.mark.parametrize(
    "values",
    [
        {"container": "avi"},
        {"codec": "vp9"},
        {"bits": 9},
        {"bits": 0},
        {"bitrate": 9_999},
        {"bitrate": 4_000_000_001},
        {"size": {"width": 15}},
        {"size": {"height": 4321}},
        {"size": {"tag": "5x"}},
        {"clip": {"start": -1}},
        {"clip": {"end": 0}},
        {"invented": 1},
    ],
)
def test_values_outside_the_table_cannot_be_written(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Enhancement.model_validate(values)


def test_a_tag_makes_every_other_size_meaningless() -> None:
    """As in the document's own example of a request."""
    size = {"tag": "hd_1080p", "width": 1000, "height": 1000, "aspect": "4:3"}
    picture = planned(size=size).target.picture
    assert (picture.width, picture.height) == (1920, 1080)


def test_the_end_may_be_the_end_of_the_last_frame() -> None:
    assert planned(clip={"end": 10_000}).whole
    assert planned(clip={"start": 0, "end": 10_041}).whole


def test_a_bitrate_for_an_inferred_codec_that_takes_none() -> None:
    source = findings(media(track(codec="prores", profile="HQ", pixel_format="yuv422p10le", bit_depth=10)))
    with pytest.raises(TelecineError, match=r"'bitrate.mbps' is invalid: prores takes none"):
        planned(source, bitrate=10_000_000)


def test_a_file_without_a_picture() -> None:
    sounds = media().model_copy(update={"video": None})
    with pytest.raises(TelecineError) as refused:
        planned(findings().model_copy(update={"media": sounds}))
    assert refused.value.kind is ErrorKind.TRACK_MISSING


def test_constant_rate_alone_keeps_the_rate() -> None:
    plan = planned(converter="fps")
    assert plan.stages == ()
    assert plan.target.picture.rate == 25


def test_a_rate_alone_is_made_by_repeating() -> None:
    plan = planned(rate=50)
    assert steps(plan) == [("frameRateConverter", "repeat")]
    assert plan.stages[0].value == "fps"


@pytest.mark.parametrize(
    ("container", "codec", "made", "rate"),
    [
        ("mp4", "aac", "copy", None),
        ("mp4", "pcm_s16le", "aac", None),
        ("mov", "pcm_s24le", "copy", None),
        ("mov", "opus", "pcm_s24le", None),
        ("mts", "ac3", "copy", None),
        ("mts", "flac", "aac", None),
        ("mxf", "pcm_s16le", "copy", None),
        ("mxf", "aac", "pcm_s24le", 48_000),
    ],
)
def test_sounds_are_copied_where_the_container_takes_them(
    container: str, codec: str, made: str, rate: int | None
) -> None:
    source = findings(media(audio=(sound(codec, language="en"),)))
    plan = planned(source, container=container)
    heard = plan.sounds[0]
    assert (heard.stream, heard.codec, heard.sample_rate, heard.language) == (1, made, rate, "en")
    assert (heard.bitrate is not None) == (made == "aac")
    assert any(f"does not take {codec}" in line for line in plan.substitutions) == (made != "copy")


def test_mxf_has_sound_of_48_kilohertz_only() -> None:
    source = findings(media(audio=(sound("pcm_s16le", sample_rate=44_100),)))
    assert planned(source, container="mxf").sounds[0].sample_rate == 48_000


def test_start_of_the_picture_in_the_file_is_kept_for_the_sounds() -> None:
    source = findings(media(track(start=Fraction(7, 5))))
    plan = planned(source, clip={"start": 100})
    assert (plan.source.start, plan.source.first, plan.start) == (Fraction(7, 5), 3, Fraction(3, 25))
