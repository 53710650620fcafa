"""What is read of a segment: wrong keys get what chance gives, the right one its sign, and doubt is put into words."""

import numpy as np
import pytest

from telecine.core.watermark.pattern import decoy_key, derive_mark_key, field_of
from telecine.core.watermark.reading import DECOYS, NOT_LAID, TAILS, Null, poisson_tail, read_sums
from telecine.core.watermark.statistic import Sums, amplitude, clearness, deviations, without

KEY = derive_mark_key(bytes(range(32)), "DEMO", "film")
CELLS = 36 * 64
RANDOM = np.random.default_rng(3)


def never() -> None:
    """Nobody stops the work."""


def fields(numbers: range, position: int = 0) -> np.ndarray:
    return np.stack([field_of(decoy_key(KEY, number), position).ravel() for number in numbers])


def footage(kind: str) -> np.ndarray:
    """Cells as footage of a kind gives them, without any mark."""
    noise = RANDOM.normal(size=CELLS)
    if kind == "smooth":
        return np.cumsum(noise)
    if kind == "wild":
        return noise * np.exp(2 * RANDOM.normal(size=CELLS))
    if kind == "cropped":
        return noise * (np.arange(CELLS) % 64 < 20)
    return noise


def marked(position: int, sign: int, noise: float, pictures: int = 12) -> Sums:
    cells = sign * field_of(KEY, position).ravel() + noise * RANDOM.normal(size=CELLS)
    return Sums(cells.astype(np.float64) * pictures, float(CELLS * pictures), pictures)


@pytest.mark.parametrize("kind", ["even", "smooth", "wild", "cropped"])
def test_wrong_keys_get_a_standard_normal_number_whatever_the_footage(kind):
    z = deviations(footage(kind), fields(range(20_000)))
    assert abs(z.mean()) < 5 / np.sqrt(len(z))
    assert abs(z.std() - 1) < 5 / np.sqrt(2 * len(z))
    for limit, share in TAILS.items():
        assert poisson_tail(int(np.count_nonzero(abs(z) > limit)), share * len(z)) > 1e-6


@pytest.mark.parametrize("sign", [1, -1])
def test_the_right_key_gets_the_sign_of_the_variant(sign):
    reading = read_sums({3: marked(3, sign, 4.0)}, KEY, 5, 2.0, never)
    assert 8 < sign * reading.z[3] < 18  # 48 / 4
    assert np.isnan(np.delete(reading.z, 3)).all()
    assert not reading.objections
    assert reading.segment_seconds == 2.0


def test_a_clear_mark_is_not_its_own_noise():
    z = deviations(marked(0, 1, 0.1).cells, field_of(KEY, 0).reshape(1, -1))[0]
    assert 400 < z < 560  # 48 / 0.1; without care for it no more than 48
    wrong = deviations(without(marked(0, 1, 0.1).cells, field_of(KEY, 0).ravel()), fields(range(4000)))
    assert abs(wrong.std() - 1) < 0.06


def test_sums_of_a_segment_add_up():
    parts = [marked(1, 1, 6.0, pictures=3) for _ in range(4)]
    whole = parts[0] + parts[1] + parts[2] + parts[3]
    assert whole.pictures == 12
    assert whole.power == pytest.approx(sum(part.power for part in parts))
    field = field_of(KEY, 1).reshape(1, -1)
    single = [deviations(part.cells, field)[0] for part in parts]
    assert deviations(whole.cells, field)[0] == pytest.approx(np.sqrt(4) * np.mean(single), rel=0.15)
    assert amplitude(whole, field[0]) == pytest.approx(1, abs=0.1)


def test_both_variants_averaged_say_nothing():
    both = marked(2, 1, 3.0) + marked(2, -1, 3.0)
    assert abs(deviations(both.cells, field_of(KEY, 2).reshape(1, -1))[0]) < 4.5


def test_clearness_knows_no_variant():
    one = marked(0, 1, 2.0)
    field = field_of(KEY, 0).ravel()
    other = Sums(without(one.cells, field) * 2 - one.cells, one.power, one.pictures)
    assert amplitude(other, field) == pytest.approx(-amplitude(one, field), rel=1e-6)
    assert clearness(other.power, without(other.cells, field)) == pytest.approx(
        clearness(one.power, without(one.cells, field)), rel=1e-6
    )


def test_a_glimpse_of_a_segment_says_nothing():
    sums = {place: marked(place, 1, 3.0) for place in range(6)}
    hardly = marked(6, 1, 3.0)
    sums[6] = Sums(hardly.cells, hardly.power / 10, hardly.pictures)
    sums[7] = marked(7, 1, 3.0, pictures=1)
    reading = read_sums(sums, KEY, 8, 2.0, never)
    assert np.isfinite(reading.z[:6]).all()
    assert np.isnan(reading.z[6:]).all()
    assert reading.pictures == (12,) * 7 + (1,)


def test_a_segment_that_hangs_on_a_few_cells_says_nothing():
    cells = np.zeros(CELLS)
    cells[:10] = field_of(KEY, 0).ravel()[:10]
    reading = read_sums({0: Sums(cells, 10.0, 12)}, KEY, 1, 2.0, never)
    assert np.isnan(reading.z).all()
    assert reading.objections == (NOT_LAID,)


def test_nothing_gathered_is_an_objection():
    reading = read_sums({}, KEY, 4, 2.0, never)
    assert reading.objections == (NOT_LAID,)
    assert len(reading.z) == 4
    assert np.isnan(reading.z).all()


def test_positions_beyond_the_title_are_not_read():
    assert read_sums({-1: marked(0, 1, 3.0), 9: marked(9, 1, 3.0)}, KEY, 4, 2.0, never).objections == (NOT_LAID,)


def test_wrong_keys_are_counted_over_all_segments():
    reading = read_sums({place: marked(place, -1, 5.0) for place in range(10)}, KEY, 10, 2.0, never)
    assert reading.null.count == 10 * DECOYS
    assert abs(reading.null.deviation - 1) < 0.06
    assert reading.objections == ()
    assert 0.9 < reading.amplitude < 1.1


def test_the_work_can_be_stopped():
    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        read_sums({0: marked(0, 1, 3.0)}, KEY, 1, 2.0, stop)


@pytest.mark.parametrize(
    ("null", "words"),
    [
        (Null(20_000, 1.08, 0.0, (60, 1)), "deviate by 1.080"),
        (Null(20_000, 0.92, 0.0, (40, 1)), "deviate by 0.920"),
        (Null(20_000, 1.0, 0.0, (120, 1)), "beyond 3 deviations 120 times in 20,000"),
        (Null(20_000, 1.0, 0.0, (54, 12)), "beyond 4 deviations 12 times"),
        (Null(20_000, 1.0, 0.5, (54, 1)), "kurtosis 0.500"),
        (Null(20_000, float("nan"), 0.0, (0, 0)), "the reading failed"),
    ],
)
def test_wrong_keys_that_do_otherwise_than_chance_are_an_objection(null, words):
    (objection,) = null.objections()
    assert words in objection


@pytest.mark.parametrize("null", [Null(), Null(400, 1.1, 0.3, (3, 0)), Null(800_000, 1.004, 0.01, (2250, 60))])
def test_what_chance_may_give_is_none(null):
    assert null.objections() == ()


def test_tails_of_chance_are_exact():
    assert poisson_tail(1, 1.0) == pytest.approx(1.0)  # no more than the mean is never remarkable
    assert poisson_tail(2, 1.0) == pytest.approx(1 - 2 / np.e, rel=1e-6)
    assert poisson_tail(10, 1.0) == pytest.approx(1.11425e-7, rel=1e-4)
    assert poisson_tail(1, 0.0) == 0.0
