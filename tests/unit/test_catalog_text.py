"""Text and numbers from strangers, before they reach a database."""

import pytest

from telecine.catalog.logins import FREE, LONGEST_WAIT, wait_after
from telecine.catalog.text import LARGEST_ID, checked, checked_json, digest, storable, within
from telecine.core.errors import ErrorKind, TelecineError


def test_what_a_database_cannot_hold_is_refused_with_the_fields_name():
    assert checked("한국어 🎬", "job_name", 50) == "한국어 🎬"
    for text in ("nul\0", "half \ud800"):
        assert not storable(text)
        with pytest.raises(TelecineError) as refused:
            checked(text, "job_name", 50)
        assert refused.value.field == "job_name"
    with pytest.raises(TelecineError) as refused:
        checked("x" * 51, "job_name", 50)
    assert refused.value.kind is ErrorKind.FIELD_OUT_OF_RANGE


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": ["\ud800"]}, {"a": object()}])
def test_json_that_nobody_could_read_back_is_refused(value):
    with pytest.raises(TelecineError):
        checked_json(value, "user_data")


def test_numbers_no_row_can_have_stay_so():
    assert within(10**40) == LARGEST_ID
    assert within(-(10**40)) == -LARGEST_ID
    assert within(5) == 5


def test_a_digest_tells_its_parts_apart():
    assert digest("ab", "c") != digest("a", "bc")
    assert len(digest("\ud800")) == 64


def test_waiting_begins_late_grows_and_ends():
    waits = [wait_after(failures).total_seconds() for failures in range(40)]
    assert waits[:FREE] == [0] * FREE
    assert waits[FREE : FREE + 4] == [1, 2, 4, 8]
    assert waits == sorted(waits)
    assert wait_after(10**9) == LONGEST_WAIT
