"""Progress of an encode is told in media seconds, and a hang is noticed although ffmpeg goes on talking."""

from fractions import Fraction

import pytest

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.progress import Tick
from telecine.media.ffmpeg_progress import FfmpegProgress


def block(frame: int, out_time_us: str = "0", speed: str = "N/A", end: str = "continue") -> list[str]:
    return [f"frame={frame}", "fps=25.0", f"out_time_us={out_time_us}", f"speed={speed}", f"progress={end}"]


def told(rate: Fraction | None, *lines: str) -> list[Tick]:
    ticks: list[Tick] = []
    progress = FfmpegProgress(Fraction(10), rate, ticks.append, 300)
    feed(progress, *lines)
    return ticks


def feed(progress: FfmpegProgress, *lines: str) -> None:
    for line in lines:
        progress(line)


def test_frames_count_for_pictures():
    lines = [*block(0), *block(50, speed=" 1.5x"), *block(260, end="end")]
    assert told(Fraction(25), *lines) == [Tick(0, 10), Tick(2, 10, 1.5), Tick(10, 10)]


def test_time_counts_for_sound_alone():
    lines = [*block(0, "N/A"), *block(0, "-21333"), *block(0, "2500000", "40x")]
    assert told(None, *lines) == [Tick(0, 10), Tick(0, 10), Tick(2.5, 10, 40)]


def test_nothing_is_told_within_a_block():
    assert told(Fraction(25), *block(5)[:-1]) == []


def test_no_movement_at_all_is_a_stall():
    progress = FfmpegProgress(Fraction(10), Fraction(25), lambda _tick: None, stall_seconds=-1)
    feed(progress, *block(5), *block(6))
    with pytest.raises(TelecineError) as stalled:
        feed(progress, *block(6))
    assert stalled.value.kind is ErrorKind.STALLED


def test_a_stop_goes_through():
    def stop(_tick: Tick) -> None:
        raise Cancelled

    progress = FfmpegProgress(Fraction(10), Fraction(25), stop, 300)
    with pytest.raises(Cancelled):
        feed(progress, *block(5))
