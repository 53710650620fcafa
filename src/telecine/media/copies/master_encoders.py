"""Encoder options that make a picture again as its master has it: codec by codec. Pure text.

A copy has its master's codec, profile, size, pixels, fields, colours and class of bitrate. The headers of all chunks
must be the same, so whatever is written in a header follows from the plan and not from a chunk: each chunk has its own
average bitrate, but all have one peak. Nor may an encoder choose kinds of pictures by what they show: both takes of a
group must have the same, or they could not have one layout.
"""

from collections.abc import Callable
from fractions import Fraction

from telecine.core.master import MasterChunk, MasterPlan
from telecine.core.plan_master import DNXHD_MEGABITS
from telecine.media.colour_args import colour_signalling

PEAK = Fraction(3, 2)
"""Highest bitrate of the decoder's buffer, over the average of the chunk that has most; the master's own where that is
more, so that nothing starves that it had bits for."""
_PADDED = Fraction(985, 1000)
"""What MPEG-2 of a constant bitrate is encoded at, so that pictures padded to their twins' size keep within it."""
_MPEG2_BUFFER = Fraction(36_408_333, 50_000_000)
"""Seconds of the decoder's buffer in XDCAM HD422."""

_X264_PROFILES = {
    "Constrained Baseline": "baseline",
    "Baseline": "baseline",
    "Main": "main",
    "High": "high",
    "High 10": "high10",
    "High 10 Intra": "high10",
    "High 4:2:2": "high422",
    "High 4:2:2 Intra": "high422",
}
_PRORES_PROFILES = {"Proxy": 0, "LT": 1, "Standard": 2, "HQ": 3}
_DNXHR_PROFILES = {"DNXHR LB": "dnxhr_lb", "DNXHR SQ": "dnxhr_sq", "DNXHR HQ": "dnxhr_hq", "DNXHR HQX": "dnxhr_hqx"}


def encoder_options(plan: MasterPlan, chunk: MasterChunk, more: tuple[str, ...] = ()) -> list[str]:
    """Options of the encoder that makes `chunk`; `more` are further parameters of x265, as `name=value`."""
    if plan.codec == "h265":
        return [*_x265(plan, chunk, more), *colour_signalling(plan.colour)]
    return [*_ENCODERS[plan.codec](plan, chunk), *colour_signalling(plan.colour)]


def _x264(plan: MasterPlan, chunk: MasterChunk) -> list[str]:
    """`stitchable` keeps the headers of all chunks the same, so that they can be joined."""
    parameters = [*_kinds(plan), "stitchable=1"]
    if plan.field_order != "progressive":
        parameters.append("tff=1" if plan.field_order == "top_first" else "bff=1")
    profile = _X264_PROFILES.get(plan.profile)
    return [
        *("-c:v", "libx264", "-preset", plan.preset),
        *(("-profile:v", profile) if profile else ()),
        *(("-level:v", str(plan.level)) if plan.level else ()),
        *("-x264-params", ":".join(parameters)),
        *_in_order(plan),
        *_variable_rate(plan, chunk),
    ]


def _x265(plan: MasterPlan, chunk: MasterChunk, more: tuple[str, ...]) -> list[str]:
    """Parameter sets in the header alone, and no message that names the options: it would tell one take from another.

    The peak decides the level, which is in a header.
    """
    parameters = [*_kinds(plan), "repeat-headers=0", "log-level=1", "info=0"]
    if plan.colour.mastering_display:
        parameters.append(f"master-display={plan.colour.mastering_display}")
    if plan.colour.content_light:
        parameters.append(f"max-cll={plan.colour.content_light}")
    deep, wide = "10" in plan.pixel_format, "422" in plan.pixel_format
    profile = "main422-10" if wide else "main10" if deep else "main"
    return [
        *("-c:v", "libx265", "-preset", plan.preset, "-profile:v", profile, "-tag:v", "hvc1", "-dolbyvision", "0"),
        *("-x265-params", ":".join([*parameters, *more])),
        *_in_order(plan),
        *_variable_rate(plan, chunk),
    ]


def _prores(plan: MasterPlan, chunk: MasterChunk) -> list[str]:
    """The encoder spends at most so many bits on a block of 16 x 16, which is what the master spends on average."""
    blocks = -(-plan.width // 16) * -(-plan.height // 16)
    bits = round(Fraction(chunk.bitrate) / plan.rate / blocks)
    return [
        *("-c:v", "prores_ks", "-profile:v", str(_PRORES_PROFILES[plan.profile]), "-vendor", "apl0"),
        *("-bits_per_mb", str(max(1, bits)), *_fields(plan)),
    ]


def _mpeg2(plan: MasterPlan, chunk: MasterChunk) -> list[str]:
    """As XDCAM has it: 10 bits of a block's mean, the finer tables, closed GOPs."""
    peak = max(one.bitrate for one in plan.chunks)
    average = round((peak if plan.constant_bitrate else chunk.bitrate) * _PADDED)
    flags = "+cgop" if plan.field_order == "progressive" else "+cgop+ilme+ildct"
    return [
        *("-c:v", "mpeg2video", "-g", str(_gop(plan)), "-bf", "2" if plan.reordered else "0", "-flags", flags),
        # Without it a GOP ends early where its length is no whole number of B B P.
        *("-mpv_flags", "+strict_gop"),
        *("-sc_threshold", "1000000000", "-b:v", str(average), "-maxrate", str(peak)),
        *(("-minrate", str(average)) if plan.constant_bitrate else ()),
        *("-bufsize", str(round(peak * _MPEG2_BUFFER)), "-intra_dc_precision", "2", "-intra_vlc", "1"),
        *("-non_linear_quant", "1", "-qmin", "1", "-qmax", "12", "-lmin", "1*QP2LAMBDA"),
        *("-rc_max_vbv_use", "1", "-rc_min_vbv_use", "1", "-gop_timecode", _gop_timecode(plan, chunk)),
    ]


def _dnxhd(plan: MasterPlan, chunk: MasterChunk) -> list[str]:
    """DNxHR's size follows from its profile; DNxHD's class is told by a nominal bitrate."""
    profile = _DNXHR_PROFILES.get(plan.profile)
    if profile:
        return ["-c:v", "dnxhd", "-profile:v", profile]
    nominal = DNXHD_MEGABITS[round(chunk.bitrate / plan.rate / 8)]
    return ["-c:v", "dnxhd", "-b:v", f"{nominal}M", *_fields(plan)]


_ENCODERS: dict[str, Callable[[MasterPlan, MasterChunk], list[str]]] = {
    "h264": _x264,
    "prores": _prores,
    "mpeg2": _mpeg2,
    "dnxhd": _dnxhd,
}


def _kinds(plan: MasterPlan) -> list[str]:
    """Closed GOPs with the same kinds of pictures in each, in parameters that x264 and x265 share."""
    return [f"keyint={_gop(plan)}", f"min-keyint={_gop(plan)}", "scenecut=0", "open-gop=0", "b-adapt=0"]


def _gop(plan: MasterPlan) -> int:
    return plan.gop or plan.group


def _in_order(plan: MasterPlan) -> list[str]:
    """Whoever stores pictures as they are shown has a decoder, or a delay, that wants it so."""
    return [] if plan.reordered else ["-bf", "0"]


def _variable_rate(plan: MasterPlan, chunk: MasterChunk) -> list[str]:
    peak = max(round(max(one.bitrate for one in plan.chunks) * PEAK), plan.peak_bitrate)
    return ["-b:v", str(chunk.bitrate), "-maxrate", str(peak), "-bufsize", str(2 * peak)]


def _fields(plan: MasterPlan) -> list[str]:
    return [] if plan.field_order == "progressive" else ["-flags", "+ildct"]


def _gop_timecode(plan: MasterPlan, chunk: MasterChunk) -> str:
    """Time code of the chunk's first picture, counted from nought, without dropped numbers."""
    each = max(1, round(plan.rate))
    seconds, pictures = divmod(chunk.first, each)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{pictures:02}"
