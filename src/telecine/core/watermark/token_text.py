"""Base64, AES-CBC and times as the documented token forms have them; strict, so that a token has one spelling.

A lenient reader would let the bearer of a token spell it in many ways, and whoever blocks a token blocks a spelling.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from telecine.core.watermark.ticket import TokenRefused

LONGEST = 16_384
"""Characters of a token; a longer one is not looked at. The longest pattern, 65535 bits, needs 11 thousand."""

_BLOCK_BITS = 128
_LAST_SECOND = 253_402_300_799


def to_base64url(raw: bytes) -> str:
    """Base64 with `-` and `_`, without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    """The bytes of `text`, with its padding or without. Raises TokenRefused for any other spelling."""
    bare = text.rstrip("=")
    padded = bare + "=" * (-len(bare) % 4)
    try:
        raw = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenRefused("it is not base64url") from error
    if text not in (padded, bare) or to_base64url(raw) != bare:
        raise TokenRefused("it is not spelled as base64url is")
    return raw


def encrypt(key: bytes, iv: bytes, plain: bytes) -> bytes:
    """AES-CBC with PKCS7."""
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def decrypt(key: bytes, iv: bytes, sealed: bytes) -> bytes:
    """The reverse. Raises TokenRefused where key, length or padding do not fit."""
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    try:
        decryptor = Cipher(AES(key), CBC(iv)).decryptor()
        return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()
    except ValueError as error:
        raise TokenRefused("it does not decrypt") from error


def instant(seconds: object, name: str) -> datetime:
    """The instant so many seconds after 1970. Raises TokenRefused."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _LAST_SECOND:
        raise TokenRefused(f"'{name}' is no time")
    return datetime.fromtimestamp(seconds, UTC)


def written_time(at: datetime) -> str:
    """`2020-07-15T10:42:34Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: object, name: str) -> datetime:
    """The reverse. Raises TokenRefused."""
    try:
        return datetime.strptime(text if isinstance(text, str) else "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise TokenRefused(f"'{name}' is no time") from error


def text_of(fields: Mapping[str, object], name: str, longest: int) -> str:
    """A text, empty where it is absent. Raises TokenRefused for anything else and for a longer one."""
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise TokenRefused(f"'{name}' is no text of at most {longest} characters")
    return value


def flag_of(fields: Mapping[str, object], name: str) -> bool:
    """True or false, also as text, as one embedder writes it; false where it is absent. Raises TokenRefused."""
    value = fields.get(name, False)
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise TokenRefused(f"'{name}' is neither true nor false")
    return value


def whole_of(fields: Mapping[str, object], name: str, most: int) -> int | None:
    """A whole number of 0 to `most`, None where it is absent. Raises TokenRefused."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise TokenRefused(f"'{name}' is no whole number of 0 to {most}")
    return value


def streaming_format_of(fields: Mapping[str, object]) -> str:
    """`dash`, `hls` or empty. Raises TokenRefused."""
    value = text_of(fields, "streaming_format", 4)
    if value not in ("", "dash", "hls"):
        raise TokenRefused("'streaming_format' is neither dash nor hls")
    return value
