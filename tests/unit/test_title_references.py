"""From the publication of a marked title to the reading of a leak: its reference is there, and no other one stays."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from tests import plans
from tests.jobs import SITE, services_in
from tests.marked import add_title

from telecine.catalog import jobs, storages
from telecine.catalog.clock import utcnow
from telecine.catalog.mark_models import MarkedTitle
from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.job import Format, InputFile, JobSpec, Packaging
from telecine.core.limits import MediaLimits
from telecine.core.states import JobState
from telecine.core.watermark.pattern import derive_mark_key
from telecine.core.watermark.report import Footage
from telecine.jobs import leak_reading, references
from telecine.jobs.activities import JobActivities
from telecine.jobs.leak_staging import leak_of
from telecine.jobs.messages import JobRef
from telecine.jobs.reference_sweep import sweep_references
from telecine.jobs.services import Services
from telecine.media.context import Context
from telecine.media.tools import Tools
from telecine.media.workspace import Workspace, write_finished

PLAIN = plans.plan(plans.tree("dash"), video=(plans.video("v0"),)).model_copy(update={"content_id": "film"})
MARKED = plans.marked(PLAIN)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    made = services_in(tmp_path)
    with made.database.write() as s:
        for kind in ("input", "output"):
            storages.create(s, made.sealer, SITE, storages.StorageValues(kind, kind, kind, "RG011", "key", "secret"))
    return made


def packaged(services: Services, plan=MARKED) -> JobRef:
    """A job of the content `film` that has only to be published."""
    with services.database.write() as s:
        by_kind = {row.io_type: row.storage_id for row in storages.search(s, SITE, storages.StorageFilter())[1]}
        spec = JobSpec(
            name="Film", content_id="film", input_storage=by_kind["input"], output_storage=by_kind["output"],
            output_path="vod", files=(InputFile(path="film.mp4", video=True),),
            packaging=Packaging(formats=(Format.DASH,)),
        )  # fmt: skip
        job_id = jobs.create(s, SITE, jobs.NewJob(spec=spec, request={}, forensic_watermark=bool(plan.marking))).id
    workspace = services.workspace(job_id)
    write_finished(workspace, workspace.plan, plan.model_dump_json().encode())
    write_finished(workspace, workspace.tree / "dash/stream.mpd", b"<MPD/>")
    if plan.marking:
        write_finished(workspace, workspace.title_reference / "reference.json", f'{{"job": {job_id}}}'.encode())
    return JobRef(job_id, 1, "RG011", 3, SITE)


def publish(services: Services, ref: JobRef) -> None:
    ActivityEnvironment().run(JobActivities(services).publish, ref)


def title(services: Services) -> MarkedTitle | None:
    with services.database.read() as s:
        return s.get(MarkedTitle, (SITE, "film"))


def kept(services: Services) -> list[str]:
    store = services.settings.references
    return [place.relative_to(store).as_posix() for place in references.entries(store)]


def end(services: Services, ref: JobRef, state: JobState) -> None:
    with services.database.write() as s:
        jobs.advance(s, ref.job_id, 1, state, now=utcnow())


def test_a_published_title_has_its_reference(services):
    ref = packaged(services)
    publish(services, ref)
    assert title(services).reference == f"DEMO/film/{ref.job_id}"
    assert kept(services) == [f"DEMO/film/{ref.job_id}"]
    place = references.place_of(services.settings.references, title(services).reference)
    assert (place / "reference.json").read_text() == f'{{"job": {ref.job_id}}}'


def test_a_later_job_of_the_content_replaces_the_reference(services):
    first, second = packaged(services), packaged(services)
    publish(services, first)
    publish(services, second)
    assert title(services).job_id == second.job_id
    assert kept(services) == [f"DEMO/film/{second.job_id}"]


def test_publishing_twice_is_publishing_once(services):
    ref = packaged(services)
    publish(services, ref)
    publish(services, ref)
    assert kept(services) == [f"DEMO/film/{ref.job_id}"] == [title(services).reference]


def test_a_title_without_a_mark_has_none_and_leaves_that_of_a_marked_one(services):
    marked = packaged(services)
    publish(services, marked)
    publish(services, packaged(services, PLAIN))
    assert kept(services) == [f"DEMO/film/{marked.job_id}"] == [title(services).reference]


def test_nothing_is_public_that_could_not_be_traced(services, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(references, "put", full)
    with pytest.raises(ApplicationError):
        publish(services, packaged(services))
    assert not list((services.settings.buckets / "output").rglob("*.mpd"))
    assert title(services) is None


@pytest.mark.parametrize("state", [JobState.ERROR, JobState.STOPPED, JobState.COMPLETE])
def test_a_worker_that_dies_before_the_row_is_written_leaves_what_the_sweeper_finds(services, monkeypatch, state):
    kept_job, ref = packaged(services), packaged(services)
    publish(services, kept_job)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "set_outputs", die)
        with pytest.raises(KeyboardInterrupt):
            publish(services, ref)
    assert title(services).job_id == kept_job.job_id
    assert kept(services) == [f"DEMO/film/{one.job_id}" for one in (kept_job, ref)]
    sweep_references(services, utcnow())
    assert len(kept(services)) == 2, "the job may yet go on"
    end(services, ref, state)
    sweep_references(services, utcnow())
    assert kept(services) == [f"DEMO/film/{kept_job.job_id}"] == [title(services).reference]


def test_a_worker_that_dies_before_it_forgets_leaves_what_the_sweeper_finds(services, monkeypatch):
    first, second = packaged(services), packaged(services)
    publish(services, first)
    end(services, first, JobState.COMPLETE)
    with monkeypatch.context() as patch:
        patch.setattr(references, "drop", lambda *_: None)
        publish(services, second)
    assert len(kept(services)) == 2
    sweep_references(services, utcnow())
    assert kept(services) == [f"DEMO/film/{second.job_id}"]


def test_what_this_database_does_not_know_is_never_swept(services):
    """A worker that was given the wrong database must not destroy what nobody can make again."""
    ref = packaged(services)
    end(services, ref, JobState.ERROR)
    strangers = ["DEMO/film/999", f"DEMO/other/{ref.job_id}", f"ELSE/film/{ref.job_id}", "DEMO/film/readme"]
    for name in strangers:
        (services.settings.references / name).mkdir(parents=True)
    sweep_references(services, utcnow() + timedelta(days=400))
    assert kept(services) == sorted(strangers)


def test_half_a_copy_goes_when_it_is_old(services):
    half = services.settings.references / "DEMO/film/.7.0123abcd.part"
    half.mkdir(parents=True)
    sweep_references(services, utcnow())
    assert half.exists()
    os.utime(half, (0, 0))
    sweep_references(services, utcnow())
    assert not half.exists()


@pytest.fixture
def step(services, tmp_path):
    """What an activity has that reads a leak."""
    tools = Tools(Path("ffmpeg"), Path("ffprobe"), Path("packager"))
    context = Context(tools, MediaLimits())
    pulse = SimpleNamespace(alive=lambda: None)
    return SimpleNamespace(
        services=services, workspace=Workspace(tmp_path / "detection-1"), context=context, pulse=pulse
    )


def a_title(services, reference="DEMO/film/1"):
    ref = packaged(services)
    with services.database.write() as s:
        return add_title(s, ref.job_id, reference=reference)


def reading(monkeypatch, does):
    monkeypatch.setattr(leak_reading, "read_leak", does)


def test_a_leak_is_read_with_the_titles_reference_and_key(services, step, monkeypatch):
    place = references.place_of(services.settings.references, "DEMO/film/1")
    place.mkdir(parents=True)
    seen = []
    footage = Footage(np.zeros(3), 2.0)
    reading(monkeypatch, lambda *given: seen.append(given) or footage)
    assert leak_reading.read_title_leak(step, a_title(services)) is footage
    from telecine.catalog import marks

    with services.database.write() as s:
        key = derive_mark_key(marks.secret(s, services.sealer, SITE), SITE, "film")
    context = replace(step.context, poll=step.pulse.alive)
    assert seen == [(leak_of(step.workspace), place, key, context)], "whoever polls is alive"


@pytest.mark.parametrize("reference", ["", "DEMO/film/1"])
def test_a_title_whose_reference_is_not_there_is_an_error_of_its_own(services, step, reference):
    with pytest.raises(TelecineError) as caught:
        leak_reading.read_title_leak(step, a_title(services, reference))
    assert caught.value.kind is ErrorKind.REFERENCE_MISSING
    assert "'film'" in str(caught.value)


def test_one_that_goes_while_it_is_read_is_missing_rather_than_the_leak_unreadable(services, step, monkeypatch):
    place = references.place_of(services.settings.references, "DEMO/film/1")
    place.mkdir(parents=True)

    def replaced(*_):
        place.rmdir()
        raise TelecineError(ErrorKind.INPUT_UNREADABLE, "No such file.")

    reading(monkeypatch, replaced)
    with pytest.raises(TelecineError) as caught:
        leak_reading.read_title_leak(step, a_title(services))
    assert caught.value.kind is ErrorKind.REFERENCE_MISSING


@pytest.mark.parametrize(
    "error", [TelecineError(ErrorKind.INPUT_UNREADABLE, "no video."), Cancelled(), ValueError("x")]
)
def test_what_else_goes_wrong_stays_what_it_is(services, step, monkeypatch, error):
    references.place_of(services.settings.references, "DEMO/film/1").mkdir(parents=True)

    def fail(*_):
        raise error

    reading(monkeypatch, fail)
    with pytest.raises(type(error)) as caught:
        leak_reading.read_title_leak(step, a_title(services))
    assert caught.value is error
