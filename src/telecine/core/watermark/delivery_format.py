"""The documented delivery format: which variant carries which bit of a viewer's payload.

Existing CDN embedders switch variants by this rule, so its numbers are theirs: four segments without a mark, then a
sync word and the payload, over and over. Embedders since 2.9 know a `sync_skip_bit`; with it they begin later in the
stream and send a fixed indicator in place of every third repetition.
"""

from dataclasses import dataclass
from typing import NamedTuple

SYNC = "100010000"
INDICATOR = "10001000011000000110000000000000011111111000000000000001100000011"
LONGEST_PAYLOAD = 7
"""Bytes; the only length with which embedders send the indicator."""
_SKIPPED_BITS = 4
_INDICATOR_EVERY = 3
_INDICATOR_PLACE = 2


class Slot(NamedTuple):
    """What one segment carries: the payload's bit `payload_bit` (0 is the highest), or else the bit `fixed`."""

    payload_bit: int | None
    fixed: bool


@dataclass(frozen=True, slots=True)
class DeliveryFormat:
    """The rule of one tree. Segment numbers are those in the names of the segments.

    `first_segment`: the number of the first one, 0 or more (see `first_segment_number`).
    `segments_per_bit`: 1, or 2 where GOPs are half as long as documented (30 frames).
    `sync_skip`: the token's `sync_skip_bit`, in segments; None where the token has none.
    `payload_bytes`: 1 to 7.

    Raises ValueError where one of them is outside its range.
    """

    first_segment: int = 0
    segments_per_bit: int = 1
    sync_skip: int | None = None
    payload_bytes: int = LONGEST_PAYLOAD

    def __post_init__(self) -> None:
        if self.first_segment < 0:
            raise ValueError("first_segment must be 0 or more")
        if self.segments_per_bit not in (1, 2):
            raise ValueError("segments_per_bit must be 1 or 2")
        if self.sync_skip is not None and self.sync_skip < 0:
            raise ValueError("sync_skip must be 0 or more, or None")
        if not 1 <= self.payload_bytes <= LONGEST_PAYLOAD:
            raise ValueError(f"payload_bytes must be 1 to {LONGEST_PAYLOAD}")

    @property
    def has_indicator(self) -> bool:
        """Whether every third repetition is the indicator."""
        return self.sync_skip is not None and self.cycle == len(INDICATOR)

    @property
    def cycle(self) -> int:
        """Segments of one repetition."""
        return (len(SYNC) + 8 * self.payload_bytes) * self.segments_per_bit

    @property
    def period(self) -> int:
        """Segments after which everything repeats, the indicator included."""
        return self.cycle * (_INDICATOR_EVERY if self.has_indicator else 1)

    @property
    def skipped(self) -> int:
        """Segments at the start that carry no mark."""
        return max(0, _SKIPPED_BITS * self.segments_per_bit - (self.sync_skip or 0))

    def slot(self, segment: int) -> Slot:
        """What segment number `segment` carries. Segments before the first mark are always variant 0."""
        place = segment - self.first_segment + (self.sync_skip or 0) - _SKIPPED_BITS * self.segments_per_bit
        if place < 0:
            return Slot(None, fixed=False)
        repetition, within = divmod(place, self.cycle)
        bit = within // self.segments_per_bit
        if self.has_indicator and repetition % _INDICATOR_EVERY == _INDICATOR_PLACE:
            return Slot(None, fixed=INDICATOR[bit] == "1")
        if bit < len(SYNC):
            return Slot(None, fixed=SYNC[bit] == "1")
        return Slot(bit - len(SYNC), fixed=False)

    def bit(self, payload: bytes, segment: int) -> bool:
        """The variant, 0 or 1, of segment number `segment` for the viewer with `payload`.

        Raises ValueError where `payload` has not `payload_bytes` bytes.
        """
        if len(payload) != self.payload_bytes:
            raise ValueError(f"payload must have {self.payload_bytes} bytes, not {len(payload)}")
        slot = self.slot(segment)
        if slot.payload_bit is None:
            return slot.fixed
        byte, place = divmod(slot.payload_bit, 8)
        return bool(payload[byte] >> (7 - place) & 1)


def first_segment_number(suffix: str, streaming_format: str = "") -> int:
    """The number at which embedders begin to count segments with this name suffix (`.ts`, `.m4s`, `.mp4`).

    `streaming_format` is the token's: `dash`, `hls` or empty. MPEG-TS counts from 1 unless the token says `dash`;
    fragmented MP4 from 0 unless it says `hls`.
    """
    if suffix == ".ts":
        return 0 if streaming_format == "dash" else 1
    return 1 if streaming_format == "hls" else 0
