"""A leak of a marked title reads right whatever was done to it; wrong keys and films without a mark read as chance."""

from dataclasses import replace

import numpy as np
import pytest
from tests import clips
from tests.media.leaks import CONTEXT, KEY, Title, leak_of, make_title

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.watermark.pattern import decoy_key, derive_mark_key, field_of
from telecine.core.watermark.reading import NOT_LAID, Reading, read_sums
from telecine.core.watermark.statistic import deviations, without
from telecine.media.detect.gather import Gathered, gather
from telecine.media.detect.pieces import Piece
from telecine.media.detect.read import read_leak
from telecine.media.detect.reference import Reference
from telecine.media.detect.small_copy import copy_small

GAMMA = "lutyuv=y=16+219*pow((clip(val\\,16\\,235)-16)/219\\,0.7)"
LOGO = "drawbox=x=30:y=20:w=200:h=100:color=white:t=fill,drawbox=x=200:y=450:w=560:h=60:color=black:t=fill"
CROP = "crop=iw*0.8:ih*0.8"
ATTACKS = {
    "delivered": ([], 22, 25),
    "hard coded": ([], 35, 5),
    "small": (["-vf", "scale=640:360"], 28, 10),
    "brighter": (["-vf", GAMMA], 26, 20),
    "logo and subtitles": (["-vf", LOGO], 26, 20),
    "cropped": (["-vf", CROP], 26, 15),
    "mirrored": (["-vf", "hflip"], 26, 20),
    "bent as by a curved screen": (["-vf", "lenscorrection=k1=0.03:k2=0"], 26, 15),
}
"""What was done to a leak, at which CRF, and how many deviations each segment must still have."""


@pytest.fixture(scope="module")
def title(tmp_path_factory) -> Title:
    return make_title(tmp_path_factory.mktemp("title"))


def gathered(leak, title, folder, transform=None, mirrored=False) -> Gathered:
    """What a leak says, laid on its title as it is known to lie."""
    folder.mkdir()
    film = copy_small(leak, folder, CONTEXT)
    whole = Piece(0.0, float(film.times[-1]), 0.0, 1.0, mirrored, np.eye(3) if transform is None else transform)
    return gather(film, Reference.open(title.reference), [whole], lambda _: None)


def read(sums: Gathered, title: Title, key=KEY) -> Reading:
    return read_sums(sums, key, len(title.variants), 1.0, lambda: None)


@pytest.fixture(scope="module")
def hard(title, tmp_path_factory) -> Gathered:
    """What a hard coded leak says."""
    folder = tmp_path_factory.mktemp("hard")
    return gathered(leak_of(title, folder / "leak.mp4", crf=35), title, folder / "small")


@pytest.mark.parametrize("name", ATTACKS)
def test_every_segment_reads_right(name, title, tmp_path):
    arguments, crf, least = ATTACKS[name]
    leak = leak_of(title, tmp_path / "leak.mp4", *arguments, crf=crf)
    inner = np.array([[0.8, 0, 0.1 * 640 - 0.1], [0, 0.8, 0.1 * 360 - 0.1], [0, 0, 1]])
    sums = gathered(leak, title, tmp_path / "small", inner if name == "cropped" else None, name == "mirrored")
    reading = read(sums, title)
    assert (reading.z * title.signs > least).all(), reading.z * title.signs
    assert reading.objections == ()
    assert 0.2 < reading.amplitude < 1.3


def test_wrong_keys_read_as_chance(hard, title):
    """20,000 wrong keys over all segments of a leak, with the mark in it and taken out."""
    numbers = range(1000, 1000 + 20_000 // len(hard))
    for position, sums in hard.items():
        fields = np.stack([field_of(decoy_key(KEY, number), position).ravel() for number in numbers])
        right = field_of(KEY, position).ravel()
        for cells in (sums.cells, without(sums.cells, right)):
            z = deviations(cells, fields)
            assert abs(z.mean()) < 5 / np.sqrt(len(z))
            assert abs(z.std() - 1) < 5 / np.sqrt(2 * len(z))
            assert abs(z).max() < 5.5


def test_another_title_s_key_reads_nothing(hard, title):
    reading = read(hard, title, derive_mark_key(bytes(range(32)), "DEMO", "other"))
    assert np.abs(reading.z).max() < 4.5
    assert reading.objections == ()


def test_an_unmarked_film_reads_nothing(title, tmp_path):
    """The reference's own pictures have no mark: they are the title before marking."""
    leak = tmp_path / "leak.mp4"
    clips.ffmpeg("-i", title.reference / "pictures.mp4", "-r", "25", "-c:v", "libx264", "-crf", "26", leak)
    reading = read(gathered(leak, title, tmp_path / "small"), title)
    assert np.nanmax(np.abs(reading.z)) < 4.5
    assert reading.objections == ()


def test_a_segment_that_is_shown_twice_counts_twice(title, tmp_path):
    film = copy_small(title.delivered, tmp_path, CONTEXT)
    reference = Reference.open(title.reference)
    once = Piece(1.0, 2.0, 0.0, 1.0, False, np.eye(3))
    first, twice = (gather(film, reference, pieces, lambda _: None) for pieces in ([once], [once, once]))
    assert set(first) == set(twice) == {1}
    assert twice[1].pictures == 2 * first[1].pictures
    assert twice[1].cells == pytest.approx(2 * first[1].cells)


def test_pictures_beside_a_border_are_left_out(title, tmp_path):
    film = copy_small(title.delivered, tmp_path, CONTEXT)
    sums = gather(film, Reference.open(title.reference), [Piece(0, 4, 0.0, 1.0, False, np.eye(3))], lambda _: None)
    assert all(5 <= seen.pictures <= 6 for seen in sums.values())  # of 6.25 a second


def test_a_file_is_read_from_beginning_to_end(title, tmp_path):
    """An excerpt, cropped and coded anew: where it lies is found out; the rest of the title says nothing."""
    leak = leak_of(title, tmp_path / "leak.mp4", "-ss", "0.6", "-vf", "crop=iw*0.9:ih*0.9", crf=26)
    told = []
    reading = read_leak(leak, title.reference, KEY, replace(CONTEXT, report=lambda tick: told.append(tick.fraction)))
    assert reading.objections == ()
    assert reading.segment_seconds == 1.0
    assert len(reading.z) == len(title.variants)
    assert (reading.z * title.signs)[1:].min() > 15, reading.z
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert [path.name for path in tmp_path.iterdir()] == ["leak.mp4"]


def test_a_film_that_shows_something_else_is_objected_to(title, tmp_path):
    leak = clips.make(".mp4", "-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=25:maxiter=200", "-t", "3",
                      *clips.FAST_H264)  # fmt: skip
    reading = read_leak(leak, title.reference, KEY, CONTEXT)
    assert reading.objections == (NOT_LAID,)
    assert np.isnan(reading.z).all()


def test_a_file_that_cannot_be_read_is_refused(title, tmp_path):
    leak = tmp_path / "leak"
    leak.write_bytes(b"\0\0\0\x18ftypisom" + bytes(5000))
    with pytest.raises(TelecineError) as refused:
        read_leak(leak, title.reference, KEY, CONTEXT)
    assert refused.value.kind is ErrorKind.INPUT_UNREADABLE
    assert [path.name for path in tmp_path.iterdir()] == ["leak"]


def test_sound_alone_is_refused(title):
    with pytest.raises(TelecineError) as refused:
        read_leak(clips.sound(".wav", "pcm_s16le"), title.reference, KEY, CONTEXT)
    assert refused.value.kind is ErrorKind.TRACK_MISSING


def test_reading_can_be_stopped(title, tmp_path):
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        read_leak(title.delivered, title.reference, KEY, replace(CONTEXT, poll=stop))
    assert not list(title.delivered.parent.glob(".small-*"))
