"""Marking's part of the plan: which jobs can be marked, and how."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import MarkCost, Marking
from telecine.core.plan import MarkPlan, VideoOutput

type Codec = Literal["h264", "h265"]

_PRESETS = ("veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
"""Those of x264 and x265 that are worth their bits, none cheaper than the one before."""
_FASTER: dict[Codec, dict[MarkCost, int]] = {
    "h264": {MarkCost.FULL: 0, MarkCost.BALANCED: 2, MarkCost.LEAN: 3},
    "h265": {MarkCost.FULL: 0, MarkCost.BALANCED: 1, MarkCost.LEAN: 2},
}
"""Presets faster. A second h265 take mostly reuses the first, so there is less to save."""


def marked_preset(codec: Codec, preset: str, marking: MarkPlan | None) -> str:
    """The preset of a job whose house says `preset` for `codec`: a faster one where that pays for the second variant.

    Never faster than `veryfast`, which gives marks and bitrate away at once; what is faster already, or none of
    the usual names, stays.
    """
    if marking is None or preset not in _PRESETS:
        return preset
    return _PRESETS[max(0, _PRESETS.index(preset) - _FASTER[codec][marking.cost])]


def mark_plan(wanted: Marking | None, video: Sequence[VideoOutput], duration: Fraction) -> MarkPlan | None:
    """How the renditions `video` of a programme of `duration` seconds are marked; None where that is not wanted.

    A job is marked as a whole or not at all: one rendition without a mark would be everybody's way out. Raises
    TRACK_MISSING where there is no picture, FIELD_INVALID where one passes through, MARK_TOO_SHORT and MARK_TOO_NARROW.
    """
    if wanted is None:
        return None
    if not video:
        raise TelecineError(ErrorKind.TRACK_MISSING, "there is no picture to mark.", field="video")
    if any(output.copied for output in video):
        raise TelecineError(
            ErrorKind.FIELD_INVALID, "only a picture that is encoded here can be marked.", field="video"
        )
    if duration < Fraction(wanted.shortest_seconds).limit_denominator(1000):
        detail = f"it lasts {float(duration):.2f} s; at least {wanted.shortest_seconds:g} s are needed."
        raise TelecineError(ErrorKind.MARK_TOO_SHORT, detail)
    for output in video:
        if output.width < wanted.narrowest:
            detail = (
                f"{output.track_id} becomes {output.width}x{output.height}; "
                f"at least {wanted.narrowest} pixels in a row are needed."
            )
            raise TelecineError(ErrorKind.MARK_TOO_NARROW, detail)
    return MarkPlan(layout=wanted.layout, strength=wanted.strength, pace_info=wanted.pace_info, cost=wanted.cost)
