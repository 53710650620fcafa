"""What is left of a leak when the title is explained away: the mark, whatever the curve, whatever covers it."""

import cv2
import numpy as np
import pytest

from telecine.core.watermark.pattern import decoy_key, derive_mark_key, field_of
from telecine.core.watermark.statistic import deviations
from telecine.media.detect.residual import TitleView, evidence, misfit, power, small, title_view, to_cells
from telecine.media.mark_mask import LOOK, MASK, full_size_field

KEY = derive_mark_key(bytes(range(32)), "DEMO", "film")
WHOLE = np.ones(MASK, bool)


@pytest.fixture(scope="module")
def look() -> np.ndarray:
    """A picture of soft shapes and some grain."""
    random = np.random.default_rng(1)
    soft = cv2.GaussianBlur(random.normal(size=LOOK), (0, 0), 12)
    picture = 120 + 40 * soft / soft.std() + random.normal(size=LOOK) * 3
    return np.clip(picture, 16, 235).astype(np.uint8)


@pytest.fixture(scope="module")
def view(look) -> TitleView:
    return title_view(look, 0.5)


def enlarged(field: np.ndarray) -> np.ndarray:
    """The field as marking enlarges it, on the grid of the mask."""
    return cv2.resize(full_size_field(field), MASK[::-1], interpolation=cv2.INTER_AREA)


def z_of(leak: np.ndarray, view: TitleView, visible: np.ndarray = WHOLE) -> float:
    said = evidence(leak.astype(np.float32), visible, view)
    assert said
    cells = to_cells(said.seen).ravel().astype(np.float64)
    return float(deviations(cells, field_of(KEY, 0).reshape(1, -1))[0])


def marked(view: TitleView, sign: int = 1) -> np.ndarray:
    noise = np.random.default_rng(2).normal(size=MASK)
    return view.luma + sign * view.mark * enlarged(field_of(KEY, 0)) + noise


def test_cells_get_what_the_enlarged_field_would():
    seen = np.random.default_rng(4).normal(size=MASK).astype(np.float32)
    field = field_of(KEY, 7)
    assert (to_cells(seen) * field).sum() == pytest.approx((seen * enlarged(field)).sum(), rel=1e-3)


def test_power_is_the_mean_over_fields():
    weight = np.random.default_rng(5).random(MASK).astype(np.float32)
    found = [(weight * enlarged(field_of(decoy_key(KEY, number), 0)) ** 2).sum() for number in range(200)]
    assert power(weight) == pytest.approx(np.mean(found), rel=0.02)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("curve", ["as it was", "gamma", "contrast", "vignette"])
def test_the_mark_is_left_whatever_the_curve(sign, curve, view):
    leak = marked(view, sign)
    across = np.linspace(-1, 1, MASK[1])
    changed = {
        "as it was": leak,
        "gamma": 16 + 219 * (np.clip(leak - 16, 0, None) / 219) ** 0.7,
        "contrast": 128 + 1.2 * (leak - 128) - 10,
        "vignette": leak * (1 - 0.3 * across**2),
    }[curve]
    assert sign * z_of(changed, view) > 10


def test_without_a_mark_nothing_is_left(view):
    noise = np.random.default_rng(6).normal(size=MASK)
    assert abs(z_of(view.luma * 0.9 + 5 + noise, view)) < 4.5


def test_what_covers_the_picture_counts_next_to_nothing(view):
    leak = marked(view)
    leak[10:30, 20:60] = 235
    said = evidence(leak.astype(np.float32), WHOLE, view)
    clean = evidence(marked(view).astype(np.float32), WHOLE, view)
    assert said
    assert clean
    assert said.weight[12:28, 22:58].sum() < 0.1 * clean.weight[12:28, 22:58].sum()
    assert z_of(leak, view) > 0.8 * z_of(marked(view), view)


def test_only_what_is_visible_says_anything(view):
    visible = WHOLE.copy()
    visible[:, 80:] = False
    leak = marked(view)
    leak[:, 80:] = 0
    said = evidence(leak.astype(np.float32), visible, view)
    assert said
    assert not said.seen[:, 80:].any()
    assert not said.weight[:, 80:].any()
    assert z_of(leak, view, visible) > 8


def test_a_flat_or_hidden_picture_is_no_trouble(view):
    flat = title_view(np.full(LOOK, 40, np.uint8), 0.5)
    said = evidence(np.full(MASK, 50, np.float32), WHOLE, flat)
    assert said
    assert np.isfinite(said.seen).all()
    assert np.abs(said.seen).max() < 1e-2
    hidden = np.zeros(MASK, bool)
    assert evidence(view.luma, hidden, view) is None
    assert misfit(view.luma, hidden, view) == float("inf")


def test_a_picture_that_lies_right_fits_better(look, view):
    shifted = small(np.roll(look, 3, axis=1))
    assert misfit(view.luma, WHOLE, view) < 0.2 < misfit(shifted, WHOLE, view)
