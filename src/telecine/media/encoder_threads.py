"""How the threads of one run of ffmpeg are divided among its encoders.

Left alone, every x264 starts half as many threads again as the machine has cores, as if it were the only one. A ladder
of four on two cores then has twelve, which take turns: 2 % of its CPU and wall time goes there (`bench.ladder`). And
the more pictures x264 has under way at once, the less of the last one each can refer to, and the later rate control
hears of it: with one thread instead of three a constant bitrate is met and the PSNR is 0.1 to 0.2 dB higher. So each
encoder gets threads for its share of the work, and none more than it would take by itself.
"""

from collections.abc import Sequence

from telecine.core.plan import VideoOutput

_ALONE = 1.5
"""Threads a core that x264 takes by itself."""
_SHARED = 2.5
"""Threads for each core of an encoder's share: the others are not always there to fill the gaps that it leaves."""


def encoder_threads(outputs: Sequence[VideoOutput], cores: int) -> list[int]:
    """Threads for the encoder of each of `outputs`, all in one run that has `cores`: 1 or more, by pixels a second.

    A rendition that is encoded twice in the run is there twice.
    """
    weights = [output.width * output.height * output.frame_rate for output in outputs]
    shares = [cores * weight / sum(weights) for weight in weights]
    return [max(1, min(round(_ALONE * cores), round(_SHARED * share))) for share in shares]
