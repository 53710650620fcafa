"""The result callback of the packaging API, over real HTTP: when it comes, in which form, and how often."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from telecine.catalog import callbacks, deliveries, jobs, packaging_sites, sites
from telecine.catalog.models import CALLBACK
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.notify.pump import DeliveryOptions, deliver_due
from telecine.notify.schedule import RETRIES

SITE = "DEMO"
PRIVATE = DeliveryOptions(private_targets=["127.0.0.0/8"])
REQUEST = {
    "job_name": "film",
    "storage": {
        "input": {"storage_id": "i", "contents_path": ["film/1080p.mp4", "film/720p.mp4"]},
        "output": {"storage_id": "o", "path": "packaged"},
    },
}


@pytest.fixture
def told(database, receiver):
    """The site wants to be told at the receiver."""
    with database.write() as s:
        packaging_sites.put(s, SITE, packaging_sites.PackagingTerms(callback_url=receiver.url))
    return receiver


@pytest.fixture
def add_job(database, new_job):
    """A job of the packaging API in the queue; keyword arguments replace what it is."""

    def add(request=REQUEST, **values):
        made = new_job(**{"dialect": "packaging", **values})
        made = jobs.NewJob(spec=made.spec, request=request, dialect=made.dialect, noti_id=made.noti_id)
        with database.write() as s:
            return jobs.create(s, SITE, made)

    return add


@pytest.fixture
def move(database):
    def move(job, *states, **how):
        for state in states:
            with database.write() as s:
                assert jobs.advance(s, job.id, job.attempt, state, now=datetime.now(UTC), **how)

    return move


@pytest.fixture
def deliver(database, sealer):
    def deliver(options=PRIVATE, after=timedelta()):
        return deliver_due(database, sealer, options, now=lambda: datetime.now(UTC) + after, dice=lambda: 0.5)

    return deliver


def bodies(receiver):
    return [json.loads(body) for _, body in receiver.requests]


WAY = (JobState.DOWNLOADING, JobState.TRANSCODING, JobState.PACKAGING)


class TestMessage:
    def test_a_job_that_is_complete(self, told, add_job, move, deliver):
        job = add_job()
        move(job, *WAY, JobState.COMPLETE)
        assert deliver() == 1
        ((headers, body),) = told.requests
        assert list(json.loads(body).items()) == [
            ("job_id", job.id),
            ("error_code", "0000"),
            ("error_message", "Success."),
            ("input_contents_path", ["film/1080p.mp4", "film/720p.mp4"]),
            ("output_path", "packaged"),
        ]
        assert headers["content-type"] == "application/json"
        assert deliver() == 0

    def test_a_job_that_failed(self, told, add_job, move, deliver):
        job = add_job()
        error = TelecineError(ErrorKind.MARK_TOO_SHORT, "it lasts 12.0 s.")
        move(job, *WAY, JobState.ERROR, error=error, error_code="WM900016")
        deliver()
        (body,) = bodies(told)
        assert (body["job_id"], body["error_code"], body["error_message"]) == (job.id, "WM900016", error.message)

    def test_a_job_that_was_stopped(self, database, told, add_job, move, deliver):
        job = add_job()
        with database.write() as s:
            jobs.request_stop(s, SITE, job.id)
        assert deliver() == 0
        move(job, JobState.STOPPED)
        deliver()
        (body,) = bodies(told)
        assert (body["error_code"], body["error_message"]) == ("WM200", "Packaging stop complete")

    def test_paths_in_the_other_spelling(self, told, add_job, move, deliver):
        storage = {"input": {"contents_path": "film.mp4"}, "output": {"path": ["packaged"]}}
        move(add_job({"storage": storage}), *WAY, JobState.COMPLETE)
        deliver()
        (body,) = bodies(told)
        assert (body["input_contents_path"], body["output_path"]) == (["film.mp4"], "packaged")

    def test_whoever_wants_can_verify_it_with_the_site_key(self, database, sealer, told, add_job, move, deliver):
        move(add_job(), *WAY, JobState.COMPLETE)
        deliver()
        ((headers, body),) = told.requests
        with database.read() as s:
            secret = callbacks.signing_secret(sealer, sites.get(s, SITE))
        assert Webhook(secret).verify(body, headers)["error_code"] == "0000"

    def test_nothing_before_the_end_and_nothing_of_other_apis(self, told, add_job, move, deliver):
        move(add_job(), *WAY)
        move(add_job(dialect="tnp"), *WAY, JobState.COMPLETE)
        assert deliver() == 0
        assert told.requests == []

    def test_nothing_where_nobody_wants_it(self, receiver, add_job, move, deliver):
        move(add_job(), *WAY, JobState.COMPLETE)
        assert deliver() == 0

    def test_every_attempt_has_an_end_of_its_own(self, database, told, add_job, move, deliver):
        job = add_job()
        move(job, *WAY, JobState.ERROR, error=TelecineError(ErrorKind.STALLED, ""), error_code="WM900006")
        deliver()
        with database.write() as s:
            job = jobs.restart(s, SITE, job.id)
        move(job, *WAY, JobState.COMPLETE)
        deliver()
        assert [body["error_code"] for body in bodies(told)] == ["WM900006", "0000"]


class TestDelivery:
    def test_it_comes_again_until_it_is_taken(self, told, add_job, move, deliver, log):
        move(add_job(), *WAY, JobState.COMPLETE)
        told.answers += [(500, {}, b"later"), (503, {}, b"")]
        for minutes in range(3):
            deliver(after=timedelta(minutes=minutes))
        assert len(told.requests) == 3
        assert len({body for _, body in told.requests}) == 1
        assert len({headers["webhook-id"] for headers, _ in told.requests}) == 1
        (row,) = log()
        assert (row.noti_id, row.state, [one.status for one in row.tries]) == (CALLBACK, "delivered", [500, 503, 200])

    def test_it_is_given_up_after_days_and_can_be_sent_again(self, database, told, add_job, move, deliver, log):
        move(add_job(), *WAY, JobState.COMPLETE)
        told.answers += [(500, {}, b"")] * (RETRIES + 1)
        for day in range(RETRIES + 1):
            deliver(after=timedelta(days=day))
        (row,) = log()
        assert row.state == "dead"
        with database.write() as s:
            deliveries.resend(s, SITE, row.id, noti_id=CALLBACK)
        deliver()
        assert log()[0].state == "delivered"

    def test_a_private_target_is_not_even_called(self, database, receiver, add_job, move, deliver, log):
        terms = packaging_sites.PackagingTerms(callback_url=f"https://127.0.0.1:{receiver.port}/")
        with database.write() as s:
            packaging_sites.put(s, SITE, terms)
        move(add_job(), *WAY, JobState.COMPLETE)
        deliver(DeliveryOptions())
        assert receiver.requests == []
        assert "not public" in log()[0].tries[0].body

    def test_it_goes_to_the_url_that_is_set_when_it_is_sent(self, database, told, add_job, move, deliver, log):
        move(add_job(), *WAY, JobState.COMPLETE)
        told.answers.append((500, {}, b""))
        deliver()
        with database.write() as s:
            packaging_sites.put(s, SITE, packaging_sites.PackagingTerms(callback_url=f"{told.url}/new"))
        deliver(after=timedelta(minutes=1))
        assert [row.state for row in log()] == ["delivered"]

    def test_it_is_given_up_when_the_site_wants_it_no_more(self, database, told, add_job, move, deliver, log):
        move(add_job(), *WAY, JobState.COMPLETE)
        with database.write() as s:
            packaging_sites.put(s, SITE, packaging_sites.PackagingTerms())
        deliver()
        assert told.requests == []
        assert (log()[0].state, log()[0].tries[0].body) == ("dead", "The site has no callback any more.")

    def test_one_of_another_site_is_not_sent_again(self, database, told, add_job, move, log, sealer):
        move(add_job(), *WAY, JobState.COMPLETE)
        with database.write() as s:
            sites.create(s, sealer, "EVIL")
        for site_id, noti_id in (("EVIL", CALLBACK), (SITE, 1)):
            with database.write() as s, pytest.raises(TelecineError) as caught:
                deliveries.resend(s, site_id, log()[0].id, noti_id=noti_id)
            assert caught.value.kind is ErrorKind.NOT_FOUND


class TestTerms:
    def test_defaults_and_changes(self, database):
        with database.read() as s:
            assert packaging_sites.get(s, SITE) == packaging_sites.PackagingTerms()
        for terms in (packaging_sites.PackagingTerms("https://a.test/x", 5), packaging_sites.PackagingTerms()):
            with database.write() as s:
                packaging_sites.put(s, SITE, terms)
            with database.read() as s:
                assert packaging_sites.get(s, SITE) == terms

    @pytest.mark.parametrize(
        ("site_id", "terms", "kind"),
        [
            ("NONE", packaging_sites.PackagingTerms(), ErrorKind.NOT_FOUND),
            (SITE, packaging_sites.PackagingTerms("https://a.test/" + "x" * 3000), ErrorKind.FIELD_OUT_OF_RANGE),
            (SITE, packaging_sites.PackagingTerms(trial_bytes=0), ErrorKind.FIELD_OUT_OF_RANGE),
        ],
    )
    def test_what_cannot_be(self, database, site_id, terms, kind):
        with database.write() as s, pytest.raises(TelecineError) as caught:
            packaging_sites.put(s, site_id, terms)
        assert caught.value.kind is kind
