"""What DRM systems find in `pssh` boxes, PlayReady objects and key URIs: which key is meant, for which scheme.

Written apart from what makes them (`drm_boxes`), so that one cannot repeat the other's mistake. Sources: ISO/IEC
23001-7 section 8.1, Widevine's header as protocol buffer, Microsoft's PlayReady Header Specification.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from lxml import etree

from telecine.core.drm import KID_BYTES, SYSTEM_IDS, DrmSystem
from telecine.media.manifests import SystemMark

DASH_CLEARKEY = "e2719d58-a985-b3c9-781a-b030af78d30e"
"""UUID by which DASH calls ClearKey."""
_NAMES = {
    **{uuid: system for system, uuid in SYSTEM_IDS.items()},
    DASH_CLEARKEY: DrmSystem.CLEARKEY,
    "com.apple.streamingkeydelivery": DrmSystem.FAIRPLAY,
    "com.microsoft.playready": DrmSystem.PLAYREADY,
    "org.w3.clearkey": DrmSystem.CLEARKEY,
}
_WIDEVINE_KID, _WIDEVINE_SCHEME = 2, 9
_ALGORITHMS = {"AESCTR": "cenc", "AESCBC": "cbcs"}
_RIGHTS_RECORD = 1
_CHECKSUM_BYTES = 8
_ID = re.compile(rb"(?<![0-9a-f-])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """What one box, object or URI says; nothing where `kids` and `scheme` are empty.

    `checksums` are PlayReady's proofs of keys, each with its key id.
    """

    kids: frozenset[bytes] = frozenset()
    scheme: str = ""
    checksums: frozenset[tuple[bytes, bytes]] = frozenset()


@dataclass(frozen=True, slots=True)
class Pssh:
    """A `pssh` box."""

    system_id: str
    kids: tuple[bytes, ...]
    data: bytes


def system_of(name: str) -> DrmSystem | None:
    """The system that a `schemeIdUri`, a KEYFORMAT or a UUID means."""
    return _NAMES.get(name.lower().removeprefix("urn:uuid:"))


def read_pssh(box: bytes) -> Pssh:
    """A whole box. Raises ValueError."""
    if len(box) < 32 or int.from_bytes(box[:4]) != len(box) or box[4:8] != b"pssh" or box[8] > 1:
        raise ValueError("is no pssh box")
    kids: tuple[bytes, ...] = ()
    at = 28
    if box[8] == 1:
        count = int.from_bytes(box[at : at + 4])
        at += 4 + count * KID_BYTES
        kids = tuple(box[start : start + KID_BYTES] for start in range(32, min(at, len(box)), KID_BYTES))
    size = int.from_bytes(box[at : at + 4])
    if at + 4 + size != len(box):
        raise ValueError("is a pssh box whose parts do not fill it")
    return Pssh(str(UUID(bytes=box[12:28])), kids, box[at + 4 :])


def said_in_pssh(box: bytes) -> Said:
    """What a box says in its own list and in its system's data. Raises ValueError."""
    pssh = read_pssh(box)
    system = system_of(pssh.system_id)
    inside = Said()
    if system is DrmSystem.WIDEVINE:
        inside = _said_to_widevine(pssh.data)
    elif system is DrmSystem.PLAYREADY:
        inside = said_in_playready(pssh.data)
    return Said(inside.kids | set(pssh.kids), inside.scheme, inside.checksums)


def said_in_playready(content: bytes) -> Said:
    """What a PlayReady object says. Raises ValueError."""
    if len(content) < 6 or int.from_bytes(content[:4], "little") != len(content):
        raise ValueError("is no PlayReady object")
    at = 6
    while at + 4 <= len(content):
        kind, size = (int.from_bytes(content[start : start + 2], "little") for start in (at, at + 2))
        if kind == _RIGHTS_RECORD:
            return _said_in_header(content[at + 4 : at + 4 + size])
        at += 4 + size
    raise ValueError("is a PlayReady object without header")


def playready_checksum(kid: bytes, key: bytes) -> bytes:
    """What a header of AES-CTR says for players to see that a licence holds this key: its id, encrypted, cut off."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - as PlayReady defines it
    return cipher.update(UUID(bytes=kid).bytes_le)[:_CHECKSUM_BYTES]


def said_in_mark(mark: SystemMark) -> tuple[Said, ...]:
    """What each part of a ContentProtection element or a key line says. Raises ValueError."""
    found = [Said(frozenset({mark.kid}))] if mark.kid else []
    if mark.pssh:
        owner = read_pssh(mark.pssh).system_id
        if system_of(owner) != system_of(mark.system):
            raise ValueError(f"holds a pssh box of {system_of(owner) or owner}")
        found.append(said_in_pssh(mark.pssh))
    if mark.playready:
        found.append(said_in_playready(mark.playready))
    if mark.uri:
        found.append(_said_in_uri(mark))
    return tuple(found)


def _said_in_uri(mark: SystemMark) -> Said:
    """`data:` carries a box, an object or a bare key id; elsewhere a key id may be written in the address."""
    system = system_of(mark.system)
    if mark.uri.startswith("data:"):
        content = _data(mark.uri)
        if content[4:8] == b"pssh":
            return said_in_pssh(content)
        if system is DrmSystem.PLAYREADY:
            return said_in_playready(content)
        return Said(frozenset({content} if len(content) == KID_BYTES and system else ()))
    if system is not DrmSystem.FAIRPLAY:
        return Said()
    parts = urlsplit(mark.uri)
    named = parse_qs(parts.query).get("kid", [])
    texts = named or [mark.uri]
    return Said(frozenset(UUID(match.decode()).bytes for text in texts for match in _ID.findall(text.encode())))


def _data(uri: str) -> bytes:
    head, comma, content = uri.partition(",")
    if not comma:
        raise ValueError("has a data: URI without content")
    return b64decode(content, validate=True) if head.endswith(";base64") else unquote_to_bytes(content)


def _said_to_widevine(data: bytes) -> Said:
    kids: set[bytes] = set()
    scheme = ""
    for number, value in _fields(data):
        if number == _WIDEVINE_KID and isinstance(value, bytes):
            kids.add(value)
        elif number == _WIDEVINE_SCHEME and isinstance(value, int):
            scheme = value.to_bytes(8).lstrip(b"\0").decode("ascii", "replace")
    return Said(frozenset(kids), scheme)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a protocol buffer's message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value: int | bytes
        if tag & 7 == 0:
            value, at = _varint(data, at)
        elif tag & 7 == 2:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError("holds Widevine data that cannot be read")
        if at > len(data):
            raise ValueError("holds Widevine data that is cut off")
        yield tag >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at
    raise ValueError("holds Widevine data that is cut off")


def _said_in_header(content: bytes) -> Said:
    """What a WRMHEADER says. Every version writes key ids as Windows does, the first three numbers little-endian."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content.decode("utf-16-le").encode(), parser)
    except (UnicodeDecodeError, etree.XMLSyntaxError) as error:
        raise ValueError(f"holds a PlayReady header that is no XML: {error}") from None
    elements = root.findall(".//{*}KID")
    kids = [UUID(bytes_le=b64decode(item.get("VALUE") or item.text or "", validate=True)).bytes for item in elements]
    # Beside the one key id in version 4.0, within each since.
    alone = root.findtext(".//{*}CHECKSUM", "")
    proofs = [b64decode(item.get("CHECKSUM", alone).strip(), validate=True) for item in elements]
    algorithms = {item.get("ALGID", "") for item in elements} | {
        item.text or "" for item in root.findall(".//{*}ALGID")
    }
    schemes = {_ALGORITHMS.get(name, name) for name in algorithms if name}
    checksums = frozenset((kid, proof) for kid, proof in zip(kids, proofs, strict=True) if proof)
    return Said(frozenset(kids), " and ".join(sorted(schemes)), checksums)
