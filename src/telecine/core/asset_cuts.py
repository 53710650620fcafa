"""Where the segments of an imported picture are cut, and whether renditions are cut together.

The packager begins a segment at the first keyframe of each stretch of a segment's length. The same is reckoned here
for every rendition beforehand, so that what cannot be switched between is refused before anything is made.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil

from telecine.core.asset import AssetPicture
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import TreeOutput

FIELD = "sourceUri"
"""The request's field that names an asset."""

TOGETHER = Fraction(2, 90_000)
"""Seconds; two ticks of MPEG-TS, by which rounding may move what is meant to be at one time."""
UNEVEN = Fraction(3, 2000)
"""Seconds by which clocks of whole milliseconds make equal GOPs differ."""

_TIMESCALES = range(1000, 1_000_001)
_USUAL_TIMESCALE = 90_000
_JUST_OVER = Fraction(1, 10**7)
"""Seconds that the packager is told more than it must reach; see `media.package_args.segment_seconds`."""


def segment_starts(keyframes: Sequence[Fraction], segment: Fraction, timescale: int) -> list[Fraction]:
    """Those of `keyframes` (seconds from the programme's zero) at which the packager begins a segment.

    `segment` is the length in seconds that it is told, `timescale` the track's ticks per second.
    """
    length = int((segment + _JUST_OVER) * timescale)
    starts: list[Fraction] = []
    current = -1
    for keyframe in keyframes:
        index = round(keyframe * timescale) // length
        if index > current:
            starts.append(keyframe)
            current = index
    return starts


def segment_length(wanted: Fraction, picture: AssetPicture) -> Fraction:
    """What to tell the packager for segments of about `wanted` seconds: whole GOPs where those are of one length.

    Rounded clocks make a keyframe come a tick too early for an exact multiple of the GOP, and the segment would grow
    by a GOP. So the length is the one by which no boundary comes after its keyframe.
    """
    gop = even_gop(picture)
    if gop is None:
        return wanted
    times = [keyframe - picture.keyframes[0] for keyframe in picture.keyframes]
    gops = max(1, round(wanted / gop))
    return min((time / number for number, time in enumerate(times[::gops]) if number), default=gop * gops)


def even_gop(picture: AssetPicture) -> Fraction | None:
    """Seconds from keyframe to keyframe where that is always the same, but for rounding; None elsewhere."""
    count = len(picture.keyframes) - 1
    if count < 1:
        return None
    mean = (picture.keyframes[-1] - picture.keyframes[0]) / count
    even = all(abs(after - before - mean) <= UNEVEN for before, after in pairwise(picture.keyframes))
    return mean if even else None


def timescale(picture: AssetPicture) -> int:
    """Ticks per second of the imported track: the source's own where the packager can count in them."""
    own = picture.time_base.denominator
    return own if picture.time_base.numerator == 1 and own in _TIMESCALES else _USUAL_TIMESCALE


def check_together(pictures: Sequence[AssetPicture], segment: Fraction) -> None:
    """Refuse renditions between which players could not switch: each must begin, end and be cut where the first is.

    Raises ASSET_REFUSED, naming the rendition and the time.
    """
    for picture in pictures[1:]:
        first = pictures[0]
        off = picture.start - first.start
        if abs(off) > TOGETHER:
            raise refused(f"'{picture.name}' begins {_ms(off)} after '{first.name}'; {_MUST}")
        late = (picture.end - picture.keyframes[0]) - (first.end - first.keyframes[0])
        if abs(late) > 1 / min(picture.track.frame_rate, first.track.frame_rate) + UNEVEN:
            raise refused(f"'{picture.name}' ends {_ms(late)} after '{first.name}'; {_MUST}")
        mine, theirs = (_starts(one, segment) for one in (picture, first))
        for start, other in zip([*mine, None], [*theirs, None], strict=False):
            if start is None or other is None or abs(start - other) > TOGETHER:
                _raise_apart(picture, first, start, other)


def _raise_apart(picture: AssetPicture, first: AssetPicture, mine: Fraction | None, theirs: Fraction | None) -> None:
    """Two renditions whose next segments begin at different times, or one has none where the other has."""
    if mine is None and theirs is None:
        return
    at = min(time for time in (mine, theirs) if time is not None)
    has, lacks = (picture, first) if at == mine else (first, picture)
    where = f"at {float(at):.3f} s, where a segment of '{has.name}' begins"
    raise refused(f"'{lacks.name}' has no keyframe {where}; {_MUST}")


_MUST = "renditions must have their keyframes together."


def _starts(picture: AssetPicture, segment: Fraction) -> list[Fraction]:
    relative = [keyframe - picture.keyframes[0] for keyframe in picture.keyframes]
    return segment_starts(relative, segment, timescale(picture))


def last_start(pictures: Sequence[AssetPicture], segment: Fraction, duration: Fraction) -> Fraction:
    """Seconds from the programme's zero: when the last segment begins, of sound or of picture, whichever is earlier."""
    even = (ceil(duration / segment) - 1) * segment
    return min([even, *(_starts(picture, segment)[-1] for picture in pictures)])


def longest_gop(pictures: Sequence[AssetPicture], duration: Fraction) -> Fraction:
    """Seconds between the two keyframes of the first picture that are farthest apart; the end counts as one."""
    if not pictures:
        return duration
    ends = [*pictures[0].keyframes[1:], pictures[0].end]
    return max(after - before for before, after in zip(pictures[0].keyframes, ends, strict=True))


def uneven(pictures: Sequence[AssetPicture], trees: Sequence[TreeOutput]) -> Iterator[str]:
    """A word on segments that are not as long as was asked."""
    if pictures and len(pictures[0].keyframes) > 1 and even_gop(pictures[0]) is None:
        for tree in trees:
            starts = [*_starts(pictures[0], tree.segment or Fraction(1)), pictures[0].end - pictures[0].keyframes[0]]
            longest = max(after - before for before, after in pairwise(starts))
            yield (
                "The source's keyframes are not evenly spaced; "
                f"segments of '{tree.folder}' are cut at the next one and last up to {float(longest):.1f} s."
            )


def refused(detail: str) -> TelecineError:
    """An asset that cannot be packaged, and why."""
    return TelecineError(ErrorKind.ASSET_REFUSED, detail, field=FIELD)


def _ms(seconds: Fraction) -> str:
    return f"{float(seconds * 1000):+.1f} ms"
