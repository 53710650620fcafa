"""`telecine run`, `probe` and `verify`: the engine from the command line, without server or database."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests import clips

REQUEST = {
    "job_name": "one shot",
    "content_id": "film",
    "input": {
        "files": [
            {
                "file_type": "multi",
                "file_path": "in.mp4",
                "audios": [{"in": {"track": 0}, "remap": {"track": 0}}],
            }
        ]
    },
    "output": {
        "path": "vod",
        "transcodings": [
            {"track_id": "v", "track_type": "video", "codec": "h264", "width": 320, "height": 180, "bitrate": 300_000},
            {"track_id": "a", "track_type": "audio", "codec": "aac", "sources": [{"track": 0}]},
        ],
        "packaging": {"dash": True, "hls": True, "cmaf": False},
    },
}


def telecine(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "telecine.cli", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    shutil.copyfile(clips.clip(3), tmp_path / "in" / "in.mp4")
    write(tmp_path, REQUEST)
    return tmp_path


def write(folder: Path, request: dict[str, Any]) -> None:
    (folder / "job.json").write_text(json.dumps(request))


def test_a_request_becomes_a_verified_tree_in_one_shot(folder: Path):
    done = telecine(folder, "run", "job.json", "--input", "in", "--output", "out", "--json")

    said = json.loads(done.stdout)
    assert sorted(said["manifests"]) == ["out/vod/film/dash/stream.mpd", "out/vod/film/hls/master.m3u8"]
    assert said["duration"] == pytest.approx(3, abs=0.1)
    assert list(said["seconds"])[:3] == ["stage in", "probe and plan", "encode"]
    assert "100 %" in done.stderr
    assert not list(folder.glob("telecine*")), "nothing but the output is left"

    verified = json.loads(telecine(folder, "verify", "out/vod/film", "--json").stdout)
    assert verified["ok"]
    next((folder / "out/vod/film/dash/video").rglob("seg-1.m4s")).write_bytes(b"damaged")
    assert "FAILED" in telecine(folder, "verify", "out/vod/film", code=5).stdout


def test_a_second_run_goes_on_with_what_is_there(folder: Path):
    for expected in (True, False):
        verbose = telecine(folder, "run", "job.json", "--input", "in", "--output", "out", "--work", "work", "-v").stderr
        assert ("libx264" in verbose) is expected


def test_what_cannot_be_is_refused_as_the_server_would(folder: Path):
    watermarked = {"forensic_watermarking": {"enabled": True}}
    write(folder, REQUEST | {"output": REQUEST["output"] | watermarked})
    refused = telecine(folder, "run", "job.json", "--input", "in", "--output", "out", code=2)
    assert "'output.transcodings[0].width' is out of range: a picture with a watermark has 640" in refused.stderr
    (folder / "job.json").write_text("not JSON")
    telecine(folder, "run", "job.json", "--input", "in", "--output", "out", code=2)
    write(folder, REQUEST | {"content_id": 7, "input": {}})
    assert "input.files" in telecine(folder, "run", "job.json", "--input", "in", "--output", "out", code=2).stderr


def test_an_encrypted_job_takes_its_keys_from_a_file(folder: Path):
    option = {"multi_key": True, "max_sd_height": 100, "generate_tracktype_manifests": True}
    write(folder, REQUEST | {"output": REQUEST["output"] | {"drm": {"enabled": True, "option": option}}})
    without = telecine(folder, "run", "job.json", "--input", "in", "--output", "out", code=2)
    assert "telecine keys make" in without.stderr
    labels = [word for label in ("SD", "HD", "AUDIO") for word in ("--label", label)]
    (folder / "keys.cpix").write_text(telecine(folder, "keys", "make", *labels).stdout)
    done = telecine(folder, "run", "job.json", "--input", "in", "--output", "out", "--keys", "keys.cpix", "-v")
    assert "--enable_raw_key_encryption" in done.stderr
    checked = json.loads(telecine(folder, "verify", "out/vod/film", "--keys", "keys.cpix", "--json").stdout)
    decryption = next(check for check in checked["checks"] if check["name"] == "decryption")
    assert decryption["outcome"] == "passed"
    assert "no key" not in decryption["detail"]


def test_a_missing_input_is_named(folder: Path):
    (folder / "in" / "in.mp4").unlink()
    missing = telecine(folder, "run", "job.json", "--input", "in", "--output", "out", code=1)
    assert "input.files[0].file_path" in missing.stderr
    assert not list((folder / "out").rglob("*.*")), "nothing is published"


def test_probing_tells_what_a_file_holds(folder: Path):
    told = telecine(folder, "probe", "in/in.mp4").stdout
    assert "320x180, 25 fps" in told
    assert json.loads(telecine(folder, "probe", "in/in.mp4", "--json").stdout)["video"]["codec"] == "h264"


def test_nothing_of_the_server_is_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Most of a short command's time would go into importing what only the server needs."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    said = telecine(folder, "run", "job.json", "--input", "in", "--output", "out").stderr
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.splitlines() if "|" in line}
    assert "av" in loaded, "imports are told"
    assert not loaded & {"fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "boto3", "temporalio", "httpx"}


def test_a_marked_job_takes_its_secret_from_a_file(folder: Path):
    shutil.copyfile(clips.clip(5, size="640x360"), folder / "in" / "in.mp4")
    picture = REQUEST["output"]["transcodings"][0] | {"width": 640, "height": 360}
    output = REQUEST["output"] | {
        "transcodings": [picture, REQUEST["output"]["transcodings"][1]],
        "forensic_watermarking": {"enabled": True},
        "packaging": {"dash": True, "hls": False, "cmaf": False},
    }
    write(folder, REQUEST | {"output": output})
    command = ["run", "job.json", "--input", "in", "--output", "out"]
    assert "head -c 32" in telecine(folder, *command, code=2).stderr
    (folder / "secret").write_bytes(bytes(31))
    command += ["--mark-secret", "secret"]
    assert "--site" in telecine(folder, *command, code=2).stderr
    command += ["--site", "DEMO"]
    assert "secret must have 32 bytes or more" in telecine(folder, *command, code=2).stderr
    (folder / "secret").write_bytes(bytes(32))
    assert "5.00 s; at least 300 s" in telecine(folder, *command, code=1).stderr
    (folder / "marking.json").write_text('{"shortest": 5}')
    command += ["--marking", "marking.json"]
    assert "shortest: Extra inputs" in telecine(folder, *command, code=2).stderr
    assert not list((folder / "out").iterdir()), "nothing was published so far"
    (folder / "marking.json").write_text('{"site_id": "DEMO", "shortest_seconds": 5}')
    said = json.loads(telecine(folder, *command, "--json").stdout)
    assert said["marks"]["chunks"] == 1
    assert [rendition["track_id"] for rendition in said["marks"]["renditions"]] == ["v"]
    segments = sorted(path.name for path in (folder / "out/vod/film/dash/video/avc1/1").glob("*.m4s"))
    assert segments == [f"{variant}seg-{number}.m4s" for variant in ("b.", "") for number in range(3)]
    checked = json.loads(telecine(folder, "verify", "out/vod/film", "--json").stdout)
    assert checked["ok"]
