"""Detections of recipients on both databases: what they are of, and that viewers' calls do not see them."""

import pytest
from tests.distributed import add_distribution, add_recipients
from tests.marked import add_title

from telecine.catalog import deliveries, detections, sites
from telecine.catalog.clock import utcnow
from telecine.catalog.detections import DetectionFilter, NewDetection, Source, Told
from telecine.core.detection_codes import DetectionState, Subject
from telecine.core.errors import ErrorKind, TelecineError

THEIRS = Subject.RECIPIENTS


@pytest.fixture
def people(database):
    with database.write() as s:
        return add_recipients(s, "Airline", "Festival")


@pytest.fixture
def distributed(database, storage, people):
    """The id of a job that has prepared the master of `film`."""
    with database.write() as s:
        return add_distribution(s, storage.storage_id, people)


@pytest.fixture
def ask(database, sealer, storage):
    def make(site_id="DEMO", per_day=0, **values):
        given = {
            "content_id": "film", "title": "case 1", "source": Source(storage.storage_id, "leak.mov"), "limit": 1e-6,
            "subject": THEIRS,
        }  # fmt: skip
        with database.write() as s:
            return detections.create(s, sealer, site_id, NewDetection(**(given | values)), per_day=per_day)

    return make


def refused(call, kind, field=""):
    with pytest.raises(TelecineError) as caught:
        call()
    assert (caught.value.kind, caught.value.field) == (kind, field)


def test_it_is_of_the_newest_master_of_the_content_unless_one_is_named(database, storage, people, distributed, ask):
    assert ask().of_job == distributed
    with database.write() as s:
        newer = add_distribution(s, storage.storage_id, people)
        add_distribution(s, storage.storage_id, people, has_prepared=False)
        add_distribution(s, storage.storage_id, people, content_id="another")
    assert ask().of_job == newer
    found = ask(of_job=distributed)
    assert (found.of_job, found.subject) == (distributed, "recipients")
    with database.read() as s:
        assert detections.master(s, found).job_id == distributed


def test_what_cannot_be_traced_is_refused_naming_the_field(database, sealer, storage, people, distributed, ask):
    with database.write() as s:
        unprepared = add_distribution(s, storage.storage_id, people, has_prepared=False)
        other = add_distribution(s, storage.storage_id, people, content_id="other")
        sites.create(s, sealer, "ELSE")
    refused(lambda: ask(content_id="unknown"), ErrorKind.FIELD_INVALID, "content_id")
    refused(lambda: ask(content_id="nul\0"), ErrorKind.FIELD_INVALID, "content_id")
    refused(lambda: ask(site_id="ELSE"), ErrorKind.FIELD_INVALID, "content_id")
    for job_id in (unprepared, other, 999, 2**70):
        refused(lambda job_id=job_id: ask(of_job=job_id), ErrorKind.FIELD_INVALID, "job_id")


def test_a_title_that_is_streamed_and_a_master_that_is_distributed_say_nothing_of_each_other(
    database, distributed, make_job, ask
):
    refused(lambda: ask(subject=Subject.VIEWERS), ErrorKind.FIELD_INVALID, "content_id")
    job_id = make_job().id
    with database.write() as s:
        add_title(s, job_id, content_id="streamed")
    refused(lambda: ask(content_id="streamed"), ErrorKind.FIELD_INVALID, "content_id")
    assert ask(subject=Subject.VIEWERS, content_id="streamed").of_job is None


def test_viewers_calls_do_not_see_detections_of_recipients_nor_the_other_way_round(
    database, distributed, make_job, ask
):
    job_id = make_job().id
    with database.write() as s:
        add_title(s, job_id)
    ours, viewers = ask().id, ask(subject=Subject.VIEWERS).id
    with database.read() as s:
        for subject, own, other in ((THEIRS, ours, viewers), (Subject.VIEWERS, viewers, ours)):
            listed = detections.search(s, "DEMO", DetectionFilter(subject=subject))
            assert (listed[0], [row.id for row in listed[1]]) == (1, [own])
            assert detections.get(s, "DEMO", own, subject).id == own
            refused(lambda o=other, u=subject: detections.get(s, "DEMO", o, u), ErrorKind.NOT_FOUND)
            refused(lambda o=other, u=subject: detections.picture(s, "DEMO", o, u), ErrorKind.NOT_FOUND)
    with database.write() as s:
        refused(lambda: detections.cancel(s, "DEMO", ours), ErrorKind.NOT_FOUND)
        assert detections.cancel(s, "DEMO", ours, subject=THEIRS).state == "cancelled"


def test_both_kinds_count_for_the_day(database, distributed, make_job, ask):
    job_id = make_job().id
    with database.write() as s:
        add_title(s, job_id)
    ask()
    ask(subject=Subject.VIEWERS)
    refused(lambda: ask(per_day=2), ErrorKind.DETECTION_LIMIT)
    refused(lambda: ask(per_day=2, subject=Subject.VIEWERS), ErrorKind.DETECTION_LIMIT)


def test_whoever_asked_to_be_told_hears_the_recipients_name(database, distributed, make_notification, ask):
    row = ask(noti_id=make_notification("complete").id)
    with database.write() as s:
        detections.begin(s, row.id, 1, utcnow())
        detections.finish(s, row.id, 1, DetectionState.COMPLETE, now=utcnow(), told=[Told("Festival")])
    with database.read() as s:
        (message,) = [line.payload for line in deliveries.log(s, "DEMO", page_unit=10)[1]]
    assert (message["detection_status"], message["forensic_mark"]) == ("FD004", "Festival")
    assert message["watermark_token"] == ""
