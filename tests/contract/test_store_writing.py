"""Objects that come piece by piece: whole or not at all, in every store, resumable by whoever knows the position."""

import json
import os
from itertools import pairwise

import pytest
from tests.contract.flaky import flaky
from tests.services import REGION

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.folder import FolderStore, create_bucket
from telecine.storage.memory import MemoryStore
from telecine.storage.s3 import S3Store
from telecine.storage.s3_writing import LEAST_PART, MOST_PARTS, part_size

PART = LEAST_PART
CONTENT = os.urandom(1 << 20) * 17 + b"the end"
"""A part of an S3 upload and a little."""
TYPE = "video/mp4"


@pytest.fixture
def s3(seaweed):
    keys = seaweed.keys
    return S3Store(seaweed.make_bucket(), REGION, keys.access_key, keys.secret_key, seaweed.endpoint)


@pytest.fixture(params=["folder", "s3", "memory"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(create_bucket(tmp_path / "buckets", "bucket"))
    return MemoryStore() if request.param == "memory" else request.getfixturevalue("s3")


def keys(store):
    return sorted(info.key for info in store.list())


def refusal(kind, call, *arguments):
    with pytest.raises(TelecineError) as caught:
        call(*arguments)
    assert caught.value.kind is kind, caught.value


def write(writing, content, piece=1_000_003):
    for at in range(0, len(content), piece):
        writing.write(memoryview(content)[at : at + piece])


def through_a_database(position):
    """A position as another process reads it."""
    return json.loads(json.dumps(position))


def leftovers(store, tmp_path):
    """What an unfinished object has left where listings do not show it."""
    if isinstance(store, MemoryStore):
        return list(store._unfinished)
    if isinstance(store, FolderStore):
        return [path for path in (tmp_path / "buckets" / "bucket").rglob("*") if path.is_file()]
    return store._client.list_multipart_uploads(Bucket=store._bucket).get("Uploads", [])


def test_an_object_appears_when_it_is_finished_and_not_before(store):
    store.upload(b"old", "a/b.mov", TYPE)
    writing = store.begin("a/b.mov", TYPE, len(CONTENT))
    write(writing, CONTENT)
    assert writing.size == len(CONTENT)
    assert (keys(store), store.read("a/b.mov")) == (["a/b.mov"], b"old")
    info = writing.finish()
    assert info == store.head("a/b.mov")
    assert info.size == len(CONTENT)
    assert store.read("a/b.mov") == CONTENT


def test_an_object_may_be_small_or_empty(store):
    for key, content in (("empty", b""), ("small", b"x")):
        writing = store.begin(key, TYPE, 10)
        writing.write(content)
        assert writing.finish().size == len(content)
        assert store.read(key) == content


def test_an_aborted_one_leaves_nothing(store, tmp_path):
    writing = store.begin("a/b.mov", TYPE, len(CONTENT))
    write(writing, CONTENT)
    writing.position()
    writing.abort()
    assert keys(store) == []
    assert leftovers(store, tmp_path) == []


def test_what_a_killed_process_left_is_cleared_by_its_prefix(store, tmp_path):
    for key in ("a/1/x.mov", "a/2/x.mov"):
        write(store.begin(key, TYPE, len(CONTENT)), CONTENT[: PART + 1])
    store.clear_unfinished("a/1/")
    assert len(leftovers(store, tmp_path)) == 1
    store.clear_unfinished("a/")
    assert (keys(store), leftovers(store, tmp_path)) == ([], [])


def test_another_process_goes_on_from_a_position(store, tmp_path):
    cuts = [0, 10, PART - 3, PART + 5, PART + 5, len(CONTENT)]
    writing = store.begin("a/b.mov", TYPE, len(CONTENT))
    for start, end in pairwise(cuts):
        write(writing, CONTENT[start:end])
        position = through_a_database(writing.position())
        writing.close()
        writing = store.resume(position)
        assert writing.size == end
    writing.finish()
    assert store.read("a/b.mov") == CONTENT
    assert keys(store) == ["a/b.mov"], "no tail is left"
    assert len(leftovers(store, tmp_path)) == (1 if isinstance(store, FolderStore) else 0)


def test_what_came_after_a_position_is_forgotten(store):
    """A process that was killed, and a piece whose checksum was wrong, even where a later position was taken."""
    writing = store.begin("a/b.mov", TYPE, len(CONTENT))
    write(writing, CONTENT[:1000])
    kept = through_a_database(writing.position())
    write(writing, b"#" * PART)
    writing.position()
    writing.close()
    writing = store.resume(kept)
    assert writing.size == 1000
    write(writing, CONTENT[1000:])
    writing.finish()
    assert store.read("a/b.mov") == CONTENT


def test_what_was_removed_cannot_be_resumed(store):
    writing = store.begin("a/b.mov", TYPE, 100)
    writing.write(b"beginning")
    position = writing.position()
    writing.abort()
    store.clear_unfinished("a/")

    def go_on():
        again = store.resume(position)
        again.write(b"rest")
        again.finish()

    refusal(ErrorKind.OBJECT_MISSING, go_on)
    assert keys(store) == []


def test_what_was_removed_cannot_be_finished(store, tmp_path):
    writing = store.begin("a/b.mov", TYPE, 100)
    writing.write(b"beginning")
    store.clear_unfinished("a/")
    refusal(ErrorKind.OBJECT_MISSING, writing.finish)
    writing.abort()
    assert (keys(store), leftovers(store, tmp_path)) == ([], [])


@pytest.mark.parametrize("key", ["", "../up", "a/./b", "nul\0"])
def test_impossible_keys_are_refused(store, key):
    refusal(ErrorKind.FIELD_INVALID, store.begin, key, TYPE, 100)
    assert keys(store) == []


def test_an_object_is_streamed_from_any_byte_to_any_other(store):
    store.upload(CONTENT, "a", TYPE)
    for start, end in ((0, len(CONTENT)), (0, 1), (PART - 1, PART + 3), (7, 7), (len(CONTENT) - 3, len(CONTENT))):
        pieces = list(store.stream("a", start, end))
        assert b"".join(pieces) == CONTENT[start:end]
        assert all(0 < len(piece) <= 1 << 20 for piece in pieces)


def test_streaming_says_what_is_missing(store):
    refusal(ErrorKind.OBJECT_MISSING, list, store.stream("no/such", 0, 5))
    store.upload(b"short", "a", TYPE)
    with pytest.raises(TelecineError):
        list(store.stream("a", 0, 6))


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path):
        return FolderStore(create_bucket(tmp_path / "buckets", "bucket"))

    def test_a_position_leads_to_no_file_but_ours(self, folder, tmp_path):
        folder.upload(b"mine", "a/mine", TYPE)
        for part in ("mine", "../a/mine", "../../../.telecine-x.part", ".telecine-x/../.telecine-y.part"):
            refusal(ErrorKind.OBJECT_MISSING, folder.resume, {"key": "a/b", "part": part, "size": 0})
        assert folder.read("a/mine") == b"mine"

    def test_a_file_that_lost_bytes_cannot_be_resumed(self, folder, tmp_path):
        writing = folder.begin("a", TYPE, 100)
        writing.write(b"0123456789")
        position = writing.position()
        (part,) = (tmp_path / "buckets" / "bucket").iterdir()
        part.write_bytes(b"01")
        refusal(ErrorKind.OBJECT_MISSING, folder.resume, position)


class TestS3:
    @pytest.mark.parametrize("gigabytes", [0, 10, 160, 500, 5000])
    def test_parts_are_as_large_as_their_number_demands(self, gigabytes):
        part = part_size(gigabytes * 10**9)
        assert part * MOST_PARTS >= gigabytes * 10**9
        assert part >= PART
        assert part == PART or part < gigabytes * 10**9 / MOST_PARTS + 2**20

    def test_the_content_type_is_kept(self, s3):
        writing = s3.begin("a", "video/quicktime", 10)
        writing.write(b"x")
        writing.finish()
        assert s3._client.head_object(Bucket=s3._bucket, Key="a")["ContentType"] == "video/quicktime"

    def test_tails_do_not_pile_up(self, s3):
        writing = s3.begin("a", TYPE, 1000)
        for _ in range(5):
            writing.write(b"0123456789")
            writing = s3.resume(writing.position())
        assert len(keys(s3)) == 1
        writing.abort()
        assert keys(s3) == []

    def test_a_stream_goes_on_where_its_answer_broke_off(self, seaweed, s3):
        s3.upload(CONTENT, "a", TYPE)
        with flaky(seaweed.endpoint, 5_000_000, 3_000_000) as proxy:
            endpoint = f"http://127.0.0.1:{proxy.port}"
            store = S3Store(s3._bucket, REGION, seaweed.keys.access_key, seaweed.keys.secret_key, endpoint)
            assert b"".join(store.stream("a", 0, len(CONTENT))) == CONTENT
            assert not proxy.troubles

    def test_a_bad_network_is_borne(self, seaweed, s3):
        with flaky(seaweed.endpoint, -1, 0, 1_000) as proxy:
            endpoint = f"http://127.0.0.1:{proxy.port}"
            store = S3Store(s3._bucket, REGION, seaweed.keys.access_key, seaweed.keys.secret_key, endpoint)
            writing = store.begin("a", TYPE, len(CONTENT))
            write(writing, CONTENT)
            writing.finish()
            assert not proxy.troubles
        assert s3.read("a") == CONTENT
