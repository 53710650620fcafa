"""Reads what a master's coded pictures weigh and which of them stand alone, with ffprobe in the sandbox.

The probe has looked at the file's times already; this looks at its one picture track in the order of showing.
"""

import re
from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from telecine.core.errors import ErrorKind
from telecine.core.plan_master import MasterPictures
from telecine.core.plan_picture import SEEKABLE
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.describe import ratio
from telecine.media.encode_args import PREROLL
from telecine.media.safe_input import safe_input

_ENTRIES = "packet=pts,dts,size,pos,flags:stream=time_base"
_LOOKED_AT = 8
"""Packets that are looked at behind a seek."""


@dataclass(slots=True)
class _Packets:
    """Packets of a picture track, in stored order: times in ticks of `tick` seconds, sizes and places in bytes."""

    times: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))
    places: array[int] = field(default_factory=lambda: array("q"))
    keys: bytearray = field(default_factory=bytearray)
    hidden: int = 0
    tick: Fraction = Fraction(1)

    def line(self, text: str) -> None:
        """Take one line of ffprobe's `_ENTRIES`, as CSV without section names."""
        self.tick = ratio(text.strip().rstrip(",")) or self.tick
        pts, dts, size, place, flags = (text.split(",") + [""] * 5)[:5]
        time = next((int(one) for one in (pts, dts) if re.fullmatch(r"-?\d+", one)), None)
        if time is None or not size.isdecimal():
            return
        if "D" in flags:
            self.hidden += 1
            return
        self.times.append(time)
        self.sizes.append(int(size))
        self.places.append(int(place) if place.isdecimal() else -1)
        self.keys.append("K" in flags)


def read_pictures(path: Path, demuxer: str, stream: int, context: Context) -> MasterPictures:
    """The coded pictures of `stream` (index among all streams) of the file. `context.poll` may raise.

    Raises INPUT_UNREADABLE, and what the sandbox raises.
    """
    whole = _read(path, demuxer, stream, context)
    order = sorted(range(len(whole.times)), key=whole.times.__getitem__)
    return MasterPictures(
        sizes=[whole.sizes[number] for number in order],
        keys=[bool(whole.keys[number]) for number in order],
        hidden=whole.hidden,
        reordered=order != list(range(len(order))),
        seekable=demuxer in SEEKABLE or _seeks(path, demuxer, stream, whole, context),
    )


def _seeks(path: Path, demuxer: str, stream: int, whole: _Packets, context: Context) -> bool:
    """Whether seeking to the file's middle finds the packets that lie there, with their times.

    Without an index a demuxer guesses where a time is, and then gives what it finds that time.
    """
    if not whole.times:
        return False
    middle = sorted(whole.times)[len(whole.times) // 2] * whole.tick - PREROLL
    found = _read(path, demuxer, stream, context, f"{float(middle):.6f}%+#{_LOOKED_AT}")
    known = set(zip(whole.times, whole.places, whole.sizes, strict=True))
    seen = list(zip(found.times, found.places, found.sizes, strict=True))
    return bool(seen) and set(seen) <= known and seen[0][0] * whole.tick <= middle


def _read(path: Path, demuxer: str, stream: int, context: Context, interval: str = "") -> _Packets:
    packets = _Packets()
    arguments = ["-hide_banner", "-v", "error", "-select_streams", str(stream), "-show_entries", _ENTRIES]
    arguments += ["-of", "csv=p=0", *(("-read_intervals", interval) if interval else ())]
    sandbox.run(
        [context.tools.ffprobe, *arguments, *safe_input(demuxer, path.name, context.limits)],
        cwd=path.parent,
        limits=context.limits,
        on_line=packets.line,
        poll=context.poll,
        failure=ErrorKind.INPUT_UNREADABLE,
    )
    return packets
