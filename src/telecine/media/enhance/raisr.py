"""`pabsr1`: RAISR with a bank of our own. Luma doubles by learned filters, as often as needed; chroma is resampled.

No detail is invented: every sample is a weighted sum of the source's around it. Nothing depends on any other frame.
"""

from fractions import Fraction

from telecine.core.enhance.options import Chroma, Clarity
from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.clarity import clarify
from telecine.media.enhance.frames import Frame, Frames
from telecine.media.enhance.lanczos import resize
from telecine.media.enhance.raisr_bank import bank
from telecine.media.enhance.raisr_hash import buckets
from telecine.media.enhance.raisr_kernel import enlarge
from telecine.media.enhance.samples import packed, unpacked

ENOUGH = 1.25
"""What is left to enlarge after some doublings that Lanczos does as well as one more would, at a fourth of the work."""

_LEFT_SITED = (Chroma.C420, Chroma.C422)


def raisr(stage: Stage, frames: Frames, given: Span, wanted: Span) -> Frames:  # noqa: ARG001 - an engine's form
    """Frames of `stage.after`'s size, of the same depth and sampling.

    Setting `clarity`: how much contrast is added, by word or number (`Clarity`), `none` if absent. Where neither width
    nor height grows, Lanczos alone makes the size, and the frame of the same size comes back as it was.
    """
    level = _level(stage)
    for frame in frames:
        yield _scaled(frame, stage.before, stage.after, level)


def doublings(before: Picture, after: Picture) -> int:
    """How often luma is doubled before Lanczos brings it to its size."""
    growth, times = max(after.width / before.width, after.height / before.height), 0
    while growth > (ENOUGH if times else 1):
        growth, times = growth / 2, times + 1
    return times


def _level(stage: Stage) -> Clarity:
    asked = stage.settings.get("clarity", Clarity.NONE)
    return list(Clarity)[int(asked)] if str(asked).isdigit() else Clarity(str(asked))


def _scaled(frame: Frame, before: Picture, after: Picture, level: Clarity) -> Frame:
    luma, *chroma = (unpacked(plane, before.bits) for plane in frame)
    for _ in range(doublings(before, after)):
        luma = enlarge(luma, buckets(luma), bank().filters)
    luma = clarify(resize(luma, after.height, after.width), level)
    shift = Fraction(-1, 4) if before.chroma in _LEFT_SITED else Fraction(0)
    u, v = (resize(plane, *size, shift) for plane, size in zip(chroma, after.plane_sizes[1:], strict=True))
    return packed(luma, after.bits), packed(u, after.bits), packed(v, after.bits)
