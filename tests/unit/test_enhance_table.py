"""The whole table of containers, codecs, profiles and pixel formats: each combination is made as asked, or refused."""

from itertools import product

import pytest
from tests.found import findings, media, planned, track

from telecine.core.enhance.options import Chroma, Codec, Container, DnxProfile, ProresProfile
from telecine.core.enhance.targets import PERMITTED
from telecine.core.errors import ErrorKind, TelecineError

HELD = {
    "mov": "h264 prores dnxhd xdcam hevc mpeg2 ffv1",
    "mxf": "h264 prores dnxhd xdcam mpeg2 ffv1",
    "mp4": "h264 hevc mpeg2",
    "mts": "h264 hevc mpeg2",
}
"""By the document, its Java client, and what FFmpeg was seen to write."""

FORMATS = {
    "h264": "420/8 420/10 422/8 422/10 444/8 444/10",
    "hevc": "420/8 420/10 420/12 422/8 422/10 422/12 444/8 444/10 444/12",
    "mpeg2": "420/8 422/8",
    "xdcam": "422/8",
    "prores": "422/10",
    "dnxhd": "422/8",
    "ffv1": "410/8 411/8 420/8 420/10 420/12 420/14 420/16 422/8 422/10 422/12 422/14 422/16 440/8 440/10 440/12 "
    "444/8 444/10 444/12 444/14 444/16",
}
"""By codec, in the profile that it has where none was asked for and the source is 4:2:0 in 8 bits."""

PROFILES = {
    "proxy": "422/10",
    "lt": "422/10",
    "standard": "422/10",
    "hq": "422/10",
    "4444": "444/10",
    "4444xq": "444/10",
    "dnxhd_lb": "422/8",
    "dnxhd_sq": "422/8",
    "dnxhd_hq": "422/8",
    "dnxhd_hqx": "422/10",
    "dnxhr_lb": "422/8",
    "dnxhr_sq": "422/8",
    "dnxhr_hq": "422/8",
    "dnxhr_hqx": "422/10",
    "dnxhr_444": "444/10",
}

HD = findings(media(track(width=1920, height=1080)))


def written(chroma: Chroma, bits: int) -> str:
    return f"{chroma.replace(':', '')}/{bits}"


def refusal(**asked: object) -> TelecineError:
    with pytest.raises(TelecineError) as refused:
        planned(HD, **asked)
    return refused.value


@pytest.mark.parametrize(("container", "codec"), [*product(Container, Codec)])
def test_container_and_codec(container: Container, codec: Codec) -> None:
    if codec in HELD[container].split():
        target = planned(HD, container=container, codec=codec).target
        assert (target.container, target.codec) == (container, codec)
        return
    error = refusal(container=container, codec=codec)
    assert error.kind is ErrorKind.FIELD_INVALID
    assert error.field == "mediaContainerCodec.codec"
    assert f"{container} cannot hold {codec}" in str(error)
    assert next(other for other in HELD if codec in HELD[other].split()) in error.detail  # the cure


@pytest.mark.parametrize(
    ("codec", "chroma", "bits"),
    [(codec, chroma, bits) for codec in Codec for chroma, depths in PERMITTED.items() for bits in depths],
)
def test_pixel_format_of_codec(codec: Codec, chroma: Chroma, bits: int) -> None:
    asked = {"container": "mov", "codec": codec, "chroma": chroma, "bits": bits}
    can = FORMATS[codec].split()
    if codec == Codec.PRORES and chroma == Chroma.C444:
        can = ["444/10"]  # the profile follows from the chroma
    if codec == Codec.DNXHD:
        can = ["422/8", "422/10", "422/12", "444/10", "444/12"]
    if written(chroma, bits) in can:
        picture = planned(HD, **asked).target.picture
        made = 10 if codec == Codec.DNXHD and bits == 12 else bits
        assert (picture.chroma, picture.bits) == (chroma, made)
        return
    error = refusal(**asked)
    assert error.kind is ErrorKind.FIELD_INVALID
    assert error.field in ("chromaSubsampling.yuv", "chromaSubsampling.bits")
    assert str(codec) in error.detail


@pytest.mark.parametrize("profile", PROFILES)
def test_pixel_format_of_profile(profile: str) -> None:
    codec, field = ("dnxhd", "dnx") if profile.startswith("dn") else ("prores", "prores")
    picture = planned(HD, codec=codec, **{field: profile}).target.picture
    assert written(picture.chroma, picture.bits) == PROFILES[profile]
    other = "4:2:2" if picture.chroma == Chroma.C444 else "4:4:4"
    error = refusal(codec=codec, **{field: profile}, chroma=other)
    assert (error.field, profile in error.detail) == ("chromaSubsampling.yuv", True)


def test_every_profile_is_in_the_table() -> None:
    assert set(PROFILES) == {*ProresProfile, *DnxProfile} - {"dnxhd_444"}


@pytest.mark.parametrize(
    ("profile", "made", "bits", "said"),
    [
        ("dnxhd_444", "dnxhr_444", None, "dnxhd_444 cannot be encoded here; dnxhr_444"),
        ("dnxhd_444", "dnxhr_444", 10, "dnxhd_444 cannot be encoded here; dnxhr_444"),
        ("dnxhr_hqx", "dnxhr_hqx", 12, "dnxhr_hqx is encoded in 4:2:2 10 bit, not in 4:2:2 12 bit"),
        ("dnxhr_444", "dnxhr_444", None, "dnxhr_444 is encoded in 4:4:4 10 bit, not in 4:4:4 12 bit"),
    ],
)
def test_what_no_encoder_has_is_replaced_and_said(profile: str, made: str, bits: int | None, said: str) -> None:
    plan = planned(HD, codec="dnxhd", dnx=profile, bits=bits)
    assert (plan.target.dnx, plan.target.picture.bits) == (made, 10)
    assert any(said in line for line in plan.substitutions)


@pytest.mark.parametrize("chroma", [*Chroma])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_bits_of_chroma(chroma: Chroma, bits: int) -> None:
    wanted = {"4:1:0": [8], "4:1:1": [8], "4:4:0": [8, 10, 12]}.get(chroma, [8, 10, 12, 14, 16])
    if bits in wanted:
        assert planned(HD, codec="ffv1", chroma=chroma, bits=bits).target.picture.bits == bits
    else:
        error = refusal(chroma=chroma, bits=bits)
        assert (error.field, str(bits) in error.detail) == ("chromaSubsampling.bits", True)


@pytest.mark.parametrize(
    ("asked", "megabits"),
    [
        ({"dnx": "dnxhd_lb"}, 36),
        ({"dnx": "dnxhd_sq"}, 120),
        ({"dnx": "dnxhd_hq"}, 185),
        ({"dnx": "dnxhd_hqx"}, 185),
        ({"dnx": "dnxhd_sq", "rate": 24}, 115),
        ({"dnx": "dnxhd_sq", "rate": "30000/1001"}, 145),
        ({"dnx": "dnxhd_sq", "rate": 60}, 290),
        ({"dnx": "dnxhd_sq", "size": {"width": 1280, "height": 720}}, 60),
        ({"dnx": "dnxhd_sq", "scan": "interlaced_tff", "rate": 50}, 120),
        ({"dnx": "dnxhr_sq"}, None),
    ],
)
def test_bitrate_of_dnxhd(asked: dict[str, object], megabits: int | None) -> None:
    assert planned(HD, codec="dnxhd", **asked).target.bitrate == (megabits and megabits * 1_000_000)


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"codec": "dnxhd", "dnx": "dnxhd_sq", "size": {"width": 1280, "height": 718}}, "dnxhdHrProfile", "1280x718p"),
        ({"codec": "dnxhd", "dnx": "dnxhd_sq", "rate": 20}, "dnxhdHrProfile", "at 20 is none"),
        ({"codec": "dnxhd", "dnx": "dnxhd_lb", "size": {"width": 1280, "height": 720}}, "dnxhdHrProfile", "DNxHR"),
        ({"codec": "dnxhd", "dnx": "dnxhr_sq", "size": {"width": 160, "height": 90}}, "resolution", "256x120"),
        ({"codec": "xdcam", "size": {"tag": "uhd_4k"}}, "resolution", "1920x1080 or 1280x720"),
        ({"codec": "xdcam", "rate": 50}, "frameRate", "23.976, 24, 25 or 29.97"),
        ({"codec": "mpeg2", "size": {"tag": "uhd_4k"}}, "resolution", "1920x1152"),
        ({"codec": "mpeg2", "rate": 12}, "frameRate", "mpeg2 has 23.976"),
        ({"codec": "prores", "container": "mxf", "rate": 12.5}, "frameRate", "mxf has"),
    ],
)
def test_sizes_and_rates_of_codecs(asked: dict[str, object], field: str, words: str) -> None:
    error = refusal(**asked)
    assert (error.kind, error.field) == (ErrorKind.FIELD_INVALID, field)
    assert words in error.detail


@pytest.mark.parametrize("rate", [24, 25, "24000/1001", "30000/1001"])
def test_xdcam_has_50_megabits_at_its_rates(rate: object) -> None:
    target = planned(HD, container="mxf", codec="xdcam", rate=rate).target
    assert (target.bitrate, target.container, target.gop) == (50_000_000, "mxf", 15 if "3" in str(rate) else 12)


@pytest.mark.parametrize(
    ("codec", "size", "can"),
    [
        *[(codec, "hd_1080p", True) for codec in ("h264", "hevc", "mpeg2", "prores", "ffv1", "xdcam", "dnxhd")],
        *[(codec, (1280, 720), False) for codec in ("xdcam", "dnxhd")],
        ("h264", (1280, 720), True),
    ],
)
def test_interlaced_pictures_of_codecs(codec: str, size: object, can: bool) -> None:
    given = {"tag": size} if isinstance(size, str) else {"width": size[0], "height": size[1]}  # type: ignore[index]
    asked = {"codec": codec, "size": given, "scan": "interlaced_bff", "rate": 50}
    if can:
        assert planned(HD, **asked).target.picture.fields == "bottom_first"
    else:
        error = refusal(**asked)
        assert (error.field, "interlaced" in error.detail) == ("scanning", True)


def test_dnxhr_has_no_fields() -> None:
    assert refusal(codec="dnxhd", dnx="dnxhr_hq", scan="interlaced_tff").field == "scanning"
