"""How a target is coded: its GOPs and its bitrate."""

from fractions import Fraction
from math import ceil

from telecine.core.enhance.bitrate import inferred_bitrate
from telecine.core.enhance.dnx_rates import nominal_megabits
from telecine.core.enhance.infer import Encoding
from telecine.core.enhance.options import Codec
from telecine.core.enhance.picture import Picture
from telecine.core.enhance.targets import INTRA, MPEG2_BITRATES, XDCAM_BITRATE
from telecine.core.media_info import MediaInfo
from telecine.core.rates import NTSC

_LONGEST_GOP = 250
"""Frames: what encoders take for the longest sensible one."""

_LONG_GOPS = (NTSC[1], Fraction(30), NTSC[3], Fraction(60))
"""Rates at which MPEG-2 of broadcasters has GOPs of 15 frames; at the others of 12."""


def gop_of(codec: Codec, rate: Fraction) -> int:
    """Frames of a GOP: 1 where every frame stands alone, 12 or 15 of MPEG-2, a second of the others."""
    if codec in INTRA:
        return 1
    if codec in (Codec.MPEG2, Codec.XDCAM):
        return 15 if rate in _LONG_GOPS else 12
    return min(_LONGEST_GOP, ceil(rate))


def bitrate_of(
    asked: int | None, encoding: Encoding, picture: Picture, media: MediaInfo, source_rate: Fraction
) -> int | None:
    """Bits per second of the target: as asked, as the codec has it fixed, or inferred; None where its profile decides.

    `source_rate`: frames per second of the source.
    """
    if encoding.codec == Codec.XDCAM:
        return XDCAM_BITRATE
    if encoding.dnx:
        fields = picture.fields != "progressive"
        megabits = nominal_megabits(encoding.dnx, picture.width, picture.height, picture.rate, interlaced=fields)
        return megabits * 1_000_000 if megabits else None
    if encoding.codec in INTRA:
        return None
    bits = asked or inferred_bitrate(encoding.codec, picture, media, source_rate)
    return min(bits, MPEG2_BITRATES[picture.chroma]) if encoding.codec == Codec.MPEG2 else bits
