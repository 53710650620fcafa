"""Real renditions, unlike each other in all that may differ, become one programme that a stranger finds faultless."""

import json
from pathlib import Path

import pytest
from tests import clips

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, JobSpec, Marking, MarkLayout, Packaging
from telecine.core.limits import MediaLimits, Policy
from telecine.core.watermark.pattern import derive_mark_key
from telecine.jobs.here import Engines, Stores
from telecine.jobs.transcode_here import Outcome, run_all
from telecine.media.probe import probe
from telecine.storage.folder import FolderStore

POLICY = Policy(gop_seconds=1, gops_per_segment=1, preset_h264="ultrafast", preset_h265="ultrafast")


def sound_alone() -> Path:
    return clips.make(".m4a", "-i", clips.two_languages(2), "-map", "0:a", "-c", "copy")


def late(rate: str, size: str) -> Path:
    """A rendition whose clock begins three seconds later than those of the others."""
    return clips.make(".mp4", "-i", clips.clip(2, rate, size), "-c", "copy", "-output_ts_offset", "3")


@pytest.fixture
def made(tmp_path: Path):
    """Makes a tree of renditions given by their names in the folder `film`."""
    stores = {name: FolderStore(tmp_path / name) for name in ("in", "out")}
    for name in stores:
        (tmp_path / name).mkdir()

    def make(marking: Marking | None = None, **files: Path) -> Outcome:
        for name, path in files.items():
            stores["in"].upload(path, f"film/{name}{path.suffix}", "video/mp4")
        spec = JobSpec(
            name="film",
            content_id="film",
            input_storage="i",
            contents=("film",),
            output_storage="o",
            output_path="",
            packaging=Packaging(formats=(Format.DASH, Format.HLS)),
            marking=marking,
        )
        return run_all(
            spec,
            Stores(stores["in"], stores["out"]),
            tmp_path / "work",
            Engines(clips.tools(), MediaLimits(), POLICY, lambda *_: None, lambda _: None, slots=2),
            mark_key=derive_mark_key(bytes(32), "DEMO", "film") if marking else None,
        )

    return make


def test_codecs_rates_sizes_and_sounds_of_their_own(made, tmp_path: Path):
    outcome = made(best=clips.hdr10(), small=late("50", "160x90"), sound=sound_alone())
    assert outcome.verified.ok
    best, small = outcome.plan.video
    assert (best.codec, best.width, best.frame_rate, best.pixel_format) == ("h265", 320, 25, "yuv420p10le")
    assert (small.codec, small.width, small.frame_rate, small.tone_map) == ("h264", 160, 50, True)
    assert [(sound.language, sound.copy_stream) for sound in outcome.plan.audio] == [("en", True), ("ko", True)]
    assert json.loads((tmp_path / "work" / "contents.json").read_text()) == [
        "film/best.mp4",
        "film/small.mp4",
        "film/sound.m4a",
    ]
    found = probe(tmp_path / "work" / "video" / "v0.mp4", clips.tools(), MediaLimits()).video
    assert (found.color_transfer, found.mastering_display) == ("smpte2084", clips.MASTERING_DISPLAY)


def test_a_marked_ladder(made, tmp_path: Path):
    marking = Marking(layout=MarkLayout.PREFIXED, shortest_seconds=0, narrowest=320)
    outcome = made(marking, a=late("25", "320x180"), b=clips.clip(2, "25", "640x360", audio=""))
    assert outcome.verified.ok
    assert outcome.plan.audio[0].sources[0].offset == pytest.approx(0, abs=0.03), "beside its own file's picture"
    assert [output.width for output in outcome.plan.video] == [320, 640]
    for number in ("1", "2"):
        first, second = (tmp_path / f"out/film/{variant}/dash/video/avc1/{number}/seg-0.m4s" for variant in "01")
        assert first.read_bytes() != second.read_bytes()


def test_the_file_at_fault_is_named(made, tmp_path: Path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clips.clip(2).read_bytes()[:5000])
    with pytest.raises(TelecineError) as caught:
        made(a=clips.clip(2), b=broken)
    assert caught.value.kind is ErrorKind.INPUT_UNREADABLE
    assert "'film/b.mp4'" in caught.value.message
    assert not list((tmp_path / "out").iterdir())
