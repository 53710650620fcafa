"""Which DNxHD there is: SMPTE ST 2019-1 (VC-3) knows few sizes, and at each rate one bitrate for each quality. Pure.

An encoder is told the class by its nominal bitrate; how large pictures then are follows from the class, so the real
bitrate is that size times the rate, a little off the nominal one.
"""

from fractions import Fraction

from telecine.core.enhance.options import DnxProfile

_RATES = (24, 25, 30, 50, 60)
"""Frames per second of the columns below; the NTSC rates stand with the whole ones above them."""

_MEGABITS: dict[tuple[DnxProfile, int, int, bool], tuple[int | None, ...]] = {
    # (profile, width, height, interlaced): megabits a second at 24, 25, 30, 50 and 60 frames a second
    (DnxProfile.DNXHD_LB, 1920, 1080, False): (36, 36, 45, 75, 90),
    (DnxProfile.DNXHD_SQ, 1920, 1080, False): (115, 120, 145, 240, 290),
    (DnxProfile.DNXHD_HQ, 1920, 1080, False): (175, 185, 220, 365, 440),
    (DnxProfile.DNXHD_HQX, 1920, 1080, False): (175, 185, 440, 365, 440),
    (DnxProfile.DNXHD_SQ, 1920, 1080, True): (None, 120, 145, None, None),
    (DnxProfile.DNXHD_HQ, 1920, 1080, True): (None, 185, 220, None, None),
    (DnxProfile.DNXHD_HQX, 1920, 1080, True): (None, 185, 220, None, None),
    (DnxProfile.DNXHD_SQ, 1280, 720, False): (60, 60, 75, 120, 145),
    (DnxProfile.DNXHD_HQ, 1280, 720, False): (90, 90, 110, 180, 220),
    (DnxProfile.DNXHD_HQX, 1280, 720, False): (90, 90, 220, 180, 220),
}
"""FFmpeg's table of 10-bit classes leaves out the nominal rate of 30 frames a second. A class makes pictures of one
size at every rate, so the rate of 60 names the same class."""


def nominal_megabits(profile: DnxProfile, width: int, height: int, rate: Fraction, *, interlaced: bool) -> int | None:
    """Nominal bitrate by which an encoder finds the class; None where DNxHD has none (nor where it is DNxHR).

    `rate` is frames per second, those of interlaced pictures too.
    """
    row = _MEGABITS.get((profile, width, height, interlaced))
    column = next((number for number, whole in enumerate(_RATES) if _runs_at(rate, whole)), None)
    return None if row is None or column is None else row[column]


def _runs_at(rate: Fraction, whole: int) -> bool:
    return rate in (whole, Fraction(whole * 1000, 1001)) and not (whole in (25, 50) and rate != whole)
