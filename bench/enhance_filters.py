"""Trials of deinterlacing, denoising and frame rates, and those that contend in them: VapourSynth's and FFmpeg's."""

from collections.abc import Iterator

import numpy as np

from bench.enhance_trials import Material, Trial, claim, contend, repaired, stage, trials
from telecine.media.tools import Tools

NOISE = (4, 10, 20)
"""Standard deviations of the added noise, in steps of 8 bits."""
DENOISED_FRAMES = 16

QTGMC, BWDIF_ZNEDI3 = "**deint** (QTGMC)", "deint, fast (bwdif + znedi3)"
YADIF, BWDIF, WESTON = "yadif", "bwdif", "weston3f (w3fdif)"
WNNM, DEGRAIN = "**denoise** (Degrain3 + WNNM)", "denoise, fast (Degrain3)"
NLMEANS, HQDN3D, NOTHING = "nlmeans", "hqdn3d", "as it is"
FLOW, MINTERPOLATE, BLEND, REPEAT = "**mcinterpolate** (MVTools)", "minterpolate", "fblend", "fps (repeat)"


@trials("deinterlacing")
def interlaced(material: Material, tools: Tools) -> Iterator[Trial]:
    """Every second row of each frame; to be restored at the full rate."""
    form = material.picture
    half = form.model_copy(update={"rate": form.rate / 2, "frames": form.frames // 2, "fields": "top_first"})
    damaged = repaired(tools, [stage("weave", form, half, prefilter="none")], material.data)
    yield Trial(material.name, "interlaced", half, form, damaged, material.data, {})


@trials("denoising")
def noisy(material: Material, tools: Tools) -> Iterator[Trial]:
    """White Gaussian noise in Y, U and V, at three levels."""
    del tools
    form = material.picture.model_copy(update={"frames": min(DENOISED_FRAMES, material.picture.frames)})
    truth = material.data[: form.frames * form.frame_bytes]
    samples = np.frombuffer(truth, np.uint8)
    for sigma in NOISE:
        noise = np.random.default_rng(sigma).normal(0, sigma, samples.size)
        damaged = np.clip(np.rint(samples + noise), 0, 255).astype(np.uint8).tobytes()
        yield Trial(material.name, f"noise of {sigma}", form, form, damaged, truth, {"sigma": float(sigma)})


@trials("frame rate")
def halved(material: Material, tools: Tools) -> Iterator[Trial]:
    """Every second frame left out. Only those made anew are compared, but the last, which has no frame behind it."""
    del tools
    form, size = material.picture, material.picture.frame_bytes
    half = form.model_copy(update={"rate": form.rate / 2, "frames": form.frames // 2})
    damaged = b"".join(material.data[number * size : (number + 1) * size] for number in range(0, form.frames, 2))
    yield Trial(material.name, "every second frame", half, form, damaged, material.data, {}, 1, 2, form.frames - 1)


for _label, _engine in (
    (QTGMC, "qtgmc"),
    (BWDIF_ZNEDI3, "bwdif-znedi3"),
    (YADIF, "ffmpeg-yadif"),
    (BWDIF, "ffmpeg-bwdif"),
    (WESTON, "ffmpeg-w3fdif"),
):
    contend("deinterlacing", _label, lambda trial, engine=_engine: [stage(engine, trial.before, trial.after)])
for _rival in (YADIF, BWDIF, WESTON):
    claim("deinterlacing", QTGMC, _rival)
    claim("deinterlacing", BWDIF_ZNEDI3, _rival)

for _label, _engine in (
    (WNNM, "degrain-wnnm"),
    (DEGRAIN, "degrain"),
    (NLMEANS, "ffmpeg-nlmeans"),
    (HQDN3D, "ffmpeg-hqdn3d"),
):
    contend(
        "denoising",
        _label,
        lambda trial, engine=_engine: [stage(engine, trial.before, trial.after, **trial.facts)],
    )
contend("denoising", NOTHING, lambda _: [])
for _rival in (HQDN3D, NLMEANS, NOTHING):
    claim("denoising", WNNM, _rival)
    claim("denoising", DEGRAIN, _rival)

for _label, _engine in (
    (FLOW, "mvtools-flow"),
    (MINTERPOLATE, "ffmpeg-minterpolate"),
    (BLEND, "time-blend"),
    (REPEAT, "repeat"),
):
    contend("frame rate", _label, lambda trial, engine=_engine: [stage(engine, trial.before, trial.after)])
for _rival in (MINTERPOLATE, BLEND, REPEAT):
    claim("frame rate", FLOW, _rival)
