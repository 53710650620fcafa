"""A message is tried again ever more slowly for about three days."""

import pytest

from telecine.notify.schedule import LONGEST_WISH, RETRIES, pause


def test_pauses_grow_to_three_days_and_then_it_is_given_up():
    pauses = [pause(failures, dice=0.5) for failures in range(1, RETRIES + 1)]
    assert pauses[0] == 5
    assert pauses == sorted(pauses)
    assert 2.5 * 86400 < sum(pauses) < 3.5 * 86400
    assert pause(RETRIES + 1, dice=0.5) is None


@pytest.mark.parametrize("failures", [1, 5, RETRIES])
def test_the_dice_spread_a_pause_by_a_fifth(failures):
    middle = pause(failures, 0.5)
    assert pause(failures, 0.0) == pytest.approx(0.8 * middle)
    assert pause(failures, 1.0) == pytest.approx(1.2 * middle)


def test_a_wish_for_more_time_is_granted_and_for_less_is_not():
    assert pause(1, 0.5, retry_after=600) == 600
    assert pause(9, 0.5, retry_after=1) == pause(9, 0.5)
    assert pause(1, 0.5, retry_after=1e9) == LONGEST_WISH
    assert pause(RETRIES + 1, 0.5, retry_after=1) is None
