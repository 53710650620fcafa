"""Which engines can do what: for each value of each option the engines in order of preference, tier by tier.

Pure facts. Whether an engine is there on a machine is `media.enhance.available`'s to find out. An engine of Telecine's
own is always there, FFmpeg's filters wherever FFmpeg is; the others come with `telecine[enhance]`.
"""

from dataclasses import dataclass

from telecine.core.enhance.options import Tier
from telecine.core.enhance.plan import Host


@dataclass(frozen=True, slots=True)
class Engine:
    """`entry`: `module:function` in `telecine.media.enhance`. `radius`: frames wanted on each side."""

    name: str
    host: Host
    entry: str
    radius: int = 0


_FAST, _BEST = Tier.FAST, Tier.QUALITY

ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        # deinterlacing
        Engine("qtgmc", "vapoursynth", "vs_deinterlace:qtgmc", 5),
        Engine("bwdif-znedi3", "vapoursynth", "vs_deinterlace:bwdif_znedi3", 2),
        Engine("ffmpeg-yadif", "ffmpeg", "ffmpeg_filters:yadif", 2),
        Engine("ffmpeg-bwdif", "ffmpeg", "ffmpeg_filters:bwdif", 2),
        Engine("ffmpeg-w3fdif", "ffmpeg", "ffmpeg_filters:w3fdif", 2),
        # denoising
        Engine("degrain-wnnm", "vapoursynth", "vs_denoise:degrain_wnnm", 5),
        Engine("degrain", "vapoursynth", "vs_denoise:degrain", 3),
        Engine("ffmpeg-nlmeans", "ffmpeg", "ffmpeg_filters:nlmeans", 0),
        Engine("ffmpeg-hqdn3d", "ffmpeg", "ffmpeg_filters:hqdn3d", 24),
        # stabilising
        Engine("line-align", "python", "dejit:dejit", 0),
        Engine("smooth-path", "python", "steady:steady", 36),
        # scaling
        Engine("raisr", "python", "raisr:raisr", 0),
        Engine("span", "python", "span:span", 0),
        Engine("basicvsr", "python", "basicvsr:basicvsr", 19),
        Engine("srvgg", "python", "srvgg:srvgg", 0),
        Engine("ffmpeg-bicubic", "ffmpeg", "ffmpeg_filters:bicubic", 0),
        Engine("ffmpeg-lanczos", "ffmpeg", "ffmpeg_filters:lanczos", 0),
        # frame rate
        Engine("repeat", "python", "rates:repeat", 0),
        Engine("time-blend", "python", "rates:blend", 0),
        Engine("mvtools-flow", "vapoursynth", "vs_rate:flow", 2),
        Engine("rife", "python", "rife:rife", 1),
        Engine("ffmpeg-minterpolate", "ffmpeg", "ffmpeg_filters:minterpolate", 4),
        # the end of the chain
        Engine("seeded-grain", "python", "grain:grain", 0),
        Engine("weave", "python", "weave:weave", 1),
    )
}

CHOICES: dict[tuple[str, str], dict[Tier, tuple[str, ...]]] = {
    ("deinterlacer", "deint"): {
        _BEST: ("qtgmc", "bwdif-znedi3", "ffmpeg-bwdif"),
        _FAST: ("bwdif-znedi3", "ffmpeg-bwdif"),
    },
    ("deinterlacer", "yadif"): {_BEST: ("ffmpeg-yadif",)},
    ("deinterlacer", "bwdif"): {_BEST: ("ffmpeg-bwdif",)},
    ("deinterlacer", "weston3f"): {_BEST: ("ffmpeg-w3fdif",)},
    ("denoiser", "denoise"): {
        _BEST: ("degrain-wnnm", "degrain", "ffmpeg-nlmeans"),
        _FAST: ("degrain", "ffmpeg-nlmeans"),
    },
    ("denoiser", "hqdn3d"): {_BEST: ("ffmpeg-hqdn3d",)},
    ("stabilizer", "dejit"): {_BEST: ("line-align",)},
    ("stabilizer", "steady"): {_BEST: ("smooth-path",)},
    ("scaler", "pabsr1"): {_BEST: ("raisr", "ffmpeg-lanczos")},
    ("scaler", "dvres"): {_BEST: ("span", "raisr", "ffmpeg-lanczos")},
    ("scaler", "dvres2"): {_BEST: ("basicvsr", "span", "raisr", "ffmpeg-lanczos"), _FAST: ("span", "raisr")},
    ("scaler", "generative"): {_BEST: ("srvgg",)},
    ("scaler", "scale"): {_BEST: ("ffmpeg-bicubic",)},
    ("scaler", "reduce"): {_BEST: ("ffmpeg-lanczos",)},
    ("frameRateConverter", "fps"): {_BEST: ("repeat",)},
    ("frameRateConverter", "fblend"): {_BEST: ("time-blend",)},
    ("frameRateConverter", "mcinterpolate"): {_BEST: ("mvtools-flow", "ffmpeg-minterpolate")},
    ("frameRateConverter", "vfi"): {_BEST: ("rife", "mvtools-flow", "ffmpeg-minterpolate"), _FAST: ("mvtools-flow",)},
    ("postProcessor", "filmgrain"): {_BEST: ("seeded-grain",)},
    ("scanning", "interlace"): {_BEST: ("weave",)},
}
"""Engines by (option, value) and tier, the preferred one first. Without a fast tier, the best is fast enough."""
