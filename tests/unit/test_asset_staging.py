"""Fetching an asset: what its manifest names and nothing else, each object once, all anew where one has changed."""

from pathlib import Path
from threading import Lock

import pytest
from tests.unit.test_staging import context

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.job import Format, JobSpec, Packaging, Target
from telecine.core.progress import Tick
from telecine.jobs.staging import stage_in
from telecine.media.asset import files_of, load_contents
from telecine.media.asset_manifest import candidates
from telecine.media.workspace import Workspace
from telecine.storage.memory import MemoryStore

MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=320x180\nv/index.m3u8\n"
MEDIA = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n0.ts\n#EXTINF:2,\n1.ts\n#EXT-X-ENDLIST\n"


class CountingStore(MemoryStore):
    """Writes down what was fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self._counting = Lock()

    def download(self, key: str, target: Path, report=lambda done, total: None) -> None:
        with self._counting:
            self.fetched.append(key)
        super().download(key, target, report)


@pytest.fixture
def store() -> CountingStore:
    store = CountingStore()
    store.upload(MASTER.encode(), "a/film/master.m3u8", "")
    store.upload(MEDIA.encode(), "a/film/v/index.m3u8", "")
    for number in (0, 1):
        store.upload(b"\x47" * 188, f"a/film/v/{number}.ts", "")
    store.upload(b"not named", "a/film/notes.txt", "")
    store.upload(b"not below", "a/film-2.ts", "")
    return store


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "job-1")


def spec(asset: str) -> JobSpec:
    return JobSpec(
        name="Film",
        content_id="film",
        input_storage="in",
        output_storage="out",
        output_path="vod",
        asset=asset,
        packaging=Packaging(formats=(Format.DASH,)),
        targets=(Target(format=Format.DASH, folder="dash"),),
    )


NAMED = {"a/film/master.m3u8", "a/film/v/index.m3u8", "a/film/v/0.ts", "a/film/v/1.ts"}


@pytest.mark.parametrize("asset", ["a/film/", "a/film/master.m3u8"])
def test_what_the_manifest_names_is_fetched_and_nothing_else(store: CountingStore, workspace: Workspace, asset: str):
    ticks: list[Tick] = []
    stage_in(spec(asset), store, workspace, context(report=ticks.append))
    assert sorted(store.fetched) == sorted(NAMED)
    contents = load_contents(workspace)
    assert (contents.lead, contents.files) == ("master.m3u8", ("v/0.ts", "v/1.ts"))
    assert (files_of(workspace) / "v" / "1.ts").read_bytes() == b"\x47" * 188
    assert (ticks[-1].done, ticks[-1].total) == (376, 376)


def test_a_media_playlist_of_the_folder_alone(store: CountingStore, workspace: Workspace):
    stage_in(spec("a/film/v/"), store, workspace, context())
    assert load_contents(workspace).lead == "index.m3u8"


def test_a_single_file(store: CountingStore, workspace: Workspace):
    stage_in(spec("a/film-2.ts"), store, workspace, context())
    assert load_contents(workspace).files == ("film-2.ts",)
    assert store.fetched == ["a/film-2.ts"]


def test_a_second_try_fetches_nothing_again(store: CountingStore, workspace: Workspace):
    stage_in(spec("a/film/"), store, workspace, context())
    stage_in(spec("a/film/"), store, workspace, context())
    assert len(store.fetched) == len(NAMED)


def test_a_second_try_fetches_what_the_first_did_not_reach(store: CountingStore, workspace: Workspace):
    class Failing(CountingStore):
        def download(self, key: str, target: Path, report=lambda done, total: None) -> None:
            if key.endswith("1.ts"):
                raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, "gone for a moment")
            super().download(key, target, report)

    failing = Failing()
    for there in store.list():
        failing.upload(store.read(there.key), there.key, "")
    with pytest.raises(TelecineError, match="gone for a moment"):
        stage_in(spec("a/film/"), failing, workspace, context())
    stage_in(spec("a/film/"), store, workspace, context())
    assert set(store.fetched) >= {"a/film/v/1.ts"}
    assert "a/film/master.m3u8" not in store.fetched


def test_a_line_that_a_crash_cut_off_costs_one_object(store: CountingStore, workspace: Workspace):
    stage_in(spec("a/film/"), store, workspace, context())
    journal = workspace.asset / "fetched.jsonl"
    journal.write_text(journal.read_text()[:-10])
    store.fetched.clear()
    stage_in(spec("a/film/"), store, workspace, context())
    assert len(store.fetched) == 1


def test_an_object_that_was_replaced_makes_everything_anew(store: CountingStore, workspace: Workspace):
    stage_in(spec("a/film/"), store, workspace, context())
    made = workspace.video("v0")
    made.parent.mkdir(parents=True)
    made.write_bytes(b"from the old segment")
    store.upload(b"\x47" * 376, "a/film/v/1.ts", "")
    stage_in(spec("a/film/"), store, workspace, context())
    assert (files_of(workspace) / "v" / "1.ts").stat().st_size == 376
    assert not made.exists()


def test_another_asset_than_before_makes_everything_anew(store: CountingStore, workspace: Workspace):
    """As when a client changes a request while its job waits for another attempt."""
    stage_in(spec("a/film/"), store, workspace, context())
    made = workspace.input_file(0)
    made.parent.mkdir(parents=True)
    made.write_bytes(b"from the other asset")
    stage_in(spec("a/film/v/"), store, workspace, context())
    assert not made.exists()
    assert not (files_of(workspace) / "master.m3u8").exists()


@pytest.mark.parametrize("asset", ["a/film/", "a/film/master.m3u8"])
def test_a_manifest_is_not_even_fetched_where_it_is_too_large(store: CountingStore, workspace: Workspace, asset: str):
    store.upload(MASTER.encode() + b"#" * 2**24, "a/film/master.m3u8", "")
    with pytest.raises(TelecineError, match=r"'master\.m3u8' has 16,7") as refused:
        stage_in(spec(asset), store, workspace, context())
    assert (refused.value.kind, refused.value.field) == (ErrorKind.INPUT_OVER_LIMIT, "sourceUri")
    assert store.fetched == []


@pytest.mark.parametrize("name", ["n" * 256 + ".ts", "d/" * 600 + "0.ts"])
def test_a_name_that_no_storage_has_is_refused(store: CountingStore, workspace: Workspace, name: str):
    store.upload(MEDIA.replace("0.ts", name).encode(), "a/film/v/index.m3u8", "")
    with pytest.raises(TelecineError, match="cannot be the name of a file") as refused:
        stage_in(spec("a/film/"), store, workspace, context())
    assert refused.value.kind is ErrorKind.ASSET_REFUSED


def test_stopping_ends_the_transfers(store: CountingStore, workspace: Workspace):
    def stop(_tick: Tick) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        stage_in(spec("a/film/"), store, workspace, context(report=stop))


def test_the_uppermost_mpd_leads_then_the_uppermost_playlist():
    assert candidates(["b/x.mpd", "master.m3u8", "stream_SD_ONLY.mpd", "stream.mpd"])[0] == "stream.mpd"
    assert candidates(["v/a.m3u8", "master.m3u8", "v/0.ts"]) == ["master.m3u8"]
    assert candidates(["a.mp4", "b.vtt"]) == []
