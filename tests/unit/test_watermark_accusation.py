"""Those who leaked are named and nobody else is, and how sure that is gets computed, not guessed."""

from fractions import Fraction
from itertools import product
from math import comb, exp, inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecine.core.watermark.accuse import SHORTLIST, Method, Suspect, judge, shortlist
from telecine.core.watermark.bias import Family
from telecine.core.watermark.codebook import codebook, probabilities
from telecine.core.watermark.pvalue import log_tail
from telecine.core.watermark.score import ScoreTable, joint, symmetric
from telecine.core.watermark.sequence import derive_key

earnings = st.integers(-40, 40)
chances = st.floats(0.05, 0.95)
positions = st.lists(st.tuples(earnings, earnings, chances), min_size=1, max_size=9)


def table_of(rows):
    one, zero, chance = zip(*rows, strict=True)
    return ScoreTable(np.array(one, dtype=np.int64), np.array(zero, dtype=np.int64), np.array(chance))


# Tails


@given(positions, st.data())
def test_a_tail_is_what_counting_all_outcomes_gives(rows, data):
    outcomes = []
    for choice in product((True, False), repeat=len(rows)):
        score = sum(one if chosen else zero for chosen, (one, zero, _) in zip(choice, rows, strict=True))
        weight = np.prod([p if chosen else 1 - p for chosen, (*_, p) in zip(choice, rows, strict=True)])
        outcomes.append((score, weight))
    scores = sorted({score for score, _ in outcomes})
    at = data.draw(st.sampled_from(scores) | st.integers(scores[0] - 5, scores[-1]))
    expected = sum(weight for score, weight in outcomes if score >= at)
    assert exp(log_tail(table_of(rows), at)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("matches", [100, 120, 150, 180, 198, 199, 200])
def test_a_deep_tail_of_fair_bits_is_exact(matches):
    table = table_of([(8, -8, 0.5)] * 200)
    exact = Fraction(sum(comb(200, k) for k in range(matches, 201)), 2**200)
    assert log_tail(table, 8 * (2 * matches - 200)) == pytest.approx(log(exact), rel=1e-10)


KINDS = [(15, -4, 13849), (4, -15, 51687), (-15, 4, 13849)] * 40


@pytest.fixture(scope="module")
def exact_distribution():
    """The score's distribution in whole parts of 65536 ** 120."""
    distribution = {0: 1}
    for one, zero, parts in KINDS:
        following: dict[int, int] = {}
        for score, weight in distribution.items():
            following[score + one] = following.get(score + one, 0) + weight * parts
            following[score + zero] = following.get(score + zero, 0) + weight * (65536 - parts)
        distribution = following
    return distribution


@pytest.mark.parametrize("share", [-0.3, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_a_deep_tail_of_biased_bits_is_exact(share, exact_distribution):
    """The last ones are far below 1e-50."""
    at = round(share * max(exact_distribution))
    exact = sum(weight for score, weight in exact_distribution.items() if score >= at)
    table = table_of([(one, zero, parts / 65536) for one, zero, parts in KINDS])
    assert log_tail(table, at) == pytest.approx(log(exact) - len(KINDS) * log(65536), rel=1e-10)


@given(positions, st.integers(-300, 300), st.floats(-60, 0))
def test_what_is_not_worth_an_exact_tail_is_never_made_smaller(rows, at, worth):
    table = table_of(rows)
    exact, quick = log_tail(table, at), log_tail(table, at, worth=worth)
    assert quick >= exact - 1e-9
    assert quick == exact or exact > worth


def test_beyond_the_ends_nothing_and_everything():
    table = table_of([(8, -8, 0.5)] * 10)
    assert log_tail(table, 81) == -inf
    assert log_tail(table, -80) == 0
    assert log_tail(table, -800) == 0


def test_a_score_without_evidence_says_nothing():
    table = symmetric(np.zeros(5), np.full(5, 0.5))
    assert log_tail(table, 0) == 0


# Scores


@given(st.lists(st.tuples(st.floats(-30, 30), chances), min_size=2, max_size=30))
def test_innocents_score_nought_on_average_whatever_was_seen(rows):
    evidence, chance = (np.array(column) for column in zip(*rows, strict=True))
    table = symmetric(evidence, chance)
    assert abs(table.mean()) <= 0.5 * len(rows)
    assert table.deviation() == pytest.approx(8 * np.sqrt(len(rows)), rel=0.1) or not np.any(np.abs(evidence) > 1e-6)


def test_the_rarer_bit_earns_more():
    table = symmetric(np.array([20.0, 20.0, -20.0, 0.0]), np.array([0.2, 0.8, 0.2, 0.2]))
    assert table.one[0] == pytest.approx(4 * table.one[1], abs=2)
    assert table.one[0] == -table.one[2]
    assert table.one[0] == pytest.approx(-4 * table.zero[0], abs=2)
    assert table.one[3] == table.zero[3] == 0


def test_whom_a_partner_explains_little_is_left_to_earn():
    """Where the partner has the leak's bit already, the other's bit matters less than where he has not."""
    table = joint(np.array([20.0, 20.0]), np.array([0.5, 0.5]), np.array([1, 0]), 1, 2)
    assert table.one[1] - table.zero[1] > 3 * (table.one[0] - table.zero[0]) > 0


@pytest.mark.parametrize(("known", "coalition"), [(-1, 2), (2, 2), (3, 2)])
def test_a_coalition_needs_room_for_the_tested_one(known, coalition):
    with pytest.raises(ValueError, match="known"):
        joint(np.zeros(1), np.full(1, 0.5), np.zeros(1, dtype=np.int64), known, coalition)


# Verdicts


class Title:
    """A title with its viewers, and what a leak of it says."""

    def __init__(self, family, seed, viewers, segments):
        self.rng = np.random.default_rng(seed)
        self.key = derive_key(self.rng.bytes(32), "DEMO", "title", family)
        self.at = np.arange(segments)
        self.viewers = [f"viewer-{number}" for number in range(viewers)]
        self.chance = probabilities(self.key, self.at)

    def mix(self, *colluders):
        """Evidence of a leak whose segments come from the colluders at random."""
        bits = codebook(self.key, colluders, self.at)
        taken = bits[self.rng.integers(len(colluders), size=len(self.at)), self.at]
        return np.where(taken, 12.0, -12.0)

    def judge(self, evidence, limit=1e-6, size=SHORTLIST):
        seen = np.flatnonzero(evidence)
        evidence, chance, at = evidence[seen], self.chance[seen], self.at[seen]
        parts = [self.viewers[start : start + 1000] for start in range(0, len(self.viewers), 1000)]
        blocks = ((part, codebook(self.key, part, at)) for part in parts)
        suspects, population = shortlist(blocks, symmetric(evidence, chance), size)
        assert population == len(self.viewers)
        return judge(suspects, population, evidence, chance, limit)


def names(verdict):
    return {finding.session for finding in verdict.accused}


@pytest.mark.parametrize(("family", "segments"), [(Family.UNIFORM, 40), (Family.UP_TO_4, 80), (Family.UP_TO_6, 90)])
@pytest.mark.parametrize("seed", range(3))
def test_a_single_leaker_is_named(family, segments, seed):
    title = Title(family, seed, viewers=5000, segments=segments)
    verdict = title.judge(title.mix("viewer-777"))
    assert names(verdict) == {"viewer-777"}
    assert verdict.enough
    assert verdict.accused[0].log10_bound <= -6
    assert verdict.log10_best_bound == verdict.accused[0].log10_bound


@pytest.mark.parametrize("viewers", [1, 2, 3])
def test_where_there_are_too_few_viewers_for_partners_the_leaker_is_named_all_the_same(viewers):
    title = Title(Family.UNIFORM, 1, viewers, segments=60)
    assert names(title.judge(title.mix("viewer-0"))) == {"viewer-0"}
    assert names(title.judge(title.mix("somebody else"))) == set()


@pytest.mark.parametrize("seed", range(3))
def test_lost_segments_only_make_the_leak_shorter(seed):
    title = Title(Family.UP_TO_4, seed, viewers=5000, segments=400)
    evidence = title.mix("viewer-3")
    evidence[title.rng.random(400) < 0.7] = 0
    verdict = title.judge(evidence)
    assert names(verdict) == {"viewer-3"}
    assert verdict.positions == np.count_nonzero(evidence)


@pytest.mark.parametrize("seed", range(3))
def test_two_who_mixed_are_named_and_neither_drags_an_innocent_in(seed):
    title = Title(Family.UP_TO_4, seed, viewers=3000, segments=420)
    assert names(title.judge(title.mix("viewer-5", "viewer-6"))) == {"viewer-5", "viewer-6"}


def test_a_pair_is_found_in_a_leak_that_is_too_short_to_find_either_alone():
    title = Title(Family.UNIFORM, 1, viewers=5000, segments=150)
    verdict = title.judge(title.mix("viewer-1", "viewer-2"))
    assert names(verdict) == {"viewer-1", "viewer-2"}
    assert {finding.method for finding in verdict.accused} == {Method.PAIR}


def test_a_leak_that_is_too_short_accuses_nobody_and_says_how_near_it_came():
    title = Title(Family.UNIFORM, 1, viewers=5000, segments=24)
    verdict = title.judge(title.mix("viewer-9"))
    assert not verdict.enough
    assert verdict.accused == ()
    assert -6 < verdict.log10_best_bound < -1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("family", Family)
def test_foreign_content_accuses_nobody(family, seed):
    title = Title(family, seed, viewers=2000, segments=300)
    verdict = title.judge(title.rng.normal(size=300) * 10)
    assert not verdict.enough
    assert verdict.log10_best_bound > -3


def test_nothing_seen_accuses_nobody():
    verdict = judge([], 100, np.zeros(0), np.zeros(0))
    assert (verdict.enough, verdict.positions, verdict.log10_best_bound) == (False, 0, 0)


def test_wrong_accusations_are_no_more_frequent_than_the_limit_says():
    """With a limit that is reached: of leaks by nobody here, at most the allowed part accuses somebody."""
    runs, limit = 30, 0.25
    wrong = 0
    for seed in range(runs):
        title = Title(Family.UP_TO_4, 1000 + seed, viewers=300, segments=60)
        wrong += title.judge(title.mix("somebody else", "and another"), limit, size=5).enough
    assert wrong <= runs * limit + 3 * np.sqrt(runs * limit * (1 - limit))


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_sweeping_in_parts_finds_the_same_suspects_as_sweeping_at_once(seed):
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, size=(500, 30), dtype=np.uint8)
    sessions = [str(number) for number in range(500)]
    table = symmetric(rng.normal(size=30), rng.uniform(0.2, 0.8, size=30))
    whole, _ = shortlist([(sessions, bits)], table)
    parts, count = shortlist(((sessions[at : at + 70], bits[at : at + 70]) for at in range(0, 500, 70)), table)
    assert count == 500
    assert [(one.session, one.score) for one in whole] == [(one.session, one.score) for one in parts]
    assert whole[0].score == max(table.scores(bits))


def test_impossible_demands_are_refused():
    suspect = Suspect("x", 0, np.zeros(1, dtype=np.uint8))
    with pytest.raises(ValueError, match="suspects"):
        judge([suspect] * (SHORTLIST + 1), 1000, np.zeros(1), np.full(1, 0.5))
    with pytest.raises(ValueError, match="population"):
        judge([suspect] * 2, 1, np.zeros(1), np.full(1, 0.5))
    for limit in (0, 1, -1):
        with pytest.raises(ValueError, match="limit"):
            judge([suspect], 1000, np.zeros(1), np.full(1, 0.5), limit)
