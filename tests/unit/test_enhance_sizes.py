"""Sizes and shapes of pixels: tags fit inside their frame, the shape shown is kept, samples of chroma stay whole."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.found import findings, interlaced, media, planned, track

from telecine.core.enhance.options import Chroma, Codec
from telecine.core.enhance.resolution import Frame, steps, target_frame
from telecine.core.enhance.spec import Size
from telecine.core.errors import TelecineError
from telecine.core.media_info import VideoTrack

PAL_4_3 = {"width": 720, "height": 576, "sample_aspect": Fraction(16, 15)}
SQUARE = Fraction(1)


@pytest.mark.parametrize(
    ("source", "size", "made"),
    [
        ({"width": 560, "height": 320}, {"tag": "hd_1080p"}, (1890, 1080, SQUARE)),
        ({"width": 1280, "height": 720}, {"tag": "hd_1080p"}, (1920, 1080, SQUARE)),
        ({"width": 1280, "height": 720}, {"tag": "uhd_4k"}, (3840, 2160, SQUARE)),
        ({"width": 1280, "height": 720}, {"tag": "uhd_8k"}, (7680, 4320, SQUARE)),
        ({"width": 848, "height": 480}, {"tag": "hd_1080p"}, (1908, 1080, SQUARE)),
        ({"width": 1918, "height": 1080}, {"tag": "hd_1080p"}, (1920, 1080, SQUARE)),
        ({"width": 1920, "height": 804}, {"tag": "uhd_4k"}, (3840, 1608, SQUARE)),
        (PAL_4_3, {"tag": "hd_1080p"}, (1536 * 15 // 16, 1080, SQUARE)),
        ({"width": 1920, "height": 1080, "rotation": 90}, {"tag": "hd_1080p"}, (1080, 608, SQUARE)),
        ({"width": 3840, "height": 2160}, {"tag": "hd_1080p"}, (1920, 1080, SQUARE)),
        (PAL_4_3, {"tag": "2x"}, (1440, 1152, Fraction(16, 15))),
        ({"width": 426, "height": 240}, {"tag": "3x"}, (1278, 720, SQUARE)),
        ({"width": 426, "height": 240}, {"tag": "4x"}, (1704, 960, SQUARE)),
        (PAL_4_3, {"tag": "no_scaling"}, (720, 576, Fraction(16, 15))),
        (PAL_4_3, None, (720, 576, Fraction(16, 15))),
        (PAL_4_3, {"height": 1080}, (1440, 1080, SQUARE)),
        (PAL_4_3, {"width": 1440, "aspect": "display"}, (1440, 1080, SQUARE)),
        (PAL_4_3, {"height": 1152, "aspect": "storage"}, (1440, 1152, Fraction(16, 15))),
        (PAL_4_3, {"height": 1080, "aspect": "16:9"}, (1920, 1080, SQUARE)),
        ({"width": 1920, "height": 1080}, {"width": 640, "aspect": "4:3"}, (640, 480, SQUARE)),
        (PAL_4_3, {"width": 1440, "height": 1080}, (1440, 1080, SQUARE)),
        (PAL_4_3, {"width": 1440, "height": 1152}, (1440, 1152, Fraction(16, 15))),
        (PAL_4_3, {"width": 1000, "height": 1000}, (1000, 1000, SQUARE)),
    ],
)
def test_size(source: dict[str, Any], size: dict[str, Any] | None, made: tuple[int, int, Fraction]) -> None:
    wanted = Size.model_validate(size) if size is not None else None
    assert target_frame(wanted, track(**source), (2, 2)) == made


@pytest.mark.parametrize("tag", ["3x", "4x"])
def test_a_factor_beyond_the_largest_picture(tag: Any) -> None:
    with pytest.raises(TelecineError) as refused:
        target_frame(Size(tag=tag), track(width=3840, height=2160), (2, 2))
    assert refused.value.field == "resolution.tag"


@pytest.mark.parametrize(
    ("chroma", "fields", "codec", "step"),
    [
        (Chroma.C420, "progressive", Codec.H264, (2, 2)),
        (Chroma.C420, "top_first", Codec.H264, (2, 4)),
        (Chroma.C422, "progressive", Codec.PRORES, (2, 1)),
        (Chroma.C422, "bottom_first", Codec.PRORES, (2, 2)),
        (Chroma.C444, "progressive", Codec.HEVC, (1, 1)),
        (Chroma.C410, "progressive", Codec.FFV1, (1, 1)),
        (Chroma.C410, "top_first", Codec.FFV1, (4, 8)),
    ],
)
def test_whole_samples_of_chroma(chroma: Chroma, fields: Any, codec: Codec, step: tuple[int, int]) -> None:
    assert steps(chroma, fields, codec) == step


def test_an_odd_source_loses_a_row_and_is_told_so() -> None:
    plan = planned(findings(media(track(width=427, height=241))), codec="h264")
    assert (plan.target.picture.width, plan.target.picture.height) == (426, 240)
    assert "the chroma has no whole samples in 427x241; 426x240 is made instead." in plan.substitutions
    assert [stage.engine for stage in plan.stages] == ["ffmpeg-bicubic"]


def test_an_odd_source_stays_as_it_is_in_ffv1() -> None:
    plan = planned(findings(media(track(width=427, height=241))), codec="ffv1")
    assert (plan.target.picture.width, plan.target.picture.height, plan.stages) == (427, 241, ())


def test_an_odd_size_that_was_asked_for_is_told() -> None:
    plan = planned(size={"width": 1001, "height": 500})
    assert plan.target.picture.width == 1000
    assert any("1001x500" in line for line in plan.substitutions)


def test_486_interlaced_lines_are_no_whole_samples_of_fields() -> None:
    """Two rows of chroma for each field: 486 is none, so that the picture is scaled, which fields must not see."""
    found = interlaced("bottom_first", media(track(width=720, height=486)))
    plan = planned(found, codec="h264")
    assert plan.target.picture.height == 484
    assert [stage.option for stage in plan.stages] == ["deinterlacer", "scaler", "scanning"]


sources = st.builds(
    track,
    width=st.integers(16, 4096),
    height=st.integers(16, 2304),
    sample_aspect=st.fractions(Fraction(1, 2), Fraction(2), max_denominator=60),
    rotation=st.sampled_from([0, 90, 180, 270]),
)


@given(source=sources, tag=st.sampled_from(["hd_1080p", "uhd_4k", "uhd_8k"]))
def test_a_tag_fills_its_frame_in_the_shape_shown(source: VideoTrack, tag: Any) -> None:
    wide, high = {"hd_1080p": (1920, 1080), "uhd_4k": (3840, 2160), "uhd_8k": (7680, 4320)}[tag]
    try:
        frame: Frame = target_frame(Size(tag=tag), source, (2, 2))
    except TelecineError:
        return  # as narrow as no picture may be, or turned and too high
    shown = (frame.height, frame.width) if source.rotation in (90, 270) else (frame.width, frame.height)
    assert shown[0] <= wide
    assert shown[1] <= high
    assert shown[0] == wide or shown[1] == high
    assert frame.width % 2 == frame.height % 2 == 0
    error = abs(Fraction(shown[0], shown[1]) / source.display_aspect - 1)
    assert error <= Fraction(4, min(shown))
