"""Marks small real files, and measures what of the mark a viewer's picture holds.

The measure is a plain correlation, far weaker than a detector's: the copies here were not attacked, so that the sign
alone must be right.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from tests import plans
from tests.clips import tools
from tests.media.transcoding import Made, prepare

from telecine.core.job import VideoRendition
from telecine.core.limits import MediaLimits
from telecine.core.plan import variant_track
from telecine.core.watermark.pattern import VARIANTS, Field, decoy_key, derive_mark_key, field_of
from telecine.media.context import Context
from telecine.media.encode import encode_chunk
from telecine.media.join import join
from telecine.media.mark_mask import LOOK, MASK, full_size_field, mask_of

KEY = derive_mark_key(bytes(range(32)), "DEMO", "content")
DECOYS = 60

type Map = NDArray[np.float32]


def prepare_marked(folder: Path, source: Path, *outputs: VideoRendition, strength: float = 0.5, **policy: Any) -> Made:
    """A job on `source` that is planned as a marked one: a segment is one GOP."""
    made = prepare(folder, [source], *outputs, **policy)
    plan = plans.marked(made.plan)
    assert plan.marking
    made.plan = plan.model_copy(update={"marking": plan.marking.model_copy(update={"strength": strength})})
    return made


def mark(folder: Path, source: Path, *outputs: VideoRendition, strength: float = 0.5, **policy: Any) -> Made:
    """The same, encoded and joined to both variants of every rendition."""
    made = prepare_marked(folder, source, *outputs, strength=strength, **policy)
    context = Context(tools(), MediaLimits(), log=made.commands.append)
    for chunk in made.plan.chunks:
        encode_chunk(made.plan, chunk.index, made.workspace, context, KEY)
    join(made.plan, made.workspace, context, KEY)
    return made


def looks(path: Path) -> Iterator[tuple[Fraction, Map]]:
    """Time and small picture of every frame of a file, in steps of 8 bits."""
    with av.open(path) as container:
        for frame in container.decode(video=0):
            deep = "10" in frame.format.name
            luma = frame.to_ndarray()[: frame.height].astype(np.float32) / (4 if deep else 1)
            assert frame.pts is not None
            assert frame.time_base is not None
            yield frame.pts * frame.time_base, shrunk(luma, LOOK)


def shrunk(picture: Map, shape: tuple[int, int]) -> Map:
    """`picture` with so many rows and columns, each the mean of what it stands for."""
    return cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def segment_scores(made: Made, path: Path) -> list[float]:
    """For each segment of a variant's file its correlation with the field, in deviations of decoys' correlations.

    About 0 for an unmarked picture, positive for variant 0, negative for variant 1.
    """
    references = [
        (chunk.start + time, look)
        for chunk in made.plan.chunks
        for time, look in looks(made.workspace.reference(chunk.index))
    ]
    return _scores(made, dict(looks(path)), references)


def difference_scores(made: Made, number: int = 0) -> list[float]:
    """For each segment the correlation of variant 0 less variant 1 of rendition `number`: positive."""
    first, second = (made.workspace.video(variant_track(f"v{number}", variant)) for variant in VARIANTS)
    return _scores(made, dict(looks(first)), looks(second))


def _scores(made: Made, seen: Mapping[Fraction, Map], references: Iterable[tuple[Fraction, Map]]) -> list[float]:
    residuals: dict[int, Map] = {}
    for time, look in references:
        if time not in seen:
            continue
        position = int(time // made.plan.segment)
        residual = shrunk(seen[time] - look, MASK)
        residual -= np.asarray(cv2.GaussianBlur(residual, (0, 0), 10), np.float32)
        spread = np.median(np.abs(residual)) + 0.1
        weighted = np.clip(residual, -4 * spread, 4 * spread) * mask_of(look.astype(np.uint8))
        residuals[position] = residuals.get(position, np.zeros(MASK, np.float32)) + weighted
    return [_score(residuals[position], position) for position in sorted(residuals)]


def _score(residual: Map, position: int) -> float:
    fields: Sequence[Field] = [field_of(decoy_key(KEY, number), position) for number in range(DECOYS)]
    decoys = [_product(residual, field) for field in fields]
    return _product(residual, field_of(KEY, position)) / (float(np.std(decoys)) or 1.0)


def _product(residual: Map, field: Field) -> float:
    return float(np.sum(residual * shrunk(full_size_field(field), MASK)))
