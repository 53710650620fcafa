"""How far a job is, in percent of the work that it really has."""

from telecine.core.progress import IMPORT_WEIGHTS, WEIGHTS, Phase, percent


def test_the_shares_of_a_job_make_a_whole():
    assert sum(WEIGHTS.values()) == sum(IMPORT_WEIGHTS.values()) == 100


def test_a_job_that_encodes_nothing_does_not_wait_for_an_encode():
    units = {phase: [(1.0, 1.0)] for phase in IMPORT_WEIGHTS}
    assert percent(units) == 100
    units[Phase.IMPORT] = [(1.0, 2.0)]
    assert percent(units) == 100 - IMPORT_WEIGHTS[Phase.IMPORT] / 2


def test_knowing_that_nothing_is_encoded_never_takes_percent_away():
    begun = {Phase.STAGE_IN: [(1.0, 1.0)], Phase.PROBE: [(1.0, 2.0)]}
    assert percent(begun | {Phase.IMPORT: [(0.0, 1.0)]}) > percent(begun)
