"""COSE messages (RFC 9052) of watermarking tokens: signed under ES256, authenticated under HMAC 256, or encrypted.

The algorithm is that of the key: what a message says of it does not matter, for a key does no other.
"""

from functools import lru_cache

from cwt import COSE, COSEKey
from cwt.cose_key_interface import COSEKeyInterface

from telecine.core.watermark.ticket import TokenRefused

_IV = 5
"""The header that holds a nonce."""


def sign(payload: bytes, private: bytes) -> bytes:
    """A COSE_Sign1 message under ES256; `private` is a P-256 key in PEM."""
    return _bytes(_cose().encode_and_sign(payload, _pem_key(private)))


def authenticate(payload: bytes, shared: bytes) -> bytes:
    """A COSE_Mac0 message under HMAC 256/256."""
    return _bytes(_cose().encode_and_mac(payload, _secret_key(shared, "HS256")))


def encrypt(payload: bytes, key: bytes, nonce: bytes) -> bytes:
    """A COSE_Encrypt0 message under A256GCM; `nonce` has 12 bytes that were never used with `key` before."""
    return _bytes(_cose().encode_and_encrypt(payload, _secret_key(key, "A256GCM"), unprotected={_IV: nonce}))


def verified(message: bytes, public: bytes, shared: bytes) -> bytes:
    """The payload of a message by `sign` or `authenticate`; an empty key does none. Raises TokenRefused."""
    keys = ([_pem_key(public)] if public else []) + ([_secret_key(shared, "HS256")] if shared else [])
    return _opened(message, keys)


def decrypted(message: bytes, key: bytes) -> bytes:
    """The payload of a message by `encrypt`. Raises TokenRefused."""
    return _opened(message, [_secret_key(key, "A256GCM")] if key else [])


def _opened(message: bytes, keys: list[COSEKeyInterface]) -> bytes:
    if not keys:
        raise TokenRefused("there is no key for its form")
    try:
        return _bytes(COSE.new().decode(message, keys))
    except Exception as error:  # the library raises whatever its parsing stumbles over
        raise TokenRefused("its signature, or its seal, does not hold") from error


def _cose() -> COSE:
    made: COSE = COSE.new(alg_auto_inclusion=True, deterministic_header=True)
    return made


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TokenRefused("it holds something else than bytes")
    return value


@lru_cache(256)
def _pem_key(pem: bytes) -> COSEKeyInterface:
    return COSEKey.from_pem(pem, alg="ES256")


@lru_cache(256)
def _secret_key(key: bytes, algorithm: str) -> COSEKeyInterface:
    return COSEKey.from_symmetric_key(key, alg=algorithm)
