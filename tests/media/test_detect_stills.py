"""A single picture of an individual copy names whose it was: a photograph, a screenshot, a moment of film."""

from pathlib import Path

import numpy as np
import pytest
from bench.made_copies import MadeMaster
from tests import clips
from tests.media.copies import RECIPIENT, leak_of, master, named, read, report_of

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.reading import NOT_LAID
from telecine.core.watermark.recipients import CHIPS, name_of
from telecine.core.watermark.report import Outcome

STILLS = {
    "as it is": ("png", "null", []),
    "saved as a JPEG": ("jpg", "null", ["-q:v", "3"]),
    "enlarged": ("png", "scale=1280:720", []),
    "cropped": ("png", "crop=iw*0.8:ih*0.8:iw*0.1:ih*0.05", []),
    "mirrored and brighter": ("png", "hflip,eq=gamma=1.2", []),
    "turned and in a frame": ("png", "rotate=0.02,pad=iw*1.2:ih*1.2:iw*0.1:ih*0.1:gray", []),
}


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> tuple[MadeMaster, Path, Path]:
    """A master of two scenes with groups of a second, its reference, and a recipient's copy of his own."""
    folder = tmp_path_factory.mktemp("film")
    made = master(frames=200, group=25, chips=CHIPS)
    return made, made.write_reference(folder / "reference"), made.write_copy(RECIPIENT, folder / "copy.mp4")


def still_of(copy: Path, target: Path, seconds: float, filters: str = "null", *arguments: str) -> Path:
    clips.ffmpeg("-ss", str(seconds), "-i", copy, "-vf", filters, "-frames:v", "1", "-update", "1", *arguments, target)
    return target


@pytest.mark.parametrize("name", STILLS)
def test_one_picture_names_its_recipient(name, film, tmp_path):
    made, reference, copy = film
    ending, filters, arguments = STILLS[name]
    reading = read(still_of(copy, tmp_path / f"leak.{ending}", 2.4, filters, *arguments), reference)
    signed = (reading.z * made.word(RECIPIENT)).reshape(-1, CHIPS)
    assert reading.objections == ()
    assert np.flatnonzero(np.isfinite(signed).any(axis=1)).tolist() == [2]
    assert (signed[2] > 0).sum() >= CHIPS - 1, signed[2]
    assert named(reading) == {name_of(RECIPIENT)}


def test_a_film_of_one_picture_is_enough_too(film, tmp_path):
    _, reference, copy = film
    leak = leak_of([copy], tmp_path / "leak.mp4", "-ss", "6.0", "-frames:v", "1", crf=20)
    assert named(read(leak, reference)) == {name_of(RECIPIENT)}


def test_a_moment_of_film_is_read_picture_by_picture(film, tmp_path):
    made, reference, copy = film
    reading = read(leak_of([copy], tmp_path / "leak.mp4", "-ss", "1.5", "-t", "1.2", crf=28), reference)
    signed = (reading.z * made.word(RECIPIENT)).reshape(-1, CHIPS)
    assert np.flatnonzero(np.isfinite(signed).any(axis=1)).tolist() == [1, 2]
    assert named(reading) == {name_of(RECIPIENT)}


def test_a_longer_leak_is_read_as_any(film, tmp_path):
    made, reference, copy = film
    reading = read(leak_of([copy], tmp_path / "leak.mp4", "-ss", "1", "-t", "4", crf=30), reference)
    signed = reading.z * made.word(RECIPIENT)
    assert np.mean(signed[np.isfinite(signed)] > 0) > 0.9
    assert np.isfinite(signed).sum() >= 3 * CHIPS
    assert named(reading) == {name_of(RECIPIENT)}


def test_a_picture_without_a_mark_names_nobody(film, tmp_path):
    made, reference, _ = film
    reading = read(still_of(made.path, tmp_path / "leak.png", 2.4), reference)
    assert np.isfinite(reading.z).any()
    assert report_of(reading).outcome is Outcome.NOT_ENOUGH


def test_a_picture_of_something_else_is_laid_nowhere(film, tmp_path):
    leak = tmp_path / "leak.png"
    clips.ffmpeg("-f", "lavfi", "-i", "mandelbrot=size=640x360:maxiter=200", "-frames:v", "1", leak)
    assert read(leak, film[1]).objections == (NOT_LAID,)


def test_a_picture_that_cannot_be_decoded_is_refused(film, tmp_path):
    leak = tmp_path / "leak.png"
    leak.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    with pytest.raises(TelecineError) as refused:
        read(leak, film[1])
    assert refused.value.kind is ErrorKind.INPUT_UNREADABLE
    assert [path.name for path in tmp_path.iterdir()] == ["leak.png"]
