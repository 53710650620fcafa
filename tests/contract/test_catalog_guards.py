"""What keeps clients honest: remembered answers and counted failures."""

from datetime import UTC, datetime, timedelta

import pytest

from telecine.catalog import idempotency, logins, sites
from telecine.core.errors import ErrorKind, TelecineError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ANSWER = {"error_code": "0000", "data": {"job_id": 5}}


def recall(database, key="k", fingerprint="f", site_id="DEMO", now=NOW):
    with database.write() as s:
        return idempotency.recall(s, site_id, key, fingerprint, now=now)


def remember(database, key="k", fingerprint="f", answer=ANSWER, now=NOW):
    with database.write() as s:
        idempotency.remember(s, "DEMO", key, fingerprint, answer, now=now)


def test_an_answer_is_given_again_for_a_day(database):
    assert recall(database) is None
    remember(database)
    assert recall(database) == ANSWER
    assert recall(database, now=NOW + timedelta(hours=23)) == ANSWER
    assert recall(database, now=NOW + timedelta(hours=24)) is None
    remember(database, answer={"new": 1}, now=NOW + timedelta(hours=25))
    assert recall(database, now=NOW + timedelta(hours=26)) == {"new": 1}


def test_a_key_belongs_to_one_request_of_one_site(database, sealer):
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
    remember(database)
    with pytest.raises(TelecineError) as refused:
        recall(database, fingerprint="another")
    assert refused.value.kind is ErrorKind.IDEMPOTENCY_MISMATCH
    assert recall(database, site_id="TWO2") is None
    assert recall(database, key="K") is None


def test_any_key_can_be_used(database):
    for key in ("x" * 10_000, "\0", "\ud800", "ключ"):
        remember(database, key=key)
        assert recall(database, key=key) == ANSWER


def test_old_answers_are_forgotten(database):
    remember(database, key="old")
    remember(database, key="new", now=NOW + timedelta(hours=2))
    with database.write() as s:
        idempotency.forget_old(s, NOW + timedelta(hours=25))
    assert recall(database, key="old") is None
    assert recall(database, key="new") == ANSWER


def fail(database, times, key="account:DEMO:me", now=NOW):
    with database.write() as s:
        for _ in range(times):
            logins.failed(s, key, now)


def wait(database, key="account:DEMO:me", now=NOW):
    """Whether a try is refused, and with which words."""
    with database.write() as s:
        try:
            logins.check(s, key, now)
        except TelecineError as error:
            return error.detail if error.kind is ErrorKind.TOO_MANY_ATTEMPTS else "another error"
    return ""


def test_a_few_failures_cost_nothing_then_each_costs_more(database):
    fail(database, logins.FREE - 1)
    assert wait(database) == ""
    fail(database, 1)
    assert wait(database) == "Try again in 1 s."
    assert wait(database, now=NOW + timedelta(seconds=1)) == ""
    fail(database, 3)
    assert wait(database) == "Try again in 8 s."
    fail(database, 100)
    assert wait(database) == "Try again in 300 s."


def test_the_right_key_ends_the_counting(database):
    fail(database, 50)
    with database.write() as s:
        logins.succeeded(s, "account:DEMO:me")
    assert wait(database) == ""


def test_each_key_is_counted_by_itself(database):
    fail(database, 50)
    assert wait(database, key="address:192.0.2.1") == ""
    fail(database, 50, key="nul\0 half\ud800")
    assert wait(database, key="nul\0 half\ud800") != ""


def test_old_failures_do_not_count(database):
    fail(database, 50)
    later = NOW + timedelta(hours=2)
    fail(database, 1, now=later)
    assert wait(database, now=later) == ""
    with database.write() as s:
        logins.forget_old(s, later + timedelta(hours=2))
    assert wait(database) == ""
