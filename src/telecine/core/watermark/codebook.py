"""The sequences of many sessions at once, for a detector: the same bits as `sequence`, in one sweep of AES."""

from collections.abc import Sequence

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from telecine.core.watermark.bias import NODES, STEPS, Family
from telecine.core.watermark.evidence import Floats
from telecine.core.watermark.sequence import BIAS_TAG, BLOCK, SequenceKey, session_tag

type Bits = NDArray[np.uint8]
type Positions = NDArray[np.int64]

_WORDS = BLOCK // 2
_BITS = BLOCK * 8


def probabilities(key: SequenceKey, positions: Positions) -> Floats:
    """How likely any session has a 1, for each of `positions`."""
    return _thresholds(key, positions) / STEPS


def codebook(key: SequenceKey, sessions: Sequence[str], positions: Positions) -> Bits:
    """The bits of `sessions` (rows) at `positions` (columns). Takes two bytes a bit while it works, an eighth where
    the family is uniform: call it for some thousand sessions at a time."""
    tags = [session_tag(key, session) for session in sessions]
    if key.family is Family.UNIFORM:
        stream = np.unpackbits(_stream(key.bits, tags, positions // _BITS), axis=1)
        return stream[:, _columns(positions, _BITS)]
    words = _stream(key.bits, tags, positions // _WORDS).view(">u2")[:, _columns(positions, _WORDS)]
    return (words < _thresholds(key, positions)).astype(np.uint8)


def _thresholds(key: SequenceKey, positions: Positions) -> Positions:
    nodes = NODES[key.family]
    values = np.array([node.threshold for node in nodes], dtype=np.int64)
    if len(nodes) == 1:
        return np.full(len(positions), values[0])
    stream = _stream(key.bias, [BIAS_TAG], positions // _WORDS).view(">u2")[0, _columns(positions, _WORDS)]
    drawn: Positions = values[np.searchsorted([node.until for node in nodes], stream, side="right")]
    return drawn


def _columns(positions: Positions, per_block: int) -> Positions:
    """Where `positions` are in the stream of the blocks that hold them."""
    _, rank = np.unique(positions // per_block, return_inverse=True)
    return rank.astype(np.int64) * per_block + positions % per_block


def _stream(key: bytes, tags: list[bytes], numbers: Positions) -> Bits:
    """The key stream of each tag (rows), as bytes: the blocks `numbers`, each once, ascending."""
    numbers = np.unique(numbers)
    counters = np.empty((len(tags), len(numbers), BLOCK), dtype=np.uint8)
    counters[:, :, : len(BIAS_TAG)] = np.frombuffer(b"".join(tags), dtype=np.uint8).reshape(len(tags), 1, -1)
    counters[:, :, len(BIAS_TAG) :] = numbers.astype(">u4").view(np.uint8).reshape(1, len(numbers), 4)
    encrypted = Cipher(AES(key), ECB()).encryptor().update(counters.tobytes())  # noqa: S305 - counter mode, see `sequence`
    return np.frombuffer(encrypted, dtype=np.uint8).reshape(len(tags), -1)
