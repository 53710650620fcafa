"""Publishing: no manifest is ever there whose media is not, and what was published can be taken back."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import pytest

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.job import Format, InputFile, JobSpec, Packaging, SubtitleFormat
from telecine.core.limits import MediaLimits
from telecine.core.plan import Plan, TreeOutput
from telecine.core.progress import Tick
from telecine.jobs.publishing import Published, publish, withdraw
from telecine.jobs.recipient_folders import copy_key
from telecine.media.context import Context
from telecine.media.tools import Tools
from telecine.media.workspace import Workspace
from telecine.storage.memory import MemoryStore

SPEC = JobSpec(
    name="Film",
    content_id="film",
    input_storage="in",
    output_storage="out",
    output_path="vod",
    files=(InputFile(path="a/film.mp4", video=True),),
    packaging=Packaging(formats=(Format.DASH, Format.HLS)),
)
PLAN = Plan(
    content_id="film",
    duration=Fraction(4),
    gop=Fraction(2),
    segment=Fraction(4),
    picture=None,
    chunks=(),
    video=(),
    audio=(),
    subtitles=(),
    trees=(
        TreeOutput(format=Format.DASH, subtitles=SubtitleFormat.TEXT_VTT),
        TreeOutput(format=Format.HLS, subtitles=SubtitleFormat.TEXT_VTT),
    ),
    min_buffer_time=2,
    average_bandwidth=False,
    thumbnails=False,
    preset_h264="medium",
    preset_h265="fast",
)
TREE = {
    "dash/stream.mpd": b"<MPD/>",
    "dash/video/avc1/1/init.mp4": b"init",
    "dash/video/avc1/1/seg-1.m4s": b"segment" * 50,
    "hls/master.m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
    "hls/video/avc1/1/stream.m3u8": b"#EXTM3U media",
    "hls/video/avc1/1/segment-1.ts": b"segment" * 60,
    "thumbnails/thumbnails.vtt": b"WEBVTT",
}


class RecordingStore(MemoryStore):
    """Writes down what happened in which order; `refuse` may raise before an upload."""

    def __init__(self, refuse: Callable[[str], None] = lambda key: None) -> None:
        super().__init__()
        self.happened: list[tuple[str, str]] = []
        self.refuse = refuse

    def upload(self, source, key, content_type, report=lambda done, total: None) -> None:
        self.refuse(key)
        super().upload(source, key, content_type, report)
        self.happened.append(("put", key))

    def delete(self, keys: Iterable[str]) -> None:
        keys = list(keys)
        self.happened += [("delete", key) for key in keys]
        super().delete(keys)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "job-1")
    for name, content in TREE.items():
        path = workspace.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return workspace


def published(store: MemoryStore, workspace: Workspace, report=lambda tick: None, **more) -> Published:
    tools = Tools(Path("ffmpeg"), Path("ffprobe"), Path("packager"))
    return publish(SPEC, PLAN, store, workspace, Context(tools, MediaLimits(), report), **more)


def keys(store: MemoryStore) -> set[str]:
    return {there.key for there in store.list("")}


def test_everything_appears_under_the_contents_folder_with_its_manifests_named(workspace: Workspace) -> None:
    store = RecordingStore()
    result = published(store, workspace)
    assert keys(store) == {f"vod/film/{name}" for name in TREE}
    assert result.manifests == ("vod/film/dash/stream.mpd", "vod/film/hls/master.m3u8")
    assert (result.files, result.bytes) == (len(TREE), sum(map(len, TREE.values())))


@pytest.mark.parametrize("recipient", ["dash", "hls", "thumbnails"])
def test_copies_of_the_content_stay_whatever_their_recipients_are_called(workspace: Workspace, recipient: str) -> None:
    store = MemoryStore()
    copy = copy_key(SPEC, recipient, ".mp4")
    store.upload(b"a copy", copy, "video/mp4")
    published(store, workspace)
    assert store.read(copy) == b"a copy"


def test_progress_counts_bytes_up_to_all_of_them(workspace: Workspace) -> None:
    ticks: list[Tick] = []
    published(RecordingStore(), workspace, ticks.append)
    assert ticks[-1].done == ticks[-1].total == sum(map(len, TREE.values()))


def test_a_failed_upload_leaves_no_manifest_and_the_rest_can_be_taken_back(workspace: Workspace) -> None:
    def refuse(key: str) -> None:
        if key.endswith("segment-1.ts"):
            raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, "timeout")

    store = RecordingStore(refuse)
    with pytest.raises(TelecineError) as raised:
        published(store, workspace)
    assert raised.value.kind is ErrorKind.STORAGE_UNREACHABLE
    assert not [key for key in keys(store) if key.endswith((".mpd", ".m3u8"))]
    assert withdraw(lambda _: store, workspace) == len(TREE)
    assert keys(store) == set()


def test_an_attempt_that_is_over_makes_no_manifest_appear(workspace: Workspace) -> None:
    asked: list[int] = []

    def over_at_the_second() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise Cancelled

    store = RecordingStore()
    with pytest.raises(Cancelled):
        published(store, workspace, may_appear=over_at_the_second)
    assert not [key for key in keys(store) if key.endswith(("stream.mpd", "master.m3u8"))]
    withdraw(lambda _: store, workspace)
    assert keys(store) == set()


def test_a_tree_without_one_of_its_manifests_is_refused_before_anything_happens(workspace: Workspace) -> None:
    (workspace.tree / "hls/master.m3u8").unlink()
    store = RecordingStore()
    with pytest.raises(TelecineError) as raised:
        published(store, workspace)
    assert raised.value.kind is ErrorKind.PUBLISH_FAILED
    assert "hls/master.m3u8" in raised.value.message
    assert store.happened == []


def test_nothing_of_an_earlier_job_is_taken_back_when_this_one_never_published(workspace: Workspace) -> None:
    store = RecordingStore()
    store.upload(b"<MPD/>", "vod/film/dash/stream.mpd", "application/dash+xml")
    assert withdraw(lambda _: store, workspace) == 0
    assert keys(store) == {"vod/film/dash/stream.mpd"}


def test_taking_back_twice_is_taking_back_once(workspace: Workspace) -> None:
    store = RecordingStore()
    published(store, workspace)
    opened: list[str] = []

    def open_store(storage_id: str) -> MemoryStore:
        opened.append(storage_id)
        return store

    assert withdraw(open_store, workspace) == len(TREE)
    assert withdraw(open_store, workspace) == 0
    assert opened == ["out"]
    assert keys(store) == set()


def test_without_an_output_path_the_content_lies_at_the_top(workspace: Workspace) -> None:
    store = RecordingStore()
    tools = Tools(Path("ffmpeg"), Path("ffprobe"), Path("packager"))
    spec = SPEC.model_copy(update={"output_path": ""})
    result = publish(spec, PLAN, store, workspace, Context(tools, MediaLimits()))
    assert result.prefix == "film"
    assert "film/dash/stream.mpd" in keys(store)
