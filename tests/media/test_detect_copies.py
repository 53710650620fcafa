"""A leaked copy whose marks change with every few pictures is laid on its master to the very picture and read right."""

from pathlib import Path

import numpy as np
import pytest
from bench.made_copies import NEARLY_LOSSLESS, MadeMaster
from tests import clips
from tests.media.copies import OTHER, RECIPIENT, leak_of, master, named, read, report_of

from telecine.core.watermark.recipients import name_of
from telecine.core.watermark.report import Outcome

INTRA = (*NEARLY_LOSSLESS, "-g", "1")
ATTACKS = {
    "encoded again": ([], 26, 0),
    "coded hard": ([], 29, 6),
    "cropped and smaller": (["-vf", "crop=iw*0.9:ih*0.9,scale=480:270"], 30, 6),
    "at 30 a second with duplicates": (["-r", "30"], 26, 1),
    "at 30 a second with blends": (["-vf", "framerate=fps=30"], 26, 1),
    "a fifth of a second later": (["-ss", "0.21"], 26, 0),
}
"""What was done to a leak, at which CRF, and how many of 42 groups may be read wrongly: an encoder that saves predicts
pictures across groups, and so carries over what was marked in the one before."""


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> tuple[MadeMaster, Path, list[Path]]:
    """A master with groups of 3 pictures, its reference, and two recipients' copies."""
    folder = tmp_path_factory.mktemp("film")
    made = master()
    copies = [made.write_copy(number, folder / f"{number}.mp4", INTRA) for number in (RECIPIENT, OTHER)]
    return made, made.write_reference(folder / "reference"), copies


def right(reading, word: np.ndarray) -> np.ndarray:
    """The statistic of what was read, positive where it is right."""
    signed = reading.z * word
    return signed[np.isfinite(signed)]


@pytest.mark.parametrize("name", ATTACKS)
def test_groups_of_three_pictures_read_right(name, film, tmp_path):
    made, reference, copies = film
    arguments, crf, wrong = ATTACKS[name]
    reading = read(leak_of(copies[:1], tmp_path / "leak.mp4", *arguments, crf=crf), reference)
    signed = right(reading, made.word(RECIPIENT))
    assert reading.objections == ()
    assert len(signed) >= 35, "of 42 groups"
    assert (signed <= 0).sum() <= wrong, signed
    assert named(reading) == {name_of(RECIPIENT)}


@pytest.mark.parametrize(("rate", "leaked"), [(24, "25"), (50, "50")])
def test_other_rates_are_read_as_well(rate, leaked, tmp_path):
    """24 a second run at 25, as films on television, lose no picture. Of 50 a second a detector looks at 25."""
    made = master(rate)
    copy = made.write_copy(RECIPIENT, tmp_path / "copy.mp4", INTRA)
    leak = leak_of([copy], tmp_path / "leak.mp4", "-vf", f"setpts=N/({leaked}*TB)", "-r", leaked)
    signed = right(read(leak, made.write_reference(tmp_path / "reference")), made.word(RECIPIENT))
    assert len(signed) >= 38
    assert (signed > 0).all(), signed


def test_single_pictures_are_told_apart(tmp_path):
    """Every picture a mark of its own: a leak that is laid wrong by one picture would say nothing."""
    made = master(frames=75, group=1)
    copy = made.write_copy(RECIPIENT, tmp_path / "copy.mp4", INTRA)
    leak = leak_of([copy], tmp_path / "leak.mp4", "-ss", "0.4", crf=24)
    signed = right(read(leak, made.write_reference(tmp_path / "reference")), made.word(RECIPIENT))
    assert len(signed) >= 60
    assert np.mean(signed > 0) > 0.97
    assert np.median(signed) > 3


def test_a_copy_without_a_mark_names_nobody(film, tmp_path):
    made, reference, _ = film
    reading = read(leak_of([made.path], tmp_path / "leak.mp4", "-frames:v", "126"), reference)
    assert reading.objections == ()
    assert np.nanmax(np.abs(reading.z)) < 5
    assert report_of(reading).outcome is Outcome.NOT_ENOUGH


def test_another_film_names_nobody(film):
    leak = clips.make(".mp4", "-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=25:maxiter=200", "-t", "3",
                      *clips.FAST_H264)  # fmt: skip
    assert report_of(read(leak, film[1])).outcome is Outcome.UNRELIABLE


def test_two_who_average_their_copies_lose_what_differs_and_keep_what_they_share(film, tmp_path):
    made, reference, copies = film
    reading = read(
        leak_of(copies, tmp_path / "leak.mp4", "-filter_complex", "blend=all_mode=average", crf=20), reference
    )
    mine, other = made.word(RECIPIENT), made.word(OTHER)
    alike = (mine == other) & np.isfinite(reading.z)
    differ = (mine != other) & np.isfinite(reading.z)
    assert (reading.z[alike] * mine[alike] > 4).all()
    assert np.abs(reading.z[differ]).max() < 4.5
    assert named(reading) <= {name_of(RECIPIENT), name_of(OTHER)}


def test_the_brighter_of_two_copies_says_nothing_wrong(film, tmp_path):
    made, reference, copies = film
    reading = read(
        leak_of(copies, tmp_path / "leak.mp4", "-filter_complex", "blend=all_mode=lighten", crf=20), reference
    )
    mine, other = made.word(RECIPIENT), made.word(OTHER)
    alike = (mine == other) & np.isfinite(reading.z)
    assert (reading.z[alike] * mine[alike] > 4).all()
    assert named(reading) <= {name_of(RECIPIENT), name_of(OTHER)}


def test_two_who_cut_their_copies_together_are_read_group_by_group(film, tmp_path):
    """Twelve pictures of the one, twelve of the other, in turn."""
    made, reference, copies = film
    turns = "[0:v]select=lt(mod(n\\,24)\\,12)[a];[1:v]select=gte(mod(n\\,24)\\,12)[b];[a][b]interleave"
    reading = read(leak_of(copies, tmp_path / "leak.mp4", "-filter_complex", turns), reference)
    turn = np.arange(made.groups) // 4 % 2
    signed = right(reading, np.where(turn == 0, made.word(RECIPIENT), made.word(OTHER)))
    assert len(signed) >= 38
    assert (signed > 0).all(), signed
    assert named(reading) <= {name_of(RECIPIENT), name_of(OTHER)}
