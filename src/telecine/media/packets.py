"""What the packets of a stream say about time: start, exact duration, frames, frame rate, and whether it varies.

Headers are often wrong or silent about these; packets are what will be decoded. Pure: lines in, values out.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from telecine.core.rates import FASTEST, SLOWEST, snap


@dataclass(slots=True)
class StreamPackets:
    """Running totals of one stream in its own time base; `times` holds every pts only where `keep_times`."""

    keep_times: bool = False
    count: int = 0
    bytes: int = 0
    first: int | None = None
    """Earliest pts of a packet that is not marked as discarded."""
    end: int | None = None
    """Latest pts plus duration."""
    before_key: int = 0
    """Packets before the first keyframe; a decoder can make nothing of them."""
    key: int | None = None
    """pts of the first keyframe."""
    times: array[int] = field(default_factory=lambda: array("q"))

    def add(self, pts: int, duration: int, size: int, flags: str) -> None:
        """Count one packet. `flags` are ffprobe's: K keyframe, D discarded by an edit list."""
        self.count += 1
        self.bytes += size
        if self.key is None:
            if "K" in flags:
                self.key = pts
            else:
                self.before_key += 1
        if "D" in flags:
            return
        if self.first is None or pts < self.first:
            self.first = pts
        if self.end is None or pts + duration > self.end:
            self.end = pts + duration
        if self.keep_times:
            self.times.append(pts)

    def shift(self, ticks: int) -> None:
        """Move all times, for a container that tells when pictures are decoded and not when they are shown."""
        self.times = array("q", (time + ticks for time in self.times))
        self.first = None if self.first is None else self.first + ticks
        self.end = None if self.end is None else self.end + ticks


class PacketScan:
    """Takes ffprobe's packet lines (`ENTRIES`, as CSV without section names) for all streams of a file."""

    ENTRIES = "packet=stream_index,pts,dts,duration,size,flags:packet_side_data=side_data_type"

    def __init__(self, picture: int | None) -> None:
        self.streams: dict[int, StreamPackets] = {}
        self.encrypted = False
        """Whether any packet came with an initialization vector: it is no use without its key."""
        self._picture = picture

    def line(self, text: str) -> int | None:
        """Take one line; the index of its stream, or None where the line holds no packet with a time."""
        fields = text.split(",")
        if len(fields) < 6 or not fields[0].isdecimal():
            return None
        index, pts, dts, duration, size = (_number(value) for value in fields[:5])
        time = pts if pts is not None else dts
        if index is None or time is None:
            return None
        stream = self.streams.get(index)
        if stream is None:
            stream = self.streams[index] = StreamPackets(keep_times=index == self._picture)
        stream.add(time, duration or 0, size or 0, fields[5])
        self.encrypted = self.encrypted or "Encryption info" in fields[6:]
        return index


@dataclass(frozen=True, slots=True)
class PictureTiming:
    """When the pictures of a stream are shown, in exact seconds."""

    start: Fraction
    duration: Fraction
    frames: int
    rate: Fraction
    variable: bool


def picture_timing(
    packets: StreamPackets, time_base: Fraction, declared: Sequence[Fraction], first_shown: int | None = None
) -> PictureTiming | None:
    """The timing of a video stream from its packets; None where it has none.

    `declared` are the container's frame rates, best first; the first that fits the packets is believed, because
    packets of a short clip with coarse times cannot tell 24 from 24000/1001. `first_shown` is the pts of the first
    picture that a decoder gave, where that is known.
    """
    start = first_shown if first_shown is not None else packets.first
    times = sorted(time for time in packets.times if start is not None and time >= start)
    if not times:
        return None
    measured = _usual_rate(times, time_base)
    candidates = [snap(rate) for rate in (*declared, *([measured] if measured else [])) if SLOWEST <= rate <= FASTEST]
    rate = next((rate for rate in candidates if _steady(times, time_base, rate)), None)
    # Slower or faster pictures than a plan can have are put on the nearest cadence that it can, as varying ones are.
    best = rate or min(max(snap(measured or Fraction(25)), SLOWEST), FASTEST)
    return PictureTiming(
        start=times[0] * time_base,
        duration=_duration(times, packets.end or 0, time_base, best, steady=rate is not None),
        frames=len(times),
        rate=best,
        variable=rate is None,
    )


def _usual_rate(times: Sequence[int], time_base: Fraction) -> Fraction | None:
    """Frames per second between most pictures: the mean of the steps that are near the middle one."""
    steps = sorted(after - before for before, after in pairwise(times) if after > before)
    if not steps:
        return None
    middle = steps[len(steps) // 2]
    usual = [step for step in steps if 3 * middle <= 4 * step <= 5 * middle]
    return 1 / (Fraction(sum(usual), len(usual)) * time_base)


def _steady(times: Sequence[int], time_base: Fraction, rate: Fraction) -> bool:
    """Whether every picture lies within half a frame of an even cadence of `rate`, from first to last.

    So rounding of times is forgiven, while a missing picture or a slow drift is not.
    """
    period = 1 / (rate * time_base)
    numerator, denominator = period.numerator, period.denominator
    first = times[0]
    return all(
        2 * abs((time - first) * denominator - number * numerator) <= numerator for number, time in enumerate(times)
    )


def _duration(times: Sequence[int], end: int, time_base: Fraction, rate: Fraction, *, steady: bool) -> Fraction:
    """Seconds from the first picture to the end of the last one's own duration.

    A whole number of frames for a steady stream, and for another where it is one within two ticks: rounded times
    end a little early or late, and a plan must not make a frame out of that.
    """
    stays = (end - times[-1]) * time_base if end > times[-1] else 1 / rate
    measured = (times[-1] - times[0]) * time_base + stays
    whole = max(1, round(measured * rate)) / rate
    return whole if steady or abs(whole - measured) <= 2 * time_base else measured


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
