"""What JWT and CWT tokens say, by the names of ETSI TS 104 002 (clause 5.4; annex C for JWT).

Both modes of the standard are spoken. In indirect mode `wmid` is the session, or the payload in hexadecimal where the
code is the delivery format, and an edge that holds the site's sequence keys works the variants out. In direct mode the
variants themselves are in `wmpattern`, encrypted, for edges that hold nothing of ours but the key of patterns. The
standard leaves names of one's own free; ours are `code` and `cid`, and those that the documented token has.
"""

import re
from collections.abc import Mapping
from typing import Any

from telecine.core.watermark.delivery_format import LONGEST_PAYLOAD
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.ticket import Ticket, TokenRefused
from telecine.core.watermark.token_text import flag_of, instant, streaming_format_of, text_of, whole_of

VERSION = 1
VENDOR = 255
"""Of the registry's private numbers (245 to 255)."""
KEY_VERSION = 1
LONGEST_PATTERN = 65_535
"""Bits."""

_SESSION = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PAYLOAD = re.compile(r"(?:[0-9a-f]{2}){1,%d}" % LONGEST_PAYLOAD, re.ASCII)  # noqa: UP031 - braces
_LONGEST_NAME = 255
_FARTHEST_SKIP = 1 << 20

type Claims = dict[str, Any]


def claims_of(ticket: Ticket) -> Claims:
    """The claims that say `ticket`, without its pattern. Raises ValueError where the standard cannot say it."""
    if ticket.expires is None:
        raise ValueError("the standard wants an expiry")
    if not 1 <= ticket.pattern_bits <= LONGEST_PATTERN:
        raise ValueError(f"the standard wants patterns of 1 to {LONGEST_PATTERN} bits")
    claims: Claims = {
        "iss": ticket.site,
        "iat": int(ticket.issued.timestamp()),
        "exp": int(ticket.expires.timestamp()),
        "wmver": VERSION,
        "wmvnd": VENDOR,
        "wmpatlen": ticket.pattern_bits,
        "wmid": ticket.payload.hex() if ticket.code is SessionCode.DELIVERY else ticket.session,
        "wmkeyver": KEY_VERSION,
        "code": ticket.code.value,
        "cid": ticket.content,
    }
    optional = {
        "streaming_format": ticket.streaming_format or None,
        "sync_skip_bit": ticket.sync_skip,
        "revoke_flag": ticket.revoke_flag or None,
    }
    return claims | {name: value for name, value in optional.items() if value is not None}


def ticket_of(claims: Mapping[str, Any], site: str, pattern: bytes | None) -> Ticket:
    """What `claims` say to `site`; `pattern` is what was in `wmpattern`, decrypted. Raises TokenRefused."""
    if claims.get("iss") != site:
        raise TokenRefused("it was issued for another site")
    if claims.get("wmver") != VERSION:
        raise TokenRefused("its version is not known")
    code = _code(claims)
    identity = text_of(claims, "wmid", _LONGEST_NAME)
    payload, session = _identity(code, identity) if identity or pattern is None else (b"", "")
    return Ticket(
        code=code,
        payload=payload,
        session=session,
        site=site,
        content=text_of(claims, "cid", _LONGEST_NAME),
        issued=instant(claims.get("iat"), "iat"),
        expires=instant(claims["exp"], "exp") if "exp" in claims else None,
        streaming_format=streaming_format_of(claims),
        sync_skip=whole_of(claims, "sync_skip_bit", _FARTHEST_SKIP),
        revoke_flag=flag_of(claims, "revoke_flag"),
        pattern=pattern,
        pattern_bits=_pattern_bits(claims, pattern),
    )


def plain_pattern(claims: Mapping[str, Any], raw: bytes) -> bool:
    """Whether `raw` has just the bytes of a pattern that is not encrypted; an encrypted one is always longer."""
    return len(raw) == (_pattern_bits(claims, None) + 7) // 8


def _code(claims: Mapping[str, Any]) -> SessionCode:
    try:
        return SessionCode(claims.get("code", SessionCode.DELIVERY))
    except ValueError as error:
        raise TokenRefused("its code is not known") from error


def _identity(code: SessionCode, identity: str) -> tuple[bytes, str]:
    """Payload and session, of which `identity` is one."""
    if code is SessionCode.DELIVERY:
        if not _PAYLOAD.fullmatch(identity):
            raise TokenRefused("'wmid' is no payload")
        return bytes.fromhex(identity), ""
    if not _SESSION.fullmatch(identity):
        raise TokenRefused("'wmid' is no session")
    return b"", identity


def _pattern_bits(claims: Mapping[str, Any], pattern: bytes | None) -> int:
    bits = whole_of(claims, "wmpatlen", LONGEST_PATTERN)
    if not bits:
        raise TokenRefused("'wmpatlen' is missing")
    if pattern is not None and len(pattern) != (bits + 7) // 8:
        raise TokenRefused("its pattern is not as long as it says")
    return bits
