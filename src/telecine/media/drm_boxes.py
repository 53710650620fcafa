"""What DRM systems read in files: `pssh` boxes, Widevine's data, PlayReady's object. Pure values to bytes.

Sources: ISO/IEC 23001-7 section 8.1 (`pssh`); the Widevine header of "Widevine DRM Encryption" as protocol buffer;
Microsoft's "PlayReady Header Specification" (object, record, WRMHEADER 4.0.0.0 and 4.3.0.0); the W3C's
"Common 'cenc' Initialization Data Format" (common system, version 1).
"""

from base64 import b64encode
from collections.abc import Iterator
from uuid import UUID
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from telecine.core.drm import SYSTEM_IDS, ContentKey, DrmSystem, Scheme

_PLAYREADY = "http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader"
_RIGHTS_RECORD = 1
_KEY_IDS, _PROVIDER, _CONTENT_ID, _SCHEME = 2, 3, 4, 9
"""Fields of Widevine's message."""


def full_box(kind: str, version: int, body: bytes) -> bytes:
    """An ISO box with a version and no flags."""
    content = bytes([version, 0, 0, 0]) + body
    return (len(content) + 8).to_bytes(4) + kind.encode() + content


def pssh(system_id: str, data: bytes, kids: tuple[bytes, ...] = ()) -> bytes:
    """A `pssh` box: version 1 where it names key ids, else version 0. `system_id` is a UUID."""
    listed = len(kids).to_bytes(4) + b"".join(kids) if kids else b""
    return full_box("pssh", 1 if kids else 0, UUID(system_id).bytes + listed + len(data).to_bytes(4) + data)


def widevine_pssh(key: ContentKey, scheme: Scheme, content_id: str, provider: str) -> bytes:
    """Widevine's box: key id, content id, provider (where there is one) and scheme."""
    fields = [(_KEY_IDS, key.kid), (_PROVIDER, provider.encode()), (_CONTENT_ID, content_id.encode())]
    data = b"".join(_bytes_field(number, value) for number, value in fields if value)
    data += _varint(_SCHEME << 3) + _varint(int.from_bytes(scheme.value.encode()))
    return pssh(SYSTEM_IDS[DrmSystem.WIDEVINE], data)


def playready_pssh(key: ContentKey, scheme: Scheme, url: str) -> bytes:
    """PlayReady's box around its object."""
    return pssh(SYSTEM_IDS[DrmSystem.PLAYREADY], playready_object(key, scheme, url))


def common_pssh(key: ContentKey) -> bytes:
    """The W3C's common box, which names the key id and nothing else; what ClearKey reads."""
    return pssh(SYSTEM_IDS[DrmSystem.CLEARKEY], b"", (key.kid,))


def playready_object(key: ContentKey, scheme: Scheme, url: str) -> bytes:
    """PlayReady's object with one record, the header in UTF-16."""
    header = playready_header(key, scheme, url).encode("utf-16-le")
    record = _RIGHTS_RECORD.to_bytes(2, "little") + len(header).to_bytes(2, "little") + header
    return (len(record) + 6).to_bytes(4, "little") + (1).to_bytes(2, "little") + record


def playready_header(key: ContentKey, scheme: Scheme, url: str) -> str:
    """The WRMHEADER: 4.0 for AES-CTR, which every client reads, and 4.3, the first that knows AES-CBC, for cbcs."""
    kid = b64encode(UUID(bytes=key.kid).bytes_le).decode()
    address = f"<LA_URL>{escape(url)}</LA_URL>" if url else ""
    if scheme is Scheme.CENC:
        protect = "<PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO>"
        data = f"{protect}<KID>{kid}</KID><CHECKSUM>{_checksum(key)}</CHECKSUM>{address}"
        version = "4.0.0.0"
    else:
        listed = f'<KIDS><KID ALGID="AESCBC" VALUE="{kid}"></KID></KIDS>'
        data = f"<PROTECTINFO>{listed}</PROTECTINFO>{address}"
        version = "4.3.0.0"
    return f'<WRMHEADER xmlns="{_PLAYREADY}" version="{version}"><DATA>{data}</DATA></WRMHEADER>'


def with_boxes(init: bytes, added: bytes) -> bytes:
    """An init segment with `added` boxes at the end of its `moov`. It holds no offsets that this could make wrong."""
    for name, start, end in _top_boxes(init):
        if name == b"moov":
            size = (end - start + len(added)).to_bytes(4)
            return init[:start] + size + init[start + 4 : end] + added + init[end:]
    raise ValueError("an init segment has a moov box")


def _top_boxes(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    start = 0
    while start + 8 <= len(content):
        size = int.from_bytes(content[start : start + 4])
        if size < 8:
            return
        yield content[start + 4 : start + 8], start, start + size
        start += size


def _checksum(key: ContentKey) -> str:
    """Proof that a licence's key is this one: the first 8 bytes of the key id, encrypted by the key."""
    encryptor = Cipher(algorithms.AES(key.key), modes.ECB()).encryptor()  # noqa: S305 - as PlayReady defines it
    return b64encode(encryptor.update(UUID(bytes=key.kid).bytes_le)[:8]).decode()


def _bytes_field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """A protocol buffer's number: seven bits a byte, the lowest first."""
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
