"""Thumbnails alone propose where the stretches of a leak come from, in a title of two hours too."""

import numpy as np
import pytest

from telecine.media.context import no_poll
from telecine.media.detect.pieces import LOOK, Thumbs, mirror, thumb, unit
from telecine.media.detect.timing import propose, restrict

RATE = 5


def film(seconds: float, seed: int) -> Thumbs:
    """Shots of one to twelve seconds in which something changes slowly."""
    random = np.random.default_rng(seed)
    pictures: list[np.ndarray] = []
    while len(pictures) < seconds * RATE:
        length = int(random.uniform(1, 12) * RATE)
        pictures += list(random.normal(size=336) + np.cumsum(random.normal(0, 0.12, (length, 336)), axis=0))
    return thumbs(np.array(pictures[: round(seconds * RATE)]))


def thumbs(pictures: np.ndarray) -> Thumbs:
    made = unit((pictures - pictures.mean(axis=1, keepdims=True)).astype(np.float32))
    return Thumbs(np.arange(len(made)) / RATE, made)


def cut(title: Thumbs, begin: float, seconds: float, speed: float = 1) -> np.ndarray:
    """What a leak at `speed` has of the title, with noise."""
    places = np.rint((begin + speed * np.arange(round(seconds * RATE)) / RATE) * RATE).astype(int)
    return title.pictures[places] + np.random.default_rng(3).normal(0, 0.02, (len(places), 336))


def test_cuts_of_two_hours_are_found():
    title = film(7200, 0)
    cuts = [(3000.0, 30.0, 1.0), (100.0, 40.0, 25 / 24), (5000.0, 12.0, 0.96)]
    leak = thumbs(np.concatenate([*(cut(title, *one) for one in cuts), film(25, 9).pictures]))
    lines = sorted(propose(leak, title, no_poll), key=lambda line: -line.score)
    begin = 0.0
    for wanted, seconds, speed in cuts:
        line = max(lines, key=lambda line: min(line.end, begin + seconds) - max(line.begin, begin))
        middle = begin + seconds / 2
        assert line.offset + line.speed * middle == pytest.approx(wanted + speed * seconds / 2, abs=0.35)
        assert line.score > 3
        begin += seconds
    assert all(line.score < 3 for line in lines[len(cuts) :]), "the foreign part hardly looks like anything"


def test_parts_of_thumbnails_can_be_compared():
    title = film(60, 1)
    seen = np.arange(336) % 24 < 12
    leak = Thumbs(title.times[:100], title.pictures[100:200].copy())
    leak.pictures[:, ~seen] = 1
    (line,) = propose(restrict(leak, seen), restrict(title, seen), no_poll)
    assert line.offset == pytest.approx(20, abs=0.1)


def test_too_few_thumbnails_propose_nothing():
    title = film(60, 1)
    assert propose(Thumbs(title.times[:3], title.pictures[:3]), title, no_poll) == []
    assert propose(title, Thumbs(title.times[:0], title.pictures[:0]), no_poll) == []


def test_a_thumbnail_knows_neither_light_nor_contrast_and_its_mirror_is_that_of_the_mirrored_picture():
    look = np.random.default_rng(0).integers(40, 200, (9, 16)).astype(np.uint8).repeat(40, 0).repeat(40, 1)
    small = thumb(look)
    assert small.shape == (336,)
    assert np.linalg.norm(small) == pytest.approx(1, abs=1e-5)
    assert small.mean() == pytest.approx(0, abs=1e-6)
    assert thumb((look // 2 + 20).astype(np.uint8)) == pytest.approx(small, abs=0.01)
    mirrored = Thumbs(np.zeros(1), small[None]).mirrored().pictures[0]
    assert mirrored == pytest.approx(thumb(mirror(look)), abs=1e-5)
    assert not thumb(np.full(LOOK, 9, np.uint8)).any()
