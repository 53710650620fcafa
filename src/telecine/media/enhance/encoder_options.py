"""Options of FFmpeg's encoders, codec by codec and profile by profile, for one chunk of an enhanced picture. Pure.

Chunks are joined without encoding again. So each begins with a picture that needs none before it, its GOPs are
closed, and whatever a header holds follows from the plan alone.
"""

from collections.abc import Callable
from fractions import Fraction

from telecine.core.enhance.dnx_rates import nominal_megabits
from telecine.core.enhance.options import Chroma, Codec, DnxProfile, ProresProfile
from telecine.core.enhance.picture import Picture
from telecine.core.enhance.plan import Target
from telecine.media.colour_args import colour_signalling

PEAK = Fraction(3, 2)
"""Highest bitrate of the decoder's buffer over the average, where the average was asked for."""
BUFFER_SECONDS = 2
SHORT_SECONDS = 30
"""A chunk up to this long is over before x265 has come back to its average: after 10 s it was up to 19 % above or 9 %
below. Held to a constant rate it was within 4 %, and the pictures were as good or better."""

LARGE = 3840 * 2160
"""Pixels above which encoders look less far ahead and work on fewer frames at once: of 7680x4320 in 4:2:2 and 10 bits
x264 took 9.6 GiB of address space without that, and more on more cores."""

XDCAM_BITRATE = 50_000_000
XDCAM_BUFFER = 36_408_333
"""Bits of the decoder's buffer in XDCAM HD422."""
XDCAM_LONGEST_GOP = 15

_XDCAM_TAGS = {
    # (height, interlaced): QuickTime's tag by frames per second; the NTSC rates have those of the whole ones
    (1080, True): {25: "xd5c", 30: "xd5b"},
    (1080, False): {24: "xd5d", 25: "xd5e", 30: "xd5f"},
    (720, False): {24: "xd54", 25: "xd55", 30: "xd51", 50: "xd5a", 60: "xd59"},
}

_PRORES = {profile: number for number, profile in enumerate(ProresProfile)}
_DNXHR = {
    DnxProfile.DNXHR_LB: Chroma.C422,
    DnxProfile.DNXHR_SQ: Chroma.C422,
    DnxProfile.DNXHR_HQ: Chroma.C422,
    DnxProfile.DNXHR_HQX: Chroma.C422,
    DnxProfile.DNXHR_444: Chroma.C444,
}
_TEN_BITS = (DnxProfile.DNXHD_HQX, DnxProfile.DNXHR_HQX, DnxProfile.DNXHR_444)

_FINEST = ("-qmin", "1", "-lmin", "1*QP2LAMBDA")
"""Lets MPEG-2 spend what was asked for on pictures that need little."""

_MPEG2_LEVELS = {
    # (4:2:2, picture up to): most bits a second, bits of the decoder's buffer (ISO/IEC 13818-2, 8.3 and Annex E), and
    # FFmpeg's number of the level
    (False, 720 * 576): (15_000_000, 1_835_008, 8),
    (False, 1440 * 1152): (60_000_000, 7_340_032, 6),
    (False, 1920 * 1152): (80_000_000, 9_781_248, 4),
    (True, 720 * 608): (50_000_000, 9_437_184, 5),
    (True, 1920 * 1152): (300_000_000, 47_185_920, 2),
}

_LARGEST_OPTION = 2**31 - 1
"""What FFmpeg takes as the size of a buffer, and as a peak: bits, and bits a second."""


def encoder_options(target: Target, longest: Fraction) -> list[str]:
    """Options of the encoder that makes `target` in chunks of which the longest has `longest` seconds.

    Raises ValueError where the target is none that the encoder has: `core.enhance.rules` refuses such requests.
    """
    encoder = _x265(target, longest) if target.codec is Codec.HEVC else _ENCODERS[target.codec](target)
    return [*encoder, *colour_signalling(target.picture.colour)]


def _x264(target: Target) -> list[str]:
    """`stitchable` keeps the headers of all chunks the same; `ratetol` brings short ones near the average too."""
    _need(target, bits=(8, 10), chroma=(Chroma.C420, Chroma.C422, Chroma.C444))
    parameters = [f"keyint={target.gop}", "open-gop=0", "stitchable=1", "ratetol=0.1"]
    fields = {"progressive": [], "top_first": ["tff=1"], "bottom_first": ["bff=1"]}
    parameters += fields[target.picture.fields]
    if _is_large(target.picture):
        parameters += ["rc-lookahead=10", "threads=6"]
    return ["-c:v", "libx264", "-preset", "medium", "-x264-params", ":".join(parameters), *_average(target)]


def _x265(target: Target, longest: Fraction) -> list[str]:
    """Parameter sets lie in the file's header alone, as the tag `hvc1` says, which is what Apple's players take.

    Fields are coded together, as frames, and told by the structure in picture timing messages (Table D.2 of H.265).
    """
    _need(target, bits=(8, 10, 12), chroma=(Chroma.C420, Chroma.C422, Chroma.C444))
    colour = target.picture.colour
    parameters = [f"keyint={target.gop}", "open-gop=0", "repeat-headers=0", "info=0", "log-level=1"]
    if target.picture.fields != "progressive":
        parameters.append(f"pic-struct={3 if target.picture.fields == 'top_first' else 4}")
    if colour.mastering_display:
        parameters.append(f"master-display={colour.mastering_display}")
    if colour.content_light:
        parameters.append(f"max-cll={colour.content_light}")
    if _is_large(target.picture):
        parameters += ["rc-lookahead=10", "frame-threads=2"]
    rate, constant = _average(target), _average(target, Fraction(1), 1)
    if longest <= SHORT_SECONDS and "-bufsize" in constant:
        parameters += ["strict-cbr=1", "vbv-init=0.5"]
        rate = constant
    encoder = ["-c:v", "libx265", "-preset", "fast", "-tag:v", "hvc1", "-dolbyvision", "0"]
    return [*encoder, "-x265-params", ":".join(parameters), *rate]


def _mpeg2(target: Target) -> list[str]:
    """Main profile, or 4:2:2 where the chroma is, at the lowest level for the size and the bitrate."""
    _need(target, bits=(8,), chroma=(Chroma.C420, Chroma.C422))
    bitrate = _bitrate(target)
    most, buffer, level = _mpeg2_level(target.picture, bitrate)
    profile = "422" if target.picture.chroma is Chroma.C422 else "main"
    peak = max(bitrate, min(round(bitrate * PEAK), most))
    rate = ["-b:v", str(bitrate), "-maxrate", str(peak), "-bufsize", str(min(buffer, BUFFER_SECONDS * peak))]
    return [*_mpeg2_structure(target), "-profile:v", profile, "-level", str(level), *rate, *_FINEST]


def _xdcam(target: Target) -> list[str]:
    """XDCAM HD422 (SMPTE RDD 9): MPEG-2 4:2:2 at high level, 50 Mb/s constant, GOPs of 12 or 15 with B B P.

    The mean of a block has 10 bits, intra blocks the VLC table of their own, and quantiser steps grow non-linearly.
    A chunk begins with the buffer full, so that what is stuffed where pictures are simple keeps the rate exactly.
    """
    _need(target, bits=(8,), chroma=(Chroma.C422,))
    if not 1 < target.gop <= XDCAM_LONGEST_GOP:
        raise ValueError(f"XDCAM has GOPs of up to {XDCAM_LONGEST_GOP}, not of {target.gop}")
    rate = str(XDCAM_BITRATE)
    return [
        *(*_mpeg2_structure(target), "-tag:v", xdcam_tag(target.picture)),
        *("-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", str(XDCAM_BUFFER)),
        *("-rc_init_occupancy", str(XDCAM_BUFFER), "-rc_max_vbv_use", "1", "-rc_min_vbv_use", "1"),
        *("-intra_dc_precision", "2", "-intra_vlc", "1", "-non_linear_quant", "1"),
        *(*_FINEST, "-qmax", "28"),
    ]


def xdcam_tag(picture: Picture) -> str:
    """QuickTime's tag of XDCAM HD422; raises ValueError where the size or rate is none of its."""
    tags = _XDCAM_TAGS.get((picture.height, picture.fields != "progressive"), {})
    tag = tags.get(round(picture.rate))
    if tag is None or picture.width * 9 != picture.height * 16:
        raise ValueError(f"XDCAM HD422 has no {picture.width}x{picture.height} at {picture.rate}")
    return tag


def _mpeg2_structure(target: Target) -> list[str]:
    """Closed GOPs of a fixed length; without `strict_gop` one ends early where it is no whole number of B B P."""
    interlaced = target.picture.fields != "progressive"
    return [
        *("-c:v", "mpeg2video", "-g", str(target.gop), "-bf", "0" if target.gop == 1 else "2"),
        *("-flags", "+cgop+ilme+ildct" if interlaced else "+cgop", "-mpv_flags", "+strict_gop"),
        *("-sc_threshold", "1000000000", "-alternate_scan", str(int(interlaced)), "-seq_disp_ext", "always"),
    ]


def _prores(target: Target) -> list[str]:
    """Profiles have their own bitrates; `apl0` names Apple as the maker, without which some of its software refuses."""
    profile = target.prores
    if profile is None:
        raise ValueError("ProRes has a profile")
    full = profile in (ProresProfile.FOUR, ProresProfile.FOUR_XQ)
    _need(target, bits=(10,), chroma=(Chroma.C444 if full else Chroma.C422,))
    return [
        *("-c:v", "prores_ks", "-profile:v", str(_PRORES[profile]), "-vendor", "apl0"),
        *_field_coding(target.picture),
    ]


def _dnx(target: Target) -> list[str]:
    """DNxHR's size follows from its profile; DNxHD's class is told by a nominal bitrate."""
    profile = target.dnx
    if profile is None:
        raise ValueError("DNxHD and DNxHR have a profile")
    bits = 10 if profile in _TEN_BITS else 8
    _need(target, bits=(bits,), chroma=(_DNXHR.get(profile, Chroma.C422),))
    picture = target.picture
    interlaced = picture.fields != "progressive"
    if profile in _DNXHR:
        if interlaced:
            raise ValueError("DNxHR is encoded progressive only")
        return ["-c:v", "dnxhd", "-profile:v", profile.value]
    nominal = nominal_megabits(profile, picture.width, picture.height, picture.rate, interlaced=interlaced)
    if nominal is None:
        raise ValueError(f"{profile} has no class for {picture.width}x{picture.height} at {picture.rate}")
    return ["-c:v", "dnxhd", "-b:v", f"{nominal}M", *_field_coding(picture)]


def _ffv1(target: Target) -> list[str]:
    """Version 3 (RFC 9043): every frame stands alone and has checksums, in slices that several cores can decode."""
    pixels = target.picture.width * target.picture.height
    slices = next(count for most, count in ((360 * 288, 4), (1024 * 576, 9), (1e9, 24)) if pixels <= most)
    return ["-c:v", "ffv1", "-level", "3", "-g", "1", "-coder", "range_tab", "-slices", str(slices), "-slicecrc", "1"]


_ENCODERS: dict[Codec, Callable[[Target], list[str]]] = {
    Codec.H264: _x264,
    Codec.MPEG2: _mpeg2,
    Codec.XDCAM: _xdcam,
    Codec.PRORES: _prores,
    Codec.DNXHD: _dnx,
    Codec.FFV1: _ffv1,
}


def _is_large(picture: Picture) -> bool:
    return picture.width * picture.height > LARGE


def _need(target: Target, *, bits: tuple[int, ...], chroma: tuple[Chroma, ...]) -> None:
    picture = target.picture
    if picture.bits not in bits or picture.chroma not in chroma:
        raise ValueError(f"{target.codec} cannot have {picture.chroma} of {picture.bits} bits here")


def _bitrate(target: Target) -> int:
    if target.bitrate is None:
        raise ValueError(f"{target.codec} needs a bitrate")
    return target.bitrate


def _average(target: Target, peak: Fraction = PEAK, buffer_seconds: int = BUFFER_SECONDS) -> list[str]:
    bitrate = _bitrate(target)
    most = round(bitrate * peak)
    if most > _LARGEST_OPTION:  # beyond what any decoder's buffer is made for, too
        return ["-b:v", str(bitrate)]
    buffer = min(buffer_seconds * most, _LARGEST_OPTION)
    return ["-b:v", str(bitrate), "-maxrate", str(most), "-bufsize", str(buffer)]


def _mpeg2_level(picture: Picture, bitrate: int) -> tuple[int, int, int]:
    """Most bits a second, bits of the buffer, and number of the lowest level that has this size and bitrate."""
    wide = picture.chroma is Chroma.C422
    pixels = picture.width * picture.height
    large = [limit for (kind, most), limit in _MPEG2_LEVELS.items() if kind == wide and pixels <= most]
    found = next((level for level in large if bitrate <= level[0]), None)
    if found is None:
        raise ValueError(f"MPEG-2 has no level for {picture.width}x{picture.height} at {bitrate} bits a second")
    return found


def _field_coding(picture: Picture) -> list[str]:
    return [] if picture.fields == "progressive" else ["-flags", "+ildct"]
