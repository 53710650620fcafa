"""Registering a storage tries it, and a refusal says what failed and why."""

import pytest

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.check import try_storage
from telecine.storage.content_types import content_type
from telecine.storage.folder import create_bucket
from telecine.storage.memory import MemoryStore
from telecine.storage.open import StoreFactory


@pytest.fixture
def s3(seaweed, tmp_path):
    """Opens a bucket of the S3 server with the keys of somebody."""
    bucket = seaweed.make_bucket()
    factory = StoreFactory("s3", tmp_path, seaweed.endpoint)

    def open_as(who, name=bucket):
        return factory.open(name, "RG004", who.access_key, who.secret_key, patient=False)

    return open_as


def said(store, io_type):
    with pytest.raises(TelecineError) as caught:
        try_storage(store, io_type)
    return caught.value.kind, str(caught.value)


@pytest.mark.parametrize("io_type", ["input", "output"])
def test_a_good_folder_passes_and_stays_as_it_was(tmp_path, io_type):
    bucket = create_bucket(tmp_path, "bucket")
    store = StoreFactory("folder", tmp_path).open("bucket", "RG011", "", "")
    try_storage(store, io_type)
    assert list(bucket.iterdir()) == []


@pytest.mark.parametrize("io_type", ["input", "output"])
def test_a_good_bucket_passes_and_stays_as_it_was(seaweed, s3, io_type):
    store = s3(seaweed.keys)
    store.upload(b"film", "film.mp4", "video/mp4")
    try_storage(store, io_type)
    assert [info.key for info in store.list()] == ["film.mp4"]


def test_an_empty_bucket_can_be_an_input(seaweed, s3):
    try_storage(s3(seaweed.reader), "input")


def test_reading_keys_are_enough_for_an_input_only(seaweed, s3):
    s3(seaweed.keys).upload(b"film", "film.mp4", "video/mp4")
    try_storage(s3(seaweed.reader), "input")
    kind, text = said(s3(seaweed.reader), "output")
    assert kind is ErrorKind.STORAGE_REFUSED
    assert "trying to put: AccessDenied: the keys may not write" in text


def test_wrong_keys_and_buckets_are_told_apart(seaweed, s3):
    assert "trying to list: AccessDenied" in said(s3(seaweed.stranger), "input")[1]
    assert "trying to list: NoSuchBucket" in said(s3(seaweed.keys, "no-such-bucket"), "input")[1]
    wrong = type(seaweed.keys)(seaweed.keys.access_key, "s3same0pen")
    kind, text = said(s3(wrong), "output")
    assert kind is ErrorKind.STORAGE_REFUSED
    assert "SignatureDoesNotMatch" in text
    assert "s3same0pen" not in text


def test_a_missing_folder_and_a_silent_server_are_told_apart(tmp_path):
    kind, text = said(StoreFactory("folder", tmp_path).open("missing", "RG011", "", ""), "output")
    assert kind is ErrorKind.STORAGE_REFUSED
    assert "bucket 'missing' does not exist" in text
    silent = StoreFactory("s3", tmp_path, "http://127.0.0.1:1").open("bucket", "RG011", "key", "secret", patient=False)
    assert said(silent, "output")[0] is ErrorKind.STORAGE_UNREACHABLE


def test_a_store_that_changes_what_it_is_given_is_refused():
    class Corrupting(MemoryStore):
        def read(self, key, start=0, length=None):
            return super().read(key, start, length)[::-1]

    assert said(Corrupting(), "output")[0] is ErrorKind.STORAGE_REFUSED


def test_players_get_the_types_they_expect():
    assert content_type("a/stream.mpd") == "application/dash+xml"
    assert content_type("a/MASTER.M3U8") == "application/vnd.apple.mpegurl"
    assert content_type("a/seg-1.m4s") == "video/iso.segment"
    assert content_type("a/seg.v1.ts") == "video/mp2t"
    assert content_type("a/en.vtt").startswith("text/vtt")
    assert content_type("a/page.html") == content_type("none") == "application/octet-stream"
