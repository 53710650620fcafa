"""What a viewer's URL says: his token, and the file that he wants.

    /<prefix>/<token>/<output path>/<content id>/<tree>/<file>
    /<prefix>/<revoke token>.<token>/<output path>/…
    /wmt:<token>/<output path>/…

The token is a folder of the path, because players resolve the names in a manifest against its own address and
so carry the token along by themselves.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from telecine.edge.refusal import Outcome, Refused

LONGEST = 8192
"""Bytes of a path, percent-encoding and all. A token is 4096 at most."""

_AKAMAI = "wmt:"
_ENCODED_DELIMITER = re.compile(rb"%(?:2f|5c|00)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_DOTS_OF_JWT = 2


@dataclass(frozen=True, slots=True)
class Address:
    """A URL, read. `parts` are the folders and the name of the file behind the token, decoded, none empty.

    `revoke_token` is what stands before the token, empty where nothing does. Shown without either.
    """

    token: str
    parts: tuple[str, ...]
    revoke_token: str = ""

    def __repr__(self) -> str:
        return f"Address({self.path!r})"

    @property
    def path(self) -> str:
        """The path behind the token, without a slash at its front: what may stand in a log."""
        return "/".join(self.parts)


def read_address(path: bytes, prefixes: Collection[str]) -> Address:
    """What `path` says, as it came: percent-encoded, without a query.

    Raises Refused for an address that no published file can have (an encoded slash, an empty or dotted part, a control
    character, something too long) and for one without a token.
    """
    parts = _parts(path)
    if parts[0].startswith(_AKAMAI):
        return Address(_token(parts[0][len(_AKAMAI) :]), _rest(parts[1:]))
    if parts[0] not in prefixes or len(parts) == 1:
        raise Refused(Outcome.NO_TOKEN, "The address has no token.")
    revoke_token, token = _split(parts[1])
    return Address(_token(token), _rest(parts[2:]), revoke_token)


def _parts(path: bytes) -> list[str]:
    if len(path) > LONGEST:
        raise Refused(Outcome.MALFORMED, "The address is too long.")
    # What is decoded must be cut up as it was before: no storage, log or cache behind may see another path than this.
    if _ENCODED_DELIMITER.search(path) or _BROKEN_PERCENT.search(path) or not path.startswith(b"/"):
        raise Refused(Outcome.MALFORMED, "The address is not one that a player makes.")
    try:
        parts = [unquote_to_bytes(part).decode() for part in path[1:].split(b"/")]
    except UnicodeDecodeError:
        raise Refused(Outcome.MALFORMED, "The address is not UTF-8.") from None
    if any(part in ("", ".", "..") or _CONTROL.search(part) for part in parts):
        raise Refused(Outcome.MALFORMED, "The address is not one that a player makes.")
    return parts


def _split(part: str) -> tuple[str, str]:
    """Revoke token and token. A JWT has two dots of its own, the other forms none."""
    before, dot, token = part.partition(".")
    own = part.count(".") == _DOTS_OF_JWT
    return (before, token) if dot and not own else ("", part)


def _token(token: str) -> str:
    if not token:
        raise Refused(Outcome.NO_TOKEN, "The address has no token.")
    return token


def _rest(parts: list[str]) -> tuple[str, ...]:
    if not parts:
        raise Refused(Outcome.MISSING, "The address names no file.")
    return tuple(parts)
