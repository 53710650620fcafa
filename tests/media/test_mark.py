"""Marked renditions for real: whatever variants a viewer gets, he sees a faultless programme that says which they were.

Pictures are small and few, but all that may differ does: codec, depth, range of light, size, frame rate, rate control.
"""

import random
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest
from tests import clips
from tests.media.marking import KEY, difference_scores, looks, mark, prepare_marked, segment_scores
from tests.media.transcoding import Made, first_frame, frame_digests, keyframes, packet_times, rung

from telecine.core.job import Cbr, Crf
from telecine.core.limits import MediaLimits
from telecine.core.plan import take_track, variant_track
from telecine.core.watermark.pattern import VARIANTS
from telecine.media.context import Context
from telecine.media.encode import encode_chunk
from telecine.media.mark import marked_files
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
    colour = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited:hdr10=1:repeat-headers=1"
    light = f"master-display={clips.MASTERING_DISPLAY}:max-cll={clips.CONTENT_LIGHT}"
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-crf", "8", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"]
    return clips.make(
        ".mp4", "-i", moving(2, size=size), *encoder, *names, "-x265-params", f"log-level=error:{colour}:{light}"
    )


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
    # Tone mapping changes more than the mark does, so the mapped variants are compared with each other.
    assert min(difference_scores(made, 1)) > CERTAIN


def test_all_rates_and_sizes_of_a_ladder_carry_one_mark(tmp_path: Path):
    outputs = (
        rung(640, 360, "h265"),
        rung(640, 360, "h265", frame_rate=Fraction(25), track_id="halved"),
        rung(960, 540, "h264", frame_rate=Fraction(25)),
    )
    made = mark(tmp_path, moving(2, "50"), *outputs, gop_seconds=1, gops_per_segment=1)
    assert [output.frame_rate for output in made.plan.video] == [50, 25, 25]
    for number in range(3):
        check_twins(made, number)
        check_signs(made, number)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_viewer_who_is_switched_at_random_sees_the_very_pictures_of_both(tmp_path: Path, codec: str):
    made = mark(tmp_path, moving(4, "30000/1001"), rung(640, 360, codec), gop_seconds=0.5, gops_per_segment=1)
    length = frames_in_segment(made)
    digests = [frame_digests(variant(made, 0, which)) for which in VARIANTS]
    chance = random.Random(1)
    for _ in range(3):
        choice = [chance.randrange(2) for _ in range(-(-len(digests[0]) // length))]
        switched = switch(made, choice, tmp_path / "switched.mp4")
        command = [clips.tools().ffmpeg, "-v", "error", "-i", switched, "-f", "null", "-"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""
        assert frame_digests(switched) == [digests[choice[n // length]][n] for n in range(len(digests[0]))]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_nothing_but_pictures_differs_in_the_streams(tmp_path: Path, codec: str):
    made = mark(tmp_path, moving(2), rung(640, 360, codec), gop_seconds=1, gops_per_segment=1)
    first, second = (other_units(variant(made, 0, which), codec) for which in VARIANTS)
    assert first == second
    assert not any(word in unit for _, unit in first for word in (b"analysis", b".part", b"delta"))


def test_a_few_pictures_of_the_largest_size(tmp_path: Path):
    source = moving(0.2, "25", "1920x1080")
    made = mark(tmp_path, source, rung(3840, 2160, "h264"))
    assert (made.plan.video[0].width, made.plan.video[0].height) == (3840, 2160)
    check_twins(made)
    check_signs(made)


@pytest.mark.parametrize(
    ("rate", "reuses", "again"),
    [
        pytest.param(Cbr(bitrate=500_000), False, 0, id="constant bitrate"),
        pytest.param(Crf(crf=22), True, 0, id="constant quality"),
        pytest.param(Crf(crf=14, peak=250_000), True, 1, id="a tight peak"),
    ],
)
def test_h265_variants_stay_alike_whatever_rules_their_rate(tmp_path: Path, rate, reuses, again):
    made = mark(tmp_path, moving(3), rung(640, 360, "h265", rate=rate), gop_seconds=1, gops_per_segment=1)
    assert any("analysis-load" in command for command in made.commands) is reuses
    check_twins(made)
    check_signs(made)
    report = load_mark_report(made.workspace)
    assert report.chunks == 1
    assert report.psnr
    assert report.worst_psnr
    assert 45 < report.worst_psnr <= report.psnr < 60
    (told,) = report.renditions
    assert told.bytes == tuple(variant(made, 0, which).stat().st_size for which in VARIANTS)
    assert told.ratio == pytest.approx(1, abs=0.07)
    assert told.encoded_again == again


def test_what_a_broken_off_attempt_left_is_made_whole_and_what_is_whole_is_left(tmp_path: Path):
    made = prepare_marked(tmp_path, moving(2), rung(640, 360), gop_seconds=1, gops_per_segment=1)
    files = marked_files(made.plan, 0, made.workspace)
    context = Context(clips.tools(), MediaLimits(), log=made.commands.append)
    encode_chunk(made.plan, 0, made.workspace, context, KEY)
    before = {name: path.read_bytes() for name, path in files.items()}
    commands = len(made.commands)
    encode_chunk(made.plan, 0, made.workspace, context, KEY)
    assert len(made.commands) == commands, "all was there"
    files[take_track("v0", 1)].unlink()
    encode_chunk(made.plan, 0, made.workspace, context, KEY)
    assert {name: path.read_bytes() for name, path in files.items()} == before
    assert not list(made.workspace.temporaries())
    assert not [path for folder in ("delta", "analysis") for path in tmp_path.glob(f"{folder}/*")]


def frames_in_segment(made: Made) -> int:
    return int(made.plan.segment * made.plan.video[0].frame_rate)


def switch(made: Made, choice: Sequence[int], target: Path) -> Path:
    """The programme of a viewer who gets variant `choice[n]` of segment n."""
    length = frames_in_segment(made)
    with av.open(variant(made, 0, 0)) as first, av.open(variant(made, 0, 1)) as second, av.open(target, "w") as mixed:
        stream = mixed.add_stream_from_template(first.streams.video[0])
        packets = [[p for p in container.demux(video=0) if p.size] for container in (first, second)]
        for number in range(len(packets[0])):
            packet = packets[choice[number // length]][number]
            packet.stream = stream
            mixed.mux(packet)
    return target


def other_units(path: Path, codec: str) -> list[tuple[int, bytes]]:
    """Whatever in a stream is no slice of a picture, with the number of its picture in stored order."""
    found = []
    with av.open(path) as container:
        header = container.streams.video[0].codec_context.extradata or b""
        for number, packet in enumerate(container.demux(video=0)):
            data = bytes(packet)
            while data:
                size = int.from_bytes(data[:4])
                unit, data = data[4 : 4 + size], data[4 + size :]
                is_slice = 1 <= unit[0] & 31 <= 5 if codec == "h264" else unit[0] >> 1 & 63 < 32
                if not is_slice:
                    found.append((number, unit))
    return [(-1, header), *found]
