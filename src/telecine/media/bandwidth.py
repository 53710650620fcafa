"""What a rendition really needs, from the sizes and lengths of its segments.

The HLS rule (RFC 8216, 4.1) defines both figures, and DASH's @bandwidth is taken to mean the same peak:
- peak: the largest bit rate of any run of segments that together last between 0.5 and 1.5 target durations;
- average: all bytes over all time.
A variant needs the sum over its parts, each part being the most demanding rendition that may be chosen for it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

from telecine.media.manifests import Kind, Manifest, Piece, Track, Variant


@dataclass(frozen=True, slots=True)
class Rate:
    """Bits per second, rounded up."""

    peak: int
    average: int

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(self.peak + other.peak, self.average + other.average)


NOTHING = Rate(0, 0)


def measure(sizes: Sequence[int], durations: Sequence[Fraction], target: Fraction) -> Rate:
    """Peak and average of segments of `sizes` bytes lasting `durations` seconds, for a target duration in seconds."""
    whole = sum(durations, Fraction(0))
    if whole <= 0:
        return NOTHING
    average = ceil(sum(sizes) * 8 / whole)
    peak = Fraction(0)
    for first in range(len(sizes)):
        size, length = 0, Fraction(0)
        for position in range(first, len(sizes)):
            size += sizes[position]
            length += durations[position]
            if length * 2 > target * 3:
                break
            if length * 2 >= target:
                peak = max(peak, size * 8 / length)
    return Rate(ceil(peak) or average, average)


def together(parts: Iterable[Iterable[Rate]]) -> Rate:
    """What a variant needs: of each part (video, audio group, subtitles) the most demanding choice."""
    total = NOTHING
    for choices in map(list, parts):
        if choices:
            total += Rate(max(rate.peak for rate in choices), max(rate.average for rate in choices))
    return total


type Twin = Callable[[str], Path | None]
"""Where the other variant of a segment is, by the segment's name; None where it has none."""


def no_twin(_name: str) -> Path | None:
    """The `Twin` of trees without marks."""
    return None


def rate_of(root: Path, track: Track, twin: Twin = no_twin) -> Rate:
    """The rate of a published track: sizes from the files below `root` (a missing one counts nothing).

    DASH has no target duration; there the longest segment takes its place. Of a marked track it is what every viewer
    can do with: the peak is that of the larger variant of each segment, the average that of the larger variant.
    """
    durations = [segment.duration for segment in track.segments]
    target = Fraction(track.target) if track.target else max(durations, default=Fraction(0))
    mine = [size_of(root, segment.piece) for segment in track.segments]
    others = [_size(twin(segment.piece.path), size) for segment, size in zip(track.segments, mine, strict=True)]
    either = [max(pair) for pair in zip(mine, others, strict=True)]
    averages = (measure(sizes, durations, target).average for sizes in (mine, others))
    return Rate(measure(either, durations, target).peak, max(averages))


def variant_rate(manifest: Manifest, variant: Variant, rates: Mapping[str, Rate]) -> Rate:
    """What a variant needs; `rates` are those of the manifest's tracks by name."""
    wanted: list[tuple[Kind, str]] = [("audio", variant.audio), ("text", variant.subtitles)]
    groups = [
        [rates[t.name] for t in manifest.of_kind(kind) if t.group == group and t.name != variant.playlist]
        for kind, group in wanted
        if group
    ]
    return together([[rates[variant.playlist]], *groups])


def size_of(root: Path, piece: Piece) -> int:
    """Bytes of a piece; 0 where its file is missing."""
    if piece.length is not None:
        return piece.length
    return _size(root / piece.path, 0)


def _size(file: Path | None, otherwise: int) -> int:
    return file.stat().st_size if file and file.is_file() else otherwise
