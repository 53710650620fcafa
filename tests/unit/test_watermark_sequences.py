"""Every viewer's sequence follows from key and session alone: at the edge bit by bit, at the detector all at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss

from telecine.core.watermark.bias import NODES, STEPS, Family
from telecine.core.watermark.codebook import codebook, probabilities
from telecine.core.watermark.evidence import certainty, log_likelihood_ratios
from telecine.core.watermark.sequence import LAST_POSITION, bit, derive_key, pattern, threshold

SECRET = bytes(range(32))
KEYS = {family: derive_key(SECRET, "DEMO", "title-1", family) for family in Family}
families = st.sampled_from(list(Family))
positions = st.lists(st.integers(0, 10_000), min_size=1, max_size=40)


@given(families, st.lists(st.text(max_size=20), min_size=1, max_size=4), positions)
def test_edge_and_detector_compute_the_same_bits_whatever_positions_are_asked_for(family, sessions, at):
    key = KEYS[family]
    book = codebook(key, sessions, np.array(at))
    assert book.tolist() == [[bit(key, session, position) for position in at] for session in sessions]
    assert probabilities(key, np.array(at)).tolist() == [threshold(key, position) / STEPS for position in at]


@given(families, st.text(max_size=20), st.integers(0, 100))
def test_a_tokens_pattern_holds_the_first_bits_highest_first(family, session, length):
    carried = pattern(KEYS[family], session, length)
    assert len(carried) == (length + 7) // 8
    bits = np.unpackbits(np.frombuffer(carried, dtype=np.uint8))
    assert bits[:length].tolist() == [bit(KEYS[family], session, position) for position in range(length)]
    assert not bits[length:].any()


def test_known_bits_stay_as_they_are():
    """A change here would make published titles untraceable."""
    assert {family: pattern(key, "session-1", 64).hex() for family, key in KEYS.items()} == KNOWN


KNOWN = {Family.UNIFORM: "829069c0d3df0c36", Family.UP_TO_4: "64a37c055a36675e", Family.UP_TO_6: "bf017bb193476fb2"}


@pytest.mark.parametrize("family", Family)
def test_bits_are_as_likely_as_their_bias_says_and_do_not_depend_on_each_other(family):
    at = np.arange(400)
    book = codebook(KEYS[family], [f"session {number}" for number in range(4000)], at).astype(float)
    chance = probabilities(KEYS[family], at)
    deviations = (book.mean(axis=0) - chance) / np.sqrt(chance * (1 - chance) / len(book))
    assert np.abs(deviations).max() < 5
    assert deviations.std() == pytest.approx(1, abs=0.15)
    normal = (book - chance) / np.sqrt(chance * (1 - chance))
    between_positions = normal.T @ normal / np.sqrt(len(book))
    np.fill_diagonal(between_positions, 0)
    assert np.abs(between_positions).max() < 6
    between_sessions = normal[:400] @ normal[:400].T / np.sqrt(len(at))
    np.fill_diagonal(between_sessions, 0)
    assert np.abs(between_sessions).max() < 7


@pytest.mark.parametrize(("family", "nodes"), [(Family.UNIFORM, 1), (Family.UP_TO_4, 2), (Family.UP_TO_6, 3)])
def test_biases_are_the_optimal_ones(family, nodes):
    abscissas, weights = leggauss(nodes)
    chance = (1 + abscissas) / 2
    weights = weights / np.sqrt(chance * (1 - chance))
    found = NODES[family]
    assert [node.threshold / STEPS for node in found] == pytest.approx(chance, abs=1e-5)
    assert [node.until / STEPS for node in found] == pytest.approx(np.cumsum(weights) / weights.sum(), abs=2e-5)
    drawn = probabilities(KEYS[family], np.arange(20_000))
    for node, weight in zip(found, weights / weights.sum(), strict=True):
        assert np.mean(drawn == node.threshold / STEPS) == pytest.approx(weight, abs=0.02)


@pytest.mark.parametrize(
    "other",
    [
        derive_key(bytes(32), "DEMO", "title-1", Family.UP_TO_4),
        derive_key(SECRET, "DEM2", "title-1", Family.UP_TO_4),
        derive_key(SECRET, "DEMO", "title-2", Family.UP_TO_4),
        derive_key(SECRET, "DEMOt", "itle-1", Family.UP_TO_4),
    ],
)
def test_another_secret_site_or_title_has_other_biases_and_bits(other):
    own = KEYS[Family.UP_TO_4]
    at = np.arange(1000)
    for one, two in (
        (probabilities(own, at) > 0.5, probabilities(other, at) > 0.5),
        (codebook(own, ["a"], at)[0], codebook(other, ["a"], at)[0]),
    ):
        assert 0.4 < np.mean(one == two) < 0.6


def test_keys_do_not_show_themselves():
    assert KEYS[Family.UNIFORM].bits.hex()[:8] not in repr(KEYS[Family.UNIFORM])


def test_a_short_secret_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        derive_key(bytes(31), "DEMO", "title-1", Family.UNIFORM)


@pytest.mark.parametrize("position", [-1, LAST_POSITION + 1])
@pytest.mark.parametrize("family", Family)
def test_a_position_out_of_range_is_refused(family, position):
    with pytest.raises(ValueError, match="position"):
        bit(KEYS[family], "session", position)


@pytest.mark.parametrize("family", Family)
def test_the_last_position_has_a_bit_too(family):
    at = np.array([0, LAST_POSITION])
    key = KEYS[family]
    assert codebook(key, ["x"], at).tolist() == [[bit(key, "x", 0), bit(key, "x", LAST_POSITION)]]


def test_lost_segments_and_averaged_ones_say_nothing():
    evidence = log_likelihood_ratios(np.array([30.0, -28.0, 1.5, np.nan, -31.0]))
    assert evidence[2] == evidence[3] == 0
    assert certainty(evidence).tolist() == pytest.approx([1, -1, 0, 0, -1])


def test_in_a_poor_leak_weak_segments_count_a_little():
    evidence = log_likelihood_ratios(np.array([3.0, -1.5, 2.0, -2.5]))
    assert evidence.tolist() == pytest.approx([13.5, -6.75, 9.0, -11.25])


def test_nothing_seen_is_no_evidence():
    assert log_likelihood_ratios(np.full(3, np.nan)).tolist() == [0, 0, 0]
