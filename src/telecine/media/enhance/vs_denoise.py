"""Denoisers of VapourSynth: MVTools averages each block along its motion, WNNM takes what is left within patches.

The strength follows the noise that ingestion measured (`stage.settings["sigma"]`). MVTools averages a block with the
one it came from only where their difference (SAD) is under a threshold: somewhat above what that noise alone makes
it, so that what has really changed is left alone. Motion is searched in a blurred copy, where noise misleads less and
differences are mostly real ones.
WNNM: Gu and others, Weighted Nuclear Norm Minimization with Application to Image Denoising, CVPR 2014.
"""

from collections.abc import Callable

import vapoursynth as vs

from telecine.core.enhance.picture import Span
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.vs_host import Clip

SIGMA = 4.0
"""Standard deviation of the noise in steps of 8 bits where nobody has measured it."""
STRONGEST = 25.0
"""More noise than this is treated as this: thresholds beyond would take moving detail for noise."""
DEGRAIN_RADIUS = 3
"""Frames before and after that are averaged in."""
WNNM_RADIUS = 1
BLURS = 3
"""Times that the copy is blurred by 1-2-1 both ways. Three leave a quarter of the noise's deviation."""

LEAST_SAD, SAD_PER_SIGMA = 40.0, 28.0
"""Threshold of the difference of 8x8 pixels in steps of 8 bits: what codecs leave of still pictures, and the noise's.
Measured on moving pictures at a sigma of 1 to 20: 36 per sigma costs up to 1.5 VMAF in moving detail and gains 0.2 dB;
a least of 100 takes detail from pictures that had no noise."""
SCENE_SAD = 400.0
"""A frame is of another scene where half of its blocks differ by more, or by more than the threshold above."""
LEAST_WNNM, WNNM_PER_SIGMA = 0.3, 1.5
"""Strength of WNNM, after the averaging. 1.2 per sigma keeps up to 0.8 VMAF more and loses up to 1.2 dB."""

type Denoiser = Callable[[Clip, float], Clip]


def degrain(stage: Stage, clip: Clip, given: Span, wanted: Span) -> Clip:
    """Average along motion; form of `media.enhance`. Radius 3, of interlaced frames too."""
    return _denoised(stage, clip, given, wanted, _averaged)


def degrain_wnnm(stage: Stage, clip: Clip, given: Span, wanted: Span) -> Clip:
    """Average along motion, then WNNM on what is left of the noise; form of `media.enhance`. Radius 5."""
    return _denoised(stage, clip, given, wanted, lambda fields, sigma: _smoothed(_averaged(fields, sigma), sigma))


def _denoised(stage: Stage, clip: Clip, given: Span, wanted: Span, denoiser: Denoiser) -> Clip:
    """`denoiser` over frames, or over top fields and bottom fields apart, for fields are pictures of other moments."""
    sigma = min(STRONGEST, max(0.0, float(stage.settings.get("sigma", SIGMA))))
    first = wanted.first - given.first
    if stage.before.fields == "progressive":
        return denoiser(clip, sigma)[first : first + wanted.frames]
    top_first = stage.before.fields == "top_first"
    fields = clip.std.SeparateFields(tff=top_first)
    parts = [denoiser(fields.std.SelectEvery(2, [part]), sigma) for part in (0, 1)]
    woven = vs.core.std.Interleave(parts).std.DoubleWeave(tff=top_first).std.SelectEvery(2, [0])
    return woven[first : first + wanted.frames]


def _averaged(clip: Clip, sigma: float) -> Clip:
    """Each block averaged with where it was in the frames before and will be in those after."""
    blurred = clip
    for _ in range(BLURS):
        blurred = blurred.std.Convolution([1, 2, 1, 2, 4, 2, 1, 2, 1])
    search: Clip = blurred.mv.Super(pel=2)
    vectors = [
        search.mv.Analyse(isb=backwards, delta=delta, blksize=16, overlap=8, search=4, truemotion=True)
        for delta in range(1, DEGRAIN_RADIUS + 1)
        for backwards in (True, False)
    ]
    threshold = LEAST_SAD + SAD_PER_SIGMA * sigma
    planes: Clip = clip.mv.Super(pel=2, levels=1)
    averaged: Clip = clip.mv.Degrain3(planes, *vectors, thsad=round(threshold), thscd1=round(max(SCENE_SAD, threshold)))
    return averaged


def _smoothed(clip: Clip, sigma: float) -> Clip:
    """`clip` after WNNM, which wants floating point: Bicubic without another size only changes the numbers' form."""
    floating = clip.resize.Bicubic(format=clip.format.replace(sample_type=vs.FLOAT, bits_per_sample=32).id)
    smooth = floating.vszip.WNNM(sigma=LEAST_WNNM + WNNM_PER_SIGMA * sigma, radius=WNNM_RADIUS)
    rounded: Clip = smooth.resize.Bicubic(format=clip.format.id, dither_type="none")
    return rounded
