"""Tokens as JWT: with the claims of ETSI TS 104 002 (annex C), and the one that Akamai's watermarking takes.

Akamai's is signed under RS256 and holds, encrypted with a password, one letter for each position of a repeated pattern:
`A` for variant 0 and `B` for variant 1. Ours has the sync word and payload of the delivery format, turned so that they
begin behind the segments without a mark.
"""

import base64
import binascii
import hashlib
from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, RSAKey

from telecine.core.watermark import token_cose
from telecine.core.watermark.delivery_format import LONGEST_PAYLOAD, SYNC
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.ticket import Ticket, TokenRefused
from telecine.core.watermark.token_claims import Claims, claims_of, plain_pattern, ticket_of
from telecine.core.watermark.token_keys import AkamaiKeys, TokenKeys
from telecine.core.watermark.token_text import decrypt, encrypt, from_base64url, instant, to_base64url

AKAMAI_PREFIX = "wmt:"
SKIP = 4
"""Positions at the start of Akamai's pattern that the delivery format leaves without a mark."""
AKAMAI_ISSUER = "telecine"

_LETTERS = "AB"
_PATTERN = len(SYNC) + 8 * LONGEST_PAYLOAD
_IV_BYTES = 16


def write_jwt(ticket: Ticket, keys: TokenKeys, *, nonce: bytes = b"", shared: bool = False) -> str:
    """The token that says `ticket`; the arguments as those of `write_cwt`."""
    claims = claims_of(ticket)
    if ticket.pattern is not None:
        claims["wmpattern"] = to_base64url(token_cose.encrypt(ticket.pattern, keys.pattern, nonce))
    if shared:
        return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, _oct(keys.shared), ["HS256"])
    return jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, _ec(keys.private), ["ES256"])


def read_jwt(token: str, keys: TokenKeys) -> Ticket:
    """What `token` says, under either algorithm whose key is there. Raises TokenRefused."""
    known = {"ES256": _ec(keys.public) if keys.public else None, "HS256": _oct(keys.shared) if keys.shared else None}
    claims = _verified(token, {name: key for name, key in known.items() if key is not None})
    return ticket_of(claims, keys.site, _pattern(claims, keys))


def write_akamai(ticket: Ticket, keys: AkamaiKeys, iv: bytes) -> str:
    """The token, without `wmt:`. `iv`: 16 random bytes. Raises ValueError where the form cannot say `ticket`."""
    if ticket.code is not SessionCode.DELIVERY or len(ticket.payload) != LONGEST_PAYLOAD:
        raise ValueError("Akamai's form carries payloads of the delivery code alone")
    bits = SYNC + "".join(f"{byte:08b}" for byte in ticket.payload)
    letters = "".join(_LETTERS[int(bit)] for bit in bits[-SKIP:] + bits[:-SKIP])
    claims: Claims = {
        "iss": AKAMAI_ISSUER,
        "iat": int(ticket.issued.timestamp()),
        "wmver": 1,
        "wmidalg": "aes-256-cbc",
        "wmidpalg": "sha256",
        "wmidpid": f"{ticket.site}_awmt_pid_{keys.fingerprint}",
        "wmidivlen": _IV_BYTES,
        "wmidivb64": base64.b64encode(iv).decode(),
        "wmidivhex": iv.hex(),
        "wmidctb64": base64.b64encode(encrypt(_password_key(keys.password), iv, letters.encode())).decode(),
    }
    if ticket.expires is not None:
        claims["exp"] = int(ticket.expires.timestamp())
    header = {"alg": "RS256", "typ": "JWT", "kid": f"{ticket.site}_awmt_kid_{keys.fingerprint}"}
    return jwt.encode(header, claims, _rsa(keys.private), ["RS256"])


def read_akamai(token: str, keys: AkamaiKeys, site: str) -> Ticket:
    """What a token of Akamai's form, without `wmt:`, says. Raises TokenRefused.

    A pattern without our sync word is somebody else's code and is kept as it is.
    """
    claims = _verified(token, {"RS256": _rsa(keys.public)})
    letters = _letters(claims, keys.password)
    bits = "".join(str(_LETTERS.index(letter)) for letter in letters)
    turned = bits[SKIP:] + bits[:SKIP]
    ours = turned.startswith(SYNC)
    return Ticket(
        code=SessionCode.DELIVERY,
        payload=_packed(turned[len(SYNC) :]) if ours else b"",
        session="",
        site=site,
        content="",
        issued=instant(claims.get("iat"), "iat"),
        expires=instant(claims["exp"], "exp") if "exp" in claims else None,
        streaming_format="",
        sync_skip=None,
        revoke_flag=False,
        pattern=None if ours else _packed(bits),
        pattern_bits=0 if ours else len(bits),
    )


def is_akamai(token: str) -> bool:
    """Whether a JWT says that it was signed under RS256, which Akamai's form alone is."""
    try:
        return '"RS256"' in from_base64url(token.partition(".")[0]).decode()
    except (TokenRefused, UnicodeDecodeError):
        return False


def _verified(token: str, keys: dict[str, Any]) -> Claims:
    """The claims of a token whose signature holds under one of `keys`, by algorithm. Every part must be spelled as
    base64url is."""
    for part in token.split("."):
        from_base64url(part)
    for algorithm, key in keys.items():
        try:
            return dict(jwt.decode(token, key, algorithms=[algorithm]).claims)
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
    raise TokenRefused("its signature does not hold" if keys else "there is no key for its form")


def _pattern(claims: Claims, keys: TokenKeys) -> bytes | None:
    value = claims.get("wmpattern")
    if value is None:
        return None
    if not isinstance(value, str):
        raise TokenRefused("'wmpattern' is no text")
    raw = from_base64url(value)
    return raw if plain_pattern(claims, raw) else token_cose.decrypted(raw, keys.pattern)


def _letters(claims: Claims, password: str) -> str:
    """The decrypted pattern. Raises TokenRefused for anything but its length in As and Bs."""
    try:
        iv, sealed = (base64.b64decode(claims[name], validate=True) for name in ("wmidivb64", "wmidctb64"))
    except (KeyError, TypeError, binascii.Error, ValueError) as error:
        raise TokenRefused("it has no encrypted pattern") from error
    plain = decrypt(_password_key(password), iv, sealed)
    if len(plain) != _PATTERN or set(plain) - set(_LETTERS.encode()):
        raise TokenRefused(f"its pattern is not {_PATTERN} letters A and B")
    return plain.decode()


def _packed(bits: str) -> bytes:
    """Bits as bytes, the first one the highest of the first byte."""
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))


def _password_key(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()


@lru_cache(64)
def _oct(key: bytes) -> OctKey:
    return OctKey.import_key(key)


@lru_cache(64)
def _ec(pem: bytes) -> ECKey:
    return ECKey.import_key(pem)


@lru_cache(64)
def _rsa(pem: bytes) -> RSAKey:
    return RSAKey.import_key(pem)
