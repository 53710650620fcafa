"""The whole job in one process, as `telecine run` does it: published whole, or not at all, and resumed where it was."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests import clips

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.job import (
    AudioRemap,
    AudioRendition,
    Cbr,
    Format,
    InputFile,
    JobSpec,
    Packaging,
    SubtitleInput,
    VideoRendition,
)
from telecine.core.limits import MediaLimits, Policy
from telecine.core.progress import Phase, Tick, percent
from telecine.jobs.here import Engines, Stores
from telecine.jobs.stages import analyse
from telecine.jobs.staging import stage_in
from telecine.jobs.transcode_here import Outcome, run_all
from telecine.media.context import Context
from telecine.media.workspace import Workspace
from telecine.storage.memory import MemoryStore

SPEC = JobSpec(
    name="Film",
    content_id="film",
    input_storage="in",
    output_storage="out",
    output_path="vod",
    files=(InputFile(path="film.mp4", video=True, audio=(AudioRemap(source=0, target=0),)),),
    video=(VideoRendition(track_id="v", codec="h264", width=320, height=180, rate=Cbr(bitrate=300_000)),),
    audio=(AudioRendition(track_id="a", codec="aac", sources=(0,), language="en", bitrate=64_000),),
    packaging=Packaging(formats=(Format.DASH,)),
)
POLICY = Policy(gop_seconds=1, gops_per_segment=1, chunk_seconds=1, preset_h264="ultrafast")

type Report = Callable[[Phase, int, Tick], None]


def run(work: Path, stores: Stores, report: Report = lambda *_: None, policy: Policy = POLICY) -> Outcome:
    by = Engines(clips.tools(), MediaLimits(), policy, report, lambda line: None, slots=2)
    return run_all(SPEC, stores, work, by)


@pytest.fixture
def stores() -> Stores:
    source = MemoryStore()
    source.upload(clips.clip(3), "film.mp4", "video/mp4")
    return Stores(source, MemoryStore())


def keys(stores: Stores) -> list[str]:
    return [there.key for there in stores.output.list("")]


def chunks(work: Path) -> dict[str, int]:
    """When each finished chunk was written."""
    return {path.name: path.stat().st_mtime_ns for path in sorted(work.rglob("chunk/v0/[0-9]*.mp4"))}


def cancel_at(phase: Phase, unit: int = 0) -> Report:
    def report(now: Phase, number: int, tick: Tick) -> None:
        if now is phase and number == unit and tick.done:
            raise Cancelled

    return report


def test_a_job_is_made_verified_and_published(tmp_path: Path, stores: Stores):
    units: dict[tuple[Phase, int], Tick] = {}

    def report(phase: Phase, unit: int, tick: Tick) -> None:
        units[phase, unit] = tick

    outcome = run(tmp_path, stores, report)
    assert set(outcome.published.manifests) == {"vod/film/dash/stream.mpd"}
    assert set(outcome.published.manifests) <= set(keys(stores))
    assert len(keys(stores)) == outcome.published.files
    assert list(outcome.seconds) == ["stage in", "probe and plan", "encode", "join", "package", "verify", "publish"]
    phases = {phase: [(tick.done, tick.total) for (of, _), tick in units.items() if of is phase] for phase in Phase}
    assert percent(phases) == 100.0


def test_a_second_run_in_the_same_work_folder_finds_what_is_finished(tmp_path: Path, stores: Stores):
    with pytest.raises(Cancelled):
        run(tmp_path, stores, cancel_at(Phase.JOIN))
    kept = chunks(tmp_path)
    assert len(kept) == 3
    assert keys(stores) == []
    assert list(Workspace(tmp_path).temporaries()) == []
    run(tmp_path, stores)
    assert chunks(tmp_path) == kept
    assert "vod/film/dash/stream.mpd" in keys(stores)


def test_another_plan_makes_everything_anew(tmp_path: Path, stores: Stores):
    with pytest.raises(Cancelled):
        run(tmp_path, stores, cancel_at(Phase.JOIN))
    kept = chunks(tmp_path)
    run(tmp_path, stores, policy=POLICY.model_copy(update={"preset_h264": "superfast"}))
    assert not set(kept.values()) & set(chunks(tmp_path).values())


def test_a_run_that_is_cancelled_while_it_encodes_leaves_no_half_files(tmp_path: Path, stores: Stores):
    with pytest.raises(Cancelled):
        run(tmp_path, stores, cancel_at(Phase.ENCODE, 1))
    assert keys(stores) == []
    assert list(Workspace(tmp_path).temporaries()) == []


def test_a_publication_that_fails_is_taken_back(tmp_path: Path, stores: Stores):
    class Full(MemoryStore):
        def upload(self, source, key, content_type, report=lambda done, total: None) -> None:
            if key.endswith(".mpd"):
                raise TelecineError(ErrorKind.STORAGE_REFUSED, "the bucket is full")
            super().upload(source, key, content_type, report)

    target = Full()
    with pytest.raises(TelecineError, match="bucket is full"):
        run(tmp_path, Stores(stores.input, target))
    assert list(target.list("")) == []


def test_what_the_input_lacks_is_told_before_anything_is_encoded(tmp_path: Path, stores: Stores):
    stores.input.upload(clips.clip(3, audio=""), "film.mp4", "video/mp4")
    with pytest.raises(TelecineError) as raised:
        run(tmp_path, stores)
    assert raised.value.kind is ErrorKind.TRACK_MISSING
    assert chunks(tmp_path) == {}


def test_what_is_left_out_of_a_subtitle_is_a_warning_of_the_job(tmp_path: Path, stores: Stores):
    text = b"WEBVTT\n\nSTYLE\n::cue { color: red }\n\n00:01.000 --> 00:02.000\nHello.\n"
    stores.input.upload(text, "en.vtt", "text/vtt")
    spec = SPEC.model_copy(update={"subtitles": (SubtitleInput(path="en.vtt", language="en"),)})
    context = Context(clips.tools(), MediaLimits())
    stage_in(spec, stores.input, Workspace(tmp_path), context)
    plan = analyse(spec, Workspace(tmp_path), POLICY, context)
    assert any(warning.startswith("'en.vtt': ") for warning in plan.warnings)
