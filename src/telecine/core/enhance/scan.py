"""Fields: whether the source has them, whether filters may see them, and whether the target gets them.

Every filter that looks at lines or motion wants whole pictures. So an interlaced source that is to be filtered, and
for which no deinterlacer was asked, is taken apart into a frame of each field and woven together again at the end.
"""

from fractions import Fraction
from typing import NamedTuple

from telecine.core.enhance.options import Deinterlacer, Scan
from telecine.core.enhance.picture import Fields
from telecine.core.enhance.source import Scanned, default_order
from telecine.core.enhance.spec import Enhancement
from telecine.core.media_info import VideoTrack

_ORDERS: dict[Scan, Fields] = {
    Scan.PROGRESSIVE: "progressive",
    Scan.TOP_FIRST: "top_first",
    Scan.BOTTOM_FIRST: "bottom_first",
}


class Fielding(NamedTuple):
    """What is done about fields."""

    source: Fields
    """As the source's frames are taken to be."""
    target: Fields
    deinterlacer: Deinterlacer | None = None
    inserted: bool = False
    """Nobody asked for it, but filters need whole pictures."""
    doubled: bool = False
    """A frame is made of each field, not of each two."""

    @property
    def weave(self) -> bool:
        """Whether pictures are put together into fields at the end."""
        return self.target != "progressive" and (self.deinterlacer is not None or self.source == "progressive")


def decide_fields(
    asked: Enhancement,
    scanned: Scanned,
    track: VideoTrack,
    rate: Fraction,
    *,
    filtered: bool,
    possible: bool,
    notes: list[str],
) -> Fielding:
    """What is done about fields, for a source of `rate` frames per second.

    `filtered`: whether anything needs whole pictures. `possible`: whether the codec can carry fields at all. `notes`
    gets a line for what is not done, or done unasked.
    """
    source = _source(asked, scanned, track)
    target = _target(asked, source, rate, possible, notes)
    if source == "progressive":
        if asked.deinterlacer:
            notes.append(f"{asked.deinterlacer}: the source is progressive already, so it is left as it is.")
        return Fielding(source, target)
    if asked.deinterlacer:
        return Fielding(source, target, asked.deinterlacer, doubled=_doubled(asked, target, rate))
    if target == source and not filtered:
        return Fielding(source, target)
    kept = target == "progressive" and asked.rate in (None, rate)
    return Fielding(source, target, Deinterlacer.BWDIF, inserted=True, doubled=not kept)


def _source(asked: Enhancement, scanned: Scanned, track: VideoTrack) -> Fields:
    """Who asks for a deinterlacer of a source that says nothing knows that it is interlaced."""
    if asked.deinterlacer and not scanned.sure and scanned.fields == "progressive":
        return default_order(track)
    return scanned.fields


def _target(asked: Enhancement, source: Fields, rate: Fraction, possible: bool, notes: list[str]) -> Fields:
    """As asked. By itself an interlaced source stays so, unless it is deinterlaced or put at a rate of film.

    A rate asked for is that of the pictures, which weaving halves; so only one above the source's frames leaves
    enough of them.
    """
    if asked.scan != Scan.AUTO:
        return _ORDERS[asked.scan]
    if source == "progressive" or asked.deinterlacer:
        return "progressive"
    if not possible:
        notes.append("the codec has no interlaced pictures of this size; the interlaced source is made progressive.")
        return "progressive"
    return source if asked.rate is None or asked.rate > rate else "progressive"


def _doubled(asked: Enhancement, target: Fields, rate: Fraction) -> bool:
    """All but yadif double the rate, unless the source's own is wanted."""
    if asked.deinterlacer == Deinterlacer.YADIF:
        return False
    return not (target == "progressive" and asked.rate == rate)
