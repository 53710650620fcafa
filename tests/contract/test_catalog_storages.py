"""Storages of a site."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telecine.catalog import jobs, sites, storages
from telecine.catalog.storages import StorageChanges, StorageFilter
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState


def kind_of(call, *args):
    with pytest.raises(TelecineError) as refused:
        call(*args)
    return refused.value.kind


def test_a_storage_is_kept_with_its_secret_sealed(database, sealer, make_storage):
    made = make_storage(description="our bucket")
    with database.read() as s:
        storage = storages.get(s, "DEMO", made.storage_id)
    assert len(storage.storage_id) == 32
    assert int(storage.storage_id, 16)
    assert (storage.storage_name, storage.io_type, storage.description) == ("Main", "input", "our bucket")
    assert storages.secret(sealer, storage) == "sesame"
    assert "sesame" not in storage.secret_key_sealed


def test_a_secret_copied_to_another_storage_does_not_open(database, sealer, make_storage):
    one, two = make_storage(secret_key="one"), make_storage(secret_key="two")
    two.secret_key_sealed = one.secret_key_sealed
    assert kind_of(storages.secret, sealer, two) is ErrorKind.INTERNAL


def test_one_of_both_kinds_serves_either_and_is_found_by_either(database, make_storage):
    both, read = make_storage(io_type="both", aws_bucket="b"), make_storage(io_type="input", aws_bucket="r")
    assert [storages.serves(both, kind) for kind in ("input", "output")] == [True, True]
    assert [storages.serves(read, kind) for kind in ("input", "output")] == [True, False]
    with database.read() as s:
        for kind, found in (("input", {"b", "r"}), ("output", {"b"})):
            rows = storages.search(s, "DEMO", StorageFilter(io_type=kind))[1]
            assert {row.aws_bucket for row in rows} == found
            known = storages.of_bucket(s, "DEMO", "b", kind)
            assert known is not None
            assert known.storage_id == both.storage_id
        assert storages.of_bucket(s, "DEMO", "r", "output") is None
        assert not storages.is_published(s, "b")


def test_a_storage_is_found_by_its_whole_id(database, make_storage):
    one = make_storage()
    make_storage()
    with database.read() as s:
        for storage_id, count in ((one.storage_id, 1), (one.storage_id[:8], 0), ("\0", 0), ("", 2)):
            assert storages.search(s, "DEMO", StorageFilter(storage_id=storage_id))[0] == count


def test_another_sites_storage_does_not_exist(database, sealer, storage):
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
        assert kind_of(storages.get, s, "TWO2", storage.storage_id) is ErrorKind.NOT_FOUND
        assert kind_of(storages.delete, s, "TWO2", [storage.storage_id]) is ErrorKind.NOT_FOUND
        change = StorageChanges(storage_name="x")
        assert kind_of(storages.update, s, sealer, "TWO2", storage.storage_id, change) is ErrorKind.NOT_FOUND
        assert storages.search(s, "TWO2", StorageFilter()) == (0, [])
        for odd in ("", "x" * 1000, "\0", "\ud800"):
            assert kind_of(storages.get, s, "DEMO", odd) is ErrorKind.NOT_FOUND


def test_an_update_changes_only_what_it_names(database, sealer, storage):
    with database.write() as s:
        storages.update(s, sealer, "DEMO", storage.storage_id, StorageChanges(storage_name="New", description=""))
    with database.write() as s:
        changed = storages.update(s, sealer, "DEMO", storage.storage_id, StorageChanges(secret_key="other"))
        assert (changed.storage_name, changed.aws_bucket) == ("New", "bucket")
        assert storages.secret(sealer, changed) == "other"
        assert changed.update_time > changed.reg_time
        assert storages.search(s, "DEMO", StorageFilter(name="new"))[0] == 1


def test_what_cannot_be_stored_is_refused(database, sealer, make_storage, storage):
    for values in ({"storage_name": "nul\0"}, {"aws_bucket": "\ud800"}, {"description": "\0"}):
        assert kind_of(lambda values=values: make_storage(**values)) is ErrorKind.FIELD_INVALID
    assert kind_of(lambda: make_storage(storage_name="x" * 256)) is ErrorKind.FIELD_OUT_OF_RANGE


def test_search_filters_and_pages_newest_first(database, make_storage, sealer):
    made = [make_storage(storage_name=f"Store {n}", region="RG004" if n % 2 else "RG011") for n in range(5)]
    ids = [storage.storage_id for storage in reversed(made)]
    with database.read() as s:

        def found(**wanted):
            total, rows = storages.search(s, "DEMO", StorageFilter(**wanted))
            return total, [row.storage_id for row in rows]

        assert found() == (5, ids)
        assert found(page_unit=2, page_index=2) == (5, ids[2:4])
        assert found(page_unit=2, page_index=9) == (5, [])
        assert found(name="STORE") == (5, ids)
        assert found(name="e 3") == (1, [ids[1]])
        assert found(name="%") == (0, [])
        assert found(name="\0") == (0, [])
        assert found(region="RG004") == (2, [ids[1], ids[3]])
        assert found(io_type="output") == (0, [])
        middle = made[2].reg_time
        assert found(from_time=middle) == (3, ids[:3])
        assert found(to_time=middle) == (2, ids[3:])
        assert found(from_time=middle, to_time=middle + timedelta(microseconds=1))[0] == 1


def test_deleting_is_all_or_nothing(database, make_storage):
    one, two = make_storage(), make_storage()
    with database.write() as s:
        assert kind_of(storages.delete, s, "DEMO", [one.storage_id, "0" * 32]) is ErrorKind.NOT_FOUND
    with database.write() as s:
        assert storages.search(s, "DEMO", StorageFilter())[0] == 2
        storages.delete(s, "DEMO", [one.storage_id, two.storage_id, one.storage_id])
    with database.read() as s:
        assert storages.search(s, "DEMO", StorageFilter()) == (0, [])


def test_a_storage_of_an_unfinished_job_stays_where_it_is(database, sealer, make_storage, make_job, new_job):
    used, other = make_storage(), make_storage(io_type="output")
    spec = new_job(storage_id=used.storage_id)
    spec = replace(spec, spec=spec.spec.model_copy(update={"output_storage": other.storage_id}))
    with database.write() as s:
        job = jobs.create(s, "DEMO", spec)
    for storage in (used, other):
        with database.write() as s, pytest.raises(TelecineError) as refused:
            storages.delete(s, "DEMO", [storage.storage_id])
        assert refused.value.kind is ErrorKind.IN_USE
        assert f"job {job.id}" in refused.value.message
        with database.write() as s, pytest.raises(TelecineError, match="used by job"):
            storages.update(s, sealer, "DEMO", storage.storage_id, StorageChanges(aws_bucket="elsewhere"))
        with database.write() as s:
            same_place = StorageChanges(aws_bucket=storage.aws_bucket, secret_key="a new key")
            storages.update(s, sealer, "DEMO", storage.storage_id, same_place)
    with database.write() as s:
        jobs.advance(s, job.id, 1, JobState.COMPLETE, now=datetime.now(UTC))
        storages.delete(s, "DEMO", [used.storage_id, other.storage_id])


def test_a_bucket_is_published_where_it_is_an_output_only(database, make_storage):
    make_storage(aws_bucket="in")
    make_storage(aws_bucket="out", io_type="output")
    make_storage(aws_bucket="both", io_type="output")
    make_storage(aws_bucket="both")
    with database.read() as s:
        published = [bucket for bucket in ("in", "out", "both", "none", "\0") if storages.is_published(s, bucket)]
    assert published == ["out"]
