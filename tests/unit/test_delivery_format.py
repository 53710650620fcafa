"""We switch variants where existing CDN embedders do, and the payload is read back from what is left of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.core.watermark.delivery_decode import read_payload
from telecine.core.watermark.delivery_format import INDICATOR, DeliveryFormat, first_segment_number

DOCUMENTED = bytes.fromhex("50b658ee13e133")
CYCLE = "100010000 01010000 10110110 01011000 11101110 00010011 11100001 00110011".replace(" ", "")

payloads = st.binary(min_size=7, max_size=7)
rules = st.builds(
    DeliveryFormat,
    first_segment=st.integers(0, 2),
    segments_per_bit=st.sampled_from([1, 2]),
    sync_skip=st.none() | st.integers(0, 100),
)


def written(rule, payload, segments):
    return "".join("1" if rule.bit(payload, segment) else "0" for segment in segments)


def evidence_of(bits, strength=8.0):
    return np.array([strength if bit == "1" else -strength for bit in bits])


def test_the_documented_example_bit_by_bit():
    assert written(DeliveryFormat(), DOCUMENTED, range(4 + 3 * 65)) == "0000" + 3 * CYCLE


def test_hls_counts_segments_from_one():
    assert written(DeliveryFormat(first_segment=1), DOCUMENTED, range(1, 70)) == "0000" + CYCLE


def test_half_gops_carry_each_bit_twice():
    doubled = "".join(2 * bit for bit in "0000" + CYCLE)
    assert written(DeliveryFormat(segments_per_bit=2), DOCUMENTED, range(138)) == doubled


def test_a_sync_skip_bit_begins_later_in_the_stream_and_brings_the_indicator():
    stream = "0000" + CYCLE + CYCLE + INDICATOR + CYCLE
    assert written(DeliveryFormat(sync_skip=0), DOCUMENTED, range(264)) == stream
    assert written(DeliveryFormat(sync_skip=30), DOCUMENTED, range(234)) == stream[30:]


def test_short_payloads_make_a_shorter_cycle_without_indicator():
    rule = DeliveryFormat(payload_bytes=2, sync_skip=0)
    assert written(rule, b"\xa5\x0f", range(104)) == "0000" + 4 * "1000100001010010100001111"


@pytest.mark.parametrize(
    ("suffix", "streaming_format", "first"),
    [(".m4s", "dash", 0), (".mp4", "", 0), (".ts", "hls", 1), (".ts", "", 1), (".m4s", "hls", 1), (".ts", "dash", 0)],
)
def test_where_counting_begins(suffix, streaming_format, first):
    assert first_segment_number(suffix, streaming_format) == first


@pytest.mark.parametrize(
    "wrong",
    [{"first_segment": -1}, {"segments_per_bit": 3}, {"sync_skip": -1}, {"payload_bytes": 0}, {"payload_bytes": 8}],
)
def test_an_impossible_rule_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DeliveryFormat(**wrong)


def test_a_payload_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="7 bytes, not 6"):
        DeliveryFormat().bit(DOCUMENTED[:6], 0)


@given(payloads, rules, st.integers(0, 500))
def test_the_stream_repeats_after_its_period(payload, rule, segment):
    later = rule.first_segment + rule.skipped + segment
    assert rule.bit(payload, later) == rule.bit(payload, later + rule.period)


@given(payloads, rules, st.integers(0, 300))
def test_a_clean_cycle_at_a_known_place_is_read(payload, rule, start):
    # Two cycles, so that one of them is not the indicator's; with the skipped start before them.
    run = range(rule.first_segment + start, rule.first_segment + start + rule.skipped + 2 * rule.cycle)
    reading = read_payload(evidence_of(written(rule, payload, run)), rule, start=run[0])
    assert reading.candidates[0].payload == payload
    assert reading.candidates[0].confidence > 0.9


@given(payloads, st.integers(0, 300))
def test_with_the_indicator_a_run_finds_its_own_place(payload, start):
    rule = DeliveryFormat(sync_skip=0)
    reading = read_payload(evidence_of(written(rule, payload, range(start, start + 195))), rule)
    best = reading.candidates[0]
    assert best.payload == payload
    assert best.start == start or (best.start - start) % rule.period == 0
    assert best.confidence > 0.97


@given(payloads, st.integers(0, 300))
def test_without_it_the_payload_is_among_the_candidates(payload, start):
    """Another payload may fit as well, at any of the cycle's 65 places, and one that fits at several gains by that."""
    rule = DeliveryFormat()
    reading = read_payload(evidence_of(written(rule, payload, range(start, start + 130))), rule, limit=70)
    confidence = {candidate.payload: candidate.confidence for candidate in reading.candidates}
    assert confidence[payload] >= 0.9 * max(confidence.values()) / 65
    assert sum(confidence.values()) + reading.mixed + reading.unmarked <= 1 + 1e-9


def test_of_noisy_and_broken_runs_the_confident_readings_are_right():
    """Over many runs the mean confidence is the part that is right: neither boastful nor shy."""
    rng = np.random.default_rng(5)
    rule, shift, run = DeliveryFormat(), 1.7, range(10, 10 + 6 * 65)
    confident, right = [], []
    for _ in range(120):
        payload = rng.bytes(7)
        clean = evidence_of(written(rule, payload, run), strength=1.0)
        evidence = 2 * shift * (shift * clean + rng.normal(size=len(clean)))
        evidence[rng.random(len(evidence)) < 0.3] = 0.0
        evidence[100:130] = 0.0
        best = read_payload(evidence, rule, start=10).candidates[0]
        confident.append(best.confidence)
        right.append(best.payload == payload)
    assert 0.3 < np.mean(right) < 1
    assert np.mean(confident) == pytest.approx(np.mean(right), abs=0.1)


def test_a_lost_bit_makes_two_candidates_of_equal_confidence():
    rule = DeliveryFormat()
    evidence = evidence_of(written(rule, DOCUMENTED, range(4, 134)))
    evidence[[20, 85]] = 0.0
    first, second = read_payload(evidence, rule, start=4).candidates[:2]
    assert first.confidence == pytest.approx(second.confidence)
    assert DOCUMENTED in (first.payload, second.payload)
    assert bin(int.from_bytes(first.payload) ^ int.from_bytes(second.payload)).count("1") == 1


@pytest.mark.parametrize("seed", range(20))
def test_an_unmarked_run_has_no_confident_payload(seed):
    rng = np.random.default_rng(seed)
    for rule in (DeliveryFormat(), DeliveryFormat(sync_skip=0)):
        reading = read_payload(4 * rng.normal(size=260), rule)
        assert reading.candidates[0].confidence < 0.01
        assert reading.unmarked > 0.5


def test_no_segment_at_all_says_nothing():
    reading = read_payload(np.zeros(100), DeliveryFormat())
    assert reading.candidates[0].confidence < 1e-10
    assert reading.unmarked == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(20))
def test_a_mixture_of_two_viewers_is_not_taken_for_a_third(seed):
    rng = np.random.default_rng(seed)
    rule, run = DeliveryFormat(), range(4 + 4 * 65)
    streams = [evidence_of(written(rule, rng.bytes(7), run)) for _ in range(2)]
    mixed = np.where(rng.random(len(run)) < 0.5, *streams)
    reading = read_payload(mixed, rule, start=0)
    assert reading.mixed > 0.95
    assert all(candidate.confidence < 0.01 for candidate in reading.candidates)
