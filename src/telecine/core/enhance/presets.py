"""Enhancements by name, for whoever does not want to choose each step."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from telecine.core.enhance.options import (
    Chroma,
    Clarity,
    Codec,
    Container,
    Converter,
    Deinterlacer,
    Denoiser,
    DnxProfile,
    ProresProfile,
    Scaler,
    Stabilizer,
)
from telecine.core.enhance.refusals import invalid, listed
from telecine.core.enhance.spec import Enhancement, Size


@dataclass(frozen=True, slots=True)
class Preset:
    """What it is for, and what it asks for. What it leaves open follows from the source."""

    summary: str
    asked: Enhancement


PRESETS: Mapping[str, Preset] = {
    "sd_to_hd": Preset(
        "SD video, also interlaced, to HD: deinterlaced, noise taken away, enlarged with its detail.",
        Enhancement(
            deinterlacer=Deinterlacer.DEINT,
            denoiser=Denoiser.DENOISE,
            scaler=Scaler.PABSR1,
            clarity=Clarity.LOW,
            size=Size(tag="hd_1080p"),
        ),
    ),
    "vhs_rescue": Preset(
        "Video from tapes: displaced lines put back as well, and damage of compression taken away.",
        Enhancement(
            deinterlacer=Deinterlacer.DEINT,
            denoiser=Denoiser.DENOISE,
            stabilizer=Stabilizer.DEJIT,
            scaler=Scaler.DVRES,
            size=Size(tag="hd_1080p"),
        ),
    ),
    "hd_to_uhd": Preset(
        "HD to UHD.",
        Enhancement(deinterlacer=Deinterlacer.DEINT, scaler=Scaler.PABSR1, size=Size(tag="uhd_4k")),
    ),
    "smooth_motion": Preset(
        "60 frames per second, those in between drawn along the motion.",
        Enhancement(deinterlacer=Deinterlacer.DEINT, converter=Converter.VFI, rate=Fraction(60)),
    ),
    "steady_hand": Preset("A shaking camera calmed.", Enhancement(stabilizer=Stabilizer.STEADY)),
    "broadcast_to_web": Preset(
        "Interlaced broadcast material to H.264 in MP4 that plays everywhere.",
        Enhancement(
            container=Container.MP4,
            codec=Codec.H264,
            chroma=Chroma.C420,
            bits=8,
            deinterlacer=Deinterlacer.DEINT,
        ),
    ),
    "edit": Preset(
        "For editing in Apple's tools: ProRes 422 HQ in QuickTime, else as the source is.",
        Enhancement(container=Container.MOV, codec=Codec.PRORES, prores=ProresProfile.HQ),
    ),
    "edit_avid": Preset(
        "For editing in Avid's tools: DNxHR HQX in MXF, progressive.",
        Enhancement(
            container=Container.MXF,
            codec=Codec.DNXHD,
            dnx=DnxProfile.DNXHR_HQX,
            deinterlacer=Deinterlacer.DEINT,
        ),
    ),
    "archive": Preset(
        "For keeping: FFV1, which loses nothing, with every picture as it is.",
        Enhancement(container=Container.MOV, codec=Codec.FFV1),
    ),
}


def with_preset(name: str, own: Mapping[str, Any]) -> Enhancement:
    """The preset `name` with the fields `own` of `Enhancement` in place of its, and without what these contradict.

    Raises FIELD_INVALID for `preset`.
    """
    if name not in PRESETS:
        raise invalid("preset", f"there is no {name[:64]!r}, but {listed(PRESETS)}.")
    asked = PRESETS[name].asked
    values = asked.model_dump() | {"preset": name}
    for field, parts in _PARTS.items():
        if own.get(field, getattr(asked, field)) != getattr(asked, field):
            values |= dict.fromkeys(parts)
    return Enhancement.model_validate(values | dict(own))


_PARTS = {"codec": ("prores", "dnx", "chroma", "bits", "bitrate"), "scaler": ("clarity",)}
"""Fields that mean something with one value of another alone."""
