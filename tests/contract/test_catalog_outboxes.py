"""The two outboxes, commands and deliveries: claimed by one at a time, never lost, on record."""

from datetime import UTC, datetime, timedelta

import pytest

from telecine.catalog import commands, deliveries, jobs, sites
from telecine.core.errors import ErrorKind, TelecineError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LEASE = 30


def after(seconds):
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def claimed(database):
    """Claims commands and gives their ids."""

    def claim(now, limit=10):
        with database.write() as s:
            return [command.id for command in commands.claim(s, now, LEASE, limit)]

    return claim


@pytest.fixture
def due(database):
    """Claims deliveries and gives their ids."""

    def claim(now, limit=10):
        with database.write() as s:
            return [delivery.id for delivery in deliveries.due(s, now, LEASE, limit)]

    return claim


@pytest.fixture
def told_job(make_job, make_notification):
    """A queued job of NOW whose notification wants `queued`."""
    noti = make_notification("queued", "stopped")
    return lambda: make_job(noti_id=noti.id, now=NOW)


def test_a_command_is_claimed_once_until_its_lease_ends(make_job, claimed):
    make_job(now=NOW)
    assert claimed(after(-1)) == []
    assert claimed(NOW) == [1]
    assert claimed(after(LEASE - 1)) == []
    assert claimed(after(LEASE)) == [1]


def test_commands_come_oldest_first_and_in_portions(make_job, claimed):
    for _ in range(3):
        make_job(now=NOW)
    assert claimed(NOW, limit=2) == [1, 2]
    assert claimed(NOW, limit=2) == [3]


def test_a_command_carried_out_is_gone(database, make_job, claimed):
    make_job(now=NOW)
    claimed(NOW)
    with database.write() as s:
        commands.done(s, 1)
        commands.done(s, 1)
    assert claimed(after(1000)) == []


def test_a_command_that_failed_waits_and_says_why(database, make_job, claimed):
    make_job(now=NOW)
    claimed(NOW)
    with database.write() as s:
        commands.retry_later(s, 1, after(5), "Temporal does not answer")
        commands.retry_later(s, 999, after(5), "already gone")
    assert claimed(after(4)) == []
    with database.write() as s:
        command = commands.claim(s, after(5), LEASE, 1)[0]
    assert (command.kind, command.tries, command.trouble) == ("start", 2, "Temporal does not answer")


def test_start_and_stop_of_a_job_come_in_order(database, make_job):
    job = make_job(now=NOW)
    with database.write() as s:
        jobs.request_stop(s, "DEMO", job.id, now=NOW)
        assert [command.kind for command in commands.claim(s, NOW, LEASE, 10)] == ["start", "stop"]


def test_a_delivery_is_claimed_once_until_its_lease_ends(told_job, due):
    told_job()
    assert due(after(-1)) == []
    assert due(NOW) == [1]
    assert due(after(LEASE - 1)) == []
    assert due(after(LEASE)) == [1]


def test_what_was_delivered_is_not_sent_again(database, told_job, due):
    job = told_job()
    due(NOW)
    with database.write() as s:
        deliveries.succeeded(s, 1, after(1), 200, "ok")
    assert due(after(1000)) == []
    with database.read() as s:
        total, rows = deliveries.log(s, "DEMO", job_id=job.id)
    row = rows[0]
    assert (total, row.state, row.attempts, row.word, row.update_time) == (1, "delivered", 1, "queued", after(1))
    assert [(one.time, one.status, one.body) for one in row.tries] == [(after(1), 200, "ok")]


def test_every_try_is_on_record_and_the_last_one_gives_up(database, told_job, due):
    told_job()
    due(NOW)
    with database.write() as s:
        deliveries.failed(s, 1, after(1), 503, "x" * 5000, after(10))
    assert due(after(9)) == []
    assert due(after(10)) == [1]
    with database.write() as s:
        deliveries.failed(s, 1, after(11), None, "no route\0 \ud800", None)
    assert due(after(10_000)) == []
    with database.read() as s:
        _, rows = deliveries.log(s, "DEMO")
    assert (rows[0].state, rows[0].attempts) == ("dead", 2)
    assert [(one.status, one.body[:9], len(one.body)) for one in rows[0].tries] == [
        (503, "xxxxxxxxx", 2000),
        (None, "no route ", 10),
    ]


def test_a_failure_that_comes_after_success_changes_nothing(database, told_job, due):
    told_job()
    with database.write() as s:
        deliveries.succeeded(s, 1, after(1), 200, "")
        deliveries.failed(s, 1, after(2), 500, "", after(3))
    assert due(after(1000)) == []


def test_a_dead_or_delivered_message_can_be_sent_again(database, sealer, told_job, due):
    told_job()
    with database.write() as s:
        deliveries.failed(s, 1, after(1), 500, "", None)
        again = deliveries.resend(s, "DEMO", 1, noti_id=1, now=after(2))
        assert (again.state, again.attempts) == ("pending", 0)
    assert due(after(2)) == [1]
    with database.write() as s:
        deliveries.succeeded(s, 1, after(3), 200, "")
        deliveries.resend(s, "DEMO", 1, noti_id=1, now=after(4))
    assert due(after(4)) == [1]
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
        for site_id, delivery_id in (("TWO2", 1), ("DEMO", 2), ("DEMO", 10**30)):
            with pytest.raises(TelecineError) as refused:
                deliveries.resend(s, site_id, delivery_id, noti_id=1)
            assert refused.value.kind is ErrorKind.NOT_FOUND


def test_the_log_pages_newest_first_and_stays_within_the_site(database, sealer, told_job):
    made = [told_job().id for _ in range(3)]
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
        assert deliveries.log(s, "TWO2") == (0, [])
        total, rows = deliveries.log(s, "DEMO", noti_id=1, page_unit=2, page_index=1)
        assert (total, [row.id for row in rows]) == (3, [3, 2])
        assert [row.id for row in deliveries.log(s, "DEMO", noti_id=1, page_unit=2, page_index=2)[1]] == [1]
        assert [row.id for row in deliveries.log(s, "DEMO", job_id=made[1])[1]] == [2]
        assert deliveries.log(s, "DEMO", noti_id=10**30) == (0, [])
