"""The token of ETSI TS 104 002 (DASH-IF Forensic A/B Watermarking): a CBOR Web Token, base64url.

Claims have the integer keys of its table 1; those of our own have names. Tokens with the keys of the standard's draft,
200 to 213, which know the indirect mode alone, are read where `TokenKeys.draft_claims` allows them.
"""

from collections.abc import Mapping
from typing import Any

import cbor2

from telecine.core.watermark import token_cose
from telecine.core.watermark.ticket import Ticket, TokenRefused
from telecine.core.watermark.token_claims import Claims, claims_of, plain_pattern, ticket_of
from telecine.core.watermark.token_keys import TokenKeys
from telecine.core.watermark.token_text import from_base64url, to_base64url

_REGISTERED = {"iss": 1, "sub": 2, "aud": 3, "exp": 4, "nbf": 5, "iat": 6, "cti": 7}
_STANDARD = {
    "wmver": 300,
    "wmvnd": 301,
    "wmpatlen": 302,
    "wmsegduration": 303,
    "wmpattern": 304,
    "wmid": 305,
    "wmopid": 306,
    "wmkeyver": 307,
}
_DRAFT = {
    "wmver": 200,
    "wmvnd": 201,
    "wmidtyp": 202,
    "wmidfmt": 203,
    "wmpatlen": 204,
    "wmid": 205,
    "wmsegduration": 206,
    "wmidalg": 207,
    "wmidivlen": 208,
    "wmidivhex": 209,
    "wmidpid": 210,
    "wmidpalg": 211,
    "wmkeyver": 212,
    "wmopid": 213,
}
_NAMES = {number: name for name, number in (_REGISTERED | _STANDARD).items()}
_DRAFT_NAMES = {number: name for name, number in _DRAFT.items()}

_CWT_TAG = b"\xd8\x3d"
_MAC0_TAG, _SIGN1_TAG = b"\xd1", b"\xd2"
_PARTS = 4
"""Of a COSE message: protected and unprotected header, payload, and signature or tag."""
_ENCRYPT0 = 16


def looks_like_cwt(raw: bytes) -> bool:
    """Whether `raw` is CBOR of the kind that a token is: four parts behind one of two tags.

    The tag alone says nothing: a documented token begins with the same encrypted bytes whatever it says, and with some
    site keys these are a tag and a number.
    """
    bare = raw.removeprefix(_CWT_TAG)
    if not bare.startswith((_MAC0_TAG, _SIGN1_TAG)):
        return False
    try:
        message = cbor2.loads(bare)
    except (cbor2.CBORError, ValueError, TypeError, RecursionError):
        return False
    return isinstance(message.value, list | tuple) and len(message.value) == _PARTS


def write_cwt(ticket: Ticket, keys: TokenKeys, *, nonce: bytes = b"", shared: bool = False, draft: bool = False) -> str:
    """The token that says `ticket`: in direct mode where it has a pattern, which is encrypted with `nonce` (12 bytes).

    Signed under ES256, or authenticated under HMAC 256 where `shared`. Raises ValueError where the form cannot say it.
    """
    claims = claims_of(ticket)
    numbers = _REGISTERED | (_DRAFT if draft else _STANDARD)
    body: dict[int | str, Any] = {numbers.get(name, name): value for name, value in claims.items()}
    if ticket.pattern is not None:
        if draft:
            raise ValueError("the draft has no patterns")
        body[_STANDARD["wmpattern"]] = cbor2.loads(token_cose.encrypt(ticket.pattern, keys.pattern, nonce))
    payload = cbor2.dumps(body, canonical=True)
    message = token_cose.authenticate(payload, keys.shared) if shared else token_cose.sign(payload, keys.private)
    return to_base64url(message)


def read_cwt(token: str, keys: TokenKeys) -> Ticket:
    """What `token` says. Raises TokenRefused."""
    message = from_base64url(token).removeprefix(_CWT_TAG)
    claims = _claims(token_cose.verified(message, keys.public, keys.shared), draft=keys.draft_claims)
    return ticket_of(claims, keys.site, _pattern(claims, keys))


def _claims(payload: bytes, *, draft: bool) -> Claims:
    """The claims by name. Raises TokenRefused where they are no map."""
    try:
        body = cbor2.loads(payload)
    except (cbor2.CBORError, ValueError, TypeError, RecursionError) as error:
        raise TokenRefused("its claims are no CBOR") from error
    if not isinstance(body, dict):
        raise TokenRefused("its claims are no map")
    names = _NAMES | (_DRAFT_NAMES if draft else {})
    return {names.get(key, str(key)) if isinstance(key, int) else str(key): value for key, value in body.items()}


def _pattern(claims: Mapping[str, Any], keys: TokenKeys) -> bytes | None:
    """The pattern: plain, or encrypted as a COSE_Encrypt0 message or as the bytes of one."""
    value = claims.get("wmpattern")
    if isinstance(value, cbor2.CBORTag) and value.tag == _ENCRYPT0:
        return token_cose.decrypted(cbor2.dumps(value), keys.pattern)
    if isinstance(value, bytes):
        return value if plain_pattern(claims, value) else token_cose.decrypted(value, keys.pattern)
    if value is not None:
        raise TokenRefused("'wmpattern' is neither bytes nor a COSE_Encrypt0 message")
    return None
