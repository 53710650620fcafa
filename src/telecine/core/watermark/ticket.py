"""What a watermarking token says, whatever its form, and which variant its bearer is served.

Whoever switches variants needs this alone: the forms differ in how they are written and in what they protect
(`tokens`), not in what they mean.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from telecine.core.watermark.bias import Family
from telecine.core.watermark.delivery_format import LONGEST_PAYLOAD, DeliveryFormat
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.sequence import SequenceKey, bit


class TokenRefused(Exception):  # noqa: N818 - as Fault
    """A token that nobody is served by. `reason` is fit for a log and for the bearer: it holds nothing of the token."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token says.

    `payload`: what the delivery code carries, 1 to 7 bytes (ours are 7); empty with other codes.
    `session`: what a sequence follows from, 32 hexadecimal digits; empty where the form does not say.
    `content`: the content's id; empty where the form does not say, and then the token opens any content of `site`.
    `streaming_format`: `dash`, `hls` or empty; embedders begin to count by it (`first_segment_number`).
    `sync_skip`: `sync_skip_bit` of the delivery format, in segments.
    `revoke_flag`: the embedder must ask whether the token is revoked.
    `pattern`: the variants themselves, where the token carries them: position 0 is the highest bit of byte 0, and
    after `pattern_bits` positions they begin again.
    `segments_per_bit`: 1, or 2 where the token says that GOPs are half as long as documented.
    """

    code: SessionCode
    payload: bytes
    session: str
    site: str
    content: str
    issued: datetime
    expires: datetime | None
    streaming_format: str
    sync_skip: int | None
    revoke_flag: bool
    pattern: bytes | None
    pattern_bits: int = 0
    segments_per_bit: int = 1

    def expired(self, now: datetime) -> bool:
        """Whether the token is no longer good at `now`."""
        return self.expires is not None and now >= self.expires


def variant_of(ticket: Ticket, position: int, first_segment: int, keys: Callable[[Family], SequenceKey]) -> int:
    """The variant, 0 or 1, that the bearer of `ticket` gets of the segment at `position` of the programme.

    `position` counts from 0, and -1 is a segment without variants, of which everybody gets 0. `first_segment` is the
    number in the name of the programme's first segment, as the tree has it. `keys` gives the title's sequence key of a
    family; it is asked only where the ticket follows a sequence. Raises TokenRefused where the ticket says too little.
    """
    if position < 0:
        return 0
    if ticket.pattern is not None:
        return _pattern_bit(ticket.pattern, ticket.pattern_bits or 8 * len(ticket.pattern), position)
    if ticket.code is SessionCode.DELIVERY:
        return int(_delivery(ticket, first_segment).bit(ticket.payload, first_segment + position))
    if not ticket.session:
        raise TokenRefused("it names no session")
    return int(bit(keys(Family(ticket.code.value)), ticket.session, position))


def _delivery(ticket: Ticket, first_segment: int) -> DeliveryFormat:
    """The rule by which embedders switch."""
    if not 1 <= len(ticket.payload) <= LONGEST_PAYLOAD:
        raise TokenRefused("it has no payload")
    return DeliveryFormat(
        first_segment=first_segment,
        segments_per_bit=ticket.segments_per_bit,
        sync_skip=ticket.sync_skip,
        payload_bytes=len(ticket.payload),
    )


def _pattern_bit(pattern: bytes, length: int, position: int) -> int:
    if not 1 <= length <= 8 * len(pattern):
        raise TokenRefused("its pattern is shorter than it says")
    byte, place = divmod(position % length, 8)
    return pattern[byte] >> (7 - place) & 1
