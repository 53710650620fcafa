"""Packet times tell start, duration, frame rate, and whether the rate varies."""

from fractions import Fraction

import pytest

from telecine.media.packets import PacketScan, PictureTiming, StreamPackets, picture_timing

MILLISECOND = Fraction(1, 1000)
NTSC_FILM = Fraction(24000, 1001)
NTSC_FIELDS = Fraction(60000, 1001)


def timing(times: list[int], base: Fraction, declared: list[Fraction] | None = None, last: int = 0) -> PictureTiming:
    packets = StreamPackets(keep_times=True)
    for number, time in enumerate(times):
        packets.add(time, last if number == len(times) - 1 else 0, 100, "K__" if number == 0 else "___")
    found = picture_timing(packets, base, declared or [])
    assert found
    return found


def at(rate: Fraction, base: Fraction, count: int, start: int = 0) -> list[int]:
    """Times of `count` pictures of `rate`, rounded to ticks of `base`."""
    return [start + round(number / rate / base) for number in range(count)]


@pytest.mark.parametrize("rate", [Fraction(24), NTSC_FILM, Fraction(25), Fraction(50), NTSC_FIELDS, Fraction(120)])
@pytest.mark.parametrize("base", [MILLISECOND, Fraction(1, 90_000), Fraction(1, 600)])
def test_rounded_times_are_still_a_constant_rate(rate: Fraction, base: Fraction) -> None:
    found = timing(at(rate, base, 1500), base)
    assert found.rate == rate
    assert not found.variable
    assert found.frames == 1500
    assert found.duration == pytest.approx(1500 / rate, abs=float(base))


def test_the_container_is_believed_where_a_short_clip_cannot_tell() -> None:
    assert timing(at(NTSC_FILM, MILLISECOND, 24), MILLISECOND, [NTSC_FILM]).rate == NTSC_FILM


def test_the_container_is_not_believed_against_the_packets() -> None:
    found = timing(at(Fraction(25), MILLISECOND, 100), MILLISECOND, [Fraction(50), Fraction(90_000)])
    assert found.rate == 25
    assert not found.variable


def test_a_missing_picture_makes_the_rate_variable_but_does_not_change_it() -> None:
    times = at(Fraction(30), Fraction(1, 90_000), 300)
    del times[100]
    found = timing(times, Fraction(1, 90_000), [Fraction(2990, 100)])
    assert found.variable
    assert found.rate == 30
    assert found.duration == 10


def test_a_slow_drift_is_found() -> None:
    found = timing(at(Fraction(2998, 100), Fraction(1, 90_000), 20_000), Fraction(1, 90_000), [Fraction(2998, 100)])
    assert found.variable
    assert found.rate == Fraction(30_000, 1001)


def test_pictures_out_of_order_are_put_in_order() -> None:
    found = timing([0, 3, 1, 2, 6, 4, 5], Fraction(1, 25))
    assert (found.start, found.duration, found.frames, found.rate) == (0, Fraction(7, 25), 7, 25)


def test_a_start_that_is_not_zero_is_kept_exactly() -> None:
    found = timing(at(Fraction(25), Fraction(1, 90_000), 50, start=128_090), Fraction(1, 90_000))
    assert found.start == Fraction(12809, 9000)
    assert found.duration == 2


def test_a_last_picture_that_stays_counts_with_its_time() -> None:
    assert timing([0, 40, 80], MILLISECOND, last=2000).duration == Fraction(2080, 1000)


def test_one_picture_without_a_named_rate_gets_a_usual_one() -> None:
    assert timing([0], MILLISECOND).rate == 25


def test_one_picture_has_the_rate_that_the_container_names() -> None:
    found = timing([0], MILLISECOND, [Fraction(25)])
    assert (found.rate, found.duration, found.variable) == (25, Fraction(1, 25), False)


@pytest.mark.parametrize(("rate", "found_rate"), [(Fraction(240), 120), (Fraction(1, 10), 1)])
def test_a_rate_out_of_range_is_put_on_the_nearest_cadence(rate: Fraction, found_rate: int) -> None:
    found = timing(at(rate, Fraction(1, 90_000), 50), Fraction(1, 90_000), [rate], last=int(90_000 / rate))
    assert (found.rate, found.variable, found.frames) == (found_rate, True, 50)
    assert found.duration == 50 / rate


def test_no_packets_have_no_timing() -> None:
    assert picture_timing(StreamPackets(), MILLISECOND, []) is None


def test_pictures_before_the_first_decodable_one_do_not_count() -> None:
    scan = PacketScan(0)
    for line in ("0,0,0,40,10,___", "0,40,40,40,10,___", "0,80,80,40,10,K__", "0,120,120,40,10,___"):
        scan.line(line)
    packets = scan.streams[0]
    assert packets.before_key == 2
    found = picture_timing(packets, MILLISECOND, [], first_shown=80)
    assert found
    assert (found.start, found.frames, found.duration) == (Fraction(80, 1000), 2, Fraction(80, 1000))


def test_discarded_packets_are_not_heard() -> None:
    scan = PacketScan(None)
    for line in ("1,-1024,-1024,1024,9,KD_,Skip Samples", "1,0,0,1024,9,K__", "1,1024,1024,200,9,K__"):
        assert scan.line(line) == 1
    packets = scan.streams[1]
    assert (packets.first, packets.end, packets.count, packets.bytes) == (0, 1224, 3, 27)
    assert not packets.times


@pytest.mark.parametrize("line", ["", "garbage", "x,0,0,1,1,K__", "0,N/A,N/A,1,1,K__", "0,1,1"])
def test_lines_without_a_time_are_skipped(line: str) -> None:
    assert PacketScan(0).line(line) is None


def test_encrypted_packets_are_noticed() -> None:
    scan = PacketScan(None)
    scan.line("0,0,0,512,10,K__")
    assert not scan.encrypted
    scan.line("0,512,512,512,10,K__,Encryption info")
    assert scan.encrypted


def test_decoding_times_are_moved_to_when_pictures_are_shown() -> None:
    packets = StreamPackets(keep_times=True)
    packets.shift(2)
    assert (packets.first, packets.end) == (None, None)
    for time in range(3):
        packets.add(time, 1, 10, "K")
    packets.shift(2)
    assert (packets.first, packets.end, list(packets.times)) == (2, 5, [2, 3, 4])
