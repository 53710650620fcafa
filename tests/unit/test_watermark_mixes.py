"""Recipients who mix their copies are named, all of them, where the leak is long enough; nobody else ever is."""

import numpy as np
import pytest

from telecine.core.distribution import MOST_RECIPIENTS
from telecine.core.watermark import report
from telecine.core.watermark.bias import Family
from telecine.core.watermark.evidence import log_likelihood_ratios
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.recipients import derive_recipient_keys, name_of, words_of
from telecine.core.watermark.report import Footage, Outcome, Report, make_report

KEYS = derive_recipient_keys(bytes(range(32)), "DEMO", "film", Family.UP_TO_4)
EVERYBODY = [name_of(number) for number in range(1, MOST_RECIPIENTS + 1)]
COLLUDERS = [17, 2048, 4095]
GROUPS = 1200
"""Groups of three pictures, 25 a second: 144 s."""


def report_of(z: np.ndarray) -> Report:
    footage = Footage(z, 0.12)
    return make_report(
        footage, [SessionCode.UP_TO_4], lambda _: [(EVERYBODY, [""] * len(EVERYBODY))], lambda _: KEYS.sequence
    )


def mixed(colluders: list[int], how: str, groups: int = GROUPS) -> np.ndarray:
    """The statistic of each group of a mix: clear where all copies are alike; where they differ, that of whoever was
    taken, or next to nothing where pixels were averaged. The brightest or darkest of two are their average, and noise.
    """
    random = np.random.default_rng(5)
    signs = 1 - 2 * words_of(KEYS, colluders, groups).astype(np.int64)
    clear, noise = random.normal(9, 2, groups), random.normal(size=groups)
    if how == "averaged":
        return np.where(
            np.abs(signs.sum(axis=0)) == len(colluders), signs[0] * clear, noise + clear * signs.mean(axis=0)
        )
    return signs[random.integers(0, len(colluders), groups), np.arange(groups)] * clear


@pytest.mark.parametrize("how", ["averaged", "cut together"])
def test_both_of_two_are_named(how):
    found = report_of(mixed(COLLUDERS[:2], how))
    assert {one.session for one in found.accused} == {name_of(one) for one in COLLUDERS[:2]}


@pytest.mark.parametrize("how", ["averaged", "cut together"])
def test_of_three_nobody_else_is_named(how):
    found = report_of(mixed(COLLUDERS, how))
    assert found.outcome is Outcome.NAMED
    assert {one.session for one in found.accused} <= {name_of(one) for one in COLLUDERS}


def test_groups_that_were_averaged_away_say_nothing():
    z = mixed(COLLUDERS[:2], "averaged")
    words = words_of(KEYS, COLLUDERS[:2], GROUPS)
    differ = words[0] != words[1]
    evidence = log_likelihood_ratios(-z)
    assert np.mean(evidence[differ] == 0) > 0.9  # within two deviations, in a leak that reads clearly
    assert np.abs(evidence[~differ]).min() > 10


def test_a_short_mix_names_nobody():
    found = report_of(mixed(COLLUDERS, "averaged", groups=60))
    assert found.outcome is Outcome.NOT_ENOUGH


@pytest.mark.parametrize("seed", range(5))
def test_footage_without_a_mark_names_nobody(seed):
    found = report_of(np.random.default_rng(seed).normal(size=GROUPS))
    assert found.outcome is Outcome.NOT_ENOUGH


def test_the_words_of_a_long_leak_are_made_in_parts(monkeypatch):
    """An hour of an individual copy has a quarter of a million marks; 4095 words of it at once would take gigabytes."""
    z = mixed(COLLUDERS[:1], "cut together")
    whole = report_of(z)
    monkeypatch.setattr(report, "MOST_BITS", 50 * GROUPS)
    assert report_of(z) == whole
    assert whole.population == MOST_RECIPIENTS
