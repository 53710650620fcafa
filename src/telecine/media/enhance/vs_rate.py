"""Another frame rate by following motion: MVTools moves blocks along their vectors, pixel by pixel, to any moment.

Vectors are searched in blocks of 16, then again in blocks of 8 from there. Where a scene changes there is no motion
to follow, and the frame before it is repeated.
"""

from telecine.core.enhance.picture import Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.vs_host import Clip

_AHEAD = 4
"""Repeats of the clip's last frame: results between it and the end of its time want a neighbour."""


def flow(stage: Stage, clip: Clip, given: Span, wanted: Span) -> Clip:
    """Frame `n` at exactly `n * rate in / rate out`; form of `media.enhance`. Radius 2.

    Vectors go in quarters of a pixel: with halves, motion between frames comes out up to 1.5 dB worse.
    MVTools counts from the clip's own first frame. So the clip is put at its place in the whole timeline, behind
    blank frames that nobody ever asks for: then every chunk computes the very same moments.
    """
    end = clip[-1] * _AHEAD
    whole: Clip = clip.std.BlankClip(length=given.first, keep=True) + clip + end if given.first else clip + end
    whole = whole.std.AssumeFPS(fpsnum=stage.before.rate.numerator, fpsden=stage.before.rate.denominator)
    planes = whole.mv.Super(pel=4, hpad=16, vpad=16)
    backward = _vectors(planes, isb=True)
    forward = _vectors(planes, isb=False)
    moved: Clip = whole.mv.FlowFPS(
        planes,
        backward,
        forward,
        num=stage.after.rate.numerator,
        den=stage.after.rate.denominator,
        mask=2,
        blend=False,
    )
    return moved[wanted.first : wanted.end]


def _vectors(planes: Clip, isb: bool) -> Clip:
    """Motion to the next frame, or back to the one before: searched wide, held together a little.

    Measured on four clips: `truemotion` as a whole loses 1.8 dB and 6 VMAF where motion is fast and small, and none of
    it loses 0.4 dB on plain ground; SATD (`dct=5`) gains 0.2 dB and 2 VMAF over SAD.
    """
    search = {"search": 4, "searchparam": 8, "truemotion": False, "dct": 5}
    found = planes.mv.Analyse(isb=isb, blksize=16, overlap=8, plevel=1, **{"global": True, "lambda": 1000}, **search)
    return planes.mv.Recalculate(found, blksize=8, overlap=4, thsad=100, **search)
