"""Engines that are FFmpeg's own filters: the text of a filter graph for each.

Every graph takes frames `given` of the stage's `before`, raw and without flags, and ends in frames `wanted` of
`after`. Frames are cut by number, never by time. What a filter has to know of time it gets from absolute frame
numbers, so a chunk is made as it would be within the whole.
"""

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage

_PARITIES = {"top_first": "tff", "bottom_first": "bff"}

NLMEANS_SIGMA = 4.0
"""Noise, in steps of 8 bits, where nobody has measured it."""
NLMEANS_PER_SIGMA = 0.6
LEAST_NLMEANS, MOST_NLMEANS = 1.0, 12.0
_HELD = 4
"""Copies of the first and of the last frame around the clip for `minterpolate`, which swallows frames at its ends."""


def yadif(stage: Stage, given: Span, wanted: Span) -> str:
    """Yet Another Deinterlacing Filter: a frame of each frame, or of each field where the stage doubles the rate."""
    return _deinterlaced(stage, given, wanted, "yadif", ("send_frame", "send_field"))


def bwdif(stage: Stage, given: Span, wanted: Span) -> str:
    """Bob Weaver Deinterlacing Filter: yadif's decisions, w3fdif's interpolation."""
    return _deinterlaced(stage, given, wanted, "bwdif", ("send_frame", "send_field"))


def w3fdif(stage: Stage, given: Span, wanted: Span) -> str:
    """Weston's three-field filter, in its complex form."""
    return _deinterlaced(stage, given, wanted, "w3fdif=filter=complex", ("frame", "field"))


def nlmeans(stage: Stage, given: Span, wanted: Span) -> str:
    """Non-local means, as strong as the measured noise asks for. The filter knows 8 bits only."""
    sigma = float(stage.settings.get("sigma", NLMEANS_SIGMA))
    strength = min(MOST_NLMEANS, max(LEAST_NLMEANS, NLMEANS_PER_SIGMA * sigma))
    return _by_fields(stage, given, wanted, f"{_eight_bits(stage.before)},nlmeans=s={strength:g}:p=5:r=9")


def hqdn3d(stage: Stage, given: Span, wanted: Span) -> str:
    """High quality 3D denoiser with its defaults. Each frame leans on all before it, ever less: hence its radius."""
    return _by_fields(stage, given, wanted, "hqdn3d")


def bicubic(stage: Stage, given: Span, wanted: Span) -> str:
    """Bicubic scaling, exactly rounded."""
    return _scaled(stage, given, wanted, "bicubic")


def lanczos(stage: Stage, given: Span, wanted: Span) -> str:
    """Lanczos scaling, exactly rounded."""
    return _scaled(stage, given, wanted, "lanczos")


def minterpolate(stage: Stage, given: Span, wanted: Span) -> str:
    """Motion-compensated frames at another rate. The filter knows 8 bits only.

    It places output frames by the time of its input, so that gets absolute frame numbers for timestamps.
    """
    period = 1 / stage.before.rate
    filters = [
        _eight_bits(stage.before),
        f"tpad=start={_HELD}:start_mode=clone:stop={_HELD}:stop_mode=clone",
        f"settb={period},setpts=N+{given.first - _HELD}",
        f"minterpolate=fps={stage.after.rate}:mi_mode=mci",
        f"trim=start_pts={wanted.first}:end_pts={wanted.end}",
    ]
    return ",".join([*filters, _form(stage.after)])


def _deinterlaced(stage: Stage, given: Span, wanted: Span, name: str, modes: tuple[str, str]) -> str:
    """A deinterlacer of yadif's family: `modes` are its words for a frame of each frame, and of each field."""
    parity = _PARITIES.get(stage.before.fields)
    if not parity:
        raise ValueError("frames without fields cannot be deinterlaced")
    doubles = stage.after.rate != stage.before.rate
    first = wanted.first - given.first * (2 if doubles else 1)
    joint = ":" if "=" in name else "="
    deinterlacer = f"{name}{joint}mode={modes[doubles]}:parity={parity}:deint=all"
    return ",".join([f"setfield={parity}", deinterlacer, _cut(first, wanted), _form(stage.after)])


def _by_fields(stage: Stage, given: Span, wanted: Span, name: str) -> str:
    """A filter of equal frames; of interlaced ones, over the top fields above the bottom fields."""
    filters = ["il=d:d:d", name, "il=i:i:i"] if _has_whole_fields(stage.before) else [name]
    return ",".join([*filters, _cut(wanted.first - given.first, wanted), _form(stage.after)])


def _scaled(stage: Stage, given: Span, wanted: Span, kernel: str) -> str:
    after = stage.after
    interlaced = int(_has_whole_fields(stage.before) and _has_whole_fields(after))
    size = f"scale=w={after.width}:h={after.height}:interl={interlaced}:flags={kernel}+accurate_rnd+full_chroma_int"
    return ",".join([_cut(wanted.first - given.first, wanted), size, _form(after)])


def _has_whole_fields(picture: Picture) -> bool:
    """Whether frames are interlaced and can be taken apart: FFmpeg loses rows of planes with an odd number of them."""
    return picture.fields != "progressive" and not any(height % 2 for height, _ in picture.plane_sizes)


def _eight_bits(picture: Picture) -> str:
    return _form(picture.model_copy(update={"bits": 8}))


def _form(picture: Picture) -> str:
    return f"format={picture.pixel_format}"


def _cut(first: int, wanted: Span) -> str:
    """The wanted frames, where the first of them comes as number `first`."""
    return f"trim=start_frame={first}:end_frame={first + wanted.frames},setpts=PTS-STARTPTS"
