"""How far a job is, in percent of the work that it really has."""

import pytest

from telecine.core.progress import COPY_WEIGHTS, IMPORT_WEIGHTS, INDIVIDUAL_WEIGHTS, WEIGHTS, Phase, percent


def test_the_shares_of_a_job_make_a_whole():
    for weights in (WEIGHTS, IMPORT_WEIGHTS, COPY_WEIGHTS, INDIVIDUAL_WEIGHTS):
        assert sum(weights.values()) == 100


def test_a_job_that_encodes_nothing_does_not_wait_for_an_encode():
    units = {phase: [(1.0, 1.0)] for phase in IMPORT_WEIGHTS}
    assert percent(units) == 100
    units[Phase.IMPORT] = [(1.0, 2.0)]
    assert percent(units) == 100 - IMPORT_WEIGHTS[Phase.IMPORT] / 2


def test_knowing_that_nothing_is_encoded_never_takes_percent_away():
    begun = {Phase.STAGE_IN: [(1.0, 1.0)], Phase.PROBE: [(1.0, 2.0)]}
    assert percent(begun | {Phase.IMPORT: [(0.0, 1.0)]}) > percent(begun)


@pytest.mark.parametrize("more", [{}, {Phase.ENCODE: [(0.0, 60.0)]}], ids=["individual copies", "spliced copies"])
def test_knowing_that_copies_are_made_never_takes_percent_away(more):
    begun = {Phase.STAGE_IN: [(1.0, 1.0)], Phase.PROBE: [(1.0, 2.0)]}
    assert percent(begun | {Phase.COPY: [(0.0, 1.0)]} | more) >= percent(begun)


def test_a_job_whose_copies_are_an_encode_each_is_as_far_as_its_recipients_are():
    units = {Phase.STAGE_IN: [(1.0, 1.0)], Phase.PROBE: [(1.0, 1.0)], Phase.COPY: [(1.0, 1.0), (0.5, 1.0), (0.0, 1.0)]}
    assert percent(units) == 4 + 96 / 2
