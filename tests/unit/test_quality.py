"""Measures of pictures whose truth is known because we drew them, and the scores that they get."""

import numpy as np
import pytest

from telecine.core.quality import SCORES, assess, label
from telecine.media.ingest.metrics import blocking, colourfulness, details, measure, noise
from telecine.media.ingest.naturalness import FEATURES, distance, features, model

RANDOM = np.random.default_rng(7)
GREY = np.full((64, 128), 128, np.float32)
SLOPE = np.tile(np.linspace(60, 180, 256, dtype=np.float32), (128, 1))


def noisy(sigma: float) -> np.ndarray:
    return (SLOPE + RANDOM.normal(0, sigma, SLOPE.shape)).astype(np.float32)


@pytest.mark.parametrize("sigma", [1, 3, 10, 20])
def test_the_deviation_of_noise_is_found(sigma: float) -> None:
    assert noise(noisy(sigma)) == pytest.approx(sigma, rel=0.08)


def test_where_all_is_black_or_white_noise_cannot_be_told() -> None:
    assert noise(np.full((64, 64), 16, np.float32)) is None
    assert noise(np.full((64, 64), 235, np.float32)) is None


def test_noise_alone_has_no_edges() -> None:
    assert details(noisy(10), 10) is None
    assert details(GREY, 0) is None


def test_a_hard_edge_is_sharper_than_a_soft_one() -> None:
    to_edge = np.abs(np.arange(256) % 64 - 32) - 16
    hard, soft = (np.tile(100 + 80 * np.tanh(to_edge / width), (128, 1)) for width in (0.5, 3))
    sharp, blurred = details(hard.astype(np.float32), 0), details(soft.astype(np.float32), 0)
    assert sharp
    assert blurred
    assert sharp > 1 > 0.75 > blurred


def test_blocks_count_on_their_grid_alone() -> None:
    blocks = np.kron(RANDOM.uniform(60, 200, (16, 32)), np.ones((8, 8))).astype(np.float32)
    assert blocking(blocks, both=True) > 100
    assert blocking(np.roll(blocks, (3, 3), (0, 1)), both=True) == 1
    assert blocking(noisy(10), both=True) < 1.1
    assert blocking(SLOPE, both=True) == 1


def test_what_moved_between_two_fields_is_no_noise() -> None:
    moved = np.where(np.arange(128) % 32 < 16, 60, 180)
    combed = np.tile(moved, (128, 1)).astype(np.float32)
    combed[1::2] = np.roll(combed[1::2], 6, 1)
    middle = np.full((64, 64), 128, np.float32)
    field, frame = (measure(combed, middle, middle, interlaced=interlaced) for interlaced in (True, False))
    assert field.noise == 0
    assert frame.noise
    assert frame.noise > 5


def test_colourfulness() -> None:
    middle = np.full((32, 64), 128, np.float32)
    assert colourfulness(middle, middle) == 0
    halves = middle.copy()
    halves[:, :32], halves[:, 32:] = 90, 166
    assert colourfulness(halves, middle) > 59
    grain = middle + RANDOM.normal(0, 10, middle.shape).astype(np.float32)
    assert colourfulness(grain, grain) < 10


def test_features_of_naturalness() -> None:
    found = features(noisy(10))
    assert found.shape == (2, FEATURES)
    assert np.isfinite(found).all()
    assert features(GREY[:, :64]).shape == (0, FEATURES)
    # Coefficients of white noise are Gaussian, and neighbours are less alike than in a blurred picture.
    drawn = RANDOM.normal(128, 20, (192, 192)).astype(np.float32)
    white, blurred = features(drawn), features((drawn + np.roll(drawn, 1, 1) + np.roll(drawn, 1, 0)) / 3)
    assert white[:, 0].mean() == pytest.approx(2.5, abs=0.6)
    assert blurred[:, 3].mean() > white[:, 3].mean() + 0.1


def test_a_distance_needs_patches() -> None:
    clean = model()
    assert (clean.mean.shape, clean.covariance.shape) == ((FEATURES,), (FEATURES, FEATURES))
    assert distance(np.empty((0, FEATURES), np.float32), clean) is None
    assert distance(features(noisy(1))[:1], clean) is None
    learned = np.random.default_rng(1).multivariate_normal(clean.mean, clean.covariance, 200).astype(np.float32)
    assert distance(learned, clean) == pytest.approx(0, abs=1)


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("noise", [0, 1, 5, 20, 100]),
        ("details", [0.95, 0.8, 0.7, 0.6, 0.5]),
        ("blocking", [1, 1.5, 3, 8, 10]),
        ("colors", [80, 40, 15, 3, 0]),
        ("naturalness", [3, 5, 8, 12, 13.9]),
    ],
)
def test_scores_fall_from_five_to_nought(name: str, worse: list[float]) -> None:
    scores = [SCORES[name](value) for value in worse]
    assert scores == sorted(set(scores), reverse=True)
    assert 4 < scores[0] <= 5
    assert 0 <= scores[-1] < 1.1


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("value", [-1e9, 0.0, 1e9])
def test_no_value_leaves_the_scale(name: str, value: float) -> None:
    assert 0 <= SCORES[name](value) <= 5


def test_labels() -> None:
    scores = {5: "excellent", 4: "excellent", 3.99: "good", 3: "good", 2: "fair", 1.5: "poor", 0.99: "bad", 0: "bad"}
    assert {score: label(score) for score in scores} == scores


def test_what_was_not_measured_is_left_out() -> None:
    metrics = assess({"noise": [0, 2], "details": [], "colors": [33]})
    assert [(metric.name, metric.mean) for metric in metrics] == [("noise", 1), ("colors", 33)]
    assert assess({}) == ()
