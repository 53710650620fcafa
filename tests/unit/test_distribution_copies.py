"""What the activities of a distribution make of a prepared master: each recipient's own copy, once, and its row."""

import json
import threading
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import ActivityEnvironment
from tests.distributions import new_distribution, tasks
from tests.jobs import SITE, services_in
from tests.prepared import GROUPS, PLAN, prepare, spliced

from telecine.catalog import copies, distributions, jobs, prepared
from telecine.core.dwm_codes import CopyState
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import MasterPlan
from telecine.core.states import JobState
from telecine.core.watermark.recipients import takes_of
from telecine.jobs import prepared_masters, pump, references
from telecine.jobs.distribution_activities import DistributionActivities
from telecine.jobs.endings import take_back
from telecine.jobs.messages import STALE, Ending, JobRef, Master
from telecine.jobs.prepared import SOURCE, drop_files
from telecine.jobs.pump import ref_of
from telecine.jobs.services import Services
from telecine.jobs.staging import identity
from telecine.storage.folder import FolderStore


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return services_in(tmp_path)


class Prepared:
    """A distribution whose master is prepared and in the store."""

    def __init__(self, services: Services, *names: str) -> None:
        self.services = services
        self.job = new_distribution(services, *names)
        name = references.name_of(SITE, "film", self.job.id)
        self.place = references.place_of(services.settings.prepared, name)
        self.made, self.files = prepare(self.place)
        with services.database.write() as s:
            prepared.keep(s, self.job, PLAN, name)
        self.ref = ref_of(self.job)
        self.names = names
        self.numbers = [task.recipient_id for task in tasks(services, self.job.id)]

    @property
    def bucket(self) -> Path:
        return self.services.settings.buckets / "output"

    def run(self, name, *more, environment=None):
        activities = DistributionActivities(self.services)
        return (environment or ActivityEnvironment()).run(getattr(activities, name), self.ref, *more)

    def make(self, numbers=None, tries=1, environment=None):
        environment = environment or ActivityEnvironment()
        info = ActivityEnvironment.default_info()
        environment.info = info.__class__(**{**vars(info), "attempt": tries})
        return self.run("make_copies", 0, list(numbers or self.numbers), environment=environment)

    def states(self):
        return [task.state for task in tasks(self.services, self.job.id)]

    def restart(self):
        with self.services.database.write() as s:
            self.ref = ref_of(distributions.restart(s, SITE, self.job.id))

    def end(self, ending):
        return pump.end(self.services, self.job.id, self.ref.attempt, ending)

    def copy_of(self, place):
        """What the recipient who was named at this place must get."""
        plan = MasterPlan.model_validate(PLAN)
        keys = self.services.recipient_keys(SITE, "film", plan.code)
        return spliced(self.made, self.files, takes_of(keys, self.numbers[place], GROUPS).tolist())


@pytest.fixture
def film(services: Services) -> Prepared:
    return Prepared(services, "Acme", "Best", "cinema-3")


def refusing(monkeypatch, kind, *names):
    """Let the storage fail for the copies of these recipients, or for all."""
    upload = FolderStore.upload

    def refuse(self, source, key, content_type, report=lambda done, total: None):
        if not names or any(f"/{name}/" in key for name in names):
            raise TelecineError(kind, "no.")
        upload(self, source, key, content_type, report)

    monkeypatch.setattr(FolderStore, "upload", refuse)


def test_everybody_gets_the_copy_that_is_his_in_a_folder_of_his_own(film):
    assert film.make() == 3
    assert film.states() == [CopyState.COMPLETE] * 3
    for place, (name, task) in enumerate(zip(film.names, tasks(film.services, film.job.id), strict=True)):
        assert task.object_key == f"copies/film/copies/{name}/film_{name}.mov"
        assert (film.bucket / task.object_key).read_bytes() == film.copy_of(place)
        assert (task.size, task.error_code) == (film.made.size, "0")
    assert len({film.copy_of(place) for place in range(3)}) == 3
    assert pump.load(film.services, film.job.id).state is JobState.UPLOADING


def test_copies_that_are_there_are_not_made_again(film):
    film.make(film.numbers[:2])
    before = {path: path.stat().st_ino for path in film.bucket.rglob("*.mov")}
    assert film.make(tries=2) == 3
    assert before.items() <= {path: path.stat().st_ino for path in film.bucket.rglob("*.mov")}.items()


def test_a_copy_that_the_storage_refuses_fails_alone_and_with_its_reason(film, monkeypatch):
    refusing(monkeypatch, ErrorKind.STORAGE_REFUSED, "Best")
    assert film.make() == 2
    assert film.states() == [CopyState.COMPLETE, CopyState.FAILED, CopyState.COMPLETE]
    failed = tasks(film.services, film.job.id)[1]
    assert failed.error_code == "3001"
    assert "no." in failed.error_message
    ending = film.run("count_copies")
    assert ending.state == "error"
    assert "1 of 3 recipients have no copy. The first is Best: " in ending.failure.detail


def test_a_storage_that_does_not_answer_is_tried_again_when_the_others_are_done(film, monkeypatch):
    refusing(monkeypatch, ErrorKind.STORAGE_UNREACHABLE, "Acme")
    with pytest.raises(ApplicationError) as raised:
        film.make(tries=1)
    assert (raised.value.type, raised.value.non_retryable) == ("storage_unreachable", False)
    assert film.states() == [CopyState.PROGRESSING, CopyState.COMPLETE, CopyState.COMPLETE]
    assert film.make(tries=12) == 2, "at last it is given up"
    assert film.states()[0] is CopyState.FAILED


def test_something_nobody_foresaw_is_not_told_with_its_secrets(film, monkeypatch):
    def fail(*_, **__):
        raise ValueError("/secret/path")

    monkeypatch.setattr(FolderStore, "upload", fail)
    assert film.make(tries=3) == 0
    assert "secret" not in tasks(film.services, film.job.id)[0].error_message


def test_a_restart_makes_only_what_is_missing(film, monkeypatch):
    with monkeypatch.context() as patched:
        refusing(patched, ErrorKind.STORAGE_REFUSED, "Best")
        film.make()
    film.end(film.run("count_copies"))
    job = pump.load(film.services, film.job.id)
    assert (job.state, job.error_kind, job.error_code) == (JobState.ERROR, "publish_failed", "DW8007")
    film.restart()
    assert film.run("find_prepared") == Master(0, prepared=True)
    assert film.run("list_copies", 0) == [film.numbers[1]]
    assert film.make([film.numbers[1]]) == 1
    assert film.run("count_copies") == Ending("complete")
    assert film.end(Ending("complete")) == "complete"
    outputs = pump.load(film.services, film.job.id).outputs
    assert outputs == {"prefix": "copies/film", "copies": 3, "bytes": 3 * film.made.size}


def test_an_attempt_that_is_over_makes_nothing(film):
    late = film.ref
    film.end(Ending("stopped"))
    film.restart()
    film.ref = late
    with pytest.raises(ApplicationError) as raised:
        film.make()
    assert raised.value.type == STALE
    assert list(film.bucket.rglob("*.mov")) == []


def test_a_stop_in_the_middle_of_a_copy_leaves_whole_copies_alone(film, monkeypatch):
    """The last of three is being uploaded when the stop comes."""
    environment = ActivityEnvironment()
    upload = FolderStore.upload
    others = threading.Semaphore(0)

    def slow(self, source, key, content_type, report):
        if "/cinema-3/" not in key:
            upload(self, source, key, content_type, report)
            others.release()
            return

        def until_cancelled(done, total):
            for _ in range(2):
                others.acquire()
            environment.cancel()
            while True:
                report(done, total)

        upload(self, source, key, content_type, until_cancelled)

    monkeypatch.setattr(FolderStore, "upload", slow)
    with pytest.raises(CancelledError):
        film.make(environment=environment)
    assert sorted(path.parent.name for path in film.bucket.rglob("*") if path.is_file()) == ["Acme", "Best"]
    assert film.end(Ending("stopped")) == "stopped"
    assert len(list(film.bucket.rglob("*.mov"))) == 2


def test_what_a_killed_worker_left_of_a_copy_is_cleared_when_the_job_ends(film):
    with film.services.database.write() as s:
        assert copies.begin(s, film.job.id, 1, film.numbers[0])
    left = film.bucket / "copies/film/copies/Acme/.telecine-0123.part"
    whole = film.bucket / "copies/film/copies/Best/film_Best.mov"
    for path in (left, whole):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    take_back(film.services, pump.load(film.services, film.job.id))
    assert not left.exists()
    assert whole.exists()


def test_what_a_killed_worker_left_of_a_copy_is_cleared_by_who_makes_it(film):
    with film.services.database.write() as s:
        assert copies.begin(s, film.job.id, 1, film.numbers[0])
    left = film.bucket / "copies/film/copies/Acme/.telecine-0123.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    assert film.make() == 3
    assert not left.exists()


def test_a_prepared_master_that_is_gone_or_damaged_is_made_anew(film):
    (film.place / "1.mov").write_bytes(b"short")
    assert film.run("find_prepared") == Master(0)
    with film.services.database.write() as s:
        prepared.forget_files(s, film.job.id)
    assert film.run("find_prepared") == Master(0)


class TestALaterJobOfTheSameMaster:
    """The first one's master was staged in, so it is known which file it was."""

    @pytest.fixture
    def film(self, services):
        made = Prepared(services, "Acme")
        master = services.settings.buckets / "input" / "film.mov"
        master.write_bytes(b"the master")
        there = FolderStore(master.parent).head("film.mov")
        (made.place / SOURCE).write_text(json.dumps(identity(there)))
        return made

    def later(self, film, **wanted):
        job = new_distribution(film.services, "Late", after=film.job, **wanted)
        return job, DistributionActivities(film.services)

    def find(self, job, activities):
        return ActivityEnvironment().run(activities.find_prepared, ref_of(job))

    def test_takes_over_what_is_prepared_and_a_recipient_of_both_gets_the_same_copy(self, film):
        film.make()
        job, activities = self.later(film)
        assert self.find(job, activities) == Master(0, prepared=True)
        number = tasks(film.services, job.id)[0].recipient_id
        assert ActivityEnvironment().run(activities.make_copies, ref_of(job), 0, [number]) == 1
        plan, entry = prepared_masters.find(film.services, job)
        assert plan == MasterPlan.model_validate(PLAN)
        assert [file.read_bytes() for file in entry.files] == film.files

    def test_keeps_it_when_the_first_ones_files_are_dropped(self, film):
        job, activities = self.later(film)
        self.find(job, activities)
        drop_files(film.place)
        with film.services.database.write() as s:
            prepared.forget_files(s, film.job.id)
        assert prepared_masters.find(film.services, film.job) is None
        assert prepared_masters.find(film.services, job) is not None

    @pytest.mark.parametrize(
        "wanted", [{"strength": 0.7}, {"group_seconds": 0.5}, {"mode": "individual"}, {"master": "other.mov"}], ids=str
    )
    def test_that_asks_for_something_else_prepares_its_own(self, film, wanted):
        (film.services.settings.buckets / "input" / "other.mov").write_bytes(b"the master")
        assert self.find(*self.later(film, **wanted)) == Master(0)

    def test_whose_file_was_replaced_prepares_its_own(self, film):
        (film.services.settings.buckets / "input" / "film.mov").write_bytes(b"another master")
        assert self.find(*self.later(film)) == Master(0)

    def test_finds_nothing_where_the_files_were_dropped(self, film):
        with film.services.database.write() as s:
            prepared.forget_files(s, film.job.id)
        assert self.find(*self.later(film)) == Master(0)


def test_progress_counts_recipients_and_is_whole_at_the_end(film):
    film.run("find_prepared")
    film.run("list_copies", 0)
    with film.services.database.read() as s:
        before = jobs.percent_done(s, [jobs.load(s, film.job.id)])
    film.make()
    with film.services.database.read() as s:
        job = jobs.load(s, film.job.id)
        assert jobs.percent_done(s, [job])[job.id] == 100 > before.get(job.id, 0)


def test_the_workflow_is_told_what_kind_of_job_it_is(services):
    job = new_distribution(services, "Acme")
    assert ref_of(job) == JobRef(job.id, 1, job.region, job.priority, SITE, distribution=True)
    assert ref_of(job).workflow == "DistributionWorkflow"


def test_a_master_too_short_to_tell_all_recipients_apart_is_wondered_at(services):
    from telecine.jobs.distribution_steps import warnings_of

    plan = MasterPlan.model_validate(PLAN)
    keys = services.recipient_keys(SITE, "film", plan.code)
    assert warnings_of(plan, keys, [1, 2]) == []
    [warning] = warnings_of(plan, keys, list(range(1, 151)))
    assert warning.startswith("12 marks make ")
