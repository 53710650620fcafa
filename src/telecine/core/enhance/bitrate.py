"""The bitrate of a target for which none was asked: from the source's bitrate and the target's pictures.

    target = source * (need / need of the source) * (pixels / source pixels) ^ 0.75 * (rate / source rate) ^ 0.5

*Need*: bits that a codec spends on a picture of equal looks, relative to H.264. Powers below one, because larger
pictures are smoother for each pixel and denser ones differ less from the one before; 0.75 is the exponent that
encoders' users have settled on ("power of .75 rule": doubling both sides costs 2.8 times the bits, not 4).
A source of a very low bitrate does not hold the target down: what filters restore must find room.
"""

from fractions import Fraction

from telecine.core.enhance.options import Codec
from telecine.core.enhance.picture import Picture
from telecine.core.media_info import MediaInfo

LEAST, MOST = 10_000, 4_000_000_000
"""Bits per second that the API knows."""

PIXEL_POWER, RATE_POWER = 0.75, 0.5

_LEAST_FOR_PIXEL = 0.08
"""Bits for a pixel of H.264 below which restored detail drowns in the encoder's own artefacts."""
_UNKNOWN_FOR_PIXEL = 0.1
"""Bits for a pixel of H.264 where the source's bitrate is not known: usual for good web video."""

_NEED = {
    **{"hevc": 0.65, "vp9": 0.7, "av1": 0.55, "vvc": 0.45, "h264": 1.0, "vp8": 1.2, "vc1": 1.2, "wmv3": 1.3},
    **{"mpeg4": 1.6, "msmpeg4v3": 1.7, "h263": 2.0, "mpeg2": 2.0, "mpeg2video": 2.0, "xdcam": 2.0, "mpeg1video": 2.4},
    **{"mjpeg": 5.0, "dvvideo": 5.0, "prores": 6.0, "dnxhd": 6.0, "cfhd": 6.0, "jpeg2000": 5.0},
    **{"ffv1": 14.0, "huffyuv": 20.0, "ffvhuff": 20.0, "utvideo": 18.0, "rawvideo": 40.0, "v210": 40.0},
}
_UNKNOWN_NEED = 1.0


def inferred_bitrate(codec: Codec, target: Picture, media: MediaInfo, source_rate: Fraction) -> int:
    """Bits per second of a target coded by `codec`, of three digits, within the API's range.

    `source_rate`: frames per second of the source.
    """
    track = media.video
    pixels = target.width * target.height * float(target.rate)
    least = _LEAST_FOR_PIXEL * pixels * _NEED[codec]
    known = track.bitrate if track and track.bitrate else _of_file(media)
    if track is None or not known:
        return _rounded(_UNKNOWN_FOR_PIXEL * pixels * _NEED[codec])
    larger = target.width * target.height / (track.width * track.height)
    denser = float(target.rate / source_rate)
    need = _NEED[codec] / _NEED.get(track.codec, _UNKNOWN_NEED)
    return _rounded(max(least, known * need * larger**PIXEL_POWER * denser**RATE_POWER))


def _of_file(media: MediaInfo) -> int:
    """The picture's bitrate where its stream says none: what of the file's bytes the sounds leave."""
    if media.duration <= 0:
        return 0
    whole = media.size * 8 / media.duration
    return max(0, int(whole) - sum(track.bitrate for track in media.audio))


def _rounded(bits: float) -> int:
    """`bits` with three digits, so that a plan reads well."""
    bits = min(max(bits, LEAST), MOST)
    step = 10 ** max(0, len(str(int(bits))) - 3)
    return int(round(bits / step) * step)
