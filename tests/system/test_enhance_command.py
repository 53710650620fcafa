"""`telecine enhance`: a better video from the command line, without server or database."""

import json
import shutil
from pathlib import Path

import av
import pytest
from tests import clips
from tests.system.test_one_shot import telecine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copyfile(clips.clip(2, size="160x90"), tmp_path / "in.mp4")
    return tmp_path


def test_a_video_becomes_another_and_the_command_says_how(folder: Path) -> None:
    done = telecine(folder, "enhance", "in.mp4", "out.mov", "--codec", "prores", "--range", "400:1200", "--json")
    said = json.loads(done.stdout)
    assert said["target"]["codec"]["name"] == "prores"
    assert any("4:2:2 10 bit is made instead" in note for note in said["notes"])
    assert list(said["seconds"]) == ["copy", "index and plan", "enhance", "join", "verify", "deliver"]
    with av.open(str(folder / "out.mov")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20
        assert len(container.streams.audio) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["in.mp4", "out.mov"]
    lines = [line for line in done.stderr.splitlines() if " %" in line]
    shares = [float(line.split("out.mov: ")[1].split(" %")[0]) for line in lines]
    assert shares == sorted(shares)
    assert shares[-1] == 100


def test_a_kept_work_folder_is_gone_on_with(folder: Path) -> None:
    arguments = ["enhance", "in.mp4", "out.mp4", "--codec", "hevc", "--keep", "--verbose"]
    assert "frame_index" in telecine(folder, *arguments).stderr
    chunk = folder / "out.mp4.work" / "enhanced" / "00000.mov"
    before = chunk.stat().st_ino
    again = telecine(folder, *arguments).stderr
    assert chunk.stat().st_ino == before
    assert "frame_index" not in again


def test_an_old_recording_is_taken(tmp_path: Path) -> None:
    encoder = ["-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-c:a", "mp2"]
    fields = ["-vf", "interlace=scan=tff:lowpass=off", "-frames:v", "8"]
    made = clips.make(".mpg", "-i", clips.bunny() or clips.clip(2), *fields, "-s", "160x128", *encoder)
    shutil.copyfile(made, tmp_path / "tape.mpg")
    telecine(tmp_path, "enhance", "tape.mpg", "out.mov", "--deinterlacer", "bwdif", "--codec", "h264")
    with av.open(str(tmp_path / "out.mov")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 16
        assert len(container.streams.audio) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["in.mp4", "out.mp4", "--scaler", "bigger"], 2, "scaler"),
        (["in.mp4", "out.mp4", "--range", "5"], 2, "--range"),
        (["in.mp4", "out.avi"], 2, "OUT"),
        (["in.mp4", "in.mp4"], 2, "the source itself"),
        (["text.mp4", "out.mp4"], 1, "Send a plain"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_left(
    folder: Path, arguments: list[str], code: int, words: str
) -> None:
    (folder / "text.mp4").write_text("#EXTM3U\nhttp://example.com/secret")
    before = sorted(folder.iterdir())
    assert words in telecine(folder, "enhance", *arguments, code=code).stderr
    assert sorted(folder.iterdir()) == before
