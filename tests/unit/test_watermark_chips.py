"""Chips of an individual copy: a picture's 72 marks are read each by itself, and wrong keys get what chance gives."""

import numpy as np
import pytest

from telecine.core.distribution import MOST_RECIPIENTS
from telecine.core.watermark.accuse import Method
from telecine.core.watermark.bias import Family
from telecine.core.watermark.chips import chip_bearing, chip_deviations, in_chips, normal, without_chips
from telecine.core.watermark.pattern import decoy_key
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.reading import TAILS, poisson_tail, read_sums
from telecine.core.watermark.recipients import (
    CHIPS,
    derive_recipient_keys,
    individual_field,
    name_of,
    words_of,
)
from telecine.core.watermark.report import Outcome, make_report
from telecine.core.watermark.statistic import Sums

KEYS = derive_recipient_keys(bytes(range(32)), "DEMO", "film", Family.UNIFORM)
CELLS = 36 * 64


def never() -> None:
    """Nobody stops the work."""


def footage(kind: str) -> np.ndarray:
    """Cells as footage of a kind gives them, without any mark."""
    random = np.random.default_rng(7)
    noise = random.normal(size=CELLS)
    if kind == "smooth":
        return np.cumsum(noise)
    if kind == "wild":
        return noise * np.exp(2 * random.normal(size=CELLS))
    if kind == "cropped":
        return noise * (np.arange(CELLS) % 64 < 20)
    if kind == "held":
        return noise.clip(-2, 2)
    return noise


def picture(recipient: int, group: int, noise: float, seed: int = 1) -> Sums:
    """What one picture of a recipient's copy says of a group."""
    random = np.random.default_rng((seed, group))
    cells = individual_field(KEYS, recipient, group).ravel() + noise * random.normal(size=CELLS)
    return Sums(cells.astype(np.float64), float(CELLS), 1)


@pytest.mark.parametrize("kind", ["even", "smooth", "wild", "cropped", "held"])
def test_wrong_keys_get_a_standard_normal_number_from_so_few_cells_too(kind):
    """A hundred thousand trials for each kind of footage."""
    cells = footage(kind)
    parts = [in_chips(cells, decoy_key(KEYS.mark, number), 5) for number in range(1400)]
    z = chip_deviations(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))
    assert len(z) == 100_800
    assert abs(z.mean()) < 5 / np.sqrt(len(z))
    assert abs(z.std() - 1) < 5 / np.sqrt(2 * len(z)) + 0.01
    for limit, share in TAILS.items():
        assert poisson_tail(int(np.count_nonzero(abs(z) > limit)), share * len(z)) > 1e-6
    assert (z**4).mean() / (z**2).mean() ** 2 - 3 < 5 * np.sqrt(24 / len(z)) + 0.01


def test_a_correlation_is_as_rare_as_its_normal_deviation():
    """Student's t of 62 degrees of freedom: one in a thousand is beyond 3.227 where a normal number is beyond 3.090."""
    t = np.array([1.669804, 2.388011, 3.227146, -3.227146])
    rare = normal(t / np.sqrt(t**2 + 62), 62)
    assert rare == pytest.approx([1.644854, 2.326348, 3.090232, -3.090232], abs=0.003)
    assert np.isfinite(normal(np.array([1.0, -1.0, 0.0]), 62)).all()


def test_each_chip_of_a_picture_reads_its_own_bit():
    word = words_of(KEYS, [1234], 4 * CHIPS)[0]
    reading = read_sums(
        {group: picture(1234, group, 1.0) for group in (1, 3)}, KEYS.mark, 4, 1.0, never, chips=CHIPS, fewest=1
    )
    z = reading.z.reshape(4, CHIPS)
    assert np.isnan(z[[0, 2]]).all()
    assert ((z * (1 - 2 * word.astype(int)).reshape(4, CHIPS))[[1, 3]] > 1).all()
    assert reading.objections == ()
    assert reading.segment_seconds == pytest.approx(1 / CHIPS)
    assert reading.pictures == ((0,) * CHIPS + (1,) * CHIPS) * 2
    assert 0.8 < reading.amplitude < 1.2


def test_a_clear_chip_may_be_clearer_than_the_root_of_its_cells():
    reading = read_sums({0: picture(7, 0, 0.05)}, KEYS.mark, 1, 1.0, never, chips=CHIPS, fewest=1)
    assert np.abs(reading.z).min() > 9


@pytest.mark.parametrize("noise", [0.3, 1.0, 1.5])
def test_one_picture_names_one_of_all_recipients(noise):
    reading = read_sums({2: picture(4000, 2, noise)}, KEYS.mark, 5, 1.0, never, chips=CHIPS, fewest=1)
    everybody = [name_of(number) for number in range(1, MOST_RECIPIENTS + 1)]
    report = make_report(
        reading, [SessionCode.UNIFORM], lambda _: [(everybody, [""] * len(everybody))], lambda _: KEYS.sequence
    )
    assert report.outcome is Outcome.NAMED
    assert [(one.session, one.method) for one in report.accused] == [(name_of(4000), Method.ALONE)]
    assert report.seconds == pytest.approx(1.0)


def test_a_picture_without_a_mark_names_nobody_and_is_not_objected_to():
    sums = {group: Sums(footage("even"), float(CELLS), 1) for group in range(3)}
    reading = read_sums(sums, KEYS.mark, 3, 1.0, never, chips=CHIPS, fewest=1)
    everybody = [name_of(number) for number in range(1, 500)]
    report = make_report(
        reading, [SessionCode.UNIFORM], lambda _: [(everybody, [""] * len(everybody))], lambda _: KEYS.sequence
    )
    assert reading.objections == ()
    assert np.nanmax(np.abs(reading.z)) < 5
    assert report.outcome is Outcome.NOT_ENOUGH


def test_a_broken_reading_of_chips_is_still_objected_to():
    """Pictures that know the coins of wrong keys are no footage."""
    decoy = decoy_key(KEYS.mark, 3)
    known = np.concatenate(in_chips(np.zeros(CELLS), decoy, 0)[1])
    cells = np.zeros(CELLS)
    places = np.argsort(in_chips(np.arange(CELLS, dtype=np.float64), decoy, 0)[0].ravel())
    cells[:] = known[places]
    reading = read_sums({0: Sums(cells, float(CELLS), 1)}, KEYS.mark, 1, 1.0, never, chips=CHIPS, fewest=1)
    assert reading.objections


def test_a_chip_that_hangs_on_a_few_cells_says_nothing():
    whole = picture(9, 0, 0.5)
    seen, _ = in_chips(whole.cells, KEYS.mark, 0)
    places = np.argsort(in_chips(np.arange(CELLS, dtype=np.float64), KEYS.mark, 0)[0].ravel())
    seen[4, 3:] = 0
    seen[4, :3] *= 3
    sums = Sums(seen.ravel()[places], whole.power, 1)
    reading = read_sums({0: sums}, KEYS.mark, 1, 1.0, never, chips=CHIPS, fewest=1)
    assert chip_bearing(seen)[4] < 4
    assert np.flatnonzero(np.isnan(reading.z)).tolist() == [4]


def test_what_agrees_with_the_key_can_be_taken_out_chip_by_chip():
    rest = without_chips(picture(77, 1, 0.2).cells, KEYS.mark, 1)
    seen, meant = in_chips(rest, KEYS.mark, 1)
    assert (seen * meant).sum(axis=1) == pytest.approx(np.zeros(CHIPS), abs=1e-9)
