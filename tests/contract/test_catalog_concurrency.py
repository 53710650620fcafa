"""Several processes at once: what must happen once happens once. Threads stand in; each has its own connection."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from telecine.catalog import commands, deliveries, idempotency, jobs, logins, notifications, sites, storages
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import TERMINAL, JobState

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CROWD = 6


def together(*calls):
    """Run the calls at the same time, each in a thread; their results, or the TelecineError they raised."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            return call()
        except TelecineError as error:
            return error.kind

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_no_command_goes_to_two_pumps(database, make_job):
    for _ in range(30):
        make_job(now=NOW)

    def pump():
        mine = []
        while True:
            with database.write() as s:
                portion = [command.id for command in commands.claim(s, NOW, 60, 2)]
            if not portion:
                return mine
            mine += portion

    claimed = [number for mine in together(*[pump] * CROWD) for number in mine]
    assert Counter(claimed) == Counter(range(1, 31))


def test_no_delivery_goes_to_two_pumps(database, make_job, make_notification):
    noti = make_notification("queued")
    for _ in range(20):
        make_job(now=NOW, noti_id=noti.id)

    def pump():
        with database.write() as s:
            return [delivery.id for delivery in deliveries.due(s, NOW, 60, 5)]

    claimed = [number for mine in together(*[pump] * 4) for number in mine]
    assert max(Counter(claimed).values()) == 1


@pytest.mark.parametrize("round_", range(5))
def test_one_end_wins_and_is_told_alone(database, make_job, make_notification, round_):
    noti = make_notification("complete", "error", "stopped")
    job = make_job(noti_id=noti.id)
    ends = sorted(TERMINAL) * 2

    def end(state):
        def call():
            with database.write() as s:
                return jobs.advance(s, job.id, 1, state, now=NOW)

        return call

    won = together(*[end(state) for state in ends])
    assert won.count(True) == 1
    winner = ends[won.index(True)]
    with database.read() as s:
        assert jobs.load(s, job.id).state is winner
        assert [row.word for row in deliveries.log(s, "DEMO", job_id=job.id)[1]] == [winner.value]


def test_of_two_stops_one_is_refused(database, make_job):
    job = make_job()

    def stop():
        with database.write() as s:
            return jobs.request_stop(s, "DEMO", job.id).attempt

    assert sorted(together(stop, stop), key=str) == [1, ErrorKind.WRONG_STATE]


def test_of_two_restarts_one_is_refused(database, make_job):
    job = make_job()
    with database.write() as s:
        jobs.advance(s, job.id, 1, JobState.ERROR, now=NOW)

    def restart():
        with database.write() as s:
            return jobs.restart(s, "DEMO", job.id).attempt

    assert sorted(together(restart, restart), key=str) == [2, ErrorKind.WRONG_STATE]


def test_a_trial_is_not_overdrawn(database, new_job):
    with database.write() as s:
        sites.configure(s, "DEMO", trial_limit=2)

    def create():
        with database.write() as s:
            return jobs.create(s, "DEMO", new_job()).attempt

    assert Counter(together(*[create] * CROWD)) == {1: 2, ErrorKind.TRIAL_LIMIT: CROWD - 2}


def test_a_storage_is_deleted_or_used_but_not_both(database, make_storage, new_job):
    for _ in range(5):
        storage = make_storage()

        def create(storage_id=storage.storage_id):
            with database.write() as s:
                jobs.create(s, "DEMO", new_job(storage_id=storage_id))
            return "created"

        def delete(storage_id=storage.storage_id):
            with database.write() as s:
                storages.delete(s, "DEMO", [storage_id])
            return "deleted"

        assert set(together(create, delete)) in ({"created", ErrorKind.IN_USE}, {"deleted", ErrorKind.NOT_FOUND})


def test_a_deleted_notification_leaves_no_message_waiting(database, make_job, make_notification):
    for _ in range(5):
        noti = make_notification("complete")
        job = make_job(noti_id=noti.id)

        def end(job_id=job.id):
            with database.write() as s:
                jobs.advance(s, job_id, 1, JobState.COMPLETE, now=NOW)

        def delete(noti_id=noti.id):
            with database.write() as s:
                notifications.delete(s, "DEMO", noti_id)

        assert together(end, delete, delete).count(ErrorKind.NOT_FOUND) == 1
        with database.read() as s:
            assert [row.state for row in deliveries.log(s, "DEMO", noti_id=noti.id)[1]] in ([], ["dead"])


def test_requests_with_one_idempotency_key_make_one_job(database, new_job):
    def create():
        with database.write() as s:
            answer = idempotency.recall(s, "DEMO", "key", "body")
            if answer is None:
                answer = {"job_id": jobs.create(s, "DEMO", new_job()).id}
                idempotency.remember(s, "DEMO", "key", "body", answer)
            return answer["job_id"]

    assert set(together(*[create] * CROWD)) == {1}


def test_no_failure_is_lost(database):
    def fail():
        with database.write() as s:
            logins.failed(s, "address:192.0.2.1", NOW)

    together(*[fail] * (logins.FREE + 1))
    with database.read() as s, pytest.raises(TelecineError) as refused:
        logins.check(s, "address:192.0.2.1", NOW)
    assert refused.value.detail == "Try again in 2 s."


def test_readers_do_not_wait_for_a_writer(database, make_job):
    job = make_job()
    with database.write() as writer:
        jobs.advance(writer, job.id, 1, JobState.DOWNLOADING, now=NOW)
        with ThreadPoolExecutor(1) as pool:

            def look():
                with database.read() as s:
                    return jobs.load(s, job.id).state

            assert pool.submit(look).result(timeout=20) is JobState.QUEUED
