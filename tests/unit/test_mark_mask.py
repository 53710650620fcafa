"""Where a mark may be strong and where not, on pictures that show one thing each."""

from fractions import Fraction

import numpy as np
import pytest

from telecine.core.watermark.pattern import derive_mark_key, field_of
from telecine.media.mark_mask import FLOOR, LOOK, MASK, MIDDLE, Marker, fixed_point, mask_of, mirrored

FIELD = field_of(derive_mark_key(bytes(32), "DEMO", "film"), 0)


def flat(level: int) -> np.ndarray:
    return np.full(LOOK, level, np.uint8)


def noise(level: int, most: int) -> np.ndarray:
    return np.random.default_rng(0).integers(level - most, level + most, LOOK).astype(np.uint8)


def amplitude(look: np.ndarray, strength: float = 0.5) -> float:
    mask = mask_of(look, strength)
    assert mask.shape == MASK
    assert mask.dtype == np.float32
    return float(np.median(mask))


def test_a_busy_picture_takes_more_than_a_flat_one_and_only_up_to_a_limit():
    assert amplitude(flat(120), 0.7) == pytest.approx(0.7)
    assert amplitude(flat(120), 0.7) < amplitude(noise(120, 10), 0.7) < amplitude(noise(120, 30), 0.7) <= 2.1
    assert amplitude(noise(120, 100), 1.0) == pytest.approx(3.0)


def test_a_picture_above_black_is_never_marked_by_less_than_8_bits_can_hold():
    assert amplitude(flat(30)) == amplitude(flat(235)) == pytest.approx(FLOOR)
    assert amplitude(flat(30), 0.3) == pytest.approx(FLOOR)


@pytest.mark.parametrize("level", [0, 16, 17])
def test_black_stays_black(level: int):
    marker = Marker(0.5, Fraction(25))
    marker.begin(FIELD)
    assert np.abs(marker.delta(flat(level))).max() < 0.5


def test_the_flat_side_of_an_edge_counts_as_flat():
    look = flat(100)
    look[:, 320:] = noise(100, 60)[:, 320:]
    row = mask_of(look)[MASK[0] // 2]
    assert row[:78] == pytest.approx(FLOOR, abs=0.02)
    assert row[90:].min() > 2 * FLOOR


def test_a_mark_grows_with_time_and_not_at_once_and_begins_anew_with_a_segment():
    marker = Marker(0.5, Fraction(25))
    marker.begin(FIELD)
    calm = np.abs(marker.delta(flat(120))).max()
    sizes = [np.abs(marker.delta(noise(120, 60))).max() for _ in range(10)]
    assert calm < sizes[0] < sizes[4] < sizes[9]
    marker.begin(FIELD)
    assert np.abs(marker.delta(flat(120))).max() == calm


def test_a_marker_that_began_no_segment_says_so():
    with pytest.raises(ValueError, match="no segment has begun"):
        Marker(0.5, Fraction(25)).delta(flat(120))


def test_a_track_holds_a_mark_and_its_opposite_in_the_same_steps():
    delta = np.linspace(-5, 5, 101).astype(np.float32)
    fixed = fixed_point(delta)
    assert (int(fixed.min()), int(fixed.max())) == (1, 255)
    assert (mirrored(fixed) == fixed_point(-delta)).all()
    assert fixed_point(np.zeros(1, np.float32)) == MIDDLE
