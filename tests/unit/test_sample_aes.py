"""SAMPLE-AES in MPEG-TS and packed audio, against a plain reading of Apple's document, block by block."""

import random

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from telecine.media.sample_aes import is_encrypted, picture_decryptor, sound_decryptor

KEY, IV = bytes(range(16)), bytes(range(16, 32))
START = b"\0\0\0\1"


def chain():
    return Cipher(algorithms.AES(KEY), modes.CBC(IV)).encryptor()


def encrypted_slice(unit: bytes) -> bytes:
    """`Encrypted_nal_unit` and `protected_block_one_in_ten`, then emulation prevention over the whole unit."""
    if len(unit) <= 48:
        return unit
    cipher, made, rest = chain(), unit[:32], unit[32:]
    while rest:
        if len(rest) > 16:
            made, rest = made + cipher.update(rest[:16]), rest[16:]
        made, rest = made + rest[:144], rest[144:]
    escaped = bytearray()
    for byte in made:
        if byte <= 3 and escaped[-2:] == b"\0\0":
            escaped.append(3)
        escaped.append(byte)
    return bytes(escaped)


def slices(kind: int, length: int, seed: int) -> bytes:
    """A NAL unit without emulation, full of short runs of zeros."""
    chosen = random.Random(seed)
    body = bytes(chosen.choice((1, 4, 255, chosen.randrange(1, 256))) for _ in range(length - 1))
    return bytes([kind]) + body


@pytest.mark.parametrize("length", [2, 47, 48, 49, 64, 65, 191, 192, 193, 207, 208, 209, 225, 5000])
@pytest.mark.parametrize("kind", [0x65, 0x41])
def test_slices_of_every_length_come_back(length, kind):
    units = [slices(kind, length, seed) for seed in range(20)]
    clear = b"".join(START + unit for unit in units)
    hidden = b"".join(START + encrypted_slice(unit) for unit in units)
    assert (hidden == clear) == (length <= 48)
    assert picture_decryptor(KEY, IV)(hidden) == clear


def test_the_zeros_that_encryption_made_are_taken_back():
    """Ciphertext with a start code in it, which emulation prevention broke up."""
    hidden = b"\0\0\1\0\0\0\0\2\0\0\3" + bytes(5)
    block = Cipher(algorithms.AES(KEY), modes.CBC(IV)).decryptor().update(hidden)
    unit = slices(0x65, 32, 1) + block + slices(0x01, 100, 2)
    written = encrypted_slice(unit)
    assert len(written) > len(unit)
    assert b"\0\0\1" not in written
    assert picture_decryptor(KEY, IV)(START + written) == START + unit


def test_a_slices_own_emulation_prevention_stays():
    unit = b"\x65" + b"\0\0\3\1" * 30
    assert picture_decryptor(KEY, IV)(START + encrypted_slice(unit)) == START + unit


@pytest.mark.parametrize("kind", [0x67, 0x68, 0x06, 0x09])
def test_other_units_are_clear(kind):
    unit = START + slices(kind, 300, 1)
    assert picture_decryptor(KEY, IV)(unit) == unit


def adts(payload: bytes, checksum: bool = False) -> bytes:
    size = len(payload) + (9 if checksum else 7)
    head = bytes(
        [0xFF, 0xF0 if checksum else 0xF1, 0x4C, 0x80 | size >> 11, size >> 3 & 255, (size & 7) << 5 | 31, 0xFC]
    )
    return head + (b"\x12\x34" if checksum else b"") + payload


@pytest.mark.parametrize("checksum", [False, True])
@pytest.mark.parametrize("length", [5, 16, 31, 32, 33, 48, 300])
def test_each_aac_frame_begins_anew(checksum, length):
    payload = random.Random(length).randbytes(length)
    end = 16 + max(0, length - 16) // 16 * 16
    hidden = payload[:16] + chain().update(payload[16:end]) + payload[end:]
    frames = sound_decryptor(KEY, IV)(adts(hidden, checksum) * 3)
    assert frames == adts(payload, checksum) * 3


def test_a_dolby_frame_has_its_leader_from_its_first_byte():
    frame = bytes([0x0B, 0x77, 0, 0, 0x14, 0x40]) + random.Random(1).randbytes(762)
    hidden = frame[:16] + chain().update(frame[16:])
    assert sound_decryptor(KEY, IV)(hidden * 2) == frame * 2


def test_packed_audio_says_that_it_is_encrypted():
    owner = b"com.apple.streaming.audioDescription\0zaac"
    tag = b"ID3\4\0\0\0\0\0" + bytes([len(owner)]) + owner
    assert is_encrypted(tag + adts(b"x" * 20))
    assert not is_encrypted(b"ID3\4\0\0\0\0\0\4abcd" + adts(owner))
