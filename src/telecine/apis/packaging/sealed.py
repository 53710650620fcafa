"""The document's envelope, read and written: base64 of JSON with encrypted data, a timestamp and a hash.

The scheme is the document's and is weak: one fixed IV shows which requests begin alike, and nothing keeps a request
from being sent twice. It is used for this dialect and nowhere else. The hash is verified before anything is decrypted,
so that nobody can learn of the padding by trying.
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from telecine.apis.packaging import PARAMETER
from telecine.apis.packaging.faults import HASH, INVALID_INPUT, NOT_DECRYPTED, NOT_PARSED, TIMESTAMP, Fault
from telecine.apis.strict_json import parse
from telecine.core.errors import ErrorKind, TelecineError

_IV = b"0123456789abcdef"
_BLOCK_BITS = 128
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_BREAKS = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a request says before it is decrypted. `data` is as it was written, which is what the hash is over."""

    data: str = field(repr=False)
    timestamp: str
    hash: str = field(repr=False)
    time: datetime
    """The timestamp as an instant."""


def read(text: str) -> Envelope:
    """The envelope in the value of the parameter; a plus that became a space is a plus again.

    Raises A7008 where it is no base64 of a JSON object, A1000 where a field is missing, A1002 for the timestamp.
    """
    try:
        raw = base64.b64decode(_unwrapped(text).replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Fault(NOT_PARSED, PARAMETER, "it is not base64.") from error
    fields = _object(raw, PARAMETER)
    texts = [_text(fields, name) for name in ("data", "timestamp", "hash")]
    return Envelope(texts[0], texts[1], texts[2], _instant(texts[1]))


def verify(envelope: Envelope, site_id: str, access_keys: Iterable[str]) -> None:
    """Raise A1007 unless the hash was made with one of `access_keys`. Takes as long whichever it is."""
    given = envelope.hash.strip().encode()
    same = [
        hmac.compare_digest(given, digest(key, site_id, envelope.data, envelope.timestamp).encode())
        for key in access_keys
    ]
    if not any(same):
        detail = "it is not that of an access key of the site, the site's id, 'data' and 'timestamp' in this order."
        raise Fault(HASH, "hash", detail)


def opened(envelope: Envelope, site_key: str) -> dict[str, Any]:
    """The API data. Raises A1006 where the site key does not open it, A7008 where it is no JSON object."""
    try:
        sealed = base64.b64decode(_unwrapped(envelope.data), validate=True)
        decryptor = _cipher(site_key).decryptor()
        unpadder = PKCS7(_BLOCK_BITS).unpadder()
        padded = decryptor.update(sealed) + decryptor.finalize()
        plain = unpadder.update(padded) + unpadder.finalize()
        plain.decode()  # what another key makes of it is no text
    except ValueError as error:  # base64, length, padding and UTF-8 alike
        raise Fault(NOT_DECRYPTED, "data", "the site key does not decrypt it.") from error
    return _object(plain, "data")


def seal(plain: str | dict[str, Any], *, site_id: str, site_key: str, access_key: str, timestamp: str) -> str:
    """The value of the parameter that carries `plain`, as a client makes it."""
    text = plain if isinstance(plain, str) else json.dumps(plain)
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = _cipher(site_key).encryptor()
    padded = padder.update(text.encode()) + padder.finalize()
    data = base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
    fields = {"data": data, "timestamp": timestamp, "hash": digest(access_key, site_id, data, timestamp)}
    return base64.b64encode(json.dumps(fields).encode()).decode()


def digest(access_key: str, site_id: str, data: str, timestamp: str) -> str:
    """The hash that goes with `data`: base64 of SHA-256."""
    message = f"{access_key}{site_id}{data}{timestamp}"
    return base64.b64encode(sha256(message.encode()).digest()).decode()


def _cipher(site_key: str) -> Cipher[CBC]:
    return Cipher(AES(site_key.encode("ascii")), CBC(_IV))


def _unwrapped(text: str) -> str:
    """Base64 without the line breaks that some libraries put into it."""
    return _BREAKS.sub("", text.strip())


def _object(raw: bytes, name: str) -> dict[str, Any]:
    try:
        return parse(raw)
    except TelecineError as error:
        raise Fault(NOT_PARSED, name, f"what it holds is not a JSON object: {error.detail}") from error


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if value in (None, ""):
        raise Fault(INVALID_INPUT, name, kind=ErrorKind.FIELD_MISSING)
    if not isinstance(value, str):
        raise Fault(INVALID_INPUT, name, "it must be text.")
    return value


def _instant(text: str) -> datetime:
    try:
        if _TIMESTAMP.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Fault(TIMESTAMP, "timestamp", "it must look like 2020-07-15T10:42:34Z, in UTC.")
