"""A shaking camera is calmed, a calm one is left in peace, and no frame depends on where its chunk begins."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from tests.media.networks import film, picture, psnr, stage

from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Span
from telecine.media.enhance.frames import Frame
from telecine.media.enhance.steady import motion_between, steady

SIZE = (320, 180)
COUNT = 60


def scene(chroma: Chroma, offsets: np.ndarray) -> list[Frame]:
    """What a camera sees that looks at one still scene, shaken by `offsets` (pixels across and down)."""
    wide = cv2.resize(film(320, 136, 1)[0][0], (480, 300), interpolation=cv2.INTER_CUBIC)
    form = picture(*SIZE, chroma=chroma)
    frames: list[Frame] = []
    for across, down in offsets:
        matrix = np.array([[1, 0, across - 80], [0, 1, down - 60]], float)
        luma = cv2.warpAffine(wide, matrix, SIZE, flags=cv2.INTER_LINEAR)
        others = [cv2.resize(luma, size[::-1], interpolation=cv2.INTER_AREA) for size in form.plane_sizes[1:]]
        frames.append((luma, *others))  # type: ignore[arg-type]
    return frames


def shaken(sigma: float) -> np.ndarray:
    return np.random.default_rng(7).normal(0, sigma, (COUNT, 2))


def jerk(frames: list[Frame]) -> float:
    """Root mean square, in pixels, of how the motion changes from frame to frame."""
    motions = np.array([motion_between(a[0], b[0], 8)[:2] for a, b in pairwise(frames)])
    return float(np.sqrt(np.mean(np.diff(motions, axis=0) ** 2)))


@pytest.mark.parametrize("chroma", [Chroma.C420, Chroma.C422])
def test_a_shaken_camera_is_calmed(chroma):
    frames = scene(chroma, shaken(3))
    form = picture(*SIZE, frames=COUNT, chroma=chroma)
    made = list(steady(stage("smooth-path", form, form), iter(frames), Span(0, COUNT), Span(0, COUNT)))
    assert jerk(frames) > 5
    assert jerk(made) < 0.1 * jerk(frames)
    still = [psnr(a[0], b[0]) for a, b in pairwise(made[20:41])]
    moving = [psnr(a[0], b[0]) for a, b in pairwise(frames[20:41])]
    assert np.mean(still) > np.mean(moving) + 8
    luma = cv2.resize(made[30][0], form.plane_sizes[1][::-1], interpolation=cv2.INTER_AREA)
    assert psnr(luma, made[30][1]) > 34  # chroma has gone along


def test_a_pan_stays_a_pan():
    pan = np.stack([np.linspace(-40, 40, COUNT), np.zeros(COUNT)], 1)
    frames = scene(Chroma.C420, pan + shaken(2))
    form = picture(*SIZE, frames=COUNT)
    made = list(steady(stage("smooth-path", form, form), iter(frames), Span(0, COUNT), Span(0, COUNT)))
    across = [motion_between(a[0], b[0], 8)[0] for a, b in pairwise(made[5:55])]
    assert np.mean(across) == pytest.approx(1.05 * 80 / (COUNT - 1), abs=0.15)
    assert np.std(across) < 0.5


def test_chunks_are_the_whole():
    frames = scene(Chroma.C420, shaken(3))
    form = picture(*SIZE, frames=COUNT)
    asked = stage("smooth-path", form, form).model_copy(update={"radius": 37})
    whole = list(steady(asked, iter(frames), Span(0, COUNT), Span(0, COUNT)))
    for wanted in (Span(0, 2), Span(40, 44), Span(58, 60)):
        given = asked.given(wanted)
        part = list(steady(asked, iter(frames[slice(*given)]), given, wanted))
        for one, other in zip(part, whole[slice(*wanted)], strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_what_shows_nothing_and_cuts_are_not_moved():
    flat = [tuple(np.full(size, 90 + 60 * (n > 2), np.uint8) for size in picture(64, 36).plane_sizes) for n in range(5)]
    form = picture(64, 36, frames=5)
    made = list(steady(stage("smooth-path", form, form), iter(flat), Span(0, 5), Span(0, 5)))  # type: ignore[arg-type]
    assert [frame[0][18, 32] for frame in made] == [90, 90, 90, 150, 150]
