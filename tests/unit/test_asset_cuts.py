"""Where an imported picture is cut into segments, and when renditions cannot be switched between."""

from fractions import Fraction
from itertools import accumulate, repeat

import pytest

from telecine.core.asset import AssetPicture
from telecine.core.asset_cuts import check_together, longest_gop, segment_length, segment_starts, timescale
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.media_info import VideoTrack

TICK = Fraction(1, 90_000)


def picture(
    name: str = "v0",
    keys: list[Fraction | float] | None = None,
    *,
    end: Fraction | float = 12,
    time_base: Fraction = TICK,
    shift: Fraction = Fraction(0),
    size: tuple[int, int] = (640, 360),
    codec: str = "h264",
) -> AssetPicture:
    found = keys if keys is not None else [0, 2, 4, 6, 8, 10]
    track = VideoTrack(
        index=0, codec=codec, width=size[0], height=size[1], frame_rate=Fraction(25), duration=Fraction(end),
        pixel_format="yuv420p",
    )  # fmt: skip
    return AssetPicture(
        name=name,
        file=0,
        demuxer="mpegts",
        track=track,
        time_base=time_base,
        shift=shift,
        keyframes=tuple(Fraction(key).limit_denominator(10**7) for key in found),
        end=Fraction(end),
    )


def rounded(gop: Fraction, count: int, scale: int) -> list[Fraction]:
    """Keyframes every `gop` seconds on a clock of `scale` ticks per second."""
    return [Fraction(round(gop * number * scale), scale) for number in range(count)]


def cut(one: AssetPicture, wanted: float) -> list[Fraction]:
    return segment_starts(one.keyframes, segment_length(Fraction(wanted), one), timescale(one))


@pytest.mark.parametrize(
    ("wanted", "starts"), [(4, [0, 4, 8]), (3, [0, 4, 8]), (2.9, [0, 2, 4, 6, 8, 10]), (0.5, [0, 2, 4, 6, 8, 10])]
)
def test_a_segment_is_a_whole_number_of_gops(wanted: float, starts: list[int]):
    assert cut(picture(), wanted) == starts


@pytest.mark.parametrize("scale", [1000, 90_000, 12_800])
@pytest.mark.parametrize("gop", [Fraction(1001, 500), Fraction(48 * 1001, 24_000), Fraction(96, 50)])
def test_rounded_clocks_do_not_make_a_segment_grow_by_a_gop(scale: int, gop: Fraction):
    """Four hours of it."""
    keys = rounded(gop, round(4 * 3600 / gop), scale)
    one = picture(keys=list(keys), end=keys[-1] + gop, time_base=Fraction(1, scale))
    assert cut(one, float(3 * gop)) == keys[::3]


def test_where_gops_differ_each_segment_begins_at_the_next_keyframe():
    keys = list(accumulate([0, 1.2, 3.1, 0.4, 2.2, 2.6, 1.5]))
    assert [float(start) for start in cut(picture(keys=keys), 4)] == [0, 4.3, 9.5]


def test_one_keyframe_is_one_segment():
    assert cut(picture(keys=[0]), 4) == [0]
    assert longest_gop([picture(keys=[0])], Fraction(12)) == 12


def test_renditions_on_different_clocks_that_mean_the_same_are_together():
    first = picture("1080p", rounded(Fraction(1001, 500), 6, 90_000), end=12)
    late = [key + 3600 for key in rounded(Fraction(1001, 500), 6, 24_000)]
    second = picture("720p", late, end=3612, time_base=Fraction(1, 24_000), shift=Fraction(-3600))
    check_together([first, second], Fraction(1001, 500))


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (picture("720p", [0, 2, 4.04, 6.04, 8, 10]), "'720p' has no keyframe at 4.000 s, where a segment of '1080p'"),
        (picture("720p", [0, 2, 3.96, 6, 8, 10]), "'720p' has no keyframe at 4.000 s, where a segment of '1080p'"),
        (picture("720p", [0, 2]), "'720p' has no keyframe at 4.000 s"),
        (picture("720p", shift=Fraction(1, 25)), "'720p' begins +40.0 ms after '1080p'"),
        (picture("720p", end=10.5), "'720p' ends -1500.0 ms after '1080p'"),
    ],
)
def test_renditions_that_are_apart_are_refused_with_name_and_time(second: AssetPicture, words: str):
    with pytest.raises(TelecineError) as raised:
        check_together([picture("1080p"), second], Fraction(4))
    assert raised.value.kind is ErrorKind.ASSET_REFUSED
    assert words in raised.value.message


def test_more_keyframes_than_needed_do_no_harm():
    often = picture("720p", [n / 2 for n in range(24)])
    check_together([picture("1080p"), often], Fraction(4))


def test_a_clock_that_the_packager_cannot_count_in_is_changed():
    assert timescale(picture(time_base=Fraction(1, 12_800))) == 12_800
    assert timescale(picture(time_base=Fraction(1, 10_000_000))) == 90_000
    assert timescale(picture(time_base=Fraction(1, 25))) == 90_000


def test_the_longest_gop_counts_the_last_one_too():
    assert longest_gop([picture(keys=list(accumulate(repeat(1, 4), initial=0)), end=9)], Fraction(9)) == 5
