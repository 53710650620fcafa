"""The store of prepared masters: entries appear whole, take no place twice, and go when nobody needs them."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from tests.distributions import new_distribution
from tests.jobs import SITE, services_in
from tests.prepared import PLAN, prepare

from telecine.catalog import prepared as rows
from telecine.catalog.clock import utcnow
from telecine.core.errors import Cancelled
from telecine.jobs import pump, references
from telecine.jobs.messages import Ending
from telecine.jobs.prepared import REFERENCE, drop_files, open_entry, put
from telecine.jobs.reference_sweep import sweep_references


def nothing() -> None: ...


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A prepared master in a work folder."""
    folder = tmp_path / "work" / "prepared"
    prepare(folder)
    (folder / REFERENCE).mkdir()
    (folder / REFERENCE / "reference.json").write_text("{}")
    return folder


def test_what_is_put_there_shares_the_files_of_the_work_folder(tmp_path, made):
    put(tmp_path / "store", "DEMO/film/1", made, nothing)
    place = tmp_path / "store/DEMO/film/1"
    entry = open_entry(place)
    assert entry is not None
    assert [file.stat().st_ino for file in entry.files] == [(made / f"{take}.mov").stat().st_ino for take in (0, 1)]
    assert (place / REFERENCE / "reference.json").read_text() == "{}"
    assert [path.name for path in place.parent.iterdir()] == ["1"]


def test_where_the_disk_is_another_one_it_is_copied(tmp_path, made, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(18, "another device")

    monkeypatch.setattr(os, "link", refuse)
    put(tmp_path / "store", "DEMO/film/1", made, nothing)
    entry = open_entry(tmp_path / "store/DEMO/film/1")
    assert entry is not None
    assert [file.read_bytes() for file in entry.files] == [(made / f"{take}.mov").read_bytes() for take in (0, 1)]


def test_who_is_stopped_while_it_is_put_there_leaves_nothing(tmp_path, made):
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        put(tmp_path / "store", "DEMO/film/1", made, stop)
    assert list((tmp_path / "store/DEMO/film").iterdir()) == []


def test_putting_it_there_again_replaces_it_and_what_a_killed_worker_left_half(tmp_path, made):
    folder = tmp_path / "store/DEMO/film"
    (folder / ".1.01234567.part").mkdir(parents=True)
    (folder / ".12.01234567.part").mkdir()
    for _ in range(2):
        put(tmp_path / "store", "DEMO/film/1", made, nothing)
    assert open_entry(folder / "1") is not None
    assert sorted(path.name for path in folder.iterdir()) == [".12.01234567.part", "1"], "the other is another job's"


def test_an_entry_without_its_files_is_none_to_make_copies_of(tmp_path, made):
    assert open_entry(tmp_path / "nowhere") is None
    (made / "0.mov").unlink()
    assert open_entry(made) is None


def test_dropping_the_files_leaves_the_reference(made):
    for _ in range(2):
        drop_files(made)
    assert [path.name for path in made.iterdir()] == [REFERENCE]


class TestSweep:
    @pytest.fixture
    def kept(self, tmp_path, made):
        """Services with a distribution whose master is in the store, and its place there."""
        services = services_in(tmp_path)
        job = new_distribution(services, "Acme")
        name = references.name_of(SITE, "film", job.id)
        put(services.settings.prepared, name, made, nothing)
        with services.database.write() as s:
            rows.keep(s, job, PLAN, name)
        return services, job, references.place_of(services.settings.prepared, name)

    def test_what_a_row_names_stays_for_ever(self, kept):
        services, job, place = kept
        pump.end(services, job.id, 1, Ending("stopped"))
        sweep_references(services, utcnow() + timedelta(days=1000))
        assert open_entry(place) is not None

    def test_files_that_were_forgotten_go_when_the_job_is_over_and_the_reference_stays(self, kept):
        services, job, place = kept
        with services.database.write() as s:
            rows.forget_files(s, job.id)
        sweep_references(services, utcnow())
        assert open_entry(place) is not None, "the job may be making them anew"
        pump.end(services, job.id, 1, Ending("stopped"))
        sweep_references(services, utcnow())
        assert [path.name for path in place.iterdir()] == [REFERENCE]

    def test_what_a_killed_worker_left_half_copied_goes_in_time(self, kept):
        services, _, place = kept
        half = place.with_name(".7.01234567.part")
        half.mkdir()
        sweep_references(services, utcnow())
        assert half.exists()
        sweep_references(services, utcnow() + timedelta(hours=25))
        assert not half.exists()
        assert place.exists()
