"""Single pictures of a leak that was filmed by hand are aligned one by one, and what bends is straightened."""

import cv2
import numpy as np
import pytest
from tests.films import misplaced, scaled, texture, turned

from telecine.media.detect.follow import between_grids, follow, straighten
from telecine.media.detect.geometry import fit, plausible, warp
from telecine.media.detect.pieces import LOOK

TITLE = texture(np.random.default_rng(5), *LOOK)
STEADY = scaled(1.1)


def filmed(transform):
    """The title as a leak shows it; `transform` maps title to leak."""
    return cv2.warpPerspective(TITLE, transform, LOOK[::-1])


def test_a_picture_that_moved_is_followed():
    moved = scaled(1.0, right=5, down=-4) @ turned(0.7) @ STEADY
    before = np.linalg.inv(STEADY)
    assert misplaced(before, moved) > 5
    assert misplaced(follow(filmed(moved), TITLE, before), moved) < 0.5


def test_a_picture_that_did_not_move_stays():
    steady = np.linalg.inv(STEADY)
    assert misplaced(follow(filmed(STEADY), TITLE, steady), STEADY) < 0.15


def test_foreign_and_flat_pictures_move_nothing_far():
    steady = np.linalg.inv(STEADY)
    assert follow(np.full(LOOK, 90, np.uint8), TITLE, steady) is steady
    foreign = texture(np.random.default_rng(6), *LOOK)
    assert misplaced(follow(foreign, TITLE, steady), STEADY) < 30


def test_what_bends_is_straightened():
    rows, columns = np.indices(LOOK, dtype=np.float32)
    bent = cv2.remap(TITLE, columns + 5 * np.sin(rows / 60), rows + 4 * np.sin(columns / 90), cv2.INTER_LINEAR)
    inner = np.s_[40:-40, 40:-40]

    def off(look):
        return np.abs(look.astype(float) - TITLE)[inner].mean()

    assert off(straighten(bent, TITLE)) < off(bent) / 3
    assert off(straighten(TITLE, TITLE)) < 2


def test_pictures_that_have_nothing_in_common_fit_no_transform():
    foreign = [texture(np.random.default_rng(seed), *LOOK) for seed in range(10, 14)]
    assert fit((other, TITLE) for other in foreign) is None
    assert fit([]) is None
    assert fit([(np.full(LOOK, 90, np.uint8), TITLE)]) is None


def test_a_transform_that_no_leak_has_is_not_plausible():
    assert plausible(turned(10) @ scaled(2))
    assert not plausible(np.diag([-1.0, 1, 1]))
    assert not plausible(scaled(0.01))
    assert not plausible(np.full((3, 3), np.nan))
    assert not plausible(np.array([[1, 0, 0], [0, 1, 0], [-0.004, 0, 1]]))


def test_between_grids_keeps_centres_apart_from_corners():
    assert between_grids(4) @ [0, 0, 1] == pytest.approx([1.5, 1.5, 1])
    assert warp(TITLE, np.eye(3)) == pytest.approx(TITLE)
