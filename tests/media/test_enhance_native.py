"""Lines, shakes and grain: what the house's own engines mend and add, on pictures that a camera took."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from tests.media.native_frames import filmed, in_form, picture, psnr, run, same, stage_of

from telecine.core.enhance.options import Chroma
from telecine.media.enhance.dejit import dejit, shifted
from telecine.media.enhance.grain import grain
from telecine.media.enhance.samples import packed, unpacked
from telecine.media.enhance.steady import move_between, moved, steady

FORMS = [(8, Chroma.C420), (10, Chroma.C422), (12, Chroma.C444), (16, Chroma.C420)]


@pytest.fixture(scope="module")
def street():
    """Eight frames with slanted bars, wheels and houses."""
    return filmed("bikes.mp4", 176, 8, 120, 320, 40, 160)


def jittered(frames, deviation, seed=7):
    """Each line of each frame moved by its own distance; chroma by half of it."""
    made = []
    for frame in frames:
        chance = np.random.default_rng(seed := seed + 1)
        lines = chance.normal(0, deviation, len(frame[0]))
        chroma = [packed(shifted(unpacked(p, 8), lines[::2][: len(p)] / 2), 8) for p in frame[1:]]
        made.append((packed(shifted(unpacked(frame[0], 8), lines), 8), *chroma))
    return made


@pytest.mark.parametrize(("deviation", "gain"), [(1, 3), (2, 5), (3, 5)])
def test_jittered_lines_are_put_back(street, deviation, gain):
    bad = jittered(street[:2], deviation)
    good = run(dejit, stage_of("line-align", picture(bad)), bad)
    assert psnr(good, street[:2], 12) > psnr(bad, street[:2], 12) + gain


def test_lines_that_lie_well_stay(street):
    """Slanted bars are not set upright: not a sample changes."""
    assert same(run(dejit, stage_of("line-align", picture(street)), street), street)


def test_a_bar_that_leans_and_jitters_leans_still():
    rows, columns = np.mgrid[0:120, 0:240]
    luma = (128 + 80 * np.tanh((columns - 60 - rows / 2) / 1.5) * (columns < 180)).clip(0, 255).astype(np.uint8)
    leaning = [(luma, *[np.full((60, 120), 128, np.uint8)] * 2)]
    bad = jittered(leaning, 2)
    good = run(dejit, stage_of("line-align", picture(bad)), bad)
    assert psnr(good, leaning, 12) > psnr(bad, leaning, 12) + 5


@pytest.mark.parametrize(("bits", "chroma"), FORMS)
def test_lines_in_every_form_odd_sizes_and_chunks(street, bits, chroma):
    odd = [(y[:71, :101], u[:36, :51], v[:36, :51]) for y, u, v in jittered(street[:4], 2)]
    frames = in_form(odd, bits, chroma)
    stage = stage_of("line-align", picture(frames, bits, chroma))
    made = run(dejit, stage, frames)
    assert not same(made, frames)
    assert same(made, run(dejit, stage, frames, chunks=[1, 3]))


def test_flat_and_tiny_pictures_have_no_jitter():
    for height, width in ((2, 40), (16, 32), (90, 160)):
        frames = [(np.full((height, width), 90, np.uint8), *[np.full((height // 2, width // 2), 128, np.uint8)] * 2)]
        assert same(run(dejit, stage_of("line-align", picture(frames)), frames), frames)


# shake


def shaken(count=80, size=(120, 208), deviation=2.5):
    """A camera that pans evenly over a street and shakes: frames, and where its path was meant to be."""
    scene = filmed("bikes.mp4", 185, 1, 272, 640)[0]
    chance = np.random.default_rng(3)
    frames, shakes = [], chance.normal(0, deviation, (count, 2))
    shakes[:, 1] *= 0.7
    for number in range(count):
        x, y = 20 + 2.0 * number + shakes[number, 0], 60 + shakes[number, 1]
        planes = []
        for plane, part in zip(scene, (1, 2, 2), strict=True):
            place = np.array([[1, 0, x / part], [0, 1, y / part]])
            planes.append(
                cv2.warpAffine(
                    plane, place, (size[1] // part, size[0] // part), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
                )
            )
        frames.append(tuple(planes))
    return frames


def jerk(frames):
    """Root mean square of the second difference of the picture's motion, in samples."""
    moves = [move_between(a[0], b[0]) for a, b in pairwise(frames)]
    return float(np.sqrt(np.mean(np.diff([move[:2] for move in moves], axis=0) ** 2)))


@pytest.fixture(scope="module")
def walk():
    return shaken()


@pytest.fixture(scope="module")
def calmed(walk):
    return run(steady, stage_of("smooth-path", picture(walk)), walk)


def test_a_shaking_camera_becomes_calm(walk, calmed):
    assert jerk(walk) > 3
    assert jerk(calmed) < jerk(walk) / 8


def test_a_pan_goes_on(walk, calmed):
    """The camera moves two samples a frame, to the end: it is not held back."""
    moves = np.array([move_between(a[0], b[0]) for a, b in pairwise(calmed)])
    assert np.median(moves[:, 0]) == pytest.approx(-2 * 1.04, abs=0.2)


def test_chunks_are_steadied_as_the_whole(walk, calmed):
    assert same(run(steady, stage_of("smooth-path", picture(walk)), walk, chunks=[39, 41]), calmed)


def test_scenes_do_not_pull_at_each_other(walk):
    """Half of the frames are another scene: those of the first are as if it had ended there."""
    other = filmed("bikes.mp4", 20, 6, 120, 208)
    cut = [*walk[:10], *other]
    alone = walk[:10]
    made = run(steady, stage_of("smooth-path", picture(cut)), cut)
    assert same(made[:10], run(steady, stage_of("smooth-path", picture(alone)), alone))


@pytest.mark.parametrize(("bits", "chroma"), FORMS)
def test_steadied_in_every_form_and_odd_sizes(walk, bits, chroma):
    odd = [(y[:71, :101], u[:36, :51], v[:36, :51]) for y, u, v in walk[:5]]
    frames = in_form(odd, bits, chroma)
    made = run(steady, stage_of("smooth-path", picture(frames, bits, chroma), zoom=1.1), frames)
    eight = run(steady, stage_of("smooth-path", picture(odd), zoom=1.1), odd)
    assert psnr([(f[0] / 2.0 ** (bits - 8),) for f in made], eight) > 45


def test_what_stands_still_is_only_enlarged(street):
    """Also where there is nothing to track."""
    for frames in ([street[0]] * 4, [tuple(np.full_like(p, 77) for p in street[0])] * 4):
        made = run(steady, stage_of("smooth-path", picture(frames)), frames)
        assert psnr(made, [moved(frames[0], np.zeros(4), 1.04, picture(frames))] * 4) > 45


# grain


def steps(value, count=3, size=(90, 160)):
    half = (-(-size[0] // 2), -(-size[1] // 2))
    return [(np.full(size, value, np.uint8), *[np.full(half, 128, np.uint8)] * 2) for _ in range(count)]


def test_grain_is_the_same_for_the_same_seed_and_frame(street):
    stage = stage_of("seeded-grain", picture(street), seed=11)
    made = run(grain, stage, street)
    assert same(made, run(grain, stage, street, chunks=[1, 4, 5]))
    assert not same(made, run(grain, stage_of("seeded-grain", picture(street), seed=12), street))
    still = run(grain, stage_of("seeded-grain", picture(steps(90)), seed=11), steps(90))
    assert not np.array_equal(still[0][0], still[1][0])  # every frame has a grain of its own


@pytest.mark.parametrize(("strength", "deviation"), [(0, 0), (4, 1), (12, 3), (50, 12.5)])
def test_strength_is_the_deviation_in_quarters_of_a_step(strength, deviation):
    flat = steps(90)
    made = run(grain, stage_of("seeded-grain", picture(flat), strength=strength), flat)
    assert np.std([f[0] for f in made]) == pytest.approx(deviation, abs=0.05 + 0.1 * deviation)
    assert np.mean([f[0] for f in made]) == pytest.approx(90, abs=0.2)
    assert np.std([f[1] for f in made]) == pytest.approx(0.4 * deviation, abs=0.1 + 0.1 * deviation)


def test_highlights_have_less_grain_than_shadows():
    deviations = [
        np.std(run(grain, stage_of("seeded-grain", picture(steps(v))), steps(v))[0][0]) for v in (20, 80, 180, 235)
    ]
    assert deviations[1] > deviations[0] > deviations[2] > deviations[3] > 0.5


def test_grain_grows_with_the_picture():
    """Likeness of a sample with the one beside it: nothing in white noise."""
    likeness = []
    for height, width in ((64, 4000), (1080, 240), (2160, 120)):
        made = run(
            grain, stage_of("seeded-grain", picture(steps(90, 1, (height, width)))), steps(90, 1, (height, width))
        )
        noise = made[0][0].astype(float) - 90
        likeness.append(np.mean(noise[:, 1:] * noise[:, :-1]) / np.mean(noise**2))
    assert 0.02 < likeness[0] < likeness[1] - 0.1 < likeness[2] - 0.2


@pytest.mark.parametrize(("bits", "chroma"), FORMS)
def test_grain_in_every_form_and_odd_sizes(street, bits, chroma):
    odd = [(y[:71, :101], u[:36, :51], v[:36, :51]) for y, u, v in street[:2]]
    frames = in_form(odd, bits, chroma)
    made = run(grain, stage_of("seeded-grain", picture(frames, bits, chroma)), frames)
    eight = run(grain, stage_of("seeded-grain", picture(odd)), odd)
    assert psnr([(f[0] / 2.0 ** (bits - 8),) for f in made], eight) > 48


def test_black_and_white_stay_within_the_depth():
    for value in (0, 255):
        run(grain, stage_of("seeded-grain", picture(steps(value)), strength=50), steps(value))
