"""Fetching a job's inputs: once, whole, and again only where the storage holds something new."""

from pathlib import Path

import pytest

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.job import Format, InputFile, JobSpec, Packaging, SubtitleInput
from telecine.core.limits import MediaLimits
from telecine.core.progress import Tick
from telecine.jobs.staging import stage_in
from telecine.media.context import Context
from telecine.media.tools import Tools
from telecine.media.workspace import Workspace
from telecine.storage.memory import MemoryStore

TOOLS = Tools(Path("ffmpeg"), Path("ffprobe"), Path("packager"))
SPEC = JobSpec(
    name="Film",
    content_id="film",
    input_storage="in",
    output_storage="out",
    output_path="vod",
    files=(InputFile(path="a/film.mp4", video=True), InputFile(path="a/sound.mp4", video=False)),
    subtitles=(SubtitleInput(path="a/film.vtt", language="en"),),
    packaging=Packaging(formats=(Format.DASH,)),
)


class CountingStore(MemoryStore):
    """Writes down what was fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def download(self, key: str, target: Path, report=lambda done, total: None) -> None:
        self.fetched.append(key)
        super().download(key, target, report)


@pytest.fixture
def store() -> CountingStore:
    store = CountingStore()
    store.upload(b"picture" * 100, "a/film.mp4", "video/mp4")
    store.upload(b"sound", "a/sound.mp4", "video/mp4")
    store.upload(b"WEBVTT\n", "a/film.vtt", "text/vtt")
    return store


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "job-1")


def context(limits: MediaLimits = MediaLimits(), report=lambda tick: None) -> Context:
    return Context(TOOLS, limits, report)


def test_everything_is_fetched_under_names_of_ours(store: CountingStore, workspace: Workspace) -> None:
    ticks: list[Tick] = []
    stage_in(SPEC, store, workspace, context(report=ticks.append))
    assert workspace.input_file(0).read_bytes() == b"picture" * 100
    assert workspace.input_file(1).read_bytes() == b"sound"
    assert workspace.subtitle(0).read_bytes() == b"WEBVTT\n"
    assert [path.name for path in workspace.input_dir(0).iterdir()] == ["source"]
    assert ticks[-1].done == ticks[-1].total == 700 + 5 + 7
    assert [tick.done for tick in ticks] == sorted(tick.done for tick in ticks)


def test_a_second_try_fetches_nothing_again(store: CountingStore, workspace: Workspace) -> None:
    stage_in(SPEC, store, workspace, context())
    stage_in(SPEC, store, workspace, context())
    assert len(store.fetched) == 3


def test_a_second_try_fetches_what_the_first_did_not_reach(store: CountingStore, workspace: Workspace) -> None:
    def stop_at_the_second(tick: Tick) -> None:
        if tick.done > 700:
            raise Cancelled

    with pytest.raises(Cancelled):
        stage_in(SPEC, store, workspace, context(report=stop_at_the_second))
    stage_in(SPEC, store, workspace, context())
    assert store.fetched.count("a/film.mp4") == 1
    assert store.fetched.count("a/film.vtt") == 1
    assert workspace.input_file(1).read_bytes() == b"sound"


def test_an_input_that_was_replaced_makes_everything_anew(store: CountingStore, workspace: Workspace) -> None:
    stage_in(SPEC, store, workspace, context())
    chunk = workspace.chunk("v0", 0)
    chunk.parent.mkdir(parents=True)
    chunk.write_bytes(b"encoded from the old input")
    store.upload(b"another sound", "a/sound.mp4", "video/mp4")
    stage_in(SPEC, store, workspace, context())
    assert workspace.input_file(1).read_bytes() == b"another sound"
    assert not chunk.exists()


def test_finished_chunks_stay_and_temporary_files_go(store: CountingStore, workspace: Workspace) -> None:
    stage_in(SPEC, store, workspace, context())
    finished = workspace.chunk("v0", 0)
    left = Workspace(workspace.root).temporary(workspace.chunk("v0", 1))
    finished.write_bytes(b"finished")
    left.write_bytes(b"half")
    folder = Workspace(workspace.root).temporary(workspace.tree)
    folder.mkdir()
    stage_in(SPEC, store, workspace, context())
    assert finished.exists()
    assert not left.exists()
    assert not folder.exists()


def test_a_missing_file_is_named_as_the_request_names_it(workspace: Workspace, store: CountingStore) -> None:
    store.delete(["a/film.vtt"])
    with pytest.raises(TelecineError) as raised:
        stage_in(SPEC, store, workspace, context())
    assert raised.value.kind is ErrorKind.OBJECT_MISSING
    assert "a/film.vtt" in raised.value.message
    assert store.fetched == []


def test_a_file_over_the_limit_is_refused_before_it_is_fetched(workspace: Workspace, store: CountingStore) -> None:
    with pytest.raises(TelecineError) as raised:
        stage_in(SPEC, store, workspace, context(MediaLimits(input_bytes=699)))
    assert raised.value.kind is ErrorKind.INPUT_OVER_LIMIT
    assert raised.value.field == "input.files[0].file_path"
    assert store.fetched == []
