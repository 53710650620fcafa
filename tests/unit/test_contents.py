"""Finding and fetching the ready renditions that a job names."""

import json
from pathlib import Path

import pytest
from tests.unit.test_staging import SPEC, CountingStore, context

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.jobs.staging import stage_in
from telecine.media.workspace import Workspace


def job(*contents: str, **changes):
    return SPEC.model_copy(update={"files": (), "contents": contents, "subtitles": (), **changes})


@pytest.fixture
def store() -> CountingStore:
    store = CountingStore()
    for name in ("film/720p.mp4", "film/1080p.MP4", "film/poster.jpg", "film/en.vtt", "film/old/480p.mp4", "solo.mp4"):
        store.upload(name.encode(), name, "video/mp4")
    return store


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "job-1")


def staged(workspace: Workspace) -> list[str]:
    """The keys of what was fetched, each of which lies where its number says."""
    keys: list[str] = json.loads(workspace.contents.read_bytes())
    assert [workspace.input_file(number).read_bytes().decode() for number in range(len(keys))] == keys
    return keys


def refusal(store: CountingStore, workspace: Workspace, spec, limits: MediaLimits = MediaLimits()) -> TelecineError:
    with pytest.raises(TelecineError) as caught:
        stage_in(spec, store, workspace, context(limits))
    assert store.fetched == []
    return caught.value


@pytest.mark.parametrize(
    ("contents", "keys"),
    [
        (("solo.mp4",), ["solo.mp4"]),
        (("film",), ["film/1080p.MP4", "film/720p.mp4"]),
        (("solo.mp4", "film"), ["solo.mp4", "film/1080p.MP4", "film/720p.mp4"]),
        (("film/720p.mp4", "film"), ["film/720p.mp4", "film/1080p.MP4"]),
        (("film/en.vtt",), ["film/en.vtt"]),  # what is named is taken as it is; the probe will judge it
    ],
)
def test_files_and_folders(store: CountingStore, workspace: Workspace, contents, keys) -> None:
    stage_in(job(*contents), store, workspace, context())
    assert staged(workspace) == keys


def test_a_second_try_fetches_nothing_again(store: CountingStore, workspace: Workspace) -> None:
    for _ in range(2):
        stage_in(job("film"), store, workspace, context())
    assert len(store.fetched) == 2


def test_a_folder_that_has_changed_is_fetched_anew(store: CountingStore, workspace: Workspace) -> None:
    stage_in(job("film"), store, workspace, context())
    (workspace.root / "chunk").mkdir()
    store.upload(b"film/0.mp4", "film/0.mp4", "video/mp4")
    stage_in(job("film"), store, workspace, context())
    assert staged(workspace) == ["film/0.mp4", "film/1080p.MP4", "film/720p.mp4"]
    assert not (workspace.root / "chunk").exists()


@pytest.mark.parametrize(
    ("contents", "field"),
    [
        (("solo.mp4", "nowhere.mp4"), "storage.input.contents_path[1]"),
        (("film/old",), None),
        (("fil",), "storage.input.contents_path[0]"),
        (("empty.mp4",), "storage.input.contents_path[0]"),
        (("hollow",), "storage.input.contents_path[0]"),
        (("stills",), "storage.input.contents_path[0]"),
    ],
)
def test_what_is_not_there(store: CountingStore, workspace: Workspace, contents, field) -> None:
    for name, content in (("empty.mp4", b""), ("hollow/a.mp4", b""), ("stills/a.jpg", b"x")):
        store.upload(content, name, "video/mp4")
    if field is None:
        stage_in(job(*contents), store, workspace, context())
        return
    error = refusal(store, workspace, job(*contents))
    assert (error.kind, error.field) == (ErrorKind.OBJECT_MISSING, field)


def test_limits(store: CountingStore, workspace: Workspace) -> None:
    too_large = refusal(store, workspace, job("solo.mp4", input_bytes=7))
    assert (too_large.kind, too_large.field) == (ErrorKind.INPUT_OVER_LIMIT, "storage.input.contents_path[0]")
    assert "8 bytes, the limit is 7" in too_large.message
    for limits in (MediaLimits(streams=1), MediaLimits(asset_objects=2)):
        assert refusal(store, workspace, job("film"), limits).kind is ErrorKind.INPUT_OVER_LIMIT


def test_subtitles_are_named_as_the_request_names_them(store: CountingStore, workspace: Workspace) -> None:
    error = refusal(store, workspace, job("solo.mp4", subtitles=SPEC.subtitles))
    assert (error.kind, error.field) == (ErrorKind.OBJECT_MISSING, "subtitles[0].path")
