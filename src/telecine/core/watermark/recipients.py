"""Which marks the copy of a recipient has: the same code as a viewer's, with keys of its own.

A title may be streamed to viewers and distributed to recipients; neither says anything about the other. A word follows
from secret, site, content and the recipient's number, so the same recipient gets the same copy again and nothing about
it is stored.
"""

import hmac
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark.bias import Family
from telecine.core.watermark.codebook import Bits, codebook
from telecine.core.watermark.pattern import CELLS_HIGH, CELLS_WIDE, Field, MarkKey, derive_mark_key, field_of
from telecine.core.watermark.sequence import SequenceKey, derive_key

CHIPS = 72
"""Chips of a group in an individual copy. One picture is to be enough among 4095 recipients at one in a million: that
takes 33 chips of fair coins that are all read rightly, about 55 where biases are drawn against four colluders, and more
where a picture was cropped or coded hard. Smaller chips are read less surely each, and still tell more together."""
CELLS_OF_A_CHIP = CELLS_WIDE * CELLS_HIGH // CHIPS

type Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RecipientKeys:
    """The secrets of one content's copies: where its marks are, and who has which."""

    mark: MarkKey
    sequence: SequenceKey


def derive_recipient_keys(secret: bytes, site: str, content: str, family: Family) -> RecipientKeys:
    """The keys of `content` of `site` under the site's watermark `secret`; nothing like those of its viewers.

    Raises ValueError where the secret is shorter than 32 bytes.
    """
    own = hmac.digest(secret, b"telecine recipients 1", "sha256") if len(secret) >= 32 else secret
    return RecipientKeys(derive_mark_key(own, site, content), derive_key(own, site, content, family))


def name_of(recipient: int) -> str:
    """How the recipient with this number is called in a codebook."""
    return f"recipient {recipient}"


def words_of(keys: RecipientKeys, recipients: list[int], positions: int) -> Bits:
    """The words of `recipients` (rows): a bit for each of the master's positions, 0 where variant 0 is shown."""
    return codebook(keys.sequence, [name_of(one) for one in recipients], np.arange(positions, dtype=np.int64))


def takes_of(keys: RecipientKeys, recipient: int, groups: int) -> Bits:
    """Which take of each group the pooled copy of `recipient` has.

    The takes of a group may differ by more than the mark, so a keyed coin says which of them is variant 0.
    """
    word: Bits = words_of(keys, [recipient], groups)[0]
    return word ^ _coins(keys.mark, groups)


def coin(key: MarkKey, group: int) -> int:
    """Which variant of a group the first take (0) is; the second is the other."""
    return hmac.digest(key.takes, b"group" + group.to_bytes(8), "sha256")[0] & 1


@lru_cache(maxsize=4)
def _coins(key: MarkKey, groups: int) -> Bits:
    """The coins of all groups; remembered, because they are the same for each of thousands of recipients."""
    coins: Bits = np.array([coin(key, group) for group in range(groups)], dtype=np.uint8)
    coins.flags.writeable = False
    return coins


def take_field(key: MarkKey, group: int, take: int) -> Field:
    """What `take` of a group adds to its pictures: the group's field, or its negative."""
    field = field_of(key, group)
    return field if coin(key, group) == take else -field


def chip_cells(key: MarkKey, group: int) -> Places:
    """For each chip of a group (rows) its cells, as numbers in the field read row by row: 72 x 32, each cell once."""
    seed = hmac.digest(key.field, b"chips" + group.to_bytes(8), "sha256")
    order = np.random.Generator(np.random.Philox(key=int.from_bytes(seed[:16]))).permutation(CELLS_WIDE * CELLS_HIGH)
    return order.reshape(CHIPS, CELLS_OF_A_CHIP)


def individual_field(keys: RecipientKeys, recipient: int, group: int) -> Field:
    """What the individual copy of `recipient` adds to the pictures of a group.

    Each chip's cells have the group's field where the word has a 0 and its negative where it has a 1; chip c of group g
    is position g * CHIPS + c of the word.
    """
    positions = group * CHIPS + np.arange(CHIPS, dtype=np.int64)
    bits = codebook(keys.sequence, [name_of(recipient)], positions)[0]
    field = field_of(keys.mark, group).ravel().copy()
    field[chip_cells(keys.mark, group).ravel()] *= np.repeat(1 - 2 * bits.astype(np.float32), CELLS_OF_A_CHIP)
    shaped: Field = field.reshape(CELLS_HIGH, CELLS_WIDE)
    return shaped
