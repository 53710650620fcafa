"""Marked renditions for real: whatever variants a viewer gets, he sees a faultless programme, and it says which they were.

Pictures are small and few, but all that may differ does: codec, depth, range of light, size, frame rate, rate control.
"""

import random
from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import pytest
from tests import clips
from tests.media.marking import KEY, frames_of, looks, mark, prepare_marked, segment_scores
from tests.media.transcoding import Made, first_frame, keyframes, packet_times, rung

from telecine.core.job import Cbr, Crf, Vbr
from telecine.core.limits import MediaLimits
from telecine.core.plan import take_track, variant_track
from telecine.core.watermark.pattern import VARIANTS
from telecine.media.context import Context
from telecine.media.encode import encode_chunk
from telecine.media.mark import TAKES, marked_files
from telecine.media.mark_report import load_mark_report

CERTAIN = 6
"""A correlation, in deviations of decoys, that chance does not make."""


def moving(seconds: float = 3, rate: str = "25", size: str = "640x360") -> Path:
    """Clouds of many sizes that drift, as a camera's picture would: a test card has too much that is quite flat."""
    wave = "+".join(f"{18 / n:.1f}*sin((X*{n}+Y*{7 - n})/({70 * n}/{n})+T*{n})" for n in range(1, 7))
    graph = f"nullsrc=s=320x180:r={rate}:d={seconds},geq=lum='120+{wave}':cb=128:cr=128,noise=alls=6:allf=t:all_seed=1"
    source = ["-f", "lavfi", "-i", f"{graph},scale={size.replace('x', ':')}:flags=bicubic"]
    return clips.make(".mp4", *source, "-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "8")


def hdr10(size: str = "640x360") -> Path:
    """The same in 10 bits, said to be PQ and BT.2020."""
    names = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv"]
    parameters = f"log-level=error:master-display={clips.MASTERING_DISPLAY}:max-cll={clips.CONTENT_LIGHT}:hdr10=1"
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-crf", "8", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"]
    return clips.make(".mp4", "-i", moving(2, size=size), *encoder, *names, "-x265-params", parameters)


def variant(made: Made, number: int, which: int) -> Path:
    return made.workspace.video(variant_track(f"v{number}", which))


def check_signs(made: Made, number: int = 0) -> None:
    """Every segment of either variant says which it is."""
    for which, sign in zip(VARIANTS, (1, -1), strict=True):
        scores = segment_scores(made, variant(made, number, which))
        assert len(scores) == -(-made.plan.duration // made.plan.segment)
        assert all(sign * score > CERTAIN for score in scores), (number, which, scores)


def check_twins(made: Made, number: int = 0) -> None:
    """Both variants have the same pictures at the same times, closed GOPs, and about the same size."""
    first, second = (variant(made, number, which) for which in VARIANTS)
    output = made.plan.video[number]
    assert [(pts, duration, key) for pts, _, duration, key in sorted(packet_times(first))] == [
        (pts, duration, key) for pts, _, duration, key in sorted(packet_times(second))
    ]
    segments = -(-made.plan.duration // made.plan.segment)
    assert keyframes(first) == keyframes(second) == [n * made.plan.segment for n in range(segments)]
    times = [time for time, _ in looks(first)]
    assert times == [n / output.frame_rate for n in range(len(times))]
    assert len(times) == made.plan.duration * output.frame_rate
    assert 0.93 < second.stat().st_size / first.stat().st_size < 1.07


SDR = pytest.param("yuv420p", id="8 bit")


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_each_segment_of_each_variant_says_which_it_is(tmp_path: Path, codec: str):
    made = mark(tmp_path, moving(3), rung(640, 360, codec), gop_seconds=1, gops_per_segment=1, chunk_seconds=2)
    assert len(made.plan.chunks) == 2, "the mark must go on from chunk to chunk"
    check_twins(made)
    check_signs(made)


def test_high_dynamic_range_is_marked_in_ten_bits_and_stays_what_it_is(tmp_path: Path):
    outputs = (rung(640, 360, "h265"), rung(640, 360, "h264"))
    made = mark(tmp_path, hdr10(), *outputs, gop_seconds=1, gops_per_segment=1)
    assert [output.pixel_format for output in made.plan.video] == ["yuv420p10le", "yuv420p"]
    assert made.plan.video[1].tone_map
    for which in VARIANTS:
        told = first_frame(variant(made, 0, which))
        assert "color_transfer=smpte2084" in told
        assert "max_content=1000" in told
    check_twins(made)
    check_signs(made)
    check_twins(made, 1)


def test_all_rates_and_sizes_of_a_ladder_carry_one_mark(tmp_path: Path):
    outputs = (
        rung(640, 360, "h265"),
        rung(640, 360, "h265", frame_rate=25.0, track_id="halved"),
        rung(960, 540, "h264", frame_rate=25.0),
    )
    made = mark(tmp_path, moving(2, "50"), *outputs, gop_seconds=1, gops_per_segment=1)
    assert [output.frame_rate for output in made.plan.video] == [50, 25, 25]
    for number in range(3):
        check_twins(made, number)
        check_signs(made, number)
