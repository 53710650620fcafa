"""`telecine run --reference`: a marked job leaves what leaks of it are compared with, where it was told to."""

import json
import shutil

import pytest
from tests import clips

from telecine.cli.output import Exit
from telecine.core.watermark.policy import MarkingPolicy
from telecine.media.detect.reference import Reference

SECONDS = 4
REQUEST = {
    "job_name": "one shot",
    "content_id": "film",
    "input": {"files": [{"file_type": "video", "file_path": "in.mp4"}]},
    "output": {
        "path": "vod",
        "transcodings": [
            {"track_id": "v", "track_type": "video", "codec": "h264", "width": 640, "height": 360, "bitrate": 600_000}
        ],
        "packaging": {"dash": True, "hls": False, "cmaf": False},
        "forensic_watermarking": {"enabled": True},
    },
}


@pytest.fixture
def run(telecine, tmp_path, monkeypatch):
    """Runs a marked job on a short clip, which a site may allow."""
    (tmp_path / "marking.json").write_text(MarkingPolicy(shortest_seconds=0).model_dump_json())
    monkeypatch.setenv("TELECINE_POLICY__PRESET_H264", "ultrafast")
    (tmp_path / "in").mkdir()
    shutil.copyfile(clips.clip(SECONDS, "25", "640x360", audio=""), tmp_path / "in/in.mp4")
    (tmp_path / "secret").write_bytes(bytes(range(32)))

    def call(*more, code=Exit.DONE, request=REQUEST):
        (tmp_path / "job.json").write_text(json.dumps(request))
        places = {"input": tmp_path / "in", "output": tmp_path / "out", "mark-secret": tmp_path / "secret"}
        places["marking"] = tmp_path / "marking.json"
        given = [word for name, place in places.items() for word in (f"--{name}", str(place))]
        return telecine("run", str(tmp_path / "job.json"), *given, "--site", "DEMO", *more, code=code)

    return call


def test_a_marked_job_leaves_its_reference(run, tmp_path):
    run("--reference", str(tmp_path / "kept/film"))
    facts = Reference.open(tmp_path / "kept/film").facts
    assert (facts.segment, facts.positions, facts.duration) == (2, SECONDS // 2, SECONDS)
    assert len(list((tmp_path / "out").rglob("b.seg-*.m4s"))) == SECONDS // 2
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["film"]


def test_a_reference_takes_no_other_ones_place(run, tmp_path):
    (tmp_path / "kept").mkdir()
    assert "'--reference'" in run("--reference", str(tmp_path / "kept"), code=Exit.USAGE).output
    assert not (tmp_path / "out").exists()


def test_a_job_without_a_mark_has_none(run, tmp_path):
    plain = REQUEST | {"output": {name: value for name, value in REQUEST["output"].items() if "forensic" not in name}}
    said = run("--reference", str(tmp_path / "kept"), code=Exit.USAGE, request=plain).output
    assert "asks for no watermark" in said
    assert not (tmp_path / "out").exists()
