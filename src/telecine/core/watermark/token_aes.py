"""The documented token: JSON under AES-256-CBC with the site key and a fixed IV, base64 with `-` and `_`.

Existing CDN embedders read it. The form encrypts but does not authenticate: a changed token is refused only because
what it decrypts to is, almost always, no token any more. Nor does it name its content. Whoever serves by it should look
up its payload, which is one of 2^56 and known to the session's title.
"""

import base64
import binascii
import json
from typing import Any

from telecine.core.watermark.delivery_format import LONGEST_PAYLOAD
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.ticket import Ticket, TokenRefused
from telecine.core.watermark.token_text import (
    decrypt,
    encrypt,
    flag_of,
    from_base64url,
    read_time,
    streaming_format_of,
    whole_of,
    written_time,
)

_IV = b"0123456789abcdef"
_GOPS = {60: 1, 30: 2}
"""Frames of a GOP, and how many segments carry one bit then."""
_FARTHEST_SKIP = 1 << 20
_LONGEST_JSON = 1024


def write_aes(ticket: Ticket, site_key: bytes) -> str:
    """The token that says `ticket`, its padding kept. Raises ValueError where the form cannot say it."""
    if ticket.code is not SessionCode.DELIVERY or not ticket.payload:
        raise ValueError("the AES form carries payloads of the delivery code alone")
    fields: dict[str, Any] = {"watermark_data": base64.b64encode(ticket.payload).decode()}
    if ticket.streaming_format:
        fields["streaming_format"] = ticket.streaming_format
    fields["gop"] = 60 // ticket.segments_per_bit
    fields["timestamp"] = written_time(ticket.issued)
    if ticket.revoke_flag:
        fields["revoke_flag"] = True
    if ticket.sync_skip is not None:
        fields["sync_skip_bit"] = ticket.sync_skip
    if ticket.expires is not None:
        fields["expires"] = written_time(ticket.expires)
    sealed = encrypt(site_key, _IV, json.dumps(fields, separators=(",", ":")).encode())
    return base64.urlsafe_b64encode(sealed).decode()


def read_aes(token: str, site_key: bytes, site: str) -> Ticket:
    """What `token` says, for `site`. Raises TokenRefused."""
    sealed = from_base64url(token)
    if not sealed or len(sealed) > _LONGEST_JSON:
        raise TokenRefused("it is too long or too short")
    fields = _fields(decrypt(site_key, _IV, sealed))
    return Ticket(
        code=SessionCode.DELIVERY,
        payload=_payload(fields.get("watermark_data")),
        session="",
        site=site,
        content="",
        issued=read_time(fields.get("timestamp"), "timestamp"),
        expires=read_time(fields["expires"], "expires") if "expires" in fields else None,
        streaming_format=streaming_format_of(fields),
        sync_skip=whole_of(fields, "sync_skip_bit", _FARTHEST_SKIP),
        revoke_flag=flag_of(fields, "revoke_flag"),
        pattern=None,
        segments_per_bit=_segments_per_bit(fields),
    )


def _fields(plain: bytes) -> dict[str, Any]:
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError) as error:
        raise TokenRefused("it does not decrypt to JSON") from error
    if not isinstance(value, dict):
        raise TokenRefused("it does not decrypt to a JSON object")
    return value


def _payload(text: object) -> bytes:
    try:
        payload = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError) as error:
        raise TokenRefused("'watermark_data' is not base64") from error
    if not 1 <= len(payload) <= LONGEST_PAYLOAD:
        raise TokenRefused(f"'watermark_data' has not 1 to {LONGEST_PAYLOAD} bytes")
    return payload


def _segments_per_bit(fields: dict[str, Any]) -> int:
    gop = whole_of(fields, "gop", 60)
    if gop is not None and gop not in _GOPS:
        raise TokenRefused("'gop' is neither 60 nor 30")
    return _GOPS[gop or 60]
