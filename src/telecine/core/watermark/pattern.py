"""The mark itself: a keyed field of light and dark cells for each segment, in coordinates that every picture shares.

A picture of any size is 64 cells wide and 36 cells high. Variant 0 of a segment adds the field, variant 1 takes it
away, scaled by what the eye forgives (`media.mark`). The field changes with every segment, so nothing that is
averaged over segments shows it. Whoever has the key can find, remove or forge marks: it goes to the encoder and the
detector, never to an edge.
"""

import hmac
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from numpy.typing import NDArray

CELLS_WIDE = 64
CELLS_HIGH = 36
VARIANTS = (0, 1)

type Field = NDArray[np.float32]
"""`CELLS_HIGH` rows of `CELLS_WIDE` numbers about -1 or 1, whose mean is nought."""


@dataclass(frozen=True, slots=True, repr=False)
class MarkKey:
    """The secret of one title's marks. Not shown by `repr`."""

    field: bytes
    takes: bytes


def derive_mark_key(secret: bytes, site: str, content: str) -> MarkKey:
    """The key of title `content` of `site` under the site's watermark `secret` (32 bytes or more).

    It has nothing to do with the sequence keys from the same secret. Raises ValueError where the secret is shorter.
    """
    if len(secret) < 32:
        raise ValueError("secret must have 32 bytes or more")
    # Lengths first, so that no two pairs of names are written alike.
    written = b"".join(len(name).to_bytes(4) + name for name in (site.encode(), content.encode()))
    title = hmac.digest(secret, b"telecine mark 1" + written, "sha256")
    return MarkKey(*(hmac.digest(title, use, "sha256") for use in (b"field", b"takes")))


def decoy_key(key: MarkKey, number: int) -> MarkKey:
    """A key whose fields have nothing to do with those of `key`: what a detector compares with."""
    return MarkKey(hmac.digest(key.field, b"decoy" + number.to_bytes(8), "sha256"), key.takes)


def field_of(key: MarkKey, position: int) -> Field:
    """The field of segment `position` (0 is the first of the programme)."""
    seed = hmac.digest(key.field, position.to_bytes(8), "sha256")
    cells = CELLS_WIDE * CELLS_HIGH
    stream = Cipher(AES(seed), CTR(bytes(16))).encryptor().update(bytes(cells // 8))
    chips = np.unpackbits(np.frombuffer(stream, dtype=np.uint8)).astype(np.float32) * 2 - 1
    centred: Field = (chips - chips.mean()).reshape(CELLS_HIGH, CELLS_WIDE)
    return centred


def variant_of_first_take(key: MarkKey, rendition: str, position: int) -> int:
    """Which variant of segment `position` the first of two encodes makes.

    The two encodes of a segment may differ by more than the mark, where the second reuses work of the first. A keyed
    coin for each segment of each rendition (its name in the plan) keeps that from telling which variant somebody has.
    """
    return hmac.digest(key.takes, f"{rendition}/{position}".encode(), "sha256")[0] & 1
