"""A leak gets into a detection's folder once, whichever way it comes."""

import pytest

from telecine.catalog.detections import Source
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.jobs import leak_staging
from telecine.media.context import Context
from telecine.media.workspace import Workspace
from telecine.storage.memory import MemoryStore


def context(**limits):
    return Context(tools=None, limits=MediaLimits(**limits))


def refused(kind, call, field="input.path"):
    with pytest.raises(TelecineError) as caught:
        call()
    assert (caught.value.kind, caught.value.field) == (kind, field)


def test_from_a_storage_once(tmp_path):
    workspace, store = Workspace(tmp_path / "detection-1"), MemoryStore()
    store.upload(b"leak", "leaks/a.mp4", "video/mp4")
    leak_staging.fetch_from_store(Source("s", "leaks/a.mp4"), store, workspace, context())
    assert leak_staging.leak_of(workspace).read_bytes() == b"leak"
    store.delete(["leaks/a.mp4"])
    leak_staging.fetch_from_store(Source("s", "leaks/a.mp4"), store, workspace, context())  # a retry finds it


def test_from_a_storage_that_lacks_it_or_has_too_much(tmp_path):
    workspace, store = Workspace(tmp_path / "detection-1"), MemoryStore()
    store.upload(b"leak", "a.mp4", "video/mp4")
    fetch = leak_staging.fetch_from_store
    refused(ErrorKind.OBJECT_MISSING, lambda: fetch(Source("s", "b.mp4"), store, workspace, context()))
    refused(ErrorKind.INPUT_OVER_LIMIT, lambda: fetch(Source("s", "a.mp4"), store, workspace, context(input_bytes=3)))
    assert not leak_staging.leak_of(workspace).exists()


def test_an_upload_is_taken_and_taken_again(tmp_path):
    leak = tmp_path / "leak.mp4"
    leak.write_bytes(b"leak")
    name = leak_staging.offer(tmp_path / "work", leak)
    workspace = Workspace(tmp_path / "work" / "detection-1")
    upload = leak_staging.uploaded(tmp_path / "work", name)
    leak_staging.take_upload(upload, workspace)
    leak_staging.take_upload(upload, workspace)
    assert leak_staging.leak_of(workspace).read_bytes() == b"leak"
    assert not upload.parent.exists()
    assert leak.exists()


def test_an_upload_that_is_gone_or_never_was(tmp_path):
    workspace = Workspace(tmp_path / "detection-1")
    refused(ErrorKind.OBJECT_MISSING, lambda: leak_staging.take_upload(tmp_path / "upload-0/leak", workspace))
    for name in ("../../etc", "upload-1", "job-1", "upload-0123456789abcdeg"):
        refused(ErrorKind.OBJECT_MISSING, lambda name=name: leak_staging.uploaded(tmp_path, name))


def test_one_that_no_detection_wants_is_withdrawn(tmp_path):
    leak = tmp_path / "leak.mp4"
    leak.write_bytes(b"leak")
    name = leak_staging.offer(tmp_path / "work", leak)
    leak_staging.withdraw(tmp_path / "work", name)
    assert list((tmp_path / "work").iterdir()) == []
