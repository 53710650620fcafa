"""A report names those who leaked, whatever code their sessions follow, and nobody else."""

import secrets
from dataclasses import replace

import numpy as np
import pytest

from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import (
    DELIVERY,
    Footage,
    Outcome,
    Strength,
    bits_of,
    make_report,
)
from telecine.core.watermark.sequence import derive_key

SECRET = b"s" * 32
SEQUENCES = (SessionCode.UNIFORM, SessionCode.UP_TO_4, SessionCode.UP_TO_6)


def keys(family):
    return derive_key(SECRET, "DEMO", "film", family)


class Issued:
    """The sessions of a title: `count` for each of `codes`."""

    def __init__(self, codes, count=3000, seed=1):
        made = np.random.default_rng(seed)
        self.codes = list(codes)
        self.rows = {code: [(made.bytes(16).hex(), made.bytes(7).hex()) for _ in range(count)] for code in codes}

    def blocks(self, code, size=700):
        rows = self.rows[code]
        for at in range(0, len(rows), size):
            names, payloads = zip(*rows[at : at + size], strict=True)
            yield list(names), list(payloads)

    def report(self, z, **more):
        limit = more.pop("limit", 1e-6)
        return make_report(Footage(z, 2.0, **more), self.codes, self.blocks, keys, limit)

    def bits(self, code, index, positions):
        return bits_of(code, *self.rows[code][index], positions, keys)


def seen(bits, shift=7.0, seed=2):
    """What a detector would measure where `bits` were leaked: positive for variant 0."""
    noise = np.random.default_rng(seed).standard_normal(len(bits))
    return np.where(np.asarray(bits) == 1, -shift, shift) + noise


def mixed(one, other, seed=3):
    return np.where(np.random.default_rng(seed).random(len(one)) < 0.5, one, other)


@pytest.mark.parametrize(
    ("code", "positions"),
    [(SessionCode.UNIFORM, 50), (SessionCode.UP_TO_4, 85), (SessionCode.UP_TO_6, 95), (SessionCode.DELIVERY, 75)],
)
def test_a_single_leaker_is_named_alone(code, positions):
    issued = Issued([code])
    report = issued.report(seen(issued.bits(code, 1234, positions)))
    assert report.outcome is Outcome.NAMED
    assert [one.session for one in report.accused] == [issued.rows[code][1234][0]]
    assert report.accused[0].log10_bound <= -6
    assert (report.positions, report.seconds, report.population) == (positions, 2.0 * positions, 3000)


def test_codes_in_use_are_tried_beside_each_other_and_share_the_limit():
    issued = Issued([*SEQUENCES, SessionCode.DELIVERY], 500)
    for code in issued.codes:
        report = issued.report(seen(issued.bits(code, 77, 110)))
        assert [(one.session, one.code) for one in report.accused] == [(issued.rows[code][77][0], code)]
        alone = make_report(Footage(seen(issued.bits(code, 77, 110)), 2.0), [code], issued.blocks, keys)
        assert report.accused[0].log10_bound == pytest.approx(alone.accused[0].log10_bound + np.log10(4))
        assert report.population == 4 * 500


@pytest.mark.parametrize(("code", "positions"), [(SessionCode.UNIFORM, 260), (SessionCode.UP_TO_4, 420)])
def test_two_who_mix_their_copies_are_both_named(code, positions):
    issued = Issued([code], 2000)
    mixture = mixed(issued.bits(code, 10, positions), issued.bits(code, 20, positions))
    report = issued.report(seen(mixture))
    assert {one.session for one in report.accused} == {issued.rows[code][10][0], issued.rows[code][20][0]}


def test_two_who_mix_copies_in_the_delivery_format_are_named_where_repetitions_show_it():
    """Reading the payload fails on a mixture; comparing every issued one with what was seen does not."""
    issued = Issued([SessionCode.DELIVERY], 2000)
    positions = 4 + 65 * 8
    mixture = mixed(issued.bits(SessionCode.DELIVERY, 10, positions), issued.bits(SessionCode.DELIVERY, 20, positions))
    report = issued.report(seen(mixture))
    guilty = {issued.rows[SessionCode.DELIVERY][index][0] for index in (10, 20)}
    assert {one.session for one in report.accused} <= guilty
    assert report.accused
    assert report.delivery is not None
    assert report.delivery.payload == ""
    assert report.delivery.mixed > 0.9


def test_lost_segments_shift_nothing():
    issued = Issued([SessionCode.UP_TO_4, SessionCode.DELIVERY], 500)
    for code in issued.codes:
        z = seen(issued.bits(code, 5, 400))
        z[:150] = np.nan
        z[np.random.default_rng(4).random(400) < 0.3] = np.nan
        report = issued.report(z)
        assert [one.session for one in report.accused] == [issued.rows[code][5][0]]
        assert report.positions == np.count_nonzero(np.isfinite(z))


def test_the_payload_is_shown_also_where_nobody_here_has_it():
    issued = Issued([SessionCode.DELIVERY], 500)
    stranger = bytes.fromhex("50b658ee13e133")
    bits = [DELIVERY.bit(stranger, position) for position in range(150)]
    report = issued.report(seen(bits))
    assert report.outcome is Outcome.NOT_ENOUGH
    assert report.delivery is not None
    assert report.delivery.payload == stranger.hex()


@pytest.mark.parametrize("seed", range(6))
def test_a_clip_without_a_mark_accuses_nobody(seed):
    issued = Issued([*SEQUENCES, SessionCode.DELIVERY], 2000, seed)
    report = issued.report(np.random.default_rng(100 + seed).standard_normal(600))
    assert report.outcome is Outcome.NOT_ENOUGH
    assert report.accused == ()
    assert report.log10_best_bound > -3


@pytest.mark.parametrize("code", [*SEQUENCES, SessionCode.DELIVERY])
def test_a_session_that_is_not_issued_makes_nobody_guilty(code):
    issued = Issued([code], 20_000)
    stranger = bits_of(code, secrets.token_hex(16), "0123456789abcd", 300, keys)
    report = issued.report(seen(stranger))
    assert report.accused == ()
    assert report.log10_best_bound > -4


def test_of_many_reports_on_strangers_none_accuses_though_the_limit_is_loose():
    """40 leaks of strangers at a limit of one in twenty: about two could be wrong, and bounds are not tight."""
    issued = Issued([SessionCode.UNIFORM, SessionCode.DELIVERY], 300)
    wrong = 0
    for number in range(40):
        made = np.random.default_rng(number)
        report = issued.report(seen(made.integers(0, 2, 140), seed=number), limit=0.05)
        wrong += bool(report.accused)
    assert wrong <= 7


def test_a_reading_that_is_not_trusted_accuses_nobody():
    issued = Issued([SessionCode.UNIFORM])
    z = seen(issued.bits(SessionCode.UNIFORM, 3, 100))
    assert issued.report(z).accused
    report = issued.report(z, objections=("The decoys read as marked.",))
    assert report.outcome is Outcome.UNRELIABLE
    assert report.accused == ()
    assert report.population == report.positions == 0
    assert report.objections == ("The decoys read as marked.",)


def test_too_short_a_leak_says_how_near_it_came():
    issued = Issued([SessionCode.UNIFORM])
    near = [issued.report(seen(issued.bits(SessionCode.UNIFORM, 3, length))) for length in (15, 25, 30)]
    assert [report.outcome for report in near] == [Outcome.NOT_ENOUGH] * 3
    assert 0 >= near[0].log10_best_bound > near[1].log10_best_bound > near[2].log10_best_bound > -6


def test_an_accusation_is_a_lead_until_its_bound_is_that_of_evidence():
    issued = Issued([SessionCode.UNIFORM])
    strengths = [
        issued.report(seen(issued.bits(SessionCode.UNIFORM, 3, length))).accused[0].strength for length in (36, 70)
    ]
    assert strengths == [Strength.LEAD, Strength.EVIDENCE]


def test_nothing_seen_and_nobody_issued_is_not_enough():
    issued = Issued([SessionCode.UNIFORM, SessionCode.DELIVERY], 10)
    assert issued.report(np.full(50, np.nan)).outcome is Outcome.NOT_ENOUGH
    report = make_report(Footage(np.ones(50), 2.0), [], issued.blocks, keys)
    assert (report.outcome, report.population, report.limit) == (Outcome.NOT_ENOUGH, 0, 1e-6)


def test_the_same_evidence_gives_the_same_report_however_sessions_are_dealt_out():
    issued = Issued([SessionCode.UP_TO_4], 1000)
    z = seen(issued.bits(SessionCode.UP_TO_4, 999, 200))
    whole = make_report(Footage(z, 2.0), issued.codes, lambda code: issued.blocks(code, 1000), keys)
    parts = make_report(Footage(z, 2.0), issued.codes, lambda code: issued.blocks(code, 7), keys)
    assert replace(whole) == parts
