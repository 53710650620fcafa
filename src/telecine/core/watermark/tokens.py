"""The one door for watermarking tokens: which form a token has is seen from the token itself.

What each form protects is in docs/watermarking.md. A bearer can spell some forms in more than one way (padding, COSE's
unprotected header, the two forms of an ECDSA signature), so whoever refuses a revoked viewer goes by the payload or
session in the ticket; the digest of a token finds it in a log.
"""

from enum import StrEnum
from hashlib import sha256

from telecine.core.watermark.ticket import Ticket, TokenRefused
from telecine.core.watermark.token_aes import read_aes, write_aes
from telecine.core.watermark.token_cwt import looks_like_cwt, read_cwt, write_cwt
from telecine.core.watermark.token_jwt import (
    AKAMAI_PREFIX,
    is_akamai,
    read_akamai,
    read_jwt,
    write_akamai,
    write_jwt,
)
from telecine.core.watermark.token_keys import TokenKeys
from telecine.core.watermark.token_text import LONGEST, from_base64url

__all__ = ["FRESH", "LONGEST", "TokenForm", "TokenKeys", "TokenRefused", "read_token", "token_digest", "write_token"]

FRESH = 16
"""Random bytes that writing a token takes."""

_JWT_DOTS = 2
_NONCE = 12


class TokenForm(StrEnum):
    """How a token is written."""

    AES = "aes"
    """The documented one."""
    JWT = "jwt"
    """Of ETSI TS 104 002, annex C."""
    CWT = "cwt"
    """Of ETSI TS 104 002."""
    AKAMAI = "akamai"

    @property
    def names_sessions(self) -> bool:
        """Whether it can carry other codes than the delivery format. Such a form has to expire."""
        return self in (TokenForm.JWT, TokenForm.CWT)


def write_token(ticket: Ticket, form: TokenForm, keys: TokenKeys, fresh: bytes, *, shared: bool = False) -> str:
    """The token that says `ticket`, as it stands in an address; `fresh` has `FRESH` random bytes.

    `shared`: JWT and CWT are authenticated under HMAC 256, for edges that know no signatures, and not signed.
    Raises ValueError where the form cannot say it, or the keys are not there.
    """
    match form:
        case TokenForm.AES:
            return write_aes(ticket, keys.site_key)
        case TokenForm.JWT:
            return write_jwt(ticket, keys, nonce=fresh[:_NONCE], shared=shared)
        case TokenForm.CWT:
            return write_cwt(ticket, keys, nonce=fresh[:_NONCE], shared=shared)
        case TokenForm.AKAMAI:
            if keys.akamai is None:
                raise ValueError("there is no key for Akamai")
            return AKAMAI_PREFIX + write_akamai(ticket, keys.akamai, fresh)


def read_token(token: str, keys: TokenKeys) -> Ticket:
    """What `token`, decoded from the URL, says. Raises TokenRefused whatever is wrong with it.

    Neither its expiry nor whether it was revoked is looked at; see `Ticket.expired`. A revoke token before the
    documented form (`<revoke token>.<token>`) is skipped.
    """
    if not token or len(token) > LONGEST or not token.isascii():
        raise TokenRefused("it is empty, too long, or no token")
    bare = token.removeprefix(AKAMAI_PREFIX)
    if bare.count(".") == _JWT_DOTS:
        return _read_jwt(bare, keys)
    if bare != token or bare.count(".") > 1:
        raise TokenRefused("it has no form that is known")
    last = token.rpartition(".")[2]
    if not looks_like_cwt(from_base64url(last)):
        return _read_aes(last, keys)
    try:
        return read_cwt(last, keys)
    except TokenRefused as refused:
        # All documented tokens of a site begin alike, and with one site key in some hundred thousand like a CWT.
        try:
            return _read_aes(last, keys)
        except TokenRefused:
            raise refused from None


def token_digest(token: str) -> str:
    """SHA-256 of a token in hexadecimal, the same with its padding and without, with `wmt:` and without."""
    return sha256(token.removeprefix(AKAMAI_PREFIX).rstrip("=").encode(errors="surrogatepass")).hexdigest()


def _read_aes(token: str, keys: TokenKeys) -> Ticket:
    if not keys.site_key:
        raise TokenRefused("there is no key for its form")
    return read_aes(token, keys.site_key, keys.site)


def _read_jwt(token: str, keys: TokenKeys) -> Ticket:
    if not is_akamai(token):
        return read_jwt(token, keys)
    if keys.akamai is None:
        raise TokenRefused("there is no key for its form")
    return read_akamai(token, keys.akamai, keys.site)
