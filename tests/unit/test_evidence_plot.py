"""The picture of the evidence: whatever a leak shows, it can be drawn, and it shows what was read."""

import io

import av
import numpy as np
import pytest

from telecine.media.evidence_plot import Labels, Row, draw

GREEN, RED, BLUE, ORANGE = (58, 154, 91), (200, 51, 58), (47, 109, 181), (217, 130, 43)


def pixels(png):
    with av.open(io.BytesIO(png), format="png_pipe") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def share(picture, colour):
    return float(np.mean(np.all(np.abs(picture.astype(int) - colour) < 6, axis=-1)))


def test_who_agrees_is_green_and_who_does_not_is_red():
    bits = np.random.default_rng(1).integers(0, 2, 200).astype(np.uint8)
    z = np.where(bits == 1, -8.0, 8.0)
    agreeing, opposed = (
        pixels(draw(z, 2.0, [Row("a", bits)], "h", [])),
        pixels(draw(z, 2.0, [Row("a", 1 - bits)], "h", [])),
    )
    assert share(agreeing, GREEN) > 0.02 > share(agreeing, RED)
    assert share(opposed, RED) > 0.02 > share(opposed, GREEN)
    assert share(agreeing, BLUE) > 0.02
    assert share(agreeing, ORANGE) > 0.02


@pytest.mark.parametrize("z", [np.full(30, np.nan), np.array([5.0]), np.array([np.nan, -5.0, np.nan]), np.zeros(0)])
def test_little_or_nothing_can_be_drawn_too(z):
    assert pixels(draw(z, 2.0, [], "nobody", ["a line"])).shape[1] > 1000


def test_words_of_a_stranger_are_drawn_as_they_are():
    rows = [Row("$\\frac{$", np.ones(4, np.uint8)) for _ in range(20)]
    assert draw(np.ones(4) * 9, 2.0, rows, "$x^{", ["$\\undefined$", "%s {} \\"])


def test_a_whole_film_of_short_marks_is_drawn_too():
    bits = np.random.default_rng(1).integers(0, 2, 60_000).astype(np.uint8)
    picture = pixels(draw(np.where(bits == 1, -8.0, 8.0), 0.12, [Row("airline", bits)], "h", [], Labels("recipient")))
    assert share(picture, GREEN) > 0.02
    assert share(picture, BLUE) + share(picture, ORANGE) > 0.02
