"""Every store keeps the same promises: a folder, a real S3 server, and the store in memory."""

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from boto3.s3.transfer import TransferConfig
from tests.contract.flaky import flaky
from tests.services import REGION, client

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.storage.folder import FolderStore, create_bucket
from telecine.storage.memory import MemoryStore
from telecine.storage.open import StoreFactory
from telecine.storage.ranges import RangeFile
from telecine.storage.s3 import PART, S3Store

LARGE = PART * 2 + 12_345
ODD_KEYS = [
    "plain.mp4",
    "with space/and 'quotes\".mp4",
    "영화/Фильм #1.mp4",
    "per%20cent.mp4",
    "a+b&c=d?e.mp4",
    "[x]{y}|^~`$@!.mp4",
    "deep/" * 20 + "file.ts",
]
IMPOSSIBLE_KEYS = ["", "..", "../up", "a/../../up", "a/./b", "nul\0", "line\nbreak", "x" * 1025]


@pytest.fixture
def s3(seaweed):
    keys = seaweed.keys
    return S3Store(seaweed.make_bucket(), REGION, keys.access_key, keys.secret_key, seaweed.endpoint)


@pytest.fixture
def folder(tmp_path):
    return FolderStore(create_bucket(tmp_path / "buckets", "bucket"))


@pytest.fixture(params=["folder", "s3", "memory"])
def store(request):
    return MemoryStore() if request.param == "memory" else request.getfixturevalue(request.param)


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(1 << 20) * (LARGE >> 20) + os.urandom(LARGE % (1 << 20)))
    return path


@pytest.fixture
def ranges(large, tmp_path):
    """Two files of one layout, taken in turn, and what that makes."""
    other = tmp_path / "other.bin"
    other.write_bytes(large.read_bytes()[::-1])
    contents = {path: path.read_bytes() for path in (large, other)}
    edges = [0, 10, PART - 7, PART + 5, LARGE]
    parts = [((large, other)[number % 2], *span) for number, span in enumerate(pairwise(edges))]
    with RangeFile(parts) as file:
        yield file, b"".join(contents[path][start:end] for path, start, end in parts)


def keys(store, prefix=""):
    return sorted(info.key for info in store.list(prefix))


def refusal(kind, call, *arguments):
    with pytest.raises(TelecineError) as caught:
        call(*arguments)
    assert caught.value.kind is kind, caught.value
    return str(caught.value)


class TestEveryStore:
    def test_what_was_uploaded_is_listed_described_read_and_downloaded(self, store, tmp_path):
        store.upload(b"hello", "a/b.txt", "text/plain")
        (info,) = store.list()
        assert (info.key, info.size) == ("a/b.txt", 5)
        assert store.head("a/b.txt") == info
        assert store.read("a/b.txt") == b"hello"
        store.download("a/b.txt", tmp_path / "new" / "folder" / "b.txt")
        assert (tmp_path / "new/folder/b.txt").read_bytes() == b"hello"

    def test_a_large_file_comes_back_the_same_with_progress_in_the_callers_thread(self, store, large, tmp_path):
        told, threads = [], set()

        def report(done, total):
            told.append((done, total))
            threads.add(threading.get_ident())

        store.upload(large, "big.mp4", "video/mp4", report)
        store.download("big.mp4", tmp_path / "back.mp4", report)
        assert told.count((0, LARGE)) >= 2
        assert all(0 <= done <= total == LARGE for done, total in told)
        assert threads == {threading.get_ident()}
        assert (tmp_path / "back.mp4").read_bytes() == large.read_bytes()

    def test_an_empty_file_is_a_file(self, store, tmp_path):
        (tmp_path / "empty").touch()
        store.upload(tmp_path / "empty", "empty.vtt", "text/vtt")
        assert store.head("empty.vtt").size == 0
        assert store.read("empty.vtt") == b""
        assert store.read("empty.vtt", 0, 1) == b""
        store.download("empty.vtt", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == b""

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_odd_keys_mean_themselves(self, store, key):
        store.upload(key.encode(), key, "video/mp4")
        assert keys(store) == [key]
        assert store.head(key).size == len(key.encode())
        assert store.read(key) == key.encode()
        store.delete([key])
        assert keys(store) == []

    @pytest.mark.parametrize("key", IMPOSSIBLE_KEYS)
    def test_impossible_keys_are_refused_in_every_call(self, store, key, tmp_path):
        refusal(ErrorKind.FIELD_INVALID, store.head, key)
        refusal(ErrorKind.FIELD_INVALID, store.read, key)
        refusal(ErrorKind.FIELD_INVALID, store.download, key, tmp_path / "x")
        refusal(ErrorKind.FIELD_INVALID, store.upload, b"x", key, "text/plain")
        refusal(ErrorKind.FIELD_INVALID, store.delete, [key])
        assert keys(store) == []

    def test_a_prefix_is_the_beginning_of_a_key(self, store):
        for key in ("a/1", "a/2", "a/b/3", "ab/4", "b"):
            store.upload(b"x", key, "text/plain")
        assert keys(store, "a/") == ["a/1", "a/2", "a/b/3"]
        assert keys(store, "a") == ["a/1", "a/2", "a/b/3", "ab/4"]
        assert keys(store, "a/b") == ["a/b/3"]
        assert keys(store, "c/d/") == []

    def test_an_upload_replaces_what_was_there_and_its_etag(self, store):
        store.upload(b"first", "key", "text/plain")
        before = store.head("key")
        assert store.head("key") == before
        store.upload(b"other", "key", "text/plain")
        assert store.read("key") == b"other"
        assert store.head("key").etag != before.etag

    def test_parts_can_be_read(self, store):
        store.upload(b"0123456789", "digits", "text/plain")
        assert store.read("digits", 3) == b"3456789"
        assert store.read("digits", 3, 4) == b"3456"
        assert store.read("digits", 8, 100) == b"89"
        assert store.read("digits", 10, 5) == b""
        assert store.read("digits", 0, 0) == b""

    def test_what_is_missing_is_said_to_be_missing(self, store, tmp_path):
        assert store.head("no/such.mp4") is None
        assert "no/such.mp4" in refusal(ErrorKind.OBJECT_MISSING, store.read, "no/such.mp4")
        refusal(ErrorKind.OBJECT_MISSING, store.read, "no/such.mp4", 5, 5)
        refusal(ErrorKind.OBJECT_MISSING, store.download, "no/such.mp4", tmp_path / "out" / "x")
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_many_are_deleted_and_missing_ones_do_not_matter(self, store):
        for key in ("a/1", "a/2", "b/3"):
            store.upload(b"x", key, "text/plain")
        store.delete([*(f"not/there{number}" for number in range(1500)), "a/1", "a/2"])
        assert keys(store) == ["b/3"]
        store.delete([])

    def test_a_cancelled_upload_leaves_nothing_and_keeps_what_was_there(self, store, large):
        def cancel(done, total):
            raise Cancelled

        store.upload(b"old", "old.mp4", "video/mp4")
        for key in ("new.mp4", "old.mp4"):
            with pytest.raises(Cancelled):
                store.upload(large, key, "video/mp4", cancel)
        assert keys(store) == ["old.mp4"]
        assert store.read("old.mp4") == b"old"

    def test_a_cancelled_download_leaves_no_file(self, store, large, tmp_path):
        def cancel(done, total):
            raise Cancelled

        store.upload(large, "big.mp4", "video/mp4")
        target = tmp_path / "target" / "big.mp4"
        with pytest.raises(Cancelled):
            store.download("big.mp4", target, cancel)
        assert list(target.parent.iterdir()) == []

    def test_a_failed_download_keeps_the_file_that_was_there(self, store, tmp_path):
        (tmp_path / "kept").write_bytes(b"kept")
        refusal(ErrorKind.OBJECT_MISSING, store.download, "missing", tmp_path / "kept")
        assert (tmp_path / "kept").read_bytes() == b"kept"

    def test_ranges_of_files_are_stored_as_one_object_with_progress(self, store, ranges):
        file, content = ranges
        told, threads = [], set()

        def report(done, total):
            told.append((done, total))
            threads.add(threading.get_ident())

        store.upload(b"old", "copy.mp4", "video/mp4")
        file.seek(77)
        store.upload(file, "copy.mp4", "video/mp4", report)
        assert store.read("copy.mp4") == content
        assert told[0] == (0, LARGE)
        assert all(0 <= done <= total == LARGE for done, total in told)
        assert threads == {threading.get_ident()}
        store.upload(file, "again.mp4", "video/mp4")
        assert store.read("again.mp4") == content

    def test_a_cancelled_upload_of_ranges_leaves_nothing_and_keeps_what_was_there(self, store, ranges):
        def cancel(done, total):
            raise Cancelled

        store.upload(b"old", "old.mp4", "video/mp4")
        for key in ("new.mp4", "old.mp4"):
            with pytest.raises(Cancelled):
                store.upload(ranges[0], key, "video/mp4", cancel)
        assert keys(store) == ["old.mp4"]
        assert store.read("old.mp4") == b"old"

    def test_threads_can_share_it(self, store):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: store.upload(b"x" * n, f"n/{n}", "text/plain"), range(1, 33)))
        assert sorted(info.size for info in store.list("n/")) == list(range(1, 33))

    def test_clearing_touches_no_finished_object(self, store):
        store.upload(b"x", "a/b", "text/plain")
        store.clear_unfinished("a/")
        assert keys(store) == ["a/b"]


class TestFolder:
    def test_a_bucket_must_exist_and_the_error_says_how_to_make_it(self, tmp_path):
        store = StoreFactory("folder", tmp_path).open("missing-bucket", "RG011", "", "")
        for call in (lambda: list(store.list()), lambda: store.upload(b"x", "key", "text/plain")):
            said = refusal(ErrorKind.STORAGE_REFUSED, call)
            assert "bucket 'missing-bucket' does not exist: make the folder" in said
            assert str(tmp_path) not in said
        create_bucket(tmp_path, "missing-bucket")
        assert keys(store) == []

    @pytest.mark.parametrize("name", ["..", "a/b", "", "UPPER", "ab", "-abc", "a..b", "192.168.1.1", "x" * 64, "abc\n"])
    def test_only_names_that_s3_would_take_are_buckets(self, tmp_path, name):
        refusal(ErrorKind.STORAGE_REFUSED, StoreFactory("folder", tmp_path).open, name, "RG011", "", "")
        refusal(ErrorKind.STORAGE_REFUSED, StoreFactory("s3", tmp_path).open, name, "RG011", "key", "secret")

    @pytest.mark.parametrize("key", ["/etc/passwd", "a//b", "folder/", ".telecine-1.part"])
    def test_a_key_that_is_no_file_name_is_refused(self, folder, key):
        refusal(ErrorKind.FIELD_INVALID, folder.read, key)
        refusal(ErrorKind.FIELD_INVALID, folder.upload, b"x", key, "text/plain")

    def test_links_do_not_lead_out_of_the_bucket(self, folder, tmp_path):
        bucket = tmp_path / "buckets" / "bucket"
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "file").write_text("secret")
        (bucket / "folder-link").symlink_to(tmp_path / "secret")
        (bucket / "file-link").symlink_to(tmp_path / "secret" / "file")
        (bucket / "circle").symlink_to("circle")
        for key in ("folder-link/file", "file-link", "circle"):
            refusal(ErrorKind.FIELD_INVALID, folder.head, key)
            refusal(ErrorKind.FIELD_INVALID, folder.read, key)
            refusal(ErrorKind.FIELD_INVALID, folder.upload, b"x", key, "text/plain")
            refusal(ErrorKind.FIELD_INVALID, folder.delete, [key])
        refusal(ErrorKind.FIELD_INVALID, lambda: list(folder.list("folder-link/")))
        assert keys(folder) == []
        assert (tmp_path / "secret" / "file").read_text() == "secret"

    def test_links_inside_the_bucket_work(self, folder, tmp_path):
        folder.upload(b"x", "real/file", "text/plain")
        (tmp_path / "buckets" / "bucket" / "link").symlink_to("real/file")
        assert folder.read("link") == b"x"
        assert keys(folder) == ["link", "real/file"]

    def test_a_pipe_is_not_an_object(self, folder, tmp_path):
        os.mkfifo(tmp_path / "buckets" / "bucket" / "pipe")
        assert folder.head("pipe") is None
        refusal(ErrorKind.OBJECT_MISSING, folder.read, "pipe")

    def test_a_file_cannot_be_a_folder_too(self, folder):
        folder.upload(b"x", "a", "text/plain")
        folder.upload(b"x", "b/c", "text/plain")
        assert "one name" in refusal(ErrorKind.STORAGE_REFUSED, folder.upload, b"x", "a/b", "text/plain")
        assert "one name" in refusal(ErrorKind.STORAGE_REFUSED, folder.upload, b"x", "b", "text/plain")
        assert folder.head("b") is None
        assert keys(folder) == ["a", "b/c"]

    def test_ranges_from_another_file_system_are_copied_by_hand(self, folder, ranges, monkeypatch):
        def refuse(*_):
            raise OSError(errno.EXDEV, "two file systems")

        monkeypatch.setattr(os, "copy_file_range", refuse)
        file, content = ranges
        folder.upload(file, "copy.mp4", "video/mp4")
        assert folder.read("copy.mp4") == content

    def test_deleting_leaves_no_empty_folders(self, folder, tmp_path):
        folder.upload(b"x", "a/b/c", "text/plain")
        folder.upload(b"x", "a/d", "text/plain")
        folder.delete(["a/b/c"])
        assert not (tmp_path / "buckets/bucket/a/b").exists()
        folder.delete(["a/d"])
        assert list((tmp_path / "buckets/bucket").iterdir()) == []

    def test_parts_of_a_killed_upload_are_unseen_and_cleared(self, folder, tmp_path):
        bucket = tmp_path / "buckets" / "bucket"
        for name in ("show/dash", "other"):
            (bucket / name).mkdir(parents=True)
            (bucket / name / ".telecine-0123.part").write_bytes(b"half")
        assert keys(folder) == []
        folder.clear_unfinished("show/")
        assert not (bucket / "show").exists()
        assert (bucket / "other" / ".telecine-0123.part").exists()


class TestS3:
    @pytest.fixture
    def open_with(self, seaweed):
        bucket = seaweed.make_bucket()

        def open_with(bucket=bucket, keys=seaweed.keys, endpoint=seaweed.endpoint, patient=True, secret=""):
            return S3Store(bucket, REGION, keys.access_key, secret or keys.secret_key, endpoint, patient=patient)

        return open_with

    def test_the_content_type_is_kept(self, seaweed, s3, large):
        s3.upload(b"x", "small.mpd", "application/dash+xml")
        s3.upload(large, "large.mp4", "video/mp4")
        heads = [seaweed.client.head_object(Bucket=s3._bucket, Key=key) for key in ("small.mpd", "large.mp4")]
        assert [head["ContentType"] for head in heads] == ["application/dash+xml", "video/mp4"]

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [
            ("bucket", "NoSuchBucket: bucket 'no-such-bucket' does not exist"),
            ("secret", "SignatureDoesNotMatch: the secret key does not belong to the access key id"),
            ("stranger", "AccessDenied: the keys may not"),
            ("unknown", "InvalidAccessKeyId: the storage does not know the access key id"),
        ],
    )
    def test_a_refusal_says_why_in_every_call_and_holds_no_secret(self, seaweed, open_with, tmp_path, wrong, reason):
        store = {
            "bucket": lambda: open_with(bucket="no-such-bucket"),
            "secret": lambda: open_with(secret="s3same0pen"),
            "stranger": lambda: open_with(keys=seaweed.stranger),
            "unknown": lambda: open_with(keys=type(seaweed.keys)("AKIDNOBODY", "s3same0pen")),
        }[wrong]()
        calls = [
            lambda: list(store.list()),
            lambda: store.head("key"),
            lambda: store.read("key"),
            lambda: store.download("key", tmp_path / "x"),
            lambda: store.upload(b"x", "key", "text/plain"),
            lambda: store.delete(["key"]),
        ]
        for call in calls:
            said = refusal(ErrorKind.STORAGE_REFUSED, call)
            assert reason in said
            assert "secret-key" not in said
            assert "s3same0pen" not in said

    def test_reading_keys_cannot_write(self, seaweed, open_with, large):
        open_with().upload(b"x", "key", "text/plain")
        store = open_with(keys=seaweed.reader)
        assert store.read("key") == b"x"
        for call in (lambda: store.upload(large, "new", "video/mp4"), lambda: store.upload(b"x", "new", "a/b")):
            assert "AccessDenied: the keys may not write" in refusal(ErrorKind.STORAGE_REFUSED, call)
        assert "AccessDenied: the keys may not delete" in refusal(ErrorKind.STORAGE_REFUSED, store.delete, ["key"])

    def test_nobody_answering_is_not_a_refusal(self, open_with, tmp_path):
        store = open_with(endpoint="http://127.0.0.1:1", patient=False)
        for call in (lambda: list(store.list()), lambda: store.head("k"), lambda: store.upload(b"x", "k", "a/b")):
            assert "endpoint connection error" in refusal(ErrorKind.STORAGE_UNREACHABLE, call)
        refusal(ErrorKind.STORAGE_UNREACHABLE, store.download, "k", tmp_path / "x")

    @pytest.fixture
    def badly(self, seaweed, open_with):
        """Does something with a store of its own whose first connections meet the given troubles, all of them."""

        def badly(troubles, what):
            with flaky(seaweed.endpoint, *troubles) as proxy:
                done = what(open_with(endpoint=f"http://127.0.0.1:{proxy.port}"))
                assert not proxy.troubles
                return done

        return badly

    def test_a_bad_network_is_borne(self, badly, large, tmp_path):
        busy, hang_up = -1, 0
        badly([busy, hang_up], lambda store: store.upload(large, "big.mp4", "video/mp4"))
        # HEAD passes, then the connection breaks in the middle of the first part.
        badly([1_000_000, busy], lambda store: store.download("big.mp4", tmp_path / "back"))
        assert (tmp_path / "back").read_bytes() == large.read_bytes()
        assert badly([hang_up, busy], keys) == ["big.mp4"]
        assert badly([busy], lambda store: store.head("big.mp4")).size == LARGE
        badly([busy, hang_up], lambda store: store.delete(["big.mp4"]))
        assert badly([], keys) == []

    def test_a_storage_that_stays_busy_is_unreachable(self, seaweed, open_with):
        with flaky(seaweed.endpoint, *[-1] * 20) as proxy:
            store = open_with(endpoint=f"http://127.0.0.1:{proxy.port}", patient=False)
            assert "503" in refusal(ErrorKind.STORAGE_UNREACHABLE, store.read, "key")

    def test_a_cancelled_upload_leaves_no_parts(self, seaweed, s3, large, monkeypatch):
        slow = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_bandwidth=8 << 20)
        monkeypatch.setattr("telecine.storage.s3._TRANSFERS", slow)

        def cancel_midway(done, total):
            if seaweed.client.list_multipart_uploads(Bucket=s3._bucket).get("Uploads"):
                raise Cancelled

        with pytest.raises(Cancelled):
            s3.upload(large, "big.mp4", "video/mp4", cancel_midway)
        assert "Uploads" not in seaweed.client.list_multipart_uploads(Bucket=s3._bucket)

    def test_a_cancelled_upload_of_ranges_leaves_no_parts(self, seaweed, s3, ranges, monkeypatch):
        slow = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_bandwidth=8 << 20)
        monkeypatch.setattr("telecine.storage.s3._TRANSFERS", slow)

        def cancel_midway(done, total):
            if seaweed.client.list_multipart_uploads(Bucket=s3._bucket).get("Uploads"):
                raise Cancelled

        with pytest.raises(Cancelled):
            s3.upload(ranges[0], "big.mp4", "video/mp4", cancel_midway)
        assert "Uploads" not in seaweed.client.list_multipart_uploads(Bucket=s3._bucket)

    def test_uploads_of_a_killed_worker_are_cleared(self, seaweed, s3):
        for key in ("show/dash/1.m4s", "other/1.m4s"):
            seaweed.client.create_multipart_upload(Bucket=s3._bucket, Key=key)
        s3.clear_unfinished("show/")
        left = seaweed.client.list_multipart_uploads(Bucket=s3._bucket)["Uploads"]
        assert [upload["Key"] for upload in left] == ["other/1.m4s"]

    def test_keys_without_the_right_to_clear_do_not_fail(self, seaweed, open_with):
        open_with(keys=seaweed.stranger).clear_unfinished("show/")

    def test_a_bucket_that_others_left_untidy_can_be_used(self, moto, tmp_path):
        """moto keeps keys as S3 does; SeaweedFS, a file system inside, tidies them."""
        s3 = client("s3", moto.endpoint, moto.keys)
        s3.create_bucket(Bucket="untidy", CreateBucketConfiguration={"LocationConstraint": REGION})
        for key in ("folder/", "a//b.mp4", "/absolute.mp4", "tab\there", "up/../c"):
            s3.put_object(Bucket="untidy", Key=key, Body=b"x")
        store = S3Store("untidy", REGION, moto.keys.access_key, moto.keys.secret_key, moto.endpoint)
        assert len(keys(store)) == 5
        store.download("a//b.mp4", tmp_path / "b.mp4")
        assert store.read("/absolute.mp4") == b"x"
