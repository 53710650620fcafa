"""Decryption of SAMPLE-AES in MPEG-TS and packed audio, as Apple's "MPEG-2 Stream Encryption Format for HTTP Live
Streaming" says; what FFmpeg does for MP4, where cbcs is the same idea in boxes.

- H.264: slices (NAL types 1 and 5) over 48 bytes. The first 32 bytes are clear; then one block of 16 bytes in ten is
  encrypted, as long as more than 16 bytes are left. Emulation prevention was put over the result.
- AAC: each ADTS frame behind its header, and AC-3 and E-AC-3: each frame. The first 16 bytes are clear; then all
  whole blocks are encrypted.
- AES-128-CBC; the chain begins anew with the track's IV in every slice and every frame.
"""

from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from telecine.media.structure import TS_PACKET, frame_length, id3_length

_BLOCK = 16
_SLICE_LEADER = 32
_SHORTEST_SLICE = 48
_PATTERN = 160
_SOUND_LEADER = 16
_ENCRYPTED_STREAMS = frozenset({0xDB, 0xCF, 0xC1, 0xC2})
"""Stream types of H.264, AAC, AC-3 and E-AC-3 in a program map, when encrypted."""
_SOUND_SETUP = b"com.apple.streaming.audioDescription\0"

type Decrypt = Callable[[bytes], bytes]


def is_encrypted(content: bytes) -> bool:
    """Whether a segment of MPEG-TS or packed audio says of itself that it is encrypted."""
    if content[:1] == b"G":
        return bool(_stream_types(content) & _ENCRYPTED_STREAMS)
    return _SOUND_SETUP in content[: id3_length(content[:10])]


def picture_decryptor(key: bytes, iv: bytes) -> Decrypt:
    """A function from an encrypted access unit of H.264 to the clear one, which may be shorter."""
    return lambda unit: b"".join(_clear_units(unit, _chain(key, iv)))


def sound_decryptor(key: bytes, iv: bytes) -> Decrypt:
    """A function from encrypted audio frames, one after the other, to the clear ones of the same lengths."""
    return lambda frames: b"".join(_clear_frames(frames, _chain(key, iv)))


def _chain(key: bytes, iv: bytes) -> Decrypt:
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    return lambda blocks: cipher.decryptor().update(blocks)


def _clear_units(unit: bytes, decrypt: Decrypt) -> Iterator[bytes]:
    """The NAL units of an access unit, each with the start code before it."""
    start = unit.find(b"\0\0\1")
    yield unit[: max(start, 0)]
    while start >= 0:
        begin = start + 3
        start = unit.find(b"\0\0\1", begin)
        end = start if start >= 0 else len(unit)
        data = unit[begin:end].rstrip(b"\0")
        zeros = end - begin - len(data)
        if data and data[0] & 31 in (1, 5) and len(data) > _SHORTEST_SLICE:
            data = _clear_slice(data.replace(b"\0\0\3", b"\0\0"), decrypt)
        yield b"\0\0\1" + data + bytes(zeros)


def _clear_slice(data: bytes, decrypt: Decrypt) -> bytes:
    count = max(0, (len(data) - _SLICE_LEADER - _BLOCK - 1) // _PATTERN + 1)
    clear = bytearray(data)
    # Column by column, because a loop over hundreds of thousands of blocks would cost more than the decryption.
    columns = [
        slice(_SLICE_LEADER + n, _SLICE_LEADER + n + _PATTERN * (count - 1) + 1, _PATTERN) for n in range(_BLOCK)
    ]
    blocks = bytearray(_BLOCK * count)
    for number, column in enumerate(columns):
        blocks[number::_BLOCK] = clear[column]
    blocks[:] = decrypt(bytes(blocks))
    for number, column in enumerate(columns):
        clear[column] = blocks[number::_BLOCK]
    return bytes(clear)


def _clear_frames(frames: bytes, decrypt: Decrypt) -> Iterator[bytes]:
    at = 0
    while at < len(frames):
        frame = frames[at : at + (frame_length(frames[at : at + 8]) or len(frames))]
        at += len(frame)
        begin = _SOUND_LEADER + (_header(frame) if frame[0] == 0xFF else 0)
        end = begin + max(0, len(frame) - begin) // _BLOCK * _BLOCK
        yield frame[:begin] + decrypt(frame[begin:end]) + frame[end:]


def _header(frame: bytes) -> int:
    """Bytes of an ADTS header, which has two more where a checksum follows."""
    return 7 if frame[1] & 1 else 9


def _stream_types(content: bytes) -> set[int]:
    """Stream types in the first program map; both tables of ours fit into one packet each."""
    maps: set[int] = set()
    for start in range(0, len(content) - TS_PACKET + 1, TS_PACKET):
        packet = content[start : start + TS_PACKET]
        pid = (packet[1] & 31) << 8 | packet[2]
        if not packet[1] & 0x40 or (pid != 0 and pid not in maps):
            continue
        at = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        section = packet[at + 1 + packet[at] :]
        length = (section[1] & 15) << 8 | section[2]
        if pid == 0:
            programs = range(8, length - 1, 4)
            maps = {(section[n + 2] & 31) << 8 | section[n + 3] for n in programs}
        else:
            return set(_types(section, length))
    return set()


def _types(section: bytes, length: int) -> Iterator[int]:
    at = 12 + ((section[10] & 15) << 8 | section[11])
    while at + 5 <= length - 1:
        yield section[at]
        at += 5 + ((section[at + 3] & 15) << 8 | section[at + 4])
