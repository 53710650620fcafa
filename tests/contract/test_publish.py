"""A published tree is whole whenever anybody can find it, and can be taken back."""

import threading

import pytest
from tests.services import REGION

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.storage.folder import FolderStore, create_bucket
from telecine.storage.memory import MemoryStore
from telecine.storage.publish import publish, remove_trees, unpublish
from telecine.storage.s3 import S3Store

TREE = {
    "dash/stream.mpd": b"<MPD/>",
    "dash/video/init.mp4": b"init",
    "dash/video/seg-1.m4s": b"one",
    "dash/video/seg-2.m4s": b"two!",
    "dash/sub/en.vtt": b"WEBVTT",
    "hls/master.m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvideo/playlist.m3u8\n",
    "hls/video/playlist.m3u8": b"#EXTM3U\n#EXTINF:2,\nseg-1.ts\n",
    "hls/video/seg-1.ts": b"one",
    "thumbnails/sprite.jpg": b"jpeg",
    "thumbnails/thumbnails.vtt": b"WEBVTT",
}
MASTERS = ("dash/stream.mpd", "hls/master.m3u8")
PREFIX = "out/cid"


@pytest.fixture
def tree(tmp_path):
    return write(tmp_path / "tree", TREE)


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


class Diary(MemoryStore):
    """Remembers what was written and deleted, in order, and can fail."""

    def __init__(self):
        super().__init__()
        self.written, self.deleted, self.failing = [], [], ""

    def upload(self, source, key, content_type, report=lambda done, total: None):
        if self.failing and key.endswith(self.failing):
            raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, "the cable is cut.")
        super().upload(source, key, content_type, report)
        self.written.append(key.removeprefix(f"{PREFIX}/"))

    def delete(self, keys):
        keys = list(keys)
        super().delete(keys)
        self.deleted += [key.removeprefix(f"{PREFIX}/") for key in keys]


@pytest.fixture(params=["folder", "s3", "memory"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(create_bucket(tmp_path / "buckets", "bucket"))
    if request.param == "memory":
        return MemoryStore()
    seaweed = request.getfixturevalue("seaweed")
    keys = seaweed.keys
    return S3Store(seaweed.make_bucket(), REGION, keys.access_key, keys.secret_key, seaweed.endpoint)


def content(store):
    return {info.key: store.read(info.key) for info in store.list()}


def expected(files=TREE):
    return {f"{PREFIX}/{name}": body for name, body in files.items()}


def test_a_tree_appears_whole_and_goes_whole(store, tree):
    told = []
    published = publish(store, tree, PREFIX, lambda done, total: told.append((threading.get_ident(), done, total)))
    size = sum(map(len, TREE.values()))
    assert (published.files, published.bytes) == (len(TREE), size)
    assert told[-1] == (threading.get_ident(), size, size)
    assert {thread for thread, _, _ in told} == {threading.get_ident()}
    assert content(store) == expected()
    store.upload(b"not ours", "out/other/film.mp4", "video/mp4")
    unpublish(store, PREFIX, TREE)
    assert content(store) == {"out/other/film.mp4": b"not ours"}


def test_publishing_again_changes_nothing_and_a_shorter_run_leaves_no_old_segments(store, tree, tmp_path):
    publish(store, tree, PREFIX)
    assert publish(store, tree, PREFIX).files == len(TREE)
    assert content(store) == expected()
    shorter = {name: body + b"\n" for name, body in TREE.items() if "seg-2" not in name and "thumb" not in name}
    kept = {"out/cid/poster/cover.jpg": b"theirs", "out/cid/dash/notes.docx": b"theirs", "out/cid2/dash/1.m4s": b"x"}
    for key, body in kept.items():
        store.upload(body, key, "any/thing")
    publish(store, write(tmp_path / "shorter", shorter), PREFIX)
    left = {key: body for key, body in expected().items() if "thumbnails/" in key}
    assert content(store) == expected(shorter) | kept | left


def test_nothing_appears_before_what_it_names(tree):
    store = Diary()
    publish(store, tree, PREFIX)
    place = {name: number for number, name in enumerate(store.written)}
    media = [place[name] for name in TREE if name.endswith((".mp4", ".m4s", ".ts", ".jpg"))]
    texts = [place[name] for name in TREE if name.endswith(".vtt")]
    masters = [place[name] for name in MASTERS]
    playlist = place["hls/video/playlist.m3u8"]
    assert max(media) < min(texts) <= max(texts) < playlist < min(masters)
    assert store.content_types[f"{PREFIX}/dash/stream.mpd"] == "application/dash+xml"


def test_old_segments_go_after_the_new_manifests_have_come(tree, tmp_path):
    class Order(Diary):
        def delete(self, keys):
            keys = list(keys)
            if keys:
                assert self.written[-1] in MASTERS
            super().delete(keys)

    store = Order()
    publish(store, tree, PREFIX)
    publish(store, write(tmp_path / "new", {"dash/stream.mpd": b"<MPD/> ", "dash/video/init.mp4": b"init"}), PREFIX)
    assert sorted(store.deleted) == ["dash/sub/en.vtt", "dash/video/seg-1.m4s", "dash/video/seg-2.m4s"]


@pytest.mark.parametrize("failing", [name for name in TREE if name not in MASTERS])
def test_whatever_fails_no_manifest_appears_and_a_retry_sends_the_rest_only(tree, failing):
    store = Diary()
    store.failing = failing
    with pytest.raises(TelecineError, match="the cable is cut"):
        publish(store, tree, PREFIX)
    assert not set(store.written) & set(MASTERS)
    store.failing, before = "", set(store.written)
    store.written.clear()
    publish(store, tree, PREFIX)
    assert set(store.written) == set(TREE) - before
    assert content(store) == expected()


def test_a_file_that_the_store_lost_is_found_before_the_manifests(tree):
    class Losing(Diary):
        def upload(self, source, key, content_type, report=lambda done, total: None):
            super().upload(b"" if key.endswith("seg-2.m4s") else source, key, content_type, report)

    store = Losing()
    with pytest.raises(TelecineError, match=r"seg-2.m4s has 0 of 4 bytes") as caught:
        publish(store, tree, PREFIX)
    assert caught.value.kind is ErrorKind.PUBLISH_FAILED
    assert not set(store.written) & set(MASTERS)


def test_a_stopped_job_is_heard_and_nothing_runs_on(tree):
    store = Diary()

    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        publish(store, tree, PREFIX, stop)
    assert not any(thread.name.startswith("publish") for thread in threading.enumerate())
    assert not set(store.written) & set(MASTERS)
    unpublish(store, PREFIX, TREE)
    assert content(store) == {}


def test_the_caller_is_asked_before_anything_appears_and_before_the_manifests(tree):
    store, asked = Diary(), []

    def may_appear():
        asked.append(len(store.written))
        if len(asked) == 2:
            raise TelecineError(ErrorKind.STOPPED)

    with pytest.raises(TelecineError):
        publish(store, tree, PREFIX, may_appear=may_appear)
    assert asked == [0, len(TREE) - len(MASTERS)]


def test_manifests_are_taken_back_first(tree):
    store = Diary()
    publish(store, tree, PREFIX)
    unpublish(store, PREFIX, TREE)
    assert set(store.deleted[:3]) == {*MASTERS, "hls/video/playlist.m3u8"}
    unpublish(store, PREFIX, TREE)


def test_a_tree_without_a_manifest_is_refused(tmp_path):
    for files in ({}, {"dash/video/init.mp4": b"init"}):
        with pytest.raises(TelecineError) as caught:
            publish(MemoryStore(), write(tmp_path, files), PREFIX)
        assert caught.value.kind is ErrorKind.PUBLISH_FAILED


MARKED = {
    f"{variant}/{name}": f"{variant}{name}".encode()
    for variant in "01"
    for name in (
        "dash/stream.mpd",
        "dash/video/1/seg-0.m4s",
        "dash/video/1/seg-1.m4s",
        "dash/video/1/WMPaceInfo/s.cbor",
    )
}
OTHERS = {
    "out/cid/0/hls/master.m3u8": b"of another job",
    "out/cid/0/hls/video/segment-1.ts": b"of another job",
    "out/cid/dash/stream.mpd": b"of the other layout",
    "out/cid/1/notes.txt": b"in no tree",
}


def test_trees_of_a_variant_have_a_folder_to_themselves_each(store, tmp_path):
    for key, body in OTHERS.items():
        store.upload(body, key, "any/thing")
    publish(store, write(tmp_path / "long", MARKED), PREFIX)
    shorter = {name: body for name, body in MARKED.items() if "seg-1" not in name}
    publish(store, write(tmp_path / "short", shorter), PREFIX)
    assert content(store) == expected(shorter) | OTHERS
    assert store.head("out/cid/0/dash/video/1/WMPaceInfo/s.cbor")
    unpublish(store, PREFIX, shorter)
    assert content(store) == OTHERS
    assert remove_trees(store, PREFIX, ["0/hls"]) == 2
    assert content(store) == {key: body for key, body in OTHERS.items() if "hls" not in key}
