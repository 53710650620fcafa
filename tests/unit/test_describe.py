"""ffprobe's words for streams become ours."""

from typing import Any

import pytest

from telecine.media import describe

MATRIX = "\n00000000: {} {} 0\n00000001: {} {} 0\n00000002: 0 0 1073741824\n"
HDR = {
    "side_data_type": "Mastering display metadata",
    **{"red_x": "34000/50000", "red_y": "16000/50000", "green_x": "13250/50000", "green_y": "34500/50000"},
    **{"blue_x": "7500/50000", "blue_y": "3000/50000", "white_point_x": "15635/50000", "white_point_y": "16450/50000"},
    **{"min_luminance": "50/10000", "max_luminance": "10000000/10000"},
}


@pytest.mark.parametrize(
    ("pixel_format", "bits"),
    [
        ("yuv420p", 8),
        ("yuvj422p", 8),
        ("nv12", 8),
        ("yuv420p10le", 10),
        ("yuv422p12be", 12),
        ("p010le", 10),
        ("p016le", 16),
        ("gray10le", 10),
        ("gbrp10le", 10),
        ("gbrap12le", 12),
        ("yuva444p16le", 16),
        ("xv36le", 12),
        ("y210le", 10),
        ("x2rgb10le", 10),
        ("rgb24", 8),
        ("rgba", 8),
        ("rgb48le", 16),
        ("rgba64be", 16),
        ("", 8),
    ],
)
def test_bit_depth(pixel_format: str, bits: int) -> None:
    assert describe.bit_depth(pixel_format) == bits


@pytest.mark.parametrize(("told", "clockwise"), [(-90, 90), (90, 270), (180, 180), (-180, 180), (0, 0), (-89.6, 90)])
def test_rotation_is_clockwise(told: float, clockwise: int) -> None:
    assert describe.rotation([{"rotation": told}]) == clockwise


def test_no_rotation_is_none() -> None:
    assert describe.rotation([]) == 0


def test_mirroring_is_told_from_turning() -> None:
    assert describe.mirrored([{"displaymatrix": MATRIX.format(-65536, 0, 0, 65536)}])
    assert not describe.mirrored([{"displaymatrix": MATRIX.format(0, 65536, -65536, 0)}])
    assert not describe.mirrored([])


def test_mastering_display_in_the_encoder_s_notation() -> None:
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    assert describe.mastering_display([HDR]) == display
    assert describe.mastering_display([{"side_data_type": "Mastering display metadata"}]) == ""
    assert describe.mastering_display([]) == ""


def test_content_light_in_the_encoder_s_notation() -> None:
    light = {"side_data_type": "Content light level metadata", "max_content": 1000, "max_average": 400}
    assert describe.content_light([HDR, light]) == "1000,400"
    assert describe.content_light([HDR]) == ""


@pytest.mark.parametrize(
    ("declared", "frames", "order"),
    [
        ("progressive", [], "progressive"),
        ("tt", [], "top_first"),
        ("bb", [], "bottom_first"),
        ("tb", [], "top_first"),
        ("bt", [], "bottom_first"),
        ("", [], "unknown"),
        ("", [{"interlaced_frame": 0}], "progressive"),
        ("", [{"interlaced_frame": 1, "top_field_first": 1}], "top_first"),
        ("progressive", [{"interlaced_frame": 1, "top_field_first": 0}] * 3, "bottom_first"),
        ("progressive", [{"interlaced_frame": 1}, {"interlaced_frame": 0}, {"interlaced_frame": 0}], "progressive"),
        ("tt", [{"interlaced_frame": 0}], "top_first"),
        ("tb", [{"interlaced_frame": 1, "top_field_first": 1}], "top_first"),
        ("tt", [{"interlaced_frame": 1, "top_field_first": 0}] * 3, "bottom_first"),
    ],
)
def test_field_order(declared: str, frames: list[dict[str, Any]], order: str) -> None:
    assert describe.field_order(declared, frames) == order


@pytest.mark.parametrize(
    ("text", "value"), [("30000/1001", 30000 / 1001), ("4:3", 4 / 3), ("0/0", None), ("N/A", None)]
)
def test_ratio(text: str, value: float | None) -> None:
    found = describe.ratio(text)
    assert found is None if value is None else float(found or 0) == pytest.approx(value)


def test_cover_art_is_no_video() -> None:
    cover = {"codec_type": "video", "disposition": {"attached_pic": 1}}
    film = {"codec_type": "video", "disposition": {"attached_pic": 0}}
    assert describe.pictures([cover, film, {"codec_type": "audio"}]) == [film]


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("eng", "en"),
        ("en", "en"),
        ("EN-us", "en"),
        ("kor", "ko"),
        ("ger", "de"),
        ("deu", "de"),
        ("fil", "fil"),
        ("und", ""),
        ("", ""),
        ("x1", ""),
        ("klingon", ""),
    ],
)
def test_languages(code: str, language: str) -> None:
    from telecine.core.languages import of_tag

    assert of_tag(code) == language


@pytest.mark.parametrize(
    ("pixel_format", "subsampling"),
    [
        ("yuv420p", "4:2:0"),
        ("yuvj422p", "4:2:2"),
        ("yuva444p10le", "4:4:4"),
        ("yuv410p", "4:1:0"),
        ("yuv411p", "4:1:1"),
        ("yuv440p12le", "4:4:0"),
        ("uyvy422", "4:2:2"),
        ("uyyvyy411", "4:1:1"),
        ("nv12", "4:2:0"),
        ("p010le", "4:2:0"),
        ("p210le", "4:2:2"),
        ("p416le", "4:4:4"),
        ("y210le", "4:2:2"),
        ("xv30le", "4:4:4"),
        ("vuya", "4:4:4"),
        ("rgb24", ""),
        ("gbrp10le", ""),
        ("gray", ""),
        ("", ""),
    ],
)
def test_chroma_subsampling(pixel_format: str, subsampling: str) -> None:
    assert describe.chroma(pixel_format) == subsampling
