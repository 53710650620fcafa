"""`make demo`, on a small clip: the whole system from a bucket to a verified result, as a newcomer runs it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests import clips

pytestmark = pytest.mark.slow


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "telecine.demo", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_demo_makes_and_verifies_dash_and_hls(tmp_path: Path):
    done = demo(tmp_path, "--source", str(clips.clip(4)))

    assert done.returncode == 0, done.stdout + done.stderr
    for manifest in ("dash/stream.mpd", "hls/master.m3u8"):
        assert re.search(rf"^Manifest   http://\S+/vod/demo-film/{manifest}$", done.stdout, re.MULTILINE)
    assert done.stdout.count("/console/player?manifest=http") == 2
    assert re.search(r"^Verified   \d+ files", done.stdout, re.MULTILINE)
    steps = dict(line.split("\t") for line in done.stdout.splitlines() if "\t" in line)
    assert {"start the system", "job: transcoding", "verify what came"} <= set(steps)
    assert "TP500 complete" in done.stderr


def test_the_demo_encrypts_and_opens_what_it_made(tmp_path: Path):
    done = demo(tmp_path, "--source", str(clips.clip(4)), "--drm")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^Verified   \d+ files", done.stdout, re.MULTILINE)
    assert len(re.findall(r"/console/player\?manifest=http\S+&token=ey", done.stdout)) == 2
    assert list(tmp_path.rglob("stream_SD_ONLY.mpd"))


def test_a_source_that_is_none_is_told_with_the_cure(tmp_path: Path):
    (tmp_path / "notes.mp4").write_text("not a film")
    done = demo(tmp_path, "--source", "notes.mp4")
    assert done.returncode == 1
    assert "The input cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
