"""The collusion-resistant sequence of a viewer, bit by bit, without storing anything per viewer.

A bit is a pseudo-random function of key, session and position. It is AES in counter mode, the counter block being
12 bytes that stand for the session and 4 that number the block, so an edge computes the bit of any segment by itself
in constant time, in a CDN's JavaScript too, and a detector those of a million sessions in one sweep. The sequence
has no end, and lost segments shift nothing.

The keys here choose variants. They say nothing of how variants are marked, so an edge that holds them can neither
find nor remove a mark. They do tell the biases, and whoever knows those can collude better: keep them off clients.
"""

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from telecine.core.watermark.bias import Family, threshold_of

BLOCK = 16
TAG = 12
"""Bytes of the counter block that stand for a session; the other four number the block."""
BIAS_TAG = bytes(TAG)
LAST_POSITION = (1 << 32) * 8 - 1
"""The last position of a biased sequence: 2^32 blocks of eight words."""


@dataclass(frozen=True, slots=True, repr=False)
class SequenceKey:
    """The secrets of one title's sequences. Not shown by `repr`."""

    family: Family
    bias: bytes
    bits: bytes
    tags: bytes


def derive_key(secret: bytes, site: str, content: str, family: Family) -> SequenceKey:
    """The key of title `content` of `site` under the `secret` of the installation (32 bytes or more).

    Another site, title or family gives keys that have nothing to do with each other. Raises ValueError where the
    secret is shorter.
    """
    if len(secret) < 32:
        raise ValueError("secret must have 32 bytes or more")
    names = (site.encode(), content.encode(), family.encode())
    # Lengths first, so that no two triples of names are written alike.
    written = b"".join(len(name).to_bytes(4) + name for name in names)
    title = hmac.digest(secret, b"telecine watermark sequence 1" + written, "sha256")
    bias, bits, tags = (hmac.digest(title, use, "sha256") for use in (b"bias", b"bits", b"tags"))
    return SequenceKey(family, bias, bits, tags)


def session_tag(key: SequenceKey, session: str) -> bytes:
    """The 12 bytes that stand for `session` in counter blocks."""
    return hmac.digest(key.tags, session.encode(), "sha256")[:TAG]


def threshold(key: SequenceKey, position: int) -> int:
    """The bias of `position` (0 or more), in 65536ths: how likely any session has a 1 there."""
    if key.family is Family.UNIFORM:
        return threshold_of(key.family, 0)
    return threshold_of(key.family, _word(key.bias, BIAS_TAG, position))


def bit(key: SequenceKey, session: str, position: int) -> bool:
    """The variant, 0 or 1, that `session` gets at `position`. Raises ValueError where `position` is out of range."""
    if not 0 <= position <= LAST_POSITION:
        raise ValueError(f"position must be 0 to {LAST_POSITION}")
    tag = session_tag(key, session)
    if key.family is Family.UNIFORM:
        # A fair bit needs one bit of the stream, a biased one needs a word.
        number, place = divmod(position, BLOCK * 8)
        block = int.from_bytes(_block(key.bits, tag, number))
        return bool(block >> (BLOCK * 8 - 1 - place) & 1)
    return _word(key.bits, tag, position) < threshold(key, position)


def pattern(key: SequenceKey, session: str, length: int) -> bytes:
    """The first `length` bits as a watermarking token carries them: position 0 is the highest bit of byte 0."""
    bits = [bit(key, session, position) for position in range(length)]
    padded = bits + [False] * (-length % 8)
    return bytes(sum(one << (7 - place) for place, one in enumerate(padded[at : at + 8])) for at in range(0, length, 8))


def _word(key: bytes, tag: bytes, position: int) -> int:
    number, place = divmod(position, BLOCK // 2)
    return int.from_bytes(_block(key, tag, number)[2 * place : 2 * place + 2])


def _block(key: bytes, tag: bytes, number: int) -> bytes:
    """One block of the key stream. ECB of a single counter block is counter mode, without its state."""
    return Cipher(AES(key), ECB()).encryptor().update(tag + number.to_bytes(4))  # noqa: S305
