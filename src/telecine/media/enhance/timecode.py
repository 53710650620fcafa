"""Moves a timecode (SMPTE ST 12-1) by a number of frames. Pure."""

import re
from fractions import Fraction

_FORM = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")
_HOURS = 24


def moved_timecode(timecode: str, frames: int, rate: Fraction) -> str | None:
    """`timecode`, of frames at `rate`, `frames` later; None where it is none, or its rate does not fit.

    `hh:mm:ss:ff` counts every frame, `hh:mm:ss;ff` leaves out numbers at the beginning of nine minutes in ten, as is
    done at 30000/1001 and 60000/1001 only. After 24 hours it begins again.
    """
    matched = _FORM.fullmatch(timecode)
    if not matched:
        return None
    hours, minutes, seconds, frame = (int(matched[part]) for part in (1, 2, 3, 5))
    each, drops = round(rate), matched[4] != ":"
    if frame >= each or (drops and rate not in (Fraction(30000, 1001), Fraction(60000, 1001))):
        return None
    left_out = each // 15 if drops else 0
    whole_minutes = hours * 60 + minutes
    number = (whole_minutes * 60 + seconds) * each + frame - left_out * (whole_minutes - whole_minutes // 10)
    return _written(number + frames, each, left_out, matched[4])


def _written(number: int, each: int, left_out: int, mark: str) -> str:
    """The timecode of frame `number` from midnight; `left_out` numbers go in all minutes but every tenth."""
    minute, ten = each * 60 - left_out, each * 600 - left_out * 9
    tens, rest = divmod(number % (ten * 6 * _HOURS), ten)
    # The first of ten minutes is the long one.
    short = max(0, rest - left_out) // minute
    counted = tens * each * 600 + rest + left_out * short
    seconds, frame = divmod(counted, each)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{frame:02}"
